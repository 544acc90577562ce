"""Distances by direct differences, which no cancellation spoils."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

_FLOATS = 65_536  # differences held at once by each thread: what stays in its cache


def between(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the distance of each pair of points, as exact as those of `nearest`.

    Args:
        left: (..., d).
        right: (..., d), or a shape that broadcasts with it.

    Returns:
        (...) float32.
    """
    difference = left - right
    squared = np.einsum("...d,...d->...", difference, difference)
    return np.asarray(np.sqrt(squared), dtype=np.float32)


def between_rows(
    left: FloatArray, right: FloatArray, rows: IntArray, others: IntArray
) -> FloatArray:
    """Return the distance of each listed row of one set to the one listed with it, (p,) float32."""
    out = np.empty(len(rows), dtype=np.float32)
    step = max(1, _FLOATS // max(1, left.shape[1]))
    for at in range(0, len(rows), step):
        piece = slice(at, at + step)
        out[piece] = between(left[rows[piece]], right[others[piece]])
    return out
