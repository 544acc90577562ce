"""Exhibits of the latent space: fields over a window, and where its points go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.exhibits.charts import places
from gancheck.images import picture_uri
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray, FloatArray


_BRIGHTEST = 0.998

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


def latent_slice(
    title: str,
    caption: str,
    layers: Sequence[tuple[str, str, str, FloatArray]],
    lines: Sequence[tuple[str, str, bool, FloatArray]],
    extent: tuple[float, float, float, float],
    *,
    axes: tuple[str, str],
    rings: Sequence[float] = (),
) -> Exhibit:
    """Show fields over a window and lines on top.

    Args:
        title: A short heading.
        caption: How to read it.
        layers: (name, title, unit, values (rows, columns)); row 0 at the bottom, NaN is left out.
        lines: (kind, title, closed, points (m, 2)).
        extent: (x0, x1, y0, y1).
        axes: Names of the axes.
        rings: Radii around the middle, in the units of the axes.
    """
    payload = {
        "layers": [_layer(*layer) for layer in layers],
        "extent": [float(edge) for edge in extent],
        "x_label": axes[0],
        "y_label": axes[1],
        "lines": [
            {"kind": kind, "title": said, "closed": closed, "points": np.round(at, 4).tolist()}
            for kind, said, closed, at in lines
        ],
        "rings": [float(radius) for radius in rings],
    }
    return Exhibit("slice", title, caption, payload)


def morph(
    title: str,
    caption: str,
    start: FloatArray,
    end: FloatArray,
    reference: FloatArray | None,
    *,
    extent: tuple[float, float, float, float],
    axes: tuple[tuple[str, str], tuple[str, str]],
) -> Exhibit:
    """Show where points (n, 2) of a window end up, coloured by where they start."""
    payload = {
        "start": {
            **places(start),
            "x_label": axes[0][0],
            "y_label": axes[0][1],
            "extent": [float(edge) for edge in extent],
        },
        "end": {**places(end), "x_label": axes[1][0], "y_label": axes[1][1]},
        "reference": places(np.empty((0, 2)) if reference is None else reference),
        "colours": [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in place_colours(start, extent)],
    }
    return Exhibit("morph", title, caption, payload)


def place_colours(points: FloatArray, extent: tuple[float, float, float, float]) -> AnyArray:
    """Colour points (n, 2) of a window by where they are: hue from x, brightness from y.

    Neighbours in the window get like colours, so that borders of colour elsewhere are tears.
    """
    from colorsys import hsv_to_rgb

    x0, x1, y0, y1 = extent
    share = (points - [x0, y0]) / [max(x1 - x0, 1e-12), max(y1 - y0, 1e-12)]
    across, up = np.clip(share, 0, 1).T
    colours = [hsv_to_rgb(0.9 * x, 1.0, 0.2 + 0.8 * y) for x, y in zip(across, up, strict=True)]
    return np.asarray(np.rint(255 * np.array(colours).reshape(-1, 3)), dtype=np.uint8)


def shaded(values: FloatArray) -> tuple[AnyArray, float, float, bool]:
    """Colour a field (rows, columns), row 0 at the bottom, as pixels (rows, columns, 4).

    The brightest colour stands for the 99.8% quantile: a few far cells must not leave the rest
    dark. NaN is transparent.

    Returns:
        The pixels from the top down, the values of both ends of the colours, and whether cells lie
        beyond the upper one.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        known = np.zeros(1)
    low, high = float(known.min()), float(np.quantile(known, _BRIGHTEST))
    level = np.clip((values - low) / max(high - low, 1e-12), 0, 1)[::-1]
    opaque = np.isfinite(level)
    pixels = _viridis(np.where(opaque, level, 0.0))
    alpha = np.where(opaque, 255, 0).astype(np.uint8)
    return np.dstack([pixels, alpha]), low, high, bool(known.max() > high)


def _layer(name: str, title: str, unit: str, values: FloatArray) -> dict[str, JSON]:
    from PIL import Image

    pixels, low, high, clipped = shaded(values)
    whole = bool((pixels[..., 3] == 255).all())
    picture = Image.fromarray(pixels[..., :3] if whole else pixels)
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "image": picture_uri(picture, lossless=True),
        "low": low,
        "high": high,
        "clipped": clipped,
    }


def _viridis(level: FloatArray) -> AnyArray:
    anchors = np.linspace(0.0, 1.0, len(_VIRIDIS))
    channels = [np.interp(level, anchors, _VIRIDIS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
