"""Exact nearest neighbours and ball counts, tiled over both axes so that memory stays flat.

Distances are Euclidean. Candidates come from the matrix form of `gancheck.neighbors.tiles` in
float32; whatever is returned as a distance is computed again from direct differences, and queries
whose candidates may miss a neighbour are searched again in float64. A set against itself is
computed once for both directions, and what wants the same tiles can share one pass (`Scan`).
Features may lie in a file (`numpy.memmap`): they are read a block at a time. Large searches are
shared by all ranks of a crew (`gancheck.neighbors.sharing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors import searching, sharing
from gancheck.neighbors.closest import Neighbors, Question
from gancheck.neighbors.counting import Counting, Noted, count_listed
from gancheck.neighbors.covering import distinct
from gancheck.neighbors.direct import between
from gancheck.neighbors.pairs import count_pairs, count_within
from gancheck.neighbors.tiles import BUDGET, Scan, Tile, Watcher

if TYPE_CHECKING:
    from gancheck.types import FloatArray

__all__ = [
    "BUDGET",
    "Counting",
    "Neighbors",
    "Noted",
    "Question",
    "Scan",
    "Tile",
    "Watcher",
    "between",
    "count_listed",
    "count_pairs",
    "count_within",
    "distinct",
    "nearest",
    "nearest_both_ways",
    "nearest_in_blocks",
]


def nearest(
    queries: FloatArray,
    points: FloatArray,
    k: int,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
    budget: int | None = None,
) -> Neighbors:
    """Find the k nearest points of each query.

    Args:
        queries: (n, d).
        points: (m, d).
        k: Neighbours per query; at most m, or m - 1 with ``exclude_self``.
        exclude_self: Queries and points are the same set, and row i is no neighbour of itself.
        device: Torch device of the tiles.
        budget: Bytes that the search may take beside its input and its result, None for `BUDGET`;
            no distance depends on it.

    Returns:
        The neighbours; equal distances are ordered by row number. Which of more than k equally
        near points are listed is left open.

    Raises:
        ValueError: There are fewer than k points to choose from.
    """
    _require(k, len(points) - int(exclude_self))
    if exclude_self and sharing.pays(queries, points):
        return sharing.own_by_all(points, k, device, budget)
    own = np.arange(len(queries)) if exclude_self else None
    return _exact(Question(queries, points, k, own, device, budget))


def nearest_both_ways(
    left: FloatArray,
    right: FloatArray,
    k: tuple[int, int],
    *,
    device: str = "cpu",
    budget: int | None = None,
) -> tuple[Neighbors, Neighbors]:
    """Find the nearest points of each set in the other, in one pass.

    Args:
        left: (n, d).
        right: (m, d).
        k: Neighbours of each left point, at most m, and of each right point, at most n.
        device: Torch device of the tiles.
        budget: Bytes that the search may take, see `nearest`.

    Returns:
        Right neighbours of the left points, and left neighbours of the right points.

    Raises:
        ValueError: There are fewer points than neighbours asked for.
    """
    _require(k[0], len(right))
    _require(k[1], len(left))
    there = Question(left, right, k[0], None, device, budget)
    back = Question(right, left, k[1], None, device, budget)
    by_all = sharing.pays(left, right)
    return sharing.both_ways_by_all(there, back) if by_all else searching.both_ways(there, back)


def nearest_in_blocks(
    queries: FloatArray,
    blocks: Iterable[FloatArray],
    k: int,
    *,
    device: str = "cpu",
    budget: int | None = None,
) -> Neighbors:
    """Find the k nearest points of each query among points that are never all in memory.

    Args:
        queries: (n, d).
        blocks: The points, (m1, d), (m2, d) and so on, each needed only until the next is asked
            for; rows are numbered through all of them.
        k: Neighbours per query.
        device: Torch device of the tiles.
        budget: Bytes that the search of one block may take, see `nearest`.

    Returns:
        What `nearest` returns for all the points at once.

    Raises:
        ValueError: There are fewer than k points to choose from, or k is not positive.
    """
    if k < 1:
        raise ValueError(f"asked for {k} neighbours")
    best = searching.nothing(len(queries))
    passed = 0
    for points in blocks:
        if len(points):
            bound = best.distances[:, k - 1] if best.distances.shape[1] == k else None
            question = Question(queries, points, min(k, len(points)), None, device, budget)
            found = _exact(question, bound)
            best = searching.merged(best, searching.shifted(found, passed), k)
        passed += len(points)
    _require(k, passed)
    return best


def _exact(question: Question, bound: FloatArray | None = None) -> Neighbors:
    """Search all points; neighbours beyond a bound (n,) need not be the nearest."""
    if question.own is None and sharing.pays(question.queries, question.points):
        return sharing.exact_by_all(question, bound)
    return searching.exact(question, bound)


def _require(k: int, available: int) -> None:
    if not 1 <= k <= available:
        raise ValueError(f"asked for {k} neighbours among {available} points")
