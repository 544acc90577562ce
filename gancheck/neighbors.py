"""Exact nearest neighbours and ball counts, tiled over both axes so that memory stays flat.

Distances are Euclidean. Candidates come from the matrix form ``|a|^2 + |b|^2 - 2ab`` in float32,
which loses small distances to rounding; whatever is returned as a distance is therefore computed
again from direct differences, and queries whose candidates may miss a neighbour are searched again
in float64. Nothing here allocates more than one tile of n x n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, IntArray

_ROWS = 1024
_COLUMNS = 8192
_SPARE = 4  # candidates beyond k, so that rounding in the matrix form cannot push out a neighbour
_GATHER_FLOATS = 16_000_000  # largest block of direct differences held at once
_PAIRS = 200_000  # doubtful pairs decided at once


@dataclass(frozen=True)
class Neighbors:
    """The k nearest points of each query, nearest first.

    Attributes:
        distances: (n, k) float32, rising along each row.
        indices: (n, k) int64 row numbers of the points.
    """

    distances: FloatArray
    indices: IntArray


def nearest(
    queries: FloatArray,
    points: FloatArray,
    k: int,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
) -> Neighbors:
    """Find the k nearest points of each query.

    Args:
        queries: (n, d).
        points: (m, d).
        k: Neighbours per query; at most m, or m - 1 with ``exclude_self``.
        exclude_self: Queries and points are the same set, and row i is no neighbour of itself.
        device: Torch device of the tiles.

    Returns:
        The neighbours; equal distances are ordered by row number. Which of more than k equally
        near points are listed is left open.

    Raises:
        ValueError: There are fewer than k points to choose from.
    """
    _require(k, len(points) - int(exclude_self))
    own = np.arange(len(queries)) if exclude_self else None
    return _exact(queries, points, k, _Search(own, device))


def nearest_in_blocks(
    queries: FloatArray, blocks: Iterable[FloatArray], k: int, *, device: str = "cpu"
) -> Neighbors:
    """Find the k nearest points of each query among points that are never all in memory.

    Args:
        queries: (n, d).
        blocks: The points, (m1, d), (m2, d) and so on, each needed only until the next is asked
            for; rows are numbered through all of them.
        k: Neighbours per query.
        device: Torch device of the tiles.

    Returns:
        What `nearest` returns for all the points at once.

    Raises:
        ValueError: There are fewer than k points to choose from, or k is not positive.
    """
    if k < 1:
        raise ValueError(f"asked for {k} neighbours")
    best = Neighbors(np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64))
    passed = 0
    for points in blocks:
        if len(points):
            bound = best.distances[:, k - 1] if best.distances.shape[1] == k else None
            found = _exact(queries, points, min(k, len(points)), _Search(None, device), bound)
            best = _merged(best, Neighbors(found.distances, found.indices + passed), k)
        passed += len(points)
    _require(k, passed)
    return best


def _merged(left: Neighbors, right: Neighbors, k: int) -> Neighbors:
    """Keep the k nearest of both; equal distances are ordered by row number."""
    distances = np.concatenate([left.distances, right.distances], axis=1)
    indices = np.concatenate([left.indices, right.indices], axis=1)
    order = np.lexsort((indices, distances), axis=1)[:, :k]
    return Neighbors(np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1))


def _require(k: int, available: int) -> None:
    if not 1 <= k <= available:
        raise ValueError(f"asked for {k} neighbours among {available} points")


def between(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the distance of each pair of points, as exact as those of `nearest`.

    Args:
        left: (..., d).
        right: (..., d), or a shape that broadcasts with it.

    Returns:
        (...) float32.
    """
    return _direct(left, right)


@dataclass(frozen=True)
class _Search:
    """How to search; ``own`` holds the row number of each query among the points, if it has one."""

    own: IntArray | None
    device: str
    precise: bool = False


@dataclass(frozen=True)
class _Found(Neighbors):
    """Neighbours, and the squared distance from which on points were not looked at again, (n,)."""

    horizon: FloatArray


def _exact(
    queries: FloatArray, points: FloatArray, k: int, how: _Search, bound: FloatArray | None = None
) -> Neighbors:
    """Find the k nearest points of each query; those beyond a bound (n,) need not be the nearest.

    Queries whose candidates may miss a neighbour are searched again in float64.
    """
    first = _search(queries, points, k, how)
    reach = first.distances[:, -1]
    if bound is not None:
        reach = np.minimum(reach, bound)
    doubtful = np.flatnonzero(~_proven(queries, points, first, reach))
    if len(doubtful):
        own = None if how.own is None else how.own[doubtful]
        again = _search(queries[doubtful], points, k, _Search(own, how.device, precise=True))
        first.distances[doubtful], first.indices[doubtful] = again.distances, again.indices
    return Neighbors(first.distances, first.indices)


