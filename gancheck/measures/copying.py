"""Which samples repeat a training point: a test, a control of false accusations, and a share.

Training and held-out points are put into one pool. A generator that copies nothing knows no
difference between them, so that which side a pool point is on is a matter of chance, whatever the
samples look like: shrunken, spread too wide, collapsed onto a few places. Everything here rests on
that one fact. What is measured (nearest points, distances, closeness) never looks at the sides;
only the last step counts them.

What is counted are pool points, not samples. A generator whose samples all lie next to one training
point has been seen near one point, and one point is on the training side by chance often enough.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.stats import poisson_interval

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

ROUNDS = 999
FALSE_DISCOVERIES = 0.10
HALF = 0.5
"""Relative distance of a sample twice as near to its twin as to anything else in the pool."""
CLEARLY = -math.log(HALF)
"""The same as a closeness."""
_DRAWN_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Relabelling:
    """The relabelling test: do near-duplicates lie on the training side more often than by chance?

    Attributes:
        p_value: Share of relabellings with as many hits or more, 1 / (rounds + 1) .. 1.
        hits: Samples nearer than the radius to a training point that is their twin.
        expected: Hits if the sides meant nothing.
        radius: What counts as near.
        rounds: Number of random relabellings.
        relative: The radius is a share of the distance to the rival, not a distance.
    """

    p_value: float
    hits: int
    expected: float
    radius: float
    rounds: int
    relative: bool = False


@dataclass(frozen=True, eq=False)
class Mirrored:
    """The mirrored control: what is flagged, at a bounded share of false accusations.

    Attributes:
        threshold: Closeness from which on samples are flagged, finite; infinite when none is.
        flagged: (m,) booleans, True for samples that repeat a training point.
        expected: How many of the flagged twins honest samples would have, seen by held-out points.
        twins: (t,) rising row numbers of the pool points that the flagged samples repeat.
    """

    threshold: float
    flagged: AnyArray
    expected: float
    twins: IntArray


@dataclass(frozen=True)
class Share:
    """Estimated share of copies among the samples with its 95% interval, all 0..1."""

    value: float
    low: float
    high: float


def closeness(distances: FloatArray, twin_gaps: FloatArray, tolerance: float) -> FloatArray:
    """Measure how much nearer each sample is to its twin than to any other pool point.

    ``log(d_rival / d_twin)``, where the twin is the nearest pool point and the rival the next one
    that is no near-duplicate of the twin. Without that exception, an image that lies in the
    training set twice would hide its copies, as ratio tests are known to let happen.

    Args:
        distances: (m, k) distances of each sample to its nearest pool points, rising; k at least 2.
        twin_gaps: (m, k) distances of the same pool points to the first of them.
        tolerance: Pool points at most this far apart are near-duplicates of each other.

    Returns:
        (m,) values >= 0; infinite where a sample lies on its twin. Where all k points are
        near-duplicates of the twin, the last of them is the rival.
    """
    apart = np.asarray(twin_gaps) > tolerance
    apart[:, 0] = False
    rival = np.where(apart.any(axis=1), apart.argmax(axis=1), apart.shape[1] - 1)
    there = np.take_along_axis(distances, rival[:, None], axis=1)[:, 0].astype(np.float64)
    here = np.asarray(distances[:, 0], dtype=np.float64)
    ratio = np.divide(there, here, out=np.full(len(here), np.inf), where=here > 0)
    return np.asarray(np.log(np.maximum(ratio, 1.0)))


def relabelling_test(
    twins: IntArray,
    distances: FloatArray,
    training: AnyArray,
    radius: float,
    rng: np.random.Generator,
    rounds: int = ROUNDS,
) -> Relabelling:
    """Test whether near-duplicates of training points are more than their share of the pool.

    The statistic is the number of samples nearer than ``radius`` whose twin is a training point.
    Its law under honesty is drawn by dealing the sides anew to the pool points, which is exact
    whatever the law of the samples, if held-out points were split off at random (Fisher's
    permutation argument). Samples that share a twin move together. Only near-duplicates count:
    the side of all nearest neighbours has hardly any power.

    Args:
        twins: (m,) row numbers of each sample's nearest pool point.
        distances: (m,) distances to them.
        training: (p,) True for pool points of the training side.
        radius: What counts as near; chosen without regard to the sides, such as the 1% quantile
            of the distances of pool points to their nearest neighbours.
        rng: Source of the relabellings.
        rounds: Number of relabellings.

    Returns:
        The test; p is 1 when no sample is near.
    """
    near = np.asarray(twins)[np.asarray(distances) < radius]
    points, counts = np.unique(near, return_counts=True)
    sides = np.asarray(training, dtype=bool)
    hits = int(counts[sides[points]].sum())
    drawn = _relabelled(counts, sides, rounds, rng)
    p_value = (1 + int((drawn >= hits).sum())) / (rounds + 1)
    return Relabelling(p_value, hits, float(counts.sum() * sides.mean()), float(radius), rounds)


def relabelling_on_both_scales(
    twins: IntArray,
    distances: FloatArray,
    closeness: FloatArray,
    training: AnyArray,
    radius: float,
    rng: np.random.Generator,
) -> Relabelling:
    """Test near samples, and samples twice as near to their twin as to anything else in the pool.

    Where samples crowd, as those of a shrunken generator do, honest ones are near as well and
    hide a few copies; relative distances do not depend on how densely points lie. In few
    dimensions many honest samples are twice as near, and the radius is the sharper scale.

    Returns:
        The test with the smaller p-value, which is doubled for the choice (Bonferroni).
    """
    near = relabelling_test(twins, distances, training, radius, rng)
    twice = relabelling_test(twins, np.exp(-closeness), training, HALF, rng)
    chosen = replace(twice, relative=True) if twice.p_value < near.p_value else near
    return replace(chosen, p_value=min(1.0, 2 * chosen.p_value))


def _relabelled(
    counts: IntArray, training: AnyArray, rounds: int, rng: np.random.Generator
) -> IntArray:
    """Sum the counts on the training side, (rounds,), with sides dealt anew to all pool points.

    How many of the counted points are training points is hypergeometric, and which of them is a
    matter of chance: a pool of millions need not be shuffled.
    """
    total, ones = len(counts), int(training.sum())
    if not total:
        return np.zeros(rounds, dtype=np.int64)
    taken = rng.hypergeometric(ones, len(training) - ones, total, size=rounds)
    if counts.max() == 1:
        return np.asarray(taken)
    sums = np.empty(rounds, dtype=np.int64)
    step = max(1, _DRAWN_AT_ONCE // total)
    for start in range(0, rounds, step):
        part = taken[start : start + step]
        order = rng.random((len(part), total)).argsort(axis=1)
        running = counts[order].cumsum(axis=1)
        last = running[np.arange(len(part)), np.maximum(part, 1) - 1]
        sums[start : start + step] = np.where(part > 0, last, 0)
    return sums


def mirrored_control(
    twins: IntArray,
    closeness: FloatArray,
    training: AnyArray,
    rate: float = FALSE_DISCOVERIES,
) -> Mirrored:
    """Flag the samples that repeat training points, with few false ones among them.

    Each pool point that is a twin is scored by the closest of its samples. Beyond any score,
    points that nobody copied lie on both sides in the proportion of the pool, so that held-out
    points beyond it count the false ones among the training points. The threshold is the least
    score with ``(1 + held_out) * |T| / |H| <= rate * training``: knockoff+ (Barber and Candes
    2015), known in proteomics as the target-decoy method, over pool points.

    The expected share of false ones among the flagged twins is at most ``rate``. At least
    ``|T| / |H| / rate`` different points have to be copied before any is flagged: a generator
    that has collapsed onto few places is never proven a copier.

    Args:
        twins: (m,) row numbers of each sample's nearest pool point.
        closeness: (m,) values of `closeness`.
        training: (p,) True for pool points of the training side.
        rate: Bound on the false discovery rate, 0..1.

    Returns:
        The control; nothing is flagged without held-out points. Ties, samples as near to another
        point as to their twin, are left out.
    """
    sides = np.asarray(training, dtype=bool)
    ratio = _ratio(sides)
    if not math.isfinite(ratio):
        return _nothing(len(twins))
    points, scores = _scored(twins, closeness)
    cut = _least_threshold(scores, sides[points], ratio, rate)
    if not math.isfinite(cut):
        return _nothing(len(twins))
    flagged = sides[np.asarray(twins)] & (np.asarray(closeness) >= cut)
    false = (~sides[points] & (scores >= cut)).sum()
    return Mirrored(cut, flagged, float(ratio * false), np.unique(np.asarray(twins)[flagged]))


def _nothing(m: int) -> Mirrored:
    return Mirrored(math.inf, np.zeros(m, dtype=bool), 0.0, np.empty(0, dtype=np.int64))


def _ratio(training: AnyArray) -> float:
    """Return the number of training points for every held-out point; infinite without any."""
    ones = int(training.sum())
    return ones / (len(training) - ones) if ones < len(training) else math.inf


def _scored(twins: IntArray, closeness: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the pool points that are twins, and the largest closeness of each."""
    points, whose = np.unique(twins, return_inverse=True)
    scores = np.zeros(len(points))
    np.maximum.at(scores, whose, closeness)
    return points, scores


