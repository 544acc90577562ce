"""The k nearest points of each row of a scan, proven by direct differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.devices import kernel
from gancheck.neighbors.direct import between_rows
from gancheck.neighbors.tiles import Scan, Tile, listed, rounding

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

_TIED = 0.9  # share of groups with hits from which on most entries are taken to tie
_SPARE = 4  # candidates beyond k, so that rounding in the matrix form cannot push out a neighbour


@dataclass(frozen=True)
class Neighbors:
    """The k nearest points of each query, nearest first.

    Attributes:
        distances: (n, k) float32, rising along each row.
        indices: (n, k) int64 row numbers of the points.
    """

    distances: FloatArray
    indices: IntArray


@dataclass(frozen=True)
class Question:
    """Whose neighbours are asked for, among whom, and how many.

    Attributes:
        queries: (n, d).
        points: (m, d).
        k: Neighbours of each.
        own: (n,) row of each query among the points, which is no neighbour; None where there is
            none.
        device: Torch device.
        budget: Bytes of the search, see `Scan`.
    """

    queries: FloatArray
    points: FloatArray
    k: int
    own: IntArray | None = None
    device: str = "cpu"
    budget: int | None = None

    @property
    def available(self) -> int:
        """Points that each query may have for neighbours."""
        return len(self.points) - (self.own is not None)

    def watch(self) -> Closest:
        """Return what looks for the candidates of all queries."""
        return Closest(len(self.queries), self._wanted, self.device)

    @property
    def _wanted(self) -> int:
        return min(self.k + _SPARE, self.available)

    @kernel("distances")
    @np.errstate(over="ignore", invalid="ignore")  # squares beyond float32 leave doubt, no more
    def answer(self, seen: Closest, bound: FloatArray | None = None) -> Neighbors:
        """Turn candidates into neighbours; those beyond a bound (n,) need not be the nearest.

        Queries whose candidates may miss a neighbour are searched again in float64.
        """
        found = self._rechecked(seen, np.arange(len(self.queries)))
        reach = found.distances[:, -1]
        if bound is not None:
            reach = np.minimum(reach, bound)
        doubtful = np.flatnonzero(~self._proven(seen, reach))
        if len(doubtful):
            again = self._searched_again(doubtful)
            found.distances[doubtful], found.indices[doubtful] = again.distances, again.indices
        return found

    def _searched_again(self, rows: IntArray) -> Neighbors:
        own = None if self.own is None else self.own[rows]
        seen = Closest(len(rows), self._wanted, self.device, precise=True)
        scan = Scan(self.queries[rows], self.points, own, self.device, self.budget, precise=True)
        scan.show([seen])
        return self._rechecked(seen, rows)

    def _proven(self, seen: Closest, reach: FloatArray) -> AnyArray:
        """Tell for which queries no point that was passed over can be nearer than some reach.

        Such a point would lie within the reach, so that its norm, and with it the rounding error
        of its squared distance in the matrix form, is bounded.
        """
        kth = reach.astype(np.float64)
        horizon, missing = seen.horizon()
        if seen.wanted == self.available:
            return ~missing
        error = seen.error(kth, self.queries.shape[1])
        return np.asarray(((kth == 0) | (horizon - error >= kth**2)) & ~missing)

    def _rechecked(self, seen: Closest, rows: IntArray) -> Neighbors:
        """Order candidates by directly computed distance and keep the k nearest.

        Candidates that rounding cannot bring among the k nearest are not computed again.
        """
        squared, candidates = seen.candidates()
        kth = squared[:, self.k - 1].astype(np.float64)
        error = seen.error(np.sqrt(np.maximum(kth, 0)), self.queries.shape[1])
        error = seen.error(np.sqrt(np.maximum(kth, 0) + error), self.queries.shape[1])
        row, place = np.nonzero(~(squared > (kth + 2 * error)[:, None]))
        chosen = candidates[row, place]
        distances = np.full(squared.shape, np.inf, dtype=np.float32)
        distances[row, place] = between_rows(self.queries, self.points, rows[row], chosen)
        order = np.lexsort((candidates, distances), axis=1)[:, : self.k]
        return Neighbors(
            np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)
        )


class Closest:
    """Candidates for the nearest points of each row, kept while tiles pass by.

    Of points that look equally near those that are seen first are kept.
    """

    def __init__(self, rows: int, wanted: int, device: str, *, precise: bool = False) -> None:
        import torch

        self.wanted = wanted
        kind = torch.float64 if precise else torch.float32
        self._squared = torch.full((rows, wanted), torch.inf, dtype=kind, device=device)
        self._indices = torch.full((rows, wanted), -1, dtype=torch.int64, device=device)
        self._norms = torch.zeros(rows, device=device)

    def forget(self) -> bool:
        """Start over."""
        self._squared.fill_(float("inf"))
        self._indices.fill_(-1)
        self._norms.fill_(0)
        return True

    def see(self, tile: Tile) -> None:
        """Keep what is nearer than the farthest candidate so far."""
        self._norms[tile.rows] = tile.norms.to(self._norms.dtype)
        limit = self._limit(tile)
        if tile.crowded(limit, _TIED):
            row, column, value = self._first_of_ties(tile.entries, limit)
        else:
            row, column, value = tile.near(limit)
        if len(row):
            self._merge(*_side_by_side(row, value, column, tile))

    def _limit(self, tile: Tile) -> torch.Tensor:
        """Return what an entry must not exceed to be looked at, (rows,).

        Before a row has all its candidates, the smallest entries of as many groups bound them.
        """
        import torch

        last = self._squared[tile.rows, -1]
        limit = torch.nextafter(last, torch.full_like(last, -torch.inf))
        fresh = torch.isinf(last)
        if bool(fresh.any()):
            few = tile.minima.shape[1] < self.wanted
            among = tile.entries if few else tile.minima
            first = among.kthvalue(min(self.wanted, among.shape[1]), dim=1).values
            limit = torch.where(fresh, first, limit)
        return limit.clamp(max=torch.finfo(limit.dtype).max)

    def _first_of_ties(
        self, entries: torch.Tensor, limit: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """List the nearest of many near entries, and no more ties than are wanted."""
        import torch

        kth = entries.kthvalue(min(self.wanted, entries.shape[1]), dim=1).values
        most = torch.minimum(limit, kth)[:, None]
        ties = entries == most
        ties &= ties.cumsum(dim=1, dtype=torch.int32) <= self.wanted
        row, column = listed(ties.logical_or_(entries < most))
        return row, column, entries[row, column]

    def _merge(self, rows: torch.Tensor, value: torch.Tensor, index: torch.Tensor) -> None:
        """Merge new candidates (r, w) of some rows; ties stay in the order they were seen in."""
        import torch

        value = torch.cat([self._squared[rows], value], dim=1)
        index = torch.cat([self._indices[rows], index], dim=1)
        value, order = value.sort(dim=1, stable=True)
        self._squared[rows] = value[:, : self.wanted]
        self._indices[rows] = torch.gather(index, 1, order[:, : self.wanted])

    def horizon(self) -> tuple[FloatArray, AnyArray]:
        """Return the squared distance from which on points were passed over, and gaps, both (n,).

        Where distances overflow there are fewer candidates than wanted.
        """
        last = self._squared[:, -1].cpu().numpy().astype(np.float64)
        return last, (self._indices[:, -1] < 0).cpu().numpy()

    def candidates(self) -> tuple[FloatArray, IntArray]:
        """Return squared distances in the matrix form, rising, and row numbers, both (n, w)."""
        return self._squared.cpu().numpy(), self._indices.clamp(min=0).cpu().numpy()

    def error(self, reach: FloatArray, dimension: int) -> FloatArray:
        """Bound the rounding error of squared distances to points within a reach, (n,)."""
        norms = np.sqrt(self._norms.cpu().numpy().astype(np.float64))
        return np.asarray(rounding(norms**2 + (norms + reach) ** 2, dimension))


def _side_by_side(
    row: torch.Tensor, value: torch.Tensor, column: torch.Tensor, tile: Tile
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Lay out entries listed by row as one line for each row that has any, padded with inf.

    Returns:
        (r,) row numbers, (r, w) values and (r, w) column numbers.
    """
    import torch

    touched, line, counts = torch.unique_consecutive(row, return_inverse=True, return_counts=True)
    first = counts.cumsum(0) - counts
    place = torch.arange(len(row), device=row.device) - first[line]
    shape = len(touched), int(counts.max())
    values = torch.full(shape, torch.inf, dtype=value.dtype, device=value.device)
    columns = torch.full(shape, -1, dtype=torch.int64, device=value.device)
    values[line, place] = value
    columns[line, place] = column + tile.columns.start
    return touched + tile.rows.start, values, columns
