"""Searches by all ranks of a crew: each takes some of the rows, with the engine of one process.

A set against itself is cut so that each rank computes as many of its pairs, and each pair is
computed once: a rank's rows among themselves, and against all rows after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gancheck.crew import current, spans
from gancheck.crew.devices import here
from gancheck.neighbors.closest import Neighbors, Question
from gancheck.neighbors.counting import Counting
from gancheck.neighbors.searching import both_ways, exact, merged, nothing, shifted
from gancheck.neighbors.tiles import BUDGET, Scan

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

LEAST = 2_000_000_000
"""Products of coordinates below which a search is over before the others have heard of it."""


def pays(left: FloatArray, right: FloatArray) -> bool:
    """Tell whether a crew should share the search; files that were mapped for their size stay."""
    size = current().size
    if size == 1 or len(left) < size:
        return False
    large = any(isinstance(side, np.memmap) and side.nbytes > BUDGET for side in (left, right))
    return not large and len(left) * len(right) * int(left.shape[1]) >= LEAST


def exact_by_all(question: Question, bound: FloatArray | None = None) -> Neighbors:
    """Do what `exact` does for a question without own rows, by rows of the queries."""
    rows = spans(len(question.queries), current().size)
    queries = np.asarray(question.queries)
    shares = [(queries[own], None if bound is None else bound[own]) for own in rows]
    common = replace(question, queries=queries[:0], points=np.asarray(question.points))
    return _stacked(current().run(_exact_share, common, shares))


def _exact_share(question: Question, share: tuple[FloatArray, FloatArray | None]) -> Neighbors:
    queries, bound = share
    return exact(replace(question, queries=queries, device=here(question.device)), bound)


def both_ways_by_all(there: Question, back: Question) -> tuple[Neighbors, Neighbors]:
    """Do what `both_ways` does, by rows of the first queries."""
    left, right = np.asarray(there.queries), np.asarray(there.points)
    rows = spans(len(left), current().size)
    common = _Pair(right, there.k, back.k, there.device, there.budget)
    parts = current().run(_both_ways_share, common, [left[own] for own in rows])
    found = nothing(len(right))
    for own, (_, theirs) in zip(rows, parts, strict=True):
        found = merged(found, shifted(theirs, own.start), back.k)
    return _stacked([mine for mine, _ in parts]), found


@dataclass(frozen=True)
class _Pair:
    """Points that every rank has, and how many neighbours are wanted on either side."""

    points: FloatArray
    there: int
    back: int
    device: str
    budget: int | None

    def between(self, left: FloatArray, right: FloatArray) -> tuple[Neighbors, Neighbors]:
        """Search some points both ways, for as many neighbours as there may be."""
        device = here(self.device)
        there = Question(left, right, min(self.there, len(right)), None, device, self.budget)
        back = Question(right, left, min(self.back, len(left)), None, device, self.budget)
        return both_ways(there, back)


def _both_ways_share(pair: _Pair, left: FloatArray) -> tuple[Neighbors, Neighbors]:
    return pair.between(left, pair.points)


def own_by_all(points: FloatArray, k: int, device: str, budget: int | None) -> Neighbors:
    """Find the k nearest others of each point of a set."""
    rows = triangles(len(points), current().size)
    common = _Pair(np.asarray(points), k, k, device, budget)
    parts = current().run(_own_share, common, rows)
    found = [nothing(own.stop - own.start) for own in rows]
    for number, (own, (mine, later)) in enumerate(zip(rows, parts, strict=True)):
        found[number] = merged(found[number], shifted(mine, own.start), k)
        for after in range(number + 1, len(rows)):
            theirs = slice(rows[after].start - own.stop, rows[after].stop - own.stop)
            one = Neighbors(later.distances[theirs], later.indices[theirs] + own.start)
            found[after] = merged(found[after], one, k)
    return _stacked(found)


def _own_share(pair: _Pair, rows: slice) -> tuple[Neighbors, Neighbors]:
    """Search rows among themselves and against those after them, numbered from the first row."""
    own, after = pair.points[rows], pair.points[rows.stop :]
    mine, later = nothing(len(own)), nothing(len(after))
    if len(own) > 1:
        k = min(pair.there, len(own) - 1)
        itself = np.arange(len(own))
        mine = exact(Question(own, own, k, itself, here(pair.device), pair.budget))
    if len(after):
        there, later = pair.between(own, after)
        mine = merged(mine, shifted(there, len(own)), pair.there)
    return mine, later


def triangles(n: int, parts: int) -> list[slice]:
    """Cut the rows of a set so that each part has as many pairs within it and with later rows."""
    edges = [round(n * (1 - (1 - part / parts) ** 0.5)) for part in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges) if stop > start]


@dataclass(frozen=True)
class _Balls:
    """Balls that all ranks know, and points; none where the centres are the points."""

    centers: FloatArray
    radii: FloatArray
    points: FloatArray | None
    device: str
    budget: int | None


def counted_by_all(
    centers: FloatArray,
    points: FloatArray | None,
    radii: FloatArray | float,
    device: str,
    budget: int | None,
) -> tuple[IntArray, IntArray]:
    """Count the points in each ball and the balls around each point; of a set itself with None."""
    n, size = len(centers), current().size
    reach = np.array(np.broadcast_to(np.asarray(radii, dtype=np.float64), (n,)))
    if points is None:
        balls = _Balls(np.asarray(centers), reach, None, device, budget)
        parts = current().run(_counted_itself, balls, triangles(n, size))
        return _summed([held for held, _ in parts]), _summed([around for _, around in parts])
    balls = _Balls(centers[:0], reach[:0], np.asarray(points), device, budget)
    rows = spans(n, size)
    counts = current().run(_counted, balls, [(centers[own], reach[own]) for own in rows])
    return np.concatenate([held for held, _ in counts]), _summed([around for _, around in counts])


def _counted(balls: _Balls, own: tuple[FloatArray, FloatArray]) -> tuple[IntArray, IntArray]:
    """Count for some balls and all points."""
    centers, radii = own
    points, device = balls.points, here(balls.device)
    if points is None:
        raise ValueError("no points to count")
    counting = Counting(centers, points, radii, device)
    Scan(centers, points, None, device, balls.budget).show([counting])
    return counting.held, counting.around


def _counted_itself(balls: _Balls, rows: slice) -> tuple[IntArray, IntArray]:
    """Count the pairs of rows among themselves and with those after them, for the whole set."""
    device, n = here(balls.device), len(balls.centers)
    own, after = balls.centers[rows], balls.centers[rows.stop :]
    held, around = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    inside = Counting(own, own, balls.radii[rows], device)
    Scan(own, own, np.arange(len(own)), device, balls.budget).show([inside])
    held[rows] += inside.held
    around[rows] += inside.around
    if len(after):
        there = Counting(own, after, balls.radii[rows], device)
        back = Counting(after, own, balls.radii[rows.stop :], device)
        Scan(own, after, None, device, balls.budget).show([there], [back])
        held[rows] += there.held
        around[rows.stop :] += there.around
        held[rows.stop :] += back.held
        around[rows] += back.around
    return held, around


def _stacked(parts: Sequence[Neighbors]) -> Neighbors:
    return Neighbors(
        np.concatenate([part.distances for part in parts]),
        np.concatenate([part.indices for part in parts]),
    )


def _summed(parts: Sequence[AnyArray]) -> AnyArray:
    return np.asarray(np.sum(parts, axis=0))