def _least_threshold(scores: FloatArray, training: AnyArray, ratio: float, rate: float) -> float:
    """Return the least score that keeps the rate; infinite without one."""
    levels, level = np.unique(scores, return_inverse=True)
    here = [np.bincount(level[side], minlength=len(levels)) for side in (training, ~training)]
    beyond, decoys = (np.cumsum(side[::-1])[::-1] for side in here)
    passed = (beyond > 0) & ((1 + decoys) * ratio <= rate * beyond) & (levels > 0)
    if not passed.any():
        return math.inf
    return min(float(levels[passed.argmax()]), sys.float_info.max)  # where samples lie on twins


def share_of_copies(
    twins: IntArray,
    closeness: FloatArray,
    training: AnyArray,
    threshold: float,
    *,
    confidence: float = 0.95,
) -> Share:
    """Estimate the share of samples that repeat a training point.

    Beyond the threshold, training points are copied or honest, held-out points honest, and
    there are ``|T| / |H|`` honest training points for each of those: the excess of training
    points, times the samples of each. The interval combines the exact Poisson limits of both
    counts by their distances from the estimate (MOVER: Zou and Donner 2008); counts whose points
    have unequal numbers of samples are worth fewer.

    Without a threshold, points are counted from `CLEARLY` on, and each as one sample: many
    samples next to one point are a collapse, and whether copies as well nobody can tell. The
    interval has room for both.

    Args:
        twins: (m,) row numbers of each sample's nearest pool point.
        closeness: (m,) values of `closeness`.
        training: (p,) True for pool points of the training side.
        threshold: Threshold of `mirrored_control`, infinite where it flagged none.
        confidence: Two-sided coverage of the interval.

    Returns:
        The share; copies that are no closer than honest samples come are not in it.
    """
    sides = np.asarray(training, dtype=bool)
    found = math.isfinite(threshold)
    beyond = np.asarray(closeness) >= (threshold if found else CLEARLY)
    points, samples = np.unique(np.asarray(twins)[beyond], return_counts=True)
    copied = sides[points]
    ratio = _ratio(sides)
    if not math.isfinite(ratio):
        return Share(0.0, 0.0, 1.0)
    hits, decoys = int(copied.sum()), int((~copied).sum())
    weights = samples[copied] if found else samples
    each = float(weights.mean()) if len(weights) else 1.0
    unequal = float((weights**2).mean()) / each**2 if len(weights) else 1.0
    low, high = _excess_interval(hits, decoys, ratio, (unequal, confidence))
    value = max(0.0, hits - ratio * decoys) * (each if found else 1.0)
    return _clipped(np.array([value, low * each, high * each]) / len(closeness))


def _excess_interval(
    hits: int, decoys: int, ratio: float, how: tuple[float, float]
) -> tuple[float, float]:
    """Bound ``hits - ratio * decoys``; a count of unequal things is worth ``1 / unequal`` of it."""
    unequal, confidence = how
    own, other = (poisson_interval(count / unequal, confidence) for count in (hits, decoys))
    excess = hits - ratio * decoys
    below = math.hypot(hits - unequal * own.low, ratio * (unequal * other.high - decoys))
    above = math.hypot(unequal * own.high - hits, ratio * (decoys - unequal * other.low))
    return excess - below, excess + above


def _clipped(numbers: FloatArray) -> Share:
    value, low, high = np.clip(numbers, 0.0, 1.0).tolist()
    return Share(value, min(low, value), max(high, value))
