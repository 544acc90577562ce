"""How many points lie in each ball of a scan, and in how many balls each point lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gancheck.neighbors.closest import Neighbors
from gancheck.neighbors.direct import between_rows
from gancheck.neighbors.tiles import Scan, Tile, forgot, listed, rounding

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

_CROWDED = 0.25  # share of groups with hits from which on looking at single groups does not pay


class Noted(Protocol):
    """Whatever wants to know which points lie in which balls."""

    def add(self, rows: IntArray, columns: IntArray) -> None:
        """Note pairs of a ball and a point inside, both numbered as in the whole."""

    def add_all(self, tile: Tile, inside: torch.Tensor) -> None:
        """Note a tile with many of them, (rows, columns) booleans."""


class Counting:
    """Counts of balls around the rows of a scan, radii included.

    Pairs within rounding of a radius are decided by direct differences.

    Attributes:
        held: (n,) int64 points per ball.
        around: (m,) int64 balls per point.
    """

    def __init__(
        self,
        centers: FloatArray,
        points: FloatArray,
        radii: FloatArray | float,
        device: str,
        noted: Sequence[Noted] = (),
    ) -> None:
        import torch

        self._centers, self._points, self._noted = centers, points, noted
        self._radii = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(centers),))
        self._reach = torch.as_tensor(self._radii.astype(np.float32), device=device)
        self.held = np.zeros(len(centers), dtype=np.int64)
        self.around = np.zeros(len(points), dtype=np.int64)

    def forget(self) -> bool:
        """Start over; with those that note the pairs, if they can."""
        self.held[:], self.around[:] = 0, 0
        return all(forgot(noted) for noted in self._noted)

    def see(self, tile: Tile) -> None:
        """Count the pairs of one tile."""
        sure, most = self.limits(tile)
        if tile.crowded(most, _CROWDED):
            doubtful = self._crowd(tile, sure, most)
        else:
            row, column, value = tile.near(most)
            inside = value <= sure[row]
            self.add(*_placed(tile, row[inside], column[inside]))
            doubtful = row[~inside], column[~inside]
        if len(doubtful[0]):
            rows, columns, hit = self.decided(tile, *doubtful)
            self.add(rows[hit], columns[hit])

    def limits(self, tile: Tile) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what squared distances surely or possibly do not exceed in a ball, (rows,)."""
        import torch

        reach = self._reach[tile.rows].double()
        norms = tile.norms.double()
        largest = norms + (norms.sqrt() + reach) ** 2
        slack = float(rounding(1.0, self._points.shape[1])) * largest
        most = torch.finfo(tile.squared.dtype).max
        limits = (
            torch.where(reach < 0, -most, limit.clamp(max=most)).to(tile.squared.dtype)
            for limit in (reach**2 - slack, reach**2 + slack)
        )
        return next(limits), next(limits)

    def _crowd(
        self, tile: Tile, sure: torch.Tensor, most: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Count a tile with many hits; products are faster than sums of booleans.

        Float32 holds the counts exactly, since a tile has far fewer than 2^24 rows and columns.
        """
        import torch

        inside = tile.entries <= sure[:, None]
        ones = inside.to(torch.float32)
        per_row = ones @ ones.new_ones(ones.shape[1])
        per_column = ones.new_ones(ones.shape[0]) @ ones
        self.held[tile.rows] += per_row.cpu().numpy().astype(np.int64)
        self.around[tile.columns] += per_column.cpu().numpy().astype(np.int64)
        for noted in self._noted:
            noted.add_all(tile, inside)
        return listed((tile.entries <= most[:, None]).logical_and_(~inside))

    def add(self, rows: IntArray, columns: IntArray) -> None:
        """Count pairs of a ball and a point inside, numbered as in the whole."""
        self.held += np.bincount(rows, minlength=len(self.held))
        self.around += np.bincount(columns, minlength=len(self.around))
        for noted in self._noted:
            noted.add(rows, columns)

    def decided(
        self, tile: Tile, row: torch.Tensor, column: torch.Tensor
    ) -> tuple[IntArray, IntArray, AnyArray]:
        """Decide pairs of a tile: rows and columns in the whole, and whether they are in a ball."""
        rows, columns = _placed(tile, row, column)
        apart = between_rows(self._centers, self._points, rows, columns)
        return rows, columns, apart <= self._radii[rows]


def _placed(tile: Tile, row: torch.Tensor, column: torch.Tensor) -> tuple[IntArray, IntArray]:
    """Number rows and columns of a tile as in the whole."""
    return (
        row.cpu().numpy() + tile.rows.start,
        column.cpu().numpy() + tile.columns.start,
    )


def count_listed(
    found: Neighbors,
    points: FloatArray,
    radii: FloatArray | float,
    *,
    noted: Noted | None = None,
    device: str = "cpu",
    budget: int | None = None,
) -> tuple[IntArray, IntArray]:
    """Count the pairs of a set itself, from neighbours that are known already.

    Only balls that reach the last neighbour listed, and may hold more, are counted anew.

    Args:
        found: Neighbours of each point among the others, see `gancheck.neighbors.nearest`.
        points: (n, d).
        radii: One radius, or (n,) one per ball.
        noted: What wants to know which points lie in which balls.
        device: Torch device of the tiles.
        budget: Bytes that the search may take, None for `gancheck.neighbors.BUDGET`.

    Returns:
        (n,) points per ball and (n,) balls per point, int64; no point is in its own ball.
    """
    n, listed_each = len(points), found.distances.shape[1]
    reach = np.broadcast_to(np.asarray(radii, dtype=np.float64), (n,))
    inside = found.distances <= reach[:, None]
    further = inside[:, -1] if listed_each < n - 1 else np.zeros(n, dtype=bool)
    row, place = np.nonzero(inside & ~further[:, None])
    counting = Counting(
        points, points, np.where(further, reach, -1.0), device, () if noted is None else (noted,)
    )
    if further.any():
        Scan(points, points, np.arange(n), device, budget).show([counting])
    counting.add(row, found.indices[row, place])  # not before: a scan may have to start over
    return counting.held, counting.around
