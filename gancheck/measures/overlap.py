"""The two-sided overlap: how much of one distribution another one reproduces, from samples.

The quantity is ``integral of min(p, q) = 1 - TV(P, Q)``. It equals exactly 1 - m when mass m is
dropped, 1 - x when a fraction x is junk, and ``sum min(p_c, q_c)`` under imbalance of separated
modes. It is estimated from nearest-neighbour balls of both sides: balls around reference points
that count samples (after Salvy et al., "Clipped Density and Coverage", 2025), and balls around
samples that count reference points. The first alone is blind to a generator that sits in the
middle of every ball; the second sees it. Both are calibrated against their exact expectation when
the two laws are equal, which depends neither on the law nor on the dimension.

Large sets are cut into blocks of about 2,000 points a side, and the blocks' numbers are averaged.
A ball then holds the same share of the law, and the same number of points, whatever the size of the
sets, so that more points sharpen the number without moving it; with one neighbourhood over all of
them, blur and noise would weigh more the more samples there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.calibration import calibrated
from gancheck.measures.two_sample import overlap_bound
from gancheck.neighbors import Neighbors, distinct, nearest
from gancheck.stats import jackknife_se

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

GROUPS = 20
_T95 = 2.093  # Student's t at 97.5% with 19 degrees of freedom, for an error from 20 groups
TWIN_SHARE = 0.1
_HALVINGS = 12
_BLOCK = 2000
_BALL, _FEW, _BALL_OF_FEW = 10, 1000, 5


@dataclass(frozen=True)
class Overlap:
    """An estimate of the overlap of two laws.

    Attributes:
        value: Uniqueness times overlap of the distinct samples, 0..1.
        low: Lower end of the 95% interval.
        high: Upper end of the 95% interval.
        uniqueness: Share of distinct samples, relative to the reference, 0..1.
        from_reference: Overlap seen from balls around reference points; above 1 when samples crowd.
        from_samples: Overlap seen from balls around samples; above 1 when samples spread too far.
        side_se: Standard error of the difference of both sides.
        n: Distinct points compared on each side.
        k: Neighbours that span a ball.
        bound: Upper limit of the overlap that a classifier proves; None where it was not asked.
    """

    value: float
    low: float
    high: float
    uniqueness: float
    from_reference: float
    from_samples: float
    side_se: float
    n: int
    k: int
    bound: float | None = None

    def bounded(self, limit: float) -> Overlap:
        """Return the estimate with its overlap cut at an upper limit, 0.., known from elsewhere."""
        most = self.uniqueness * limit
        if most >= self.value:
            return replace(self, bound=limit)
        low = max(0.0, self.low - (self.value - most))
        return replace(self, value=most, low=low, high=most, bound=limit)


def usual_spacing(reference: FloatArray, *, device: str = "cpu") -> float:
    """Return the median distance of a reference point to its nearest neighbour."""
    nearby = nearest(reference, reference, 1, exclude_self=True, device=device)
    return float(np.median(nearby.distances))


def twin_radius(reference: FloatArray, *, device: str = "cpu") -> float:
    """Return the distance below which two points count as one: a tenth of the usual spacing."""
    return TWIN_SHARE * usual_spacing(reference, device=device)


def ball_size(n: int) -> int:
    """Return how many neighbours span a ball among n points: ten, or five below 1,000 points."""
    return _BALL if n >= _FEW else _BALL_OF_FEW


def overlap(
    reference: FloatArray,
    samples: FloatArray,
    *,
    tolerance: float | None = None,
    device: str = "cpu",
    classify: bool = False,
) -> Overlap:
    """Estimate the overlap of the laws behind two sets of features of equal size.

    Args:
        reference: (n, d) features.
        samples: (n, d) features.
        tolerance: Distance below which two samples are near-duplicates; by default a tenth of
            the usual spacing of the reference.
        device: Torch device of the distance tiles.
        classify: Whether to cut the overlap at what a classifier proves. Needed in many
            dimensions, and wrong where small differences between the sides shall not count.

    Returns:
        The estimate with a delete-group jackknife interval.

    Raises:
        ValueError: The sides differ in size or hold fewer than 30 points.
    """
    if len(reference) != len(samples) or len(samples) < 30:
        raise ValueError(f"need two sets of equal size >= 30: {len(reference)}, {len(samples)}")
    radius = twin_radius(reference, device=device) if tolerance is None else tolerance
    kept_reference = distinct(reference, radius, device=device)
    kept_samples = distinct(samples, radius, device=device)
    n = min(len(kept_reference), len(kept_samples))
    unique = min(1.0, len(kept_samples) / len(kept_reference))
    uniques = _uniqueness_without(kept_samples, kept_reference, len(samples))
    k = ball_size(n)
    if n < 3 * k:  # too few distinct points for balls: uniqueness alone bounds the overlap
        blocks = [_Balls(np.ones(2), np.ones((GROUPS, 2)), 0.0)]
        return _result(unique, uniques, blocks, (n, k))
    chosen = reference[spread(kept_reference, n)], samples[spread(kept_samples, n)]
    blocks = [
        _balls(_neighbor_lists(chosen[0][rows], chosen[1][rows], k, device)) for rows in _blocks(n)
    ]
    found = _result(unique, uniques, blocks, (n, k))
    return found.bounded(overlap_bound(*chosen)) if classify else found


def spread(rows: IntArray, n: int) -> IntArray:
    """Choose n of the rows, evenly spread over their order."""
    return np.asarray(rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)])


@dataclass(frozen=True)
class _Lists:
    """Neighbour lists of both sides, long enough to leave out any group or any half."""

    reference_own: Neighbors
    reference_other: Neighbors
    samples_own: Neighbors
    samples_other: Neighbors
    k: int

    @property
    def total(self) -> int:
        """Points on each side."""
        return len(self.reference_own.indices)

    def sides(self, alive: AnyArray, k: int) -> tuple[float, float]:
        """Return both one-sided overlaps of the points that are alive, (n,) booleans."""
        return (
            _one_sided(self.reference_own, self.reference_other, alive, k),
            _one_sided(self.samples_own, self.samples_other, alive, k),
        )


@dataclass(frozen=True)
class _Balls:
    """What the balls of one block say.

    Attributes:
        sides: (2,) overlap seen from the reference and from the samples.
        without: (G, 2) the same without each group of points.
        overcount: Variance of the mean of both sides that the jackknife counts too often.
    """

    sides: FloatArray
    without: FloatArray
    overcount: float


def _blocks(n: int) -> list[IntArray]:
    """Deal n rows at random to blocks of about 2,000."""
    order = np.random.default_rng(n).permutation(n)
    return np.array_split(order, max(1, round(n / _BLOCK)))


def _neighbor_lists(reference: FloatArray, samples: FloatArray, k: int, device: str) -> _Lists:
    reach = k + round(6 * np.sqrt(k)) + 4  # so that k / 2 neighbours are found in any half
    length = min(reach, len(reference) - 1)
    return _Lists(
        nearest(reference, reference, length, exclude_self=True, device=device),
        nearest(reference, samples, length, device=device),
        nearest(samples, samples, length, exclude_self=True, device=device),
        nearest(samples, reference, length, device=device),
        k,
    )


def _balls(lists: _Lists) -> _Balls:
    """Read the balls of all points, without each group, and in random halves."""
    group = _groups(lists.total)
    everyone = np.ones(lists.total, dtype=bool)
    without = [lists.sides(group != out, lists.k) for out in range(GROUPS)]
    sides = np.array(lists.sides(everyone, lists.k))
    return _Balls(sides, np.array(without), _overcount(lists))


def _overcount(lists: _Lists) -> float:
    """Estimate how much too large the jackknife variance of the balls is.

    Where two laws agree, a score of balls hangs on pairs and triples of points rather than on
    single ones, and the jackknife counts their variance twice and three times (Efron and Stein
    1981). The mean of the scores of two random halves differs from the score of the whole by
    their variance once and three times; two thirds of that is what triples are counted too often,
    and pairs keep a third of their surplus.
    """
    rng = np.random.default_rng(lists.total)
    k = max(2, round(lists.k / 2))
    halves = []
    for _ in range(_HALVINGS):
        first = rng.permutation(lists.total) % 2 == 0
        halves.append(np.mean([lists.sides(first, k), lists.sides(~first, k)]))
    return 2 / 3 * float(np.var(halves, ddof=1))


def _one_sided(own: Neighbors, other: Neighbors, alive: AnyArray, k: int) -> float:
    """Return the calibrated filling of the balls around the points of one side that are alive."""
    own_alive, other_alive = alive[own.indices[alive]], alive[other.indices[alive]]
    kth = np.argmax(own_alive.cumsum(axis=1, dtype=np.int16) >= k, axis=1)
    kth = np.where(own_alive.sum(axis=1) >= k, kth, own_alive.shape[1] - 1)
    radius = np.take_along_axis(own.distances[alive], kth[:, None], axis=1)
    counts = ((other.distances[alive] <= radius) & other_alive).sum(axis=1)
    n = len(radius)
    return calibrated(float(np.minimum(counts, k).mean()) / k, n, n, k)


def _groups(total: int) -> IntArray:
    """Deal points to groups at random, so that the order of the points means nothing."""
    return np.asarray(np.random.default_rng(total).permutation(total) % GROUPS)


def _combine(left: float, right: float, side_se: float) -> float:
    """Average sides that agree; move towards the smaller the more surely they disagree.

    When samples spread wider than the reference their own balls are large and hold reference
    points that are not near; the reference's balls count such samples for what they are. So a
    surplus of the samples' side is dropped altogether once it is beyond doubt.
    """
    middle, gap = (left + right) / 2, abs(left - right)
    beyond = gap - 2 * side_se
    if beyond <= 0:
        return middle
    if right > left:
        return middle - min(1.0, beyond / max(2 * side_se, 1e-12)) * gap / 2
    return middle - beyond / 2


def _uniqueness_without(kept_samples: IntArray, kept_reference: IntArray, total: int) -> FloatArray:
    """Return the uniqueness without each group of samples and reference points."""
    group = _groups(total)
    samples = np.bincount(group[kept_samples], minlength=GROUPS)
    reference = np.bincount(group[kept_reference], minlength=GROUPS)
    left = np.maximum(reference.sum() - reference, 1)
    return np.asarray(np.minimum(1.0, (samples.sum() - samples) / left))


def _result(
    unique: float, uniques: FloatArray, blocks: list[_Balls], size: tuple[int, int]
) -> Overlap:
    """Average the blocks, combine both sides and uniqueness, and put the interval around it."""
    left, right = np.mean([block.sides for block in blocks], axis=0).tolist()
    without = np.mean([block.without for block in blocks], axis=0)
    overcount = float(np.mean([block.overcount for block in blocks])) / len(blocks)
    side_se = jackknife_se(without[:, 0] - without[:, 1])
    doubt = side_se * len(blocks) ** 0.5  # that of one block, or the number would move with n
    each = np.array([max(0.0, _combine(a, b, doubt)) for a, b in without])
    variance = jackknife_se(uniques * each) ** 2
    se = max(variance - unique**2 * overcount, variance / 4) ** 0.5
    combined = max(0.0, _combine(left, right, doubt))
    value = unique * min(1.0, combined)
    low, high = max(0.0, unique * combined - _T95 * se), min(1.0, unique * combined + _T95 * se)
    return Overlap(value, min(low, value), max(high, value), unique, left, right, side_se, *size)
