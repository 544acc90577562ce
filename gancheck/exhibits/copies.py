"""Exhibits of copies: samples beside their originals, and how near to them samples come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.exhibits.pictures import pairs
from gancheck.images import data_uri, resize
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_MIDDLE = 127.5


def compared_pairs(
    title: str,
    caption: str,
    left: AnyArray,
    right: AnyArray,
    captions: Sequence[str],
    *,
    titles: tuple[str, str],
    moved: AnyArray | None = None,
) -> Exhibit:
    """Show (n, c, h, w) images in pairs, with their difference.

    Args:
        title: A short heading.
        caption: How to read it.
        left: Samples.
        right: What each is compared with; smaller where only thumbnails are there.
        captions: One for each pair.
        titles: Headings of both sides.
        moved: The right pictures flipped and shifted onto the left ones, to take the difference
            from; the right pictures themselves without it.
    """
    plain = pairs(title, caption, left, right, captions, titles=titles)
    base = right if moved is None else moved
    gaps = difference(resize(left, *base.shape[2:]), base)
    rows = [
        {**row, "difference": data_uri(gap)}
        for row, gap in zip(plain.payload["pairs"], gaps, strict=True)
    ]
    return Exhibit(
        "pairs",
        title,
        caption,
        {**plain.payload, "pairs": rows, "difference_title": "difference (grey: none)"},
    )


def difference(left: AnyArray, right: AnyArray) -> AnyArray:
    """Return half the signed difference of (n, c, h, w) uint8 images, around middle grey."""
    gap = (left.astype(np.float32) - right.astype(np.float32)) / 2
    return np.rint(gap + _MIDDLE).clip(0, 255).astype(np.uint8)


def histogram(
    title: str,
    caption: str,
    series: Sequence[tuple[str, str, FloatArray]],
    edges: FloatArray,
    *,
    axes: tuple[str, str],
    marks: Sequence[tuple[float, str]] = (),
) -> Exhibit:
    """Show how often values fall between edges.

    Args:
        title: A short heading.
        caption: How to read it.
        series: (name, role, counts (bins,)); counts may be fractions.
        edges: (bins + 1,) rising.
        axes: What is counted by, and what is counted.
        marks: (place, text) of lines across.
    """
    payload = {
        "series": [
            {"name": name, "role": role, "counts": [round(float(count), 4) for count in counts]}
            for name, role, counts in series
        ],
        "edges": [round(float(edge), 4) for edge in edges],
        "x_label": axes[0],
        "y_label": axes[1],
        "marks": [{"at": round(float(at), 4), "text": text} for at, text in marks],
    }
    return Exhibit("histogram", title, caption, payload)
