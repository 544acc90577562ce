"""Searches in this process, and how the answers of several are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors.closest import Neighbors, Question
from gancheck.neighbors.tiles import Scan

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def exact(question: Question, bound: FloatArray | None = None) -> Neighbors:
    """Search all points; neighbours beyond a bound (n,) need not be the nearest."""
    seen = question.watch()
    scan = Scan(question.queries, question.points, question.own, question.device, question.budget)
    scan.show([seen])
    return question.answer(seen, bound)


def both_ways(there: Question, back: Question) -> tuple[Neighbors, Neighbors]:
    """Answer two questions in one pass: the second asks for what the first gives."""
    seen = there.watch(), back.watch()
    scan = Scan(there.queries, there.points, None, there.device, there.budget)
    scan.show(seen[:1], seen[1:])
    return there.answer(seen[0]), back.answer(seen[1])


def nothing(rows: int) -> Neighbors:
    """Return no neighbours of some rows."""
    return Neighbors(np.empty((rows, 0), np.float32), np.empty((rows, 0), np.int64))


def shifted(found: Neighbors, by: int) -> Neighbors:
    """Number the points from another row on."""
    return Neighbors(found.distances, found.indices + by)


def merged(left: Neighbors, right: Neighbors, k: int) -> Neighbors:
    """Keep the k nearest of both; equal distances are ordered by row number."""
    distances = np.concatenate([left.distances, right.distances], axis=1)
    indices = np.concatenate([left.indices, right.indices], axis=1)
    order = np.lexsort((indices, distances), axis=1)[:, :k]
    return Neighbors(np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1))
