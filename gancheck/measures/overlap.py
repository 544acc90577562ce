"""The two-sided overlap: how much of one distribution another one reproduces, from samples.

The quantity is ``integral of min(p, q) = 1 - TV(P, Q)``. It equals exactly 1 - m when mass m is
dropped, 1 - x when a fraction x is junk, and ``sum min(p_c, q_c)`` under imbalance of separated
modes. It is estimated from nearest-neighbour balls of both sides: balls around reference points
that count samples (after Salvy et al., "Clipped Density and Coverage", 2025), and balls around
samples that count reference points. The first alone is blind to a generator that sits in the
middle of every ball; the second sees it. Both are calibrated against their exact expectation when
the two laws are equal, which depends neither on the law nor on the dimension.

The number is the mean over 200 splits of the points into two random halves. That mean varies less
than a single look at all points does, and its error can be known without a model: the two halves of
a split are independent, so that the variance of their mean is that of half their difference, and
what the splits of one set of points vary among themselves is not error but averaged away.

Large sets are cut into blocks of about 2,000 points a side, and the blocks' numbers are averaged.
A ball then holds the same share of the law, and the same number of points, whatever the size of the
sets, so that more points sharpen the number without moving it; with one neighbourhood over all of
them, blur and noise would weigh more the more samples there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.balls import Balls, both_sides
from gancheck.measures.two_sample import overlap_bound
from gancheck.neighbors import distinct, nearest
from gancheck.stats import split_se, tails_around
from gancheck.types import Interval, Replicates, Tails

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

TWIN_SHARE = 0.1
_SPLITS = 200
_DECIMALS = 7  # of what is kept of a split
_LEAST_PER_NEIGHBOUR = 6  # distinct points, so that any half has enough to span balls
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
        k: Neighbours that span a ball among all of them; half of them do in a half.
        tails: One-sided bounds of the value.
        replicates: The value on random halves of the rows; None where a classifier decided it.
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
    tails: Tails
    replicates: Replicates | None
    bound: float | None = None

    def bounded(self, limit: float) -> Overlap:
        """Return the estimate with its overlap cut at an upper limit, 0.., known from elsewhere."""
        most = self.uniqueness * limit
        if most >= self.value:
            return replace(self, bound=limit)
        down = self.value - most

        def cut(ends: Interval) -> Interval:
            return Interval(max(0.0, ends.low - down), most)

        return replace(
            self,
            value=most,
            low=max(0.0, self.low - down),
            high=most,
            tails=Tails(cut(self.tails.at_95), cut(self.tails.at_99)),
            replicates=None,
            bound=limit,
        )


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
        The estimate with its interval.

    Raises:
        ValueError: The sides differ in size or hold fewer than 30 points.
    """
    if len(reference) != len(samples) or len(samples) < 30:
        raise ValueError(f"need two sets of equal size >= 30: {len(reference)}, {len(samples)}")
    radius = twin_radius(reference, device=device) if tolerance is None else tolerance
    kept = distinct(reference, radius, device=device), distinct(samples, radius, device=device)
    unique = _Uniqueness(kept[0], kept[1], len(samples))
    n = min(len(kept[0]), len(kept[1]))
    k = ball_size(n)
    if n < _LEAST_PER_NEIGHBOUR * k:  # uniqueness alone bounds the overlap
        return _result(unique, [], (n, k))
    rows = spread(kept[0], n), spread(kept[1], n)
    blocks = [
        _Block(mine, theirs, both_sides(reference[mine], samples[theirs], k, device))
        for mine, theirs in _dealt(rows, len(samples))
    ]
    found = _result(unique, blocks, (n, k))
    if not classify:
        return found
    return found.bounded(overlap_bound(reference[rows[0]], samples[rows[1]]))


def spread(rows: IntArray, n: int) -> IntArray:
    """Choose n of the rows, evenly spread over their order."""
    return np.asarray(rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)])


@dataclass(frozen=True)
class _Uniqueness:
    """How many samples are distinct, relative to the reference.

    Attributes:
        reference: Rows of the distinct reference points.
        samples: Rows of the distinct samples.
        total: Points on each side before duplicates were left out.
    """

    reference: IntArray
    samples: IntArray
    total: int

    @property
    def value(self) -> float:
        """Share of distinct samples over that of the reference, at most 1."""
        return min(1.0, len(self.samples) / len(self.reference))

    def of_halves(self, first: AnyArray) -> FloatArray:
        """Return the value among the rows of both halves of S splits, (total, S): (2, S).

        It may exceed 1 in a half where the whole has lost something, so that it varies evenly.
        """
        if len(self.samples) >= len(self.reference):
            return np.ones((2, first.shape[1]))
        inside = np.array(
            [first[rows].sum(axis=0) for rows in (self.samples, self.reference)], dtype=np.float64
        )
        outside = np.array([[len(self.samples)], [len(self.reference)]]) - inside
        halves = np.stack([inside, outside])
        return np.asarray(halves[:, 0] / np.maximum(1.0, halves[:, 1]))


