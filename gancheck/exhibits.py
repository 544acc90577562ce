"""Builders of exhibits: the one place that knows the payload of each kind of picture.

=========  =========================================================================================
kind       payload
=========  =========================================================================================
grid       ``tiles`` [{image, caption}], ``role`` (reference | samples)
pairs      ``pairs`` [{left, right, caption}], ``left_title``, ``right_title``
bars       ``rows`` [{label, reference, samples, low, high, status}], all shares in 0..1
scatter    ``series`` [{name, role, x, y}], ``x_label``, ``y_label``
heatmap    ``image``, ``extent`` [x0, x1, y0, y1], ``low``, ``high``, ``unit``, ``x_label``,
           ``y_label``, ``marks`` [[x, y], ...] drawn in red on top
strip      ``tiles`` [{image, caption}], neighbours along a line through the latent space
=========  =========================================================================================

Images are data URIs; numbers are plain floats. Vector samples of two dimensions become scatters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.images import data_uri, picture_uri
from gancheck.types import Exhibit, Mode

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

# Nine anchors of matplotlib's viridis (CC0), interpolated: readable in grey and colour-blind safe.
_VIRIDIS = np.array(
    [
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ],
    dtype=np.float64,
)


def grid(
    title: str, caption: str, images: AnyArray, captions: Sequence[str] = (), *, role: str
) -> Exhibit:
    """Show (n, c, h, w) images side by side; role is ``reference`` or ``samples``."""
    return Exhibit("grid", title, caption, {"tiles": _tiles(images, captions), "role": role})


def strip(title: str, caption: str, images: AnyArray, captions: Sequence[str] = ()) -> Exhibit:
    """Show (n, c, h, w) images as one film strip, in order."""
    return Exhibit("strip", title, caption, {"tiles": _tiles(images, captions)})


def pairs(
    title: str,
    caption: str,
    left: AnyArray,
    right: AnyArray,
    captions: Sequence[str],
    *,
    titles: tuple[str, str],
) -> Exhibit:
    """Show (n, c, h, w) images in pairs, such as a sample and its nearest training image."""
    rows = [
        {"left": data_uri(a), "right": data_uri(b), "caption": text}
        for a, b, text in zip(left, right, captions, strict=True)
    ]
    return Exhibit(
        "pairs", title, caption, {"pairs": rows, "left_title": titles[0], "right_title": titles[1]}
    )


def bars(title: str, caption: str, modes: Iterable[Mode]) -> Exhibit:
    """Show the share of each mode in the reference and in the samples."""
    rows = [
        {
            "label": mode.label,
            "reference": mode.reference_share,
            "samples": mode.sample_share,
            "low": mode.low,
            "high": mode.high,
            "status": mode.status,
        }
        for mode in modes
    ]
    return Exhibit("bars", title, caption, {"rows": rows})


def scatter(
    title: str,
    caption: str,
    series: Sequence[tuple[str, str, FloatArray]],
    *,
    axes: tuple[str, str],
) -> Exhibit:
    """Show named (n, 2) point sets; each is (name, role, points)."""
    payload = [
        {"name": name, "role": role, "x": _rounded(points[:, 0]), "y": _rounded(points[:, 1])}
        for name, role, points in series
    ]
    return Exhibit(
        "scatter", title, caption, {"series": payload, "x_label": axes[0], "y_label": axes[1]}
    )


def heatmap(
    title: str,
    caption: str,
    values: FloatArray,
    extent: tuple[float, float, float, float],
    *,
    unit: str,
    axes: tuple[str, str],
    marks: FloatArray | None = None,
) -> Exhibit:
    """Show a (rows, columns) field over extent (x0, x1, y0, y1), row 0 at the bottom."""
    from PIL import Image

    low, high = float(np.min(values)), float(np.max(values))
    level = (values - low) / (high - low) if high > low else np.zeros_like(values)
    picture = Image.fromarray(_viridis(level[::-1]))
    payload = {
        "image": picture_uri(picture, lossless=True),
        "extent": [float(edge) for edge in extent],
        "low": low,
        "high": high,
        "unit": unit,
        "x_label": axes[0],
        "y_label": axes[1],
        "marks": []
        if marks is None
        else [[round(float(x), 4), round(float(y), 4)] for x, y in marks],
    }
    return Exhibit("heatmap", title, caption, payload)


def _tiles(images: AnyArray, captions: Sequence[str]) -> list[dict[str, str]]:
    texts = captions or [""] * len(images)
    return [
        {"image": data_uri(image), "caption": text}
        for image, text in zip(images, texts, strict=True)
    ]


def _rounded(values: FloatArray) -> list[float]:
    return [round(float(value), 4) for value in values]


def _viridis(level: FloatArray) -> AnyArray:
    anchors = np.linspace(0.0, 1.0, len(_VIRIDIS))
    channels = [np.interp(level, anchors, _VIRIDIS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
