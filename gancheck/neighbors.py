"""Exact nearest neighbours and ball counts, tiled over both axes so that memory stays flat.

Distances are Euclidean. Candidates come from the matrix form ``|a|^2 + |b|^2 - 2ab`` in float32,
which loses small distances to rounding; whatever is returned as a distance is therefore computed
again from direct differences. Nothing here allocates more than one tile of n x n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from gancheck.types import FloatArray, IntArray

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
        The neighbours; ties in distance are ordered by row number.

    Raises:
        ValueError: There are fewer than k points to choose from.
    """
    available = len(points) - int(exclude_self)
    if not 1 <= k <= available:
        raise ValueError(f"asked for {k} neighbours among {available} points")
    wanted = min(k + _SPARE, available)
    blocks = [
        _recheck(rows, candidates, points, k)
        for rows, candidates in _candidates(queries, points, wanted, exclude_self, device)
    ]
    return Neighbors(
        np.concatenate([distances for distances, _ in blocks]),
        np.concatenate([indices for _, indices in blocks]),
    )


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
    for tile in _tiles(centers, points, exclude_self, device):
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


def _tiles(
    queries: FloatArray, points: FloatArray, exclude_self: bool, device: str
) -> Iterator[_Tile]:
    """Yield squared distances tile by tile; a query's own column is infinitely far away."""
    import torch

    center = points.mean(axis=0, dtype=np.float64).astype(np.float32)  # less cancellation
    left = torch.as_tensor(queries - center, device=device)
    right = torch.as_tensor(points - center, device=device)
    left_norm, right_norm = (left**2).sum(dim=1), (right**2).sum(dim=1)
    slack = _rounding(float(left_norm.max()) + float(right_norm.max()), left.shape[1])
    for top in range(0, len(left), _ROWS):
        rows = slice(top, min(top + _ROWS, len(left)))
        for edge in range(0, len(right), _COLUMNS):
            columns = slice(edge, min(edge + _COLUMNS, len(right)))
            squared = torch.addmm(
                right_norm[columns][None, :], left[rows], right[columns].T, alpha=-2
            )
            squared += left_norm[rows][:, None]
            if exclude_self:
                own = np.arange(max(top, edge), min(rows.stop, columns.stop))
                squared[own - top, own - edge] = torch.inf
            yield _Tile(rows, columns, squared, slack)


def _rounding(largest: float, dimension: int) -> float:
    """Bound the error of one squared distance in the matrix form: a few ulps per sqrt(term)."""
    ulp = float(np.finfo(np.float32).eps)
    return 4.0 * ulp * largest * max(1.0, math.sqrt(dimension) / 4)


def _candidates(
    queries: FloatArray, points: FloatArray, wanted: int, exclude_self: bool, device: str
) -> Iterator[tuple[FloatArray, IntArray]]:
    """Yield each block of queries with the row numbers of its nearest points, unordered."""
    import torch

    best: tuple[torch.Tensor, torch.Tensor] | None = None
    for tile in _tiles(queries, points, exclude_self, device):
        width = tile.squared.shape[1]
        value, index = torch.topk(tile.squared, min(wanted, width), largest=False, sorted=False)
        index = index + tile.columns.start
        if best is not None:
            value, index = torch.cat([best[0], value], dim=1), torch.cat([best[1], index], dim=1)
            value, pick = torch.topk(value, min(wanted, value.shape[1]), largest=False)
            index = torch.gather(index, 1, pick)
        best = value, index
        if tile.columns.stop == len(points):
            yield queries[tile.rows], index.cpu().numpy()
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