def _search(queries: FloatArray, points: FloatArray, k: int, how: _Search) -> _Found:
    wanted = min(k + _SPARE, len(points) - (how.own is not None))
    blocks = [
        (*_recheck(queries[rows], candidates, points, k), horizon)
        for rows, candidates, horizon in _candidates(queries, points, wanted, how)
    ]
    distances, indices, horizons = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return _Found(distances, indices, horizons)


def _proven(queries: FloatArray, points: FloatArray, found: _Found, reach: FloatArray) -> AnyArray:
    """Tell for which queries no point that was passed over can be nearer than some reach.

    Such a point would lie within the reach, so that its norm, and with it the rounding error of
    its squared distance in the matrix form, is bounded.
    """
    kth = reach.astype(np.float64)
    norm = np.linalg.norm(queries - _center(points), axis=1).astype(np.float64)
    error = _rounding(norm**2 + (norm + kth) ** 2, queries.shape[1])
    return np.asarray((kth == 0) | (found.horizon - error >= kth**2))


def count_within(
    queries: FloatArray,
    points: FloatArray,
    radii: FloatArray | float,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
) -> IntArray:
    """Count the points at most a radius away from each query: (n,) int64.

    Arguments are those of `count_pairs`, of which this is one half.
    """
    return count_pairs(queries, points, radii, exclude_self=exclude_self, device=device)[0]


