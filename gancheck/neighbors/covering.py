"""Representatives of points that lie close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors.counting import Counting
from gancheck.neighbors.pairs import count_within
from gancheck.neighbors.tiles import Scan, Tile

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_ROWS = 1024


def distinct(
    points: FloatArray, radius: float, *, device: str = "cpu", budget: int | None = None
) -> IntArray:
    """Choose representatives so that every point is within a radius of one: a greedy cover.

    Args:
        points: (n, d).
        radius: Two points at most this far apart count as the same; 0 merges exact copies only.
        device: Torch device of the tiles.
        budget: Bytes that the search may take, None for `gancheck.neighbors.BUDGET`.

    Returns:
        Row numbers of the representatives, rising. Point order decides who represents whom, the
        number of representatives hardly depends on it.
    """
    twins = count_within(points, points, radius, exclude_self=True, device=device, budget=budget)
    crowd = np.flatnonzero(twins)  # all others stand for themselves alone
    keep = np.empty(0, dtype=np.int64)
    for start in range(0, len(crowd), _ROWS):
        fresh = crowd[start : start + _ROWS]
        if len(keep):
            kept = points[keep]
            around = count_within(points[fresh], kept, radius, device=device, budget=budget)
            fresh = fresh[around == 0]
        if len(fresh):
            keep = np.concatenate([keep, fresh[_first_of_each(points[fresh], radius, device)]])
    return np.sort(np.concatenate([np.flatnonzero(twins == 0), keep]))


def _first_of_each(block: FloatArray, radius: float, device: str) -> IntArray:
    """Greedy cover of one block, small enough for a table of all its pairs."""
    close = _Close(block, block, radius, device)
    Scan(block, block, device=device).show([close])
    kept: list[int] = []
    covered = np.zeros(len(block), dtype=bool)
    for row in range(len(block)):
        if not covered[row]:
            kept.append(row)
            covered |= close.pairs[row]
    return np.asarray(kept, dtype=np.int64)


class _Close(Counting):
    """Lists which pairs of a few points are within a radius: ``pairs``, (n, n) booleans."""

    def __init__(
        self, centers: FloatArray, points: FloatArray, radii: FloatArray | float, device: str
    ) -> None:
        super().__init__(centers, points, radii, device)
        self.pairs: AnyArray = np.zeros((len(centers), len(points)), dtype=bool)

    def forget(self) -> bool:
        """Start over."""
        self.pairs[:] = False
        return super().forget()

    def see(self, tile: Tile) -> None:
        """Note the pairs of one tile."""
        sure, most = self.limits(tile)
        inside = tile.entries <= sure[:, None]
        self.pairs[tile.rows, tile.columns] = inside.cpu().numpy()
        doubtful = (tile.entries <= most[:, None]).logical_and_(~inside).nonzero(as_tuple=True)
        rows, columns, hit = self.decided(tile, *doubtful)
        self.pairs[rows[hit], columns[hit]] = True
