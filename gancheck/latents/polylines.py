"""Points in the plane that lie along lines, joined into those lines, smoothed and thinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_NEXT = 3.5  # cells to the next point of a line
_GAP = 7.0  # cells between the ends of two lines that are one
_TOUCHING = 2.5  # cells within which the direction of a gap says nothing
_BESIDE = 0.9  # cells within which points are the same
_AHEAD = 0.7  # cosine of the largest turn
_AROUND = 4  # points to either side that are averaged over
_FEWEST = 3


def joined(
    points: FloatArray, normals: FloatArray, strength: FloatArray, cell: float
) -> list[tuple[IntArray, bool]]:
    """Join points (m, 2) into lines, from the strongest on; each is used at most once.

    Args:
        points: Where they are.
        normals: (m, 2) unit vectors across the line at each.
        strength: (m,) whose lines come first.
        cell: Usual distance of neighbours.

    Returns:
        Numbers of the points of each line in order, and whether it closes.
    """
    from scipy.spatial import cKDTree

    if not len(points):
        return []
    tangents = np.stack([-normals[:, 1], normals[:, 0]], axis=1)
    used = np.zeros(len(points), dtype=bool)
    walker = _Walker(points, tangents, used, cKDTree(points), cell)
    order = np.argsort(-strength, kind="stable")
    lines = [walker.both_ways(int(start)) for start in order if not used[start]]
    lines = _bridged([line for line in lines if len(line) >= _FEWEST], points, cell)
    return [(line, _closes(points[line], cell)) for line in lines]


def _closes(points: FloatArray, cell: float) -> bool:
    gap = points[0] - points[-1]
    size = np.ptp(points, axis=0).max()
    return bool(len(points) > 8 and np.linalg.norm(gap) <= min(_GAP * cell, size / 4))


def _bridged(lines: list[IntArray], points: FloatArray, cell: float) -> list[IntArray]:
    """Join lines whose ends lie close together and point at each other."""
    lines = list(lines)
    while True:
        pair = _nearest_ends(lines, points, cell)
        if pair is None:
            return lines
        one, other, line = pair
        lines = [x for at, x in enumerate(lines) if at not in (one, other)] + [line]


def _nearest_ends(
    lines: list[IntArray], points: FloatArray, cell: float
) -> tuple[int, int, IntArray] | None:
    best, found = _GAP * cell, None
    for i, one in enumerate(lines):
        for j in range(i):
            for first in (one, one[::-1]):
                for second in (lines[j], lines[j][::-1]):
                    gap = _gap(points[first], points[second], cell)
                    if gap < best:
                        best, found = gap, (i, j, np.concatenate([first, second]))
    return found


def _gap(first: FloatArray, second: FloatArray, cell: float) -> float:
    """Return the gap from the end of one line to the start of another; infinite where they turn."""
    step = second[0] - first[-1]
    gap = float(np.linalg.norm(step))
    ahead = first[-1] - first[max(-4, -len(first))]
    onwards = second[min(3, len(second) - 1)] - second[0]
    sizes = np.linalg.norm(ahead) * np.linalg.norm(onwards)
    if ahead @ onwards < _AHEAD * sizes:
        return float("inf")
    if gap > _TOUCHING * cell and ahead @ step < _AHEAD * gap * np.linalg.norm(ahead):
        return float("inf")
    return gap


@dataclass(frozen=True)
class _Walker:
    points: FloatArray
    tangents: FloatArray
    used: AnyArray
    tree: Any
    cell: float

    def both_ways(self, start: int) -> IntArray:
        """Return the numbers of the points on the line through one of them, in order."""
        self._take(start)
        ahead = self._onwards(start, self.tangents[start])
        behind = self._onwards(start, -self.tangents[start])
        return np.array([*behind[::-1], start, *ahead])

    def _onwards(self, at: int, heading: FloatArray) -> list[int]:
        line: list[int] = []
        while True:
            found = self._next(at, heading)
            if found is None:
                return line
            step = self.points[found] - self.points[at]
            along = self.tangents[found] * (1 if self.tangents[found] @ step >= 0 else -1)
            heading = along + step / np.linalg.norm(step)
            heading /= np.linalg.norm(heading)
            self._take(found)
            line.append(found)
            at = found

    def _next(self, at: int, heading: FloatArray) -> int | None:
        near = np.array(self.tree.query_ball_point(self.points[at], _NEXT * self.cell))
        near = near[~self.used[near]]
        if not len(near):
            return None
        steps = self.points[near] - self.points[at]
        length = np.maximum(np.linalg.norm(steps, axis=1), 1e-12)
        straight = (steps @ heading) / length
        aligned = np.abs(self.tangents[near] @ heading)
        cost = np.where(
            (straight > _AHEAD) & (aligned > _AHEAD),
            length / self.cell + 2 * (1 - straight) + 2 * (1 - aligned),
            np.inf,
        )
        best = int(cost.argmin())
        return int(near[best]) if np.isfinite(cost[best]) else None

    def _take(self, number: int) -> None:
        """Use up a point and what lies right beside it."""
        beside = self.tree.query_ball_point(self.points[number], _BESIDE * self.cell)
        self.used[beside] = True


def smooth(points: FloatArray, closed: bool) -> FloatArray:
    """Average each point with those beside it; the ends of an open line stay."""
    if len(points) <= 2 * _AROUND + 1:
        return points
    before, after = (points[-_AROUND:], points[:_AROUND]) if closed else (points[:1], points[-1:])
    repeats = 1 if closed else _AROUND
    padded = np.concatenate([*[before] * repeats, points, *[after] * repeats])
    width = 2 * _AROUND + 1
    kernel = np.ones(width) / width
    smooth = np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)
    if not closed:
        smooth[0], smooth[-1] = points[0], points[-1]
    return np.asarray(smooth)


def simple(points: FloatArray, slack: float) -> FloatArray:
    """Leave out points that lie within a slack of the line between those that stay."""
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    left = [(0, len(points) - 1)]
    while left:
        start, end = left.pop()
        if end - start < 2:
            continue
        along = points[end] - points[start]
        length = np.linalg.norm(along)
        between = points[start + 1 : end] - points[start]
        if length < slack:
            away = np.linalg.norm(between, axis=1)
        else:
            away = np.abs(between[:, 0] * along[1] - between[:, 1] * along[0]) / length
        worst = int(away.argmax())
        if away[worst] > slack:
            keep[start + 1 + worst] = True
            left += [(start, start + 1 + worst), (start + 1 + worst, end)]
    return points[keep]