def count_pairs(
    centers: FloatArray,
    points: FloatArray,
    radii: FloatArray | float,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
) -> tuple[IntArray, IntArray]:
    """Count the points in each ball, and the balls around each point, in one pass.

    The comparison is ``<=``. Pairs within float32 rounding of a radius are decided by direct
    differences.

    Args:
        centers: (n, d) centres of the balls.
        points: (m, d).
        radii: One radius, or (n,) one per ball.
        exclude_self: Centres and points are the same set, and row i is not in its own ball.
        device: Torch device of the tiles.

    Returns:
        (n,) points per ball and (m,) balls per point, int64.
    """
    import torch

    reach = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(centers),))
    held = np.zeros(len(centers), dtype=np.int64)
    around = np.zeros(len(points), dtype=np.int64)
    own = np.arange(len(centers)) if exclude_self else None
    for tile in _tiles(centers, points, _Search(own, device)):
        limit = torch.as_tensor(reach[tile.rows] ** 2, dtype=torch.float32, device=device)[:, None]
        inside, maybe = tile.squared <= limit - tile.slack, tile.squared <= limit + tile.slack
        per_ball, per_point = _sums(inside)
        held[tile.rows] += per_ball
        around[tile.columns] += per_point
        if not (_sums(maybe)[0] > per_ball).any():
            continue
        doubtful = torch.nonzero(maybe & ~inside).cpu().numpy()
        for pairs in np.array_split(doubtful, -(-len(doubtful) // _PAIRS)):
            row, column = pairs[:, 0] + tile.rows.start, pairs[:, 1] + tile.columns.start
            hit = _direct(centers[row], points[column]) <= reach[row]
            np.add.at(held, row[hit], 1)
            np.add.at(around, column[hit], 1)
    return held, around


def _sums(mask: torch.Tensor) -> tuple[IntArray, IntArray]:
    """Count the true entries of each row and column; products are faster than sums of booleans.

    Float32 holds the counts exactly, since a tile has far fewer than 2^24 rows and columns.
    """
    import torch

    ones = mask.to(torch.float32)
    per_row = ones @ ones.new_ones(ones.shape[1])
    per_column = ones.new_ones(ones.shape[0]) @ ones
    return per_row.cpu().numpy().astype(np.int64), per_column.cpu().numpy().astype(np.int64)


def distinct(points: FloatArray, radius: float, *, device: str = "cpu") -> IntArray:
    """Choose representatives so that every point is within a radius of one: a greedy cover.

    Args:
        points: (n, d).
        radius: Two points at most this far apart count as the same; 0 merges exact copies only.
        device: Torch device of the tiles.

    Returns:
        Row numbers of the representatives, rising. Point order decides who represents whom, the
        number of representatives hardly depends on it.
    """
    keep = np.empty(0, dtype=np.int64)
    for start in range(0, len(points), _ROWS):
        fresh = np.arange(start, min(start + _ROWS, len(points)))
        if len(keep):
            fresh = fresh[count_within(points[fresh], points[keep], radius, device=device) == 0]
        keep = np.concatenate([keep, fresh[_first_of_each(points[fresh], radius)]])
    return keep


def _first_of_each(block: FloatArray, radius: float) -> IntArray:
    """Greedy cover of one block, small enough for its full distance matrix."""
    from scipy.spatial.distance import cdist

    if not len(block):
        return np.empty(0, dtype=np.int64)
    close = cdist(block, block) <= radius
    kept: list[int] = []
    covered = np.zeros(len(block), dtype=bool)
    for row in range(len(block)):
        if not covered[row]:
            kept.append(row)
            covered |= close[row]
    return np.asarray(kept, dtype=np.int64)


@dataclass(frozen=True)
class _Tile:
    rows: slice
    columns: slice
    squared: torch.Tensor
    slack: float


def _center(points: FloatArray) -> FloatArray:
    """Return the mean; distances between points moved there suffer less cancellation."""
    return np.asarray(points.mean(axis=0, dtype=np.float64).astype(np.float32))


def _tiles(queries: FloatArray, points: FloatArray, how: _Search) -> Iterator[_Tile]:
    """Yield squared distances tile by tile; a query's own column is infinitely far away."""
    import torch

    kind = torch.float64 if how.precise else torch.float32
    left = torch.as_tensor(queries - _center(points), dtype=kind, device=how.device)
    right = torch.as_tensor(points - _center(points), dtype=kind, device=how.device)
    left_norm, right_norm = (left**2).sum(dim=1), (right**2).sum(dim=1)
    slack = float(_rounding(float(left_norm.max()) + float(right_norm.max()), left.shape[1]))
    for top in range(0, len(left), _ROWS):
        rows = slice(top, min(top + _ROWS, len(left)))
        for edge in range(0, len(right), _COLUMNS):
            columns = slice(edge, min(edge + _COLUMNS, len(right)))
            squared = torch.addmm(
                right_norm[columns][None, :], left[rows], right[columns].T, alpha=-2
            )
            squared += left_norm[rows][:, None]
            if how.own is not None:
                column = how.own[rows] - edge
                here = np.flatnonzero((column >= 0) & (column < squared.shape[1]))
                squared[here, column[here]] = torch.inf
            yield _Tile(rows, columns, squared, slack)


def _rounding(largest: AnyArray | float, dimension: int) -> AnyArray:
    """Bound the error of squared distances in the matrix form: a few ulps per sqrt(term)."""
    ulp = float(np.finfo(np.float32).eps)
    return np.asarray(4.0 * ulp * largest * max(1.0, math.sqrt(dimension) / 4))


def _candidates(
    queries: FloatArray, points: FloatArray, wanted: int, how: _Search
) -> Iterator[tuple[slice, IntArray, FloatArray]]:
    """Yield blocks of queries: rows, row numbers of their nearest points, unordered, and horizon.

    The horizon is the largest squared distance among the candidates, infinite when there are no
    points but the candidates.
    """
    import torch

    best: tuple[torch.Tensor, torch.Tensor] | None = None
    everything = wanted == len(points) - (how.own is not None)
    for tile in _tiles(queries, points, how):
        width = tile.squared.shape[1]
        value, index = torch.topk(tile.squared, min(wanted, width), largest=False, sorted=False)
        index = index + tile.columns.start
        if best is not None:
            value, index = torch.cat([best[0], value], dim=1), torch.cat([best[1], index], dim=1)
            value, pick = torch.topk(value, min(wanted, value.shape[1]), largest=False)
            index = torch.gather(index, 1, pick)
        best = value, index
        if tile.columns.stop == len(points):
            last = value.amax(dim=1).cpu().numpy().astype(np.float64)
            yield tile.rows, index.cpu().numpy(), np.full_like(last, np.inf) if everything else last
            best = None


def _recheck(
    queries: FloatArray, candidates: IntArray, points: FloatArray, k: int
) -> tuple[FloatArray, IntArray]:
    """Order candidates by directly computed distance and keep the k nearest."""
    distances = np.empty(candidates.shape, dtype=np.float32)
    step = max(1, _GATHER_FLOATS // (candidates.shape[1] * queries.shape[1]))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        distances[rows] = _direct(queries[rows, None, :], points[candidates[rows]])
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)


def _direct(left: FloatArray, right: FloatArray) -> FloatArray:
    difference = left - right
    squared = np.einsum("...d,...d->...", difference, difference)
    return np.asarray(np.sqrt(squared), dtype=np.float32)
