"""The two-sided overlap: how much of one distribution another one reproduces, from samples.

The quantity is ``integral of min(p, q) = 1 - TV(P, Q)``. It equals exactly 1 - m when mass m is
dropped, 1 - x when a fraction x is junk, and ``sum min(p_c, q_c)`` under imbalance of separated
modes. It is estimated from nearest-neighbour balls of both sides: balls around reference points
that count samples (after Salvy et al., "Clipped Density and Coverage", 2025), and balls around
samples that count reference points. The first alone is blind to a generator that sits in the
middle of every ball; the second sees it. Both are calibrated against their exact expectation when
the two laws are equal, which depends neither on the law nor on the dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors import Neighbors, distinct, nearest
from gancheck.stats import Z95, jackknife_se

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

GROUPS = 20
_TABLE_POINTS = 400
TWIN_SHARE = 0.1


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


def usual_spacing(reference: FloatArray, *, device: str = "cpu") -> float:
    """Return the median distance of a reference point to its nearest neighbour."""
    nearby = nearest(reference, reference, 1, exclude_self=True, device=device)
    return float(np.median(nearby.distances))


def twin_radius(reference: FloatArray, *, device: str = "cpu") -> float:
    """Return the distance below which two points count as one: a tenth of the usual spacing."""
    return TWIN_SHARE * usual_spacing(reference, device=device)


def overlap(
    reference: FloatArray,
    samples: FloatArray,
    *,
    tolerance: float | None = None,
    device: str = "cpu",
) -> Overlap:
    """Estimate the overlap of the laws behind two sets of features of equal size.

    Args:
        reference: (n, d) features.
        samples: (n, d) features.
        tolerance: Distance below which two samples are near-duplicates; by default a tenth of
            the usual spacing of the reference.
        device: Torch device of the distance tiles.

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
    k = 10 if n >= 1000 else 5
    if n < 3 * k:  # too few distinct points for balls: uniqueness alone bounds the overlap
        return _result(unique, 1.0, uniques, np.ones(GROUPS), (1.0, 1.0, 0.0), (n, k))
    lists = _neighbor_lists(
        reference[spread(kept_reference, n)], samples[spread(kept_samples, n)], k, device
    )
    sides = np.array([lists.sides(group) for group in range(GROUPS)])
    left, right = lists.sides(None)
    side_se = jackknife_se(sides[:, 0] - sides[:, 1])
    combined = _combine(left, right, side_se)
    without = np.array([_combine(a, b, side_se) for a, b in sides])
    return _result(unique, combined, uniques, without, (left, right, side_se), (n, k))


def spread(rows: IntArray, n: int) -> IntArray:
    """Choose n of the rows, evenly spread over their order."""
    return np.asarray(rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)])


def expected_share(counted: FloatArray, n: int, k: int) -> FloatArray:
    """Return the expected filling of a ball, E[min(C, k)] / k, when both laws are equal.

    A ball reaches to the k-th neighbour among n - 1 others of its own side, so the mass in it is
    Beta(k, n - k) and the count C of ``counted`` points of the other side is beta-binomial.

    Args:
        counted: (m,) whole numbers of points on the other side.
        n: Points on the ball's own side.
        k: Neighbours that span the ball.
    """
    from scipy.special import betaln, gammaln

    counted = np.asarray(counted, dtype=np.float64)
    missing = np.zeros_like(counted)
    for hits in range(k):
        possible = counted >= hits
        size = np.where(possible, counted, hits)
        log_choose = gammaln(size + 1) - gammaln(hits + 1) - gammaln(size - hits + 1)
        log_mass = betaln(k + hits, n - k + size - hits) - betaln(k, n - k)
        missing += np.where(possible, (k - hits) * np.exp(log_choose + log_mass), 0.0)
    return np.asarray(1.0 - missing / k)


def calibrated(filling: float, n: int, m: int, k: int) -> float:
    """Turn a mean ball filling into the share of m points that equal laws would need for it."""
    counted = np.unique(np.linspace(0, 2 * m, _TABLE_POINTS).round())
    return float(np.interp(filling, expected_share(counted, n, k), counted / m))


@dataclass(frozen=True)
class _Lists:
    """Neighbour lists of both sides, long enough to leave out any one group."""

    reference_own: Neighbors
    reference_other: Neighbors
    samples_own: Neighbors
    samples_other: Neighbors
    k: int

    def sides(self, left_out: int | None) -> tuple[float, float]:
        """Return both one-sided overlaps, without one group of points."""
        return (
            _one_sided(self.reference_own, self.reference_other, self.k, left_out),
            _one_sided(self.samples_own, self.samples_other, self.k, left_out),
        )


def _neighbor_lists(reference: FloatArray, samples: FloatArray, k: int, device: str) -> _Lists:
    length = min(2 * k + 2, len(reference) - 1)
    return _Lists(
        nearest(reference, reference, length, exclude_self=True, device=device),
        nearest(reference, samples, length, device=device),
        nearest(samples, samples, length, exclude_self=True, device=device),
        nearest(samples, reference, length, device=device),
        k,
    )


def _one_sided(own: Neighbors, other: Neighbors, k: int, left_out: int | None) -> float:
    """Return the calibrated filling of the balls of one side."""
    total = len(own.indices)
    group = _groups(total)
    rows = group != left_out
    own_alive = group[own.indices[rows]] != left_out
    other_alive = group[other.indices[rows]] != left_out
    kth = np.argmax(own_alive.cumsum(axis=1) == k, axis=1)
    radius = np.take_along_axis(own.distances[rows], kth[:, None], axis=1)
    counts = ((other.distances[rows] <= radius) & other_alive).sum(axis=1)
    filling = float(np.minimum(counts, k).mean()) / k
    return calibrated(filling, int(rows.sum()), int(rows.sum()), k)


def _groups(total: int) -> IntArray:
    """Deal points to groups at random, so that the order of the points means nothing."""
    return np.asarray(np.random.default_rng(total).permutation(total) % GROUPS)


def _combine(left: float, right: float, side_se: float) -> float:
    """Average sides that agree; move towards the smaller the more surely they disagree."""
    doubt = max(0.0, abs(left - right) - 2 * side_se)
    return (left + right) / 2 - doubt / 2


def _uniqueness_without(kept_samples: IntArray, kept_reference: IntArray, total: int) -> FloatArray:
    """Return the uniqueness without each group of samples and reference points."""
    group = _groups(total)
    samples = np.bincount(group[kept_samples], minlength=GROUPS)
    reference = np.bincount(group[kept_reference], minlength=GROUPS)
    left = np.maximum(reference.sum() - reference, 1)
    return np.asarray(np.minimum(1.0, (samples.sum() - samples) / left))


def _result(
    unique: float,
    combined: float,
    uniques: FloatArray,
    without: FloatArray,
    sides: tuple[float, float, float],
    size: tuple[int, int],
) -> Overlap:
    value = unique * min(1.0, max(0.0, combined))
    se = jackknife_se(uniques * np.maximum(0.0, without))
    low, high = max(0.0, value - Z95 * se), min(1.0, value + Z95 * se)
    return Overlap(value, low, high, unique, *sides, *size)