@dataclass(frozen=True)
class _Block:
    """The balls of some rows.

    Attributes:
        reference: Rows of its reference points.
        samples: Rows of its samples.
        balls: Balls around the reference points, and around the samples.
    """

    reference: IntArray
    samples: IntArray
    balls: tuple[Balls, Balls]

    def halves(self, first: AnyArray) -> FloatArray:
        """Return the overlap of both halves of S splits of the rows, (total, S) booleans.

        Balls of the first half are spanned by half of the neighbours, rounded down; those of the
        second by the rest.

        Returns:
            (2, 2, S): seen from the reference and from the samples, in each half.
        """
        k = self.balls[0].k
        reference, samples = first[self.reference], first[self.samples]
        found = []
        for side, own, other in (
            (self.balls[0], reference, samples),
            (self.balls[1], samples, reference),
        ):
            parts = np.hstack([own, ~own]), np.hstack([other, ~other])
            spanning = np.repeat([k // 2, k - k // 2], first.shape[1])
            found.append(side.overlaps(*parts, spanning).reshape(2, -1))
        return np.array(found)


def _dealt(rows: tuple[IntArray, IntArray], total: int) -> list[tuple[IntArray, IntArray]]:
    """Deal rows at random to blocks of about 2,000, by their numbers among all rows."""
    count = max(1, round(len(rows[0]) / _BLOCK))
    block = _random_order(total) * count // total
    return [(rows[0][block[rows[0]] == at], rows[1][block[rows[1]] == at]) for at in range(count)]


def _random_order(total: int) -> IntArray:
    """Return the same random order of so many rows in every run."""
    return np.random.default_rng(total).permutation(total)


def _splits(total: int) -> AnyArray:
    """Return which rows are in the first half of each split: the same in every run, (total, S)."""
    rng = np.random.default_rng([total, 1])
    return np.stack([rng.permutation(total) % 2 == 0 for _ in range(_SPLITS)], axis=1)


def _result(unique: _Uniqueness, blocks: list[_Block], size: tuple[int, int]) -> Overlap:
    """Average the blocks, combine both sides and uniqueness, and put the interval around it."""
    first = _splits(unique.total)
    seen: FloatArray = np.ones((2, 2, _SPLITS))  # from which side, in which half, in which split
    if blocks:
        seen = np.mean([block.halves(first) for block in blocks], axis=0)
    sides = seen.mean(axis=(1, 2))
    side_se = split_se(*(seen[0] - seen[1]))
    doubt = side_se * max(1, len(blocks)) ** 0.5  # of one block, or the number would move with n
    weights = _weights(sides[0], sides[1], doubt)
    combined = float(weights @ sides)
    halves = unique.of_halves(first) * np.einsum("s,shp->hp", weights, seen)
    value = unique.value * min(1.0, combined)
    se = split_se(*halves)
    interval, tails = tails_around(unique.value * combined, se, value, from_splits=True)
    kept = [tuple(half.round(_DECIMALS).tolist()) for half in halves]
    return Overlap(
        value=value,
        low=interval.low,
        high=interval.high,
        uniqueness=unique.value,
        from_reference=float(sides[0]),
        from_samples=float(sides[1]),
        side_se=side_se,
        n=size[0],
        k=size[1],
        tails=tails,
        replicates=Replicates(*kept),
    )


def _weights(left: float, right: float, side_se: float) -> FloatArray:
    """Weigh sides that agree alike; the smaller one the more, the more surely they disagree.

    When samples spread wider than the reference their own balls are large and hold reference
    points that are not near; the reference's balls count such samples for what they are. So a
    surplus of the samples' side is dropped altogether once it is beyond doubt.
    """
    gap = abs(left - right)
    beyond = max(0.0, gap - 2 * side_se)
    room = 2 * side_se if right > left else gap
    smaller = (1 + min(1.0, beyond / max(room, 1e-12))) / 2
    return np.array([1 - smaller, smaller] if right < left else [smaller, 1 - smaller])
