"""What one point's balls do to a score that counts who lies in them: half of its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from gancheck.neighbors import Tile
    from gancheck.types import AnyArray, FloatArray, IntArray

_LOOKED_AT = 1000


def some_of(n: int) -> IntArray:
    """Return at most 1,000 of n rows, evenly spread: enough to tell how much balls differ."""
    return np.asarray(np.linspace(0, n - 1, min(n, _LOOKED_AT)).round(), dtype=np.int64)


class Members:
    """Notes which points lie in some of the balls, or in which balls some of the points lie.

    Single pairs are kept as such; of tiles full of them a bit is kept for each.
    """

    def __init__(self, chosen: IntArray, total: int, *, points: bool = False) -> None:
        """Choose some of all balls, or of all points, by rising row numbers."""
        self._chosen, self._points = chosen, points
        self._place = np.full(total, -1)
        self._place[chosen] = np.arange(len(chosen))
        self._pairs: list[tuple[IntArray, IntArray]] = []
        self._bits: list[tuple[slice, slice, AnyArray]] = []

    def add(self, rows: IntArray, columns: IntArray) -> None:
        """Note pairs of a ball and a point inside."""
        mine, others = (columns, rows) if self._points else (rows, columns)
        place = self._place[mine]
        known = place >= 0
        self._pairs.append((place[known].astype(np.int32), others[known].astype(np.int32)))

    def add_all(self, tile: Tile, inside: torch.Tensor) -> None:
        """Note a tile with many pairs."""
        mine, others = tile.rows, tile.columns
        if self._points:
            mine, others, inside = others, mine, inside.T
        first, last = (int(at) for at in np.searchsorted(self._chosen, [mine.start, mine.stop]))
        bits = np.packbits(inside[self._chosen[first:last] - mine.start].cpu().numpy(), axis=1)
        self._bits.append((slice(first, last), others, bits))

    def forget(self) -> bool:
        """Start over."""
        self._pairs.clear()
        self._bits.clear()
        return True

    def absorb(self, other: Members) -> None:
        """Add what was noted elsewhere of the same balls or points."""
        self._pairs += other._pairs
        self._bits += other._bits

    def summed(self, weights: AnyArray) -> FloatArray:
        """Sum weights of all points over those in each chosen ball, or the reverse: (chosen,)."""
        total = np.zeros(len(self._chosen))
        for place, others in self._pairs:
            total += np.bincount(place, weights[others], minlength=len(total))
        for rows, columns, bits in self._bits:
            inside = np.unpackbits(bits, axis=1, count=columns.stop - columns.start)
            total[rows] += inside @ weights[columns]
        return total


def steps_down(counts: IntArray, worth: Callable[[AnyArray], AnyArray]) -> FloatArray:
    """Return what one ball less, or half of it and half of one more, takes from each point.

    Args:
        counts: (m,) balls that hold each point, at least one where it matters.
        worth: What a point in so many balls adds to a score.

    Returns:
        (m,) central differences: at a kink, such as from no ball to one, half of the step.
    """
    fewer = np.maximum(counts - 1, 0)
    return np.asarray((worth(counts + 1) - worth(fewer)) / 2, dtype=np.float64)


def variance_of(effects: FloatArray, n: int) -> float:
    """Return the variance that n independent points bring, from the effects of some of them."""
    return n * float(np.var(effects))
