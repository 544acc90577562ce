"""Turning points of a score over training: onsets of collapse, recoveries and dips.

A turn is a change of level by at least a margin, beyond what sampling adds and beyond how much the
score jitters from checkpoint to checkpoint anyway, that stays. Levels come from the piecewise
constant fit with the least squares and a penalty for each piece (Jackson et al. 2005), which is
exact at these sizes. Pieces are then read like a zigzag: from the highest one so far down to the
first that is lower by what is needed is an onset, from the lowest one after it up again a recovery.
So a gradual decline is one onset, the rise of early training is none, and a trace that is low from
its start has none: there was nothing to lose.

The jitter is a robust spread of differences, so that a few changes of level do not enter it, and
at several distances, so that jitter that wanders is seen for what it is. It is never taken for less
than the errors of the values. That is cautious: with the same latents at every checkpoint the
values share much of their noise, and sampling adds less to a difference than the errors say.

A trace whose level changes every few checkpoints has jitter and no turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

TurnKind: TypeAlias = Literal["onset", "recovery", "dip"]

MARGIN = 0.2
"""Least change of level that counts: what lies between a full score and one that is warned about.

It is also five times a jitter of 0.04, so that healthy traces that jitter as much hardly pass it.
"""
_SURE, _UNSURE = 4.0, 10.0  # errors that a change exceeds, and how many more in a short trace
_LONE = 3.0  # jitters by which a value lies outside both its neighbours and is not fitted
_PENALTY = 4.0  # for each piece, in units of the jitter's variance times log T
_PROFILE = 7.35  # twice the log likelihood lost at the ends of a 95% interval of a change
_LONGEST_LAG = 4
_BRIEF = 25  # a fall that lasts less than this part of the trace is a dip
_TWO_THIRDS = 0.9674  # of the sizes of normal numbers are below this
_DEGREES = 50  # of freedom of an error from splits: see `gancheck.stats.split_se`


class Level(NamedTuple):
    """A mean over checkpoints, with its standard error from the jitter."""

    value: float
    error: float


@dataclass(frozen=True)
class Turn:
    """A change of level.

    Attributes:
        kind: ``onset`` of a collapse; ``recovery`` from one; ``dip``, a fall that is made good
            within one checkpoint, or within 4% of a long trace.
        index: First checkpoint after the change, among all those given; the lowest one of a dip.
        step: Its step.
        low: A step at which the change had not begun, at 95% confidence.
        high: A step at which it was done; apart from the former when the decline was gradual.
        before: Level before the change.
        after: Level after it; of a dip, its lowest value.
    """

    kind: TurnKind
    index: int
    step: int
    low: int
    high: int
    before: Level
    after: Level


@dataclass(frozen=True)
class Jitter:
    """How a score moves from checkpoint to checkpoint where its level does not change.

    Attributes:
        sd: Standard deviation of one checkpoint around its level, above 0.
        correlation: Of neighbours, 0..0.9; further apart it falls as its powers.
    """

    sd: float
    correlation: float

    def of_mean(self, n: int) -> float:
        """Return the standard error of the mean of n neighbouring checkpoints."""
        lags = np.arange(1, n)
        shared = float(((1 - lags / n) * self.correlation**lags).sum())
        return self.sd * float(np.sqrt((1 + 2 * shared) / n))

    @property
    def of_long_runs(self) -> float:
        """Variance of a sum of many checkpoints, for each of them."""
        return self.sd**2 * (1 + self.correlation) / (1 - self.correlation)


def jitter(values: FloatArray, errors: FloatArray) -> Jitter:
    """Estimate the jitter of a score from differences of its values.

    Differences at a distance of up to four checkpoints, or an eighth of the trace: with a
    correlation r of neighbours their variance grows as ``1 - r^distance``, from which r is read.

    Args:
        values: (T,) finite, T >= 2.
        errors: (T,) standard errors; their median is the least jitter.
    """
    lags = range(1, 1 + max(1, min(_LONGEST_LAG, len(values) // 8)))
    spreads = [_spread(values[lag:] - values[:-lag]) for lag in lags]
    sd, least = max(spreads), max(1e-6, float(np.median(errors)))
    if sd <= least:
        return Jitter(least, 0.0)
    return Jitter(sd, float(np.clip(1 - (spreads[0] / sd) ** 2, 0.0, 0.9)))


def _spread(differences: FloatArray) -> float:
    """Return the deviation of single values from a quantile of the sizes of their differences."""
    sizes = np.abs(differences)
    return float(np.quantile(sizes, 2 / 3, method="lower")) / _TWO_THIRDS / 2**0.5


def turns(steps: AnyArray, values: FloatArray, errors: FloatArray) -> tuple[Turn, ...]:
    """Find where a score collapsed, recovered or dipped.

    Values that are not finite (checkpoints that failed) are passed over. A level needs two
    checkpoints, but the first and the last one may stand alone: whether the last one stays nobody
    can know, and a collapse that has just begun is worth saying.

    Args:
        steps: (T,) rising numbers.
        values: (T,) scores, 0..1; larger is better.
        errors: (T,) standard errors of the values.

    Returns:
        The turns in order of their checkpoints.

    Raises:
        ValueError: The lengths differ.
    """
    steps, values, errors = (np.asarray(one) for one in (steps, values, errors))
    if not len(steps) == len(values) == len(errors):
        raise ValueError(f"need equal lengths: {len(steps)}, {len(values)}, {len(errors)}")
    rows = np.flatnonzero(np.isfinite(values))
    if len(rows) < 3:
        return ()
    known = np.nan_to_num(errors[rows].astype(np.float64))
    trace = _Trace(rows, steps[rows], values[rows], jitter(values[rows], known))
    found = {(turn.kind, turn.index): turn for turn in (*_lone_dips(trace), *_changes(trace))}
    return tuple(sorted(found.values(), key=lambda turn: turn.index))


@dataclass(frozen=True, eq=False)
class _Trace:
    """The finite values of a trace.

    Attributes:
        rows: (n,) their indices.
        steps: (n,)
        values: (n,)
        jitter: Of the values.
    """

    rows: IntArray
    steps: AnyArray
    values: FloatArray
    jitter: Jitter

    def needed(self, before: int, after: int) -> float:
        """Return by how much two levels must differ, from how many checkpoints they have.

        Of a short trace the jitter is not known well, so that more is needed there.
        """
        error = float(np.hypot(self.jitter.of_mean(before), self.jitter.of_mean(after)))
        return max(MARGIN, (_SURE + _UNSURE / len(self.values)) * error)

    def below_neighbours(self) -> FloatArray:
        """Return by how much each value lies below both its neighbours, (n,); 0 at the ends."""
        depths = np.zeros(len(self.values))
        around = np.minimum(self.values[:-2], self.values[2:])
        depths[1:-1] = np.maximum(0.0, around - self.values[1:-1])
        return depths

    def tamed(self) -> _Trace:
        """Draw each value that lies far outside both its neighbours to the nearer one."""
        mirrored = replace(self, values=-self.values)
        below, above = self.below_neighbours(), mirrored.below_neighbours()
        far = np.maximum(below, above) > _LONE * self.jitter.sd
        return replace(self, values=self.values + np.where(far, below - above, 0.0))

    def level(self, first: int, stop: int) -> Level:
        """Return the mean of neighbouring values and its error."""
        return Level(float(self.values[first:stop].mean()), self.jitter.of_mean(stop - first))

    def dip(self, first: int, stop: int) -> Turn:
        """Describe values between better ones, 0 < first < stop < n."""
        lowest = first + int(self.values[first:stop].argmin())
        around = [self.values[first - 1], self.values[stop]]
        return Turn(
            kind="dip",
            index=int(self.rows[lowest]),
            step=int(self.steps[lowest]),
            low=int(self.steps[first - 1]),
            high=int(self.steps[first]),
            before=Level(float(np.mean(around)), self.jitter.of_mean(2)),
            after=self.level(lowest, lowest + 1),
        )


class _Pieces(NamedTuple):
    """A trace cut into pieces of one level each.

    Attributes:
        starts: (p,) first value of each.
        stops: (p,) one behind the last value of each.
        levels: (p,) means.
    """

    starts: IntArray
    stops: IntArray
    levels: FloatArray


class _Change(NamedTuple):
    """A turn, where its first value is, and whether the means of both sides show it too."""

    split: int
    turn: Turn
    stays: bool


def _lone_dips(trace: _Trace) -> Iterator[Turn]:
    """Yield the single values that lie far below both their neighbours."""
    for at in np.flatnonzero(trace.below_neighbours() >= trace.needed(1, 1)):
        yield trace.dip(int(at), int(at) + 1)


def _changes(trace: _Trace) -> Iterator[Turn]:
    """Yield onsets and recoveries, and falls that are made good soon as dips."""
    n, tamed = len(trace.values), trace.tamed()
    pieces = _cut(tamed.values, _PENALTY * np.log(n) * trace.jitter.sd**2)
    extremes = [*_zigzag(tamed, pieces), len(pieces.levels) - 1]
    found = [
        _dated(tamed, pieces, left, reached, sign=-1 if number % 2 == 0 else 1)
        for number, (left, reached) in enumerate(pairwise(extremes))
    ]
    while found:
        change = found.pop(0)
        brief = bool(found) and found[0].split - change.split <= max(1, n // _BRIEF)
        if change.stays and not brief:
            yield change.turn
        elif found:
            back = found.pop(0)
            if brief and change.turn.kind == "onset":
                yield trace.dip(change.split, back.split)


def _cut(values: FloatArray, penalty: float) -> _Pieces:
    """Cut values into pieces with the least sum of squares plus a penalty for each piece.

    Pieces have two values at least, but for those at both ends. Solved exactly: the best cut of
    the first e values is the best over where its last piece begins.
    """
    n = len(values)
    sums, squares = (np.concatenate([[0.0], np.cumsum(values**power)]) for power in (1, 2))
    best, origin = np.zeros(n + 1), np.zeros(n + 1, dtype=np.int64)
    for stop in range(1, n + 1):
        starts = np.arange(stop if stop in (1, n) else stop - 1)
        cost = squares[stop] - squares[starts] - (sums[stop] - sums[starts]) ** 2 / (stop - starts)
        total = best[starts] + np.maximum(cost, 0.0) + penalty
        origin[stop] = total.argmin()
        best[stop] = total[origin[stop]]
    edges = [n]
    while edges[-1] > 0:
        edges.append(int(origin[edges[-1]]))
    starts, stops = np.array(edges[:0:-1]), np.array(edges[-2::-1])
    return _Pieces(starts, stops, (sums[stops] - sums[starts]) / (stops - starts))


def _zigzag(trace: _Trace, pieces: _Pieces) -> Iterator[int]:
    """Yield the pieces from which falls and rises begin that are large enough, a fall first."""
    sizes = pieces.stops - pieces.starts
    extreme, sign = 0, -1
    for piece in range(1, len(sizes)):
        gap = sign * float(pieces.levels[piece] - pieces.levels[extreme])
        if gap >= trace.needed(int(sizes[extreme]), int(sizes[piece])):
            yield extreme
            extreme, sign = piece, -sign
        elif gap < 0:
            extreme = piece


def _dated(trace: _Trace, pieces: _Pieces, left: int, reached: int, *, sign: int) -> _Change:
    """Date the change from the piece that it leaves to the last one before the next change.

    The date is where two levels fit best. Its interval is the profile of that fit: splits whose
    log likelihood is near that of the best (Yao 1987: for the argmax of a Brownian motion with a
    drift to both sides, ``P(loss <= x) = (1 - exp(-x / 2))^2``, so 7.35 at 95%). It reaches at
    least from the last piece within a quarter of the change from the level before to the first
    within a quarter from that after.
    """
    first, stop = int(pieces.starts[left]), int(pieces.stops[reached])
    n = len(trace.values)
    splits = np.arange(first + (1 if first == 0 else 2), stop - (0 if stop == n else 1))
    gain = _gain(trace.values[first:stop], sign)[splits - first - 1]
    split = int(splits[gain.argmax()])
    near = splits[gain >= gain.max() - _PROFILE * trace.jitter.of_long_runs]
    before, after = trace.level(first, split), trace.level(split, stop)
    quarter = abs(before.value - after.value) / 4
    starts, stops, levels = (one[left : reached + 1] for one in pieces)
    still = stops[(starts < split) & (abs(levels - before.value) <= quarter)]
    there = starts[(stops > split) & (abs(levels - after.value) <= quarter)]
    turn = Turn(
        kind="onset" if sign < 0 else "recovery",
        index=int(trace.rows[split]),
        step=int(trace.steps[split]),
        low=int(trace.steps[min([near[0], *still[-1:]]) - 1]),
        high=int(trace.steps[max([near[-1], *there[:1]])]),
        before=before,
        after=after,
    )
    enough = trace.needed(split - first, stop - split)
    return _Change(split, turn, stays=sign * (after.value - before.value) >= enough)


def _gain(values: FloatArray, sign: int) -> FloatArray:
    """Return by how much two levels fit better than one, for each split that goes the right way.

    Args:
        values: (n,)
        sign: Of the second level minus the first.

    Returns:
        (n - 1,) what a split before the second, third ... value takes off the sum of squares.
    """
    n, sums = len(values), np.cumsum(values)
    left = np.arange(1, n)
    gap = (sums[-1] - sums[:-1]) / (n - left) - sums[:-1] / left
    return np.asarray(np.where(sign * gap > 0, left * (n - left) / n * gap**2, 0.0))


@dataclass(frozen=True)
class Best:
    """The best checkpoint.

    Attributes:
        index: Of the largest value.
        tied: Indices, in order, of all that cannot be told from it, itself among them.
    """

    index: int
    tied: tuple[int, ...]


def best(
    values: FloatArray,
    errors: FloatArray,
    error_of: Callable[[int, int], float | None] | None = None,
    confidence: float = 0.95,
) -> Best | None:
    """Find the best checkpoint and those that cannot be told from it.

    Every other one is tested for being worse, one-sided, at the level divided by their number, so
    that the truly best one is among those returned at the given confidence (comparison with the
    best: Hsu 1981).

    Args:
        values: (T,) scores, larger is better; not finite ones are passed over.
        errors: (T,) their standard errors.
        error_of: Gives the standard error of the difference of two checkpoints by their indices;
            None, of itself or of a pair, means ``sqrt(e_i^2 + e_j^2)``, which is too large where
            both have the same latents.
        confidence: One-sided, over all comparisons.

    Returns:
        None where no value is finite.
    """
    from scipy.special import stdtrit

    rows = [int(row) for row in np.flatnonzero(np.isfinite(values))]
    if not rows:
        return None
    top = max(rows, key=lambda row: float(values[row]))
    limit = float(stdtrit(_DEGREES, 1 - (1 - confidence) / max(1, len(rows) - 1)))

    def is_tied(row: int) -> bool:
        error = error_of(top, row) if error_of and row != top else None
        if error is None:
            error = float(np.hypot(errors[top], errors[row]))
        return row == top or float(values[top] - values[row]) <= limit * error

    return Best(top, tuple(row for row in rows if is_tied(row)))
