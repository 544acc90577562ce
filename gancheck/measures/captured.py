"""Known modes: which of them samples capture, how well, and in what proportions.

The protocol of the literature. A sample is of high quality when it lies close to the nearest of the
known centres, or when a classifier is certain of its class. A mode is captured when at least one
such sample is nearest to it. Only samples of high quality are counted, as the code of PacGAN (Lin
et al. 2018) counts them; VEEGAN (Srivastava et al. 2017) counts the same and reports no divergence
for points. What is called Stacked MNIST there counts every sample, however uncertain its class:
``least=0`` does so.

The divergence of the counted shares q from the shares p that the modes should have is reverse,
``KL(q || p) = sum q log(q / p)``, in nats; modes without a sample add nothing. Even perfect samples
have one, about (m - 1) / 2n for m modes, which is simulated. Effective modes are ``m exp(-KL)``:
exactly ``m (1 - s)`` when modes that should hold a share s are dropped and the rest keep their
proportions. They are never more than the modes captured, where all shares should be equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.stats import proportion_interval, reject_false_discoveries, tails_around, tails_of

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray, Interval, Tails

WITHIN_SD = 3.0
"""Standard deviations around a centre that are of high quality, in the plane and on a line."""
LEAST_POSTERIOR = 0.9
"""Probability from which on a classifier is certain."""
MISSING_BELOW = 0.25
"""Share of what a mode should hold, below which it counts as missing."""
_IN_THE_PLANE = -math.expm1(-(WITHIN_SD**2) / 2)
_LEVEL = 0.05
_DRAWS = 1000
_CELLS = 1 << 22  # numbers held at once


class Null(NamedTuple):
    """Reverse KL of samples whose modes have exactly the right shares.

    Attributes:
        mean: Its mean, at the number of samples that were counted.
        high: Its 95% quantile.
    """

    mean: float
    high: float


@dataclass(frozen=True, eq=False)
class Captured:
    """Which mode each sample is of, and what follows from that.

    Attributes:
        assigned: (n,) mode of each sample, -1 where it is of none: not of high quality.
        shares: (m,) share that each mode should hold; they sum to 1.
        ceiling: Share of perfect samples that are of high quality, None where it is not known.
        seed: Seed of the simulated null.
    """

    assigned: IntArray
    shares: FloatArray
    ceiling: float | None = None
    seed: int = 0

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.assigned)

    @cached_property
    def counts(self) -> IntArray:
        """(m,) samples of high quality of each mode."""
        return np.bincount(self.assigned[self.assigned >= 0], minlength=len(self.shares))

    @property
    def counted(self) -> int:
        """Samples of high quality."""
        return int(self.counts.sum())

    @property
    def modes(self) -> int:
        """Modes captured: those with at least one sample of high quality."""
        return int((self.counts > 0).sum())

    @property
    def high_quality(self) -> float:
        """Share of the samples that are of high quality."""
        return self.counted / self.n

    @cached_property
    def reverse_kl(self) -> float:
        """KL of the counted shares to those that should be, in nats; infinite without any."""
        return reverse_kl(self.counts, self.shares)

    @cached_property
    def reverse_kl_null(self) -> Null:
        """What perfect proportions give at the number of samples that were counted."""
        return null_of(self.shares, self.counted, self.seed)

    @property
    def effective(self) -> float:
        """Modes that are used in effect, m exp(-KL); 0 when none is captured."""
        return len(self.shares) * math.exp(-self.reverse_kl)

    @property
    def most_effective(self) -> float:
        """What perfect proportions give for `effective` at as many samples."""
        return len(self.shares) * math.exp(-self.reverse_kl_null.mean)

    @property
    def most_captured(self) -> float:
        """Modes that perfect samples capture on average, at the same number of samples."""
        return float((1 - self._missed).sum())

    def quality_bounds(self) -> tuple[Interval, Tails]:
        """Bound the share of high quality exactly."""
        hits, n = self.counted, self.n
        tails = tails_of(lambda confidence: proportion_interval(hits, n, confidence))
        return proportion_interval(hits, n), tails

    def divergence_bounds(self) -> tuple[Interval, Tails]:
        """Bound the mean of the reverse KL over runs with as many samples."""
        value, most = self.reverse_kl, math.log(1 / float(self.shares.min()))
        return tails_around(value, divergence_error(self.counts, self.shares), value, high=most)

    @cached_property
    def missing(self) -> AnyArray:
        """(m,) booleans: modes shown to be drawn far too rarely.

        Modes that no sample of high quality hits, where perfect samples would; and modes whose
        share among these is shown to be below a quarter of what it should be. False discoveries
        are held at 5%.
        """
        from scipy.stats import binom

        rarely = binom.cdf(self.counts, self.counted, MISSING_BELOW * self.shares)
        p_values = np.where(self.counts == 0, self._missed, rarely)
        return np.asarray(reject_false_discoveries(p_values, _LEVEL))

    @cached_property
    def needed(self) -> FloatArray:
        """(m,) samples without a single hit that show a mode to be missing: the rule of three."""
        return np.asarray(np.log(_LEVEL) / np.log1p(-np.minimum(self._due, 1 - 1e-12)))

    @property
    def _due(self) -> FloatArray:
        """Chance of a perfect sample to be of high quality and of each mode."""
        return self.shares * (1.0 if self.ceiling is None else self.ceiling)

    @property
    def _missed(self) -> FloatArray:
        """Chance that perfect samples, as many, do not hit each mode."""
        return np.asarray((1 - self._due) ** self.n)


def captured(
    points: FloatArray,
    centres: FloatArray,
    sd: float | FloatArray,
    *,
    shares: FloatArray | None = None,
    seed: int = 0,
) -> Captured:
    """Assign points to known centres.

    The nearest centre is the one that is the fewest of its own standard deviations away.

    Args:
        points: (n, d) samples.
        centres: (m, d) centres of the modes.
        sd: Standard deviation of the modes along each axis, one for all or one for each.
        shares: (m,) shares that the modes should hold; equal by default.
        seed: Seed of the simulated null.
    """
    places = np.asarray(centres, dtype=np.float64)
    m, d = places.shape
    widths = np.broadcast_to(np.asarray(sd, dtype=np.float64), (m,))
    rows = max(1, _CELLS // (m * d))
    nearest = [
        _nearest(np.asarray(points[at : at + rows], dtype=np.float64), places, widths)
        for at in range(0, len(points), rows)
    ]
    assigned = np.concatenate(nearest) if nearest else np.empty(0, dtype=np.int64)
    return Captured(assigned, _shares(shares, m), high_quality_ceiling(d), seed)


def captured_by(
    posteriors: FloatArray,
    least: float = LEAST_POSTERIOR,
    *,
    shares: FloatArray | None = None,
    ceiling: float | None = None,
    seed: int = 0,
) -> Captured:
    """Assign samples to the classes of a classifier that is certain of them.

    Args:
        posteriors: (n, m) probabilities of m classes; or (n, c, m) of c pictures in each sample,
            whose classes combine to m ** c modes, the first picture counting most. The
            probability of a combination is the product of those of its pictures.
        least: Probability of the likeliest mode from which on a sample is of high quality.
        shares: Shares that the modes should hold; equal by default.
        ceiling: Share of real samples that are of high quality, None where it is not known.
        seed: Seed of the simulated null.
    """
    parts = posteriors if posteriors.ndim == 3 else posteriors[:, None]
    pictures, classes = parts.shape[1:]
    places = classes ** np.arange(pictures)[::-1]
    modes = (parts.argmax(axis=2) * places).sum(axis=1)
    sure = parts.max(axis=2).astype(np.float64).prod(axis=1) >= least
    return Captured(np.where(sure, modes, -1), _shares(shares, classes**pictures), ceiling, seed)


def high_quality_radius(d: int) -> float:
    """Return how many standard deviations from its centre a sample of high quality may be.

    3 on a line and in the plane, as published. In more dimensions hardly a sample of a Gaussian is
    that near its centre, so the ball is as large as it has to be to hold the same share.
    """
    from scipy.stats import chi2

    return WITHIN_SD if d <= 2 else math.sqrt(float(chi2.ppf(_IN_THE_PLANE, d)))


def high_quality_ceiling(d: int) -> float:
    """Return the share of perfect samples within that radius: 98.889% in the plane."""
    from scipy.stats import chi2

    return float(chi2.cdf(high_quality_radius(d) ** 2, d))


def reverse_kl(counts: IntArray, shares: FloatArray) -> float:
    """Return KL(q || p) of counted shares q, in nats; infinite when nothing was counted."""
    if not counts.sum():
        return math.inf
    seen = counts > 0
    q = counts[seen] / counts.sum()
    return max(0.0, float((q * np.log(q / shares[seen])).sum()))


def divergence_error(counts: IntArray, shares: FloatArray) -> float:
    """Return the standard error of `reverse_kl`.

    Delta method to second order: ``Var(KL) = Var_q(log q / p) / n + (s - 1) / 2n^2`` for s modes
    seen. What chance adds to the first term, about (s - 1) / n, is taken off: without that, the
    error of perfect proportions would be 1.7 times too large.
    """
    n = int(counts.sum())
    if not n:
        return 0.0
    seen = counts > 0
    q, more = counts[seen] / n, int(seen.sum()) - 1
    logs = np.log(q / shares[seen])
    spread = float((q * logs**2).sum() - (q * logs).sum() ** 2)
    return math.sqrt(max(0.0, spread - more / n) / n + more / (2 * n * n))


def null_of(shares: FloatArray, n: int, seed: int = 0) -> Null:
    """Simulate the reverse KL of n samples that have the given shares; nan for none."""
    if not n:
        return Null(math.nan, math.nan)
    rng = np.random.default_rng([seed, len(shares), n])
    found = [
        reverse_kl(counts, shares)
        for size in _batches(len(shares))
        for counts in rng.multinomial(n, shares, size)
    ]
    return Null(float(np.mean(found)), float(np.quantile(found, 0.95)))


def _batches(m: int) -> list[int]:
    """Return sizes of draws: fewer in all, and fewer at once, the more modes there are."""
    total = max(100, min(_DRAWS, 4 * _CELLS // m))
    each = max(1, _CELLS // m)
    return [min(each, total - at) for at in range(0, total, each)]


def _nearest(points: FloatArray, centres: FloatArray, widths: FloatArray) -> IntArray:
    """Return the nearest centre of each point, -1 where it is too far."""
    gaps = points[:, None] - centres[None]
    squares = np.einsum("nmd,nmd->nm", gaps, gaps) / widths**2
    nearest = squares.argmin(axis=1)
    far = squares[np.arange(len(points)), nearest] > high_quality_radius(points.shape[1]) ** 2
    return np.where(far, -1, nearest)


def _shares(shares: FloatArray | None, m: int) -> FloatArray:
    if shares is None:
        return np.full(m, 1 / m)
    given = np.asarray(shares, dtype=np.float64)
    return np.asarray(given / given.sum())
