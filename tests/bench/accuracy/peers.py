"""What people use today, each in the few lines of its publication.

Samples and reference are feature arrays (n, d). Nothing here is used by gancheck; the precision,
recall, density and coverage of the bench come from the package ``prdc`` and the Vendi score from
``vendi_score``, both by their authors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

PRD_ANGLES = 1001
PRD_CLUSTERS = 20


def frechet(
    mean: FloatArray, covariance: FloatArray, other_mean: FloatArray, other_covariance: FloatArray
) -> float:
    """Return the squared Frechet distance of two Gaussians (Heusel et al. 2017, FID).

    ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))``. The trace of the root is that of the root of
    the symmetric ``C1^(1/2) C2 C1^(1/2)``, which stays real when a covariance is singular.

    Args:
        mean: (d,).
        covariance: (d, d).
        other_mean: (d,).
        other_covariance: (d, d).
    """
    values, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    shared = np.linalg.eigvalsh(root @ other_covariance @ root)
    gap = float(((mean - other_mean) ** 2).sum())
    trace = float(np.trace(covariance) + np.trace(other_covariance))
    return gap + trace - 2 * float(np.sqrt(np.maximum(shared, 0)).sum())


def frechet_distance(reference: FloatArray, samples: FloatArray) -> float:
    """Return the Frechet distance of the Gaussians fitted to both sets of features."""
    sides = [np.asarray(side, dtype=np.float64) for side in (reference, samples)]
    moments = [(side.mean(axis=0), np.cov(side, rowvar=False)) for side in sides]
    return frechet(*moments[0], *moments[1])


def clipped_filling(points: int, others: int, k: int) -> FloatArray:
    """Return the expected clipped coverage before calibration, for 0 to ``others`` good samples.

    The number of ``m`` good samples in the ball that reaches to the k-th of ``points - 1``
    neighbours is beta-binomial (m; k, points - k); this is the mean of its minimum with k, over k
    (Salvy et al. 2025, the function f of clipped coverage).

    Returns:
        (others + 1,) values, rising from 0.
    """
    from scipy.stats import betabinom

    counted = np.arange(others + 1)[:, None]
    hits = np.arange(k)[None, :]
    mass = betabinom.pmf(hits, counted, k, points - k)
    return np.asarray(1 - ((k - hits) * mass).sum(axis=1) / k)


def clipped_coverage(reference: FloatArray, samples: FloatArray, k: int = 5) -> float:
    """Return the clipped coverage (Salvy et al. 2025): 1 when as good as real samples, at most 1.

    Balls around reference points reach to their k-th neighbour, and count at most k samples that
    lie strictly inside. The mean filling is read back as the share of samples that would give it.
    """
    from sklearn.metrics import pairwise_distances

    own = pairwise_distances(reference)
    np.fill_diagonal(own, np.inf)
    radius = np.partition(own, k - 1, axis=1)[:, k - 1]
    counts = (pairwise_distances(reference, samples) < radius[:, None]).sum(axis=1)
    filling = np.minimum(counts, k).mean() / k
    expected = clipped_filling(len(reference), len(samples), k)
    return float(np.interp(filling, expected, np.arange(len(samples) + 1))) / len(samples)


def differing_bins(
    shares: FloatArray, n: int, other_shares: FloatArray, other_n: int, alpha: float = 0.05
) -> AnyArray:
    """Mark the bins whose shares differ by a two-proportion z-test (Richardson and Weiss 2018).

    Args:
        shares: (k,) shares out of ``n``.
        n: Points behind ``shares``.
        other_shares: (k,) shares out of ``other_n``.
        other_n: Points behind ``other_shares``.
        alpha: Two-sided level of each bin's test; nothing is done about their number.

    Returns:
        (k,) booleans; False where a bin is empty on both sides.
    """
    from scipy.stats import norm

    pooled = (shares * n + other_shares * other_n) / (n + other_n)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
    z = np.divide(shares - other_shares, error, out=np.zeros_like(error), where=error > 0)
    return np.asarray(2 * norm.sf(np.abs(z)) < alpha)


def jensen_shannon(shares: FloatArray, other_shares: FloatArray) -> float:
    """Return the Jensen-Shannon divergence of two laws over bins, in nats, at most ln 2."""
    middle = (shares + other_shares) / 2

    def divergence(law: FloatArray) -> float:
        seen = law > 0
        return float((law[seen] * np.log(law[seen] / middle[seen])).sum())

    return (divergence(shares) + divergence(other_shares)) / 2


@dataclass(frozen=True)
class Bins:
    """Bins of a training set (Richardson and Weiss 2018), for any number of queries.

    Attributes:
        centre: (d,) mean of the training points.
        spread: (d,) their standard deviation.
        middles: (k, d) centres of the bins, in units of the spread.
        shares: (k,) shares of the training points.
        n: Number of training points.
    """

    centre: FloatArray
    spread: FloatArray
    middles: FloatArray
    shares: FloatArray
    n: int

    @classmethod
    def of(cls, training: FloatArray, bins: int, *, seed: int = 0, starts: int = 10) -> Bins:
        """Cut training points into bins by k-means, every dimension brought to unit spread.

        As published; the best of ten starts was the default of the k-means of that time.
        """
        from sklearn.cluster import KMeans

        centre, spread = training.mean(axis=0), training.std(axis=0) + 1e-6
        machine = KMeans(bins, max_iter=100, n_init=starts, random_state=seed)
        fit = machine.fit((training - centre) / spread)
        shares = np.bincount(fit.labels_, minlength=bins) / len(training)
        return cls(centre, spread, fit.cluster_centers_, shares, len(training))

    def ndb(self, query: FloatArray) -> tuple[int, float]:
        """Return the number of statistically different bins, and the Jensen-Shannon divergence."""
        from sklearn.metrics import pairwise_distances_argmin

        rows = (query - self.centre) / self.spread
        nearest = pairwise_distances_argmin(rows, self.middles)
        shares = np.bincount(nearest, minlength=len(self.shares)) / len(query)
        differing = differing_bins(self.shares, self.n, shares, len(query))
        return int(differing.sum()), jensen_shannon(self.shares, shares)


def prd_curve(samples: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the precision-recall curve of two laws over bins (Sajjadi et al. 2018).

    ``alpha(l) = sum min(l p, q)`` and ``beta = alpha / l`` along evenly spaced angles.

    Args:
        samples: (k,) shares of the bins among the samples.
        reference: (k,) shares of the bins among the reference.

    Returns:
        Precision and recall, each (1001,).
    """
    edge = 1e-10
    slopes = np.tan(np.linspace(edge, np.pi / 2 - edge, PRD_ANGLES))
    precision = np.minimum(slopes[:, None] * reference, samples).sum(axis=1)
    return np.clip(precision, 0, 1), np.clip(precision / slopes, 0, 1)


def prd_f(precision: FloatArray, recall: FloatArray, beta: float = 8) -> tuple[float, float]:
    """Return the largest F_beta (recall) and F_1/beta (precision) along the curve."""

    def largest(weight: float) -> float:
        product, total = precision * recall, weight**2 * precision + recall
        shape = np.divide(product, total, out=np.zeros_like(total), where=total > 0)
        return float((1 + weight**2) * shape.max())

    return largest(beta), largest(1 / beta)


def prd(reference: FloatArray, samples: FloatArray, seed: int = 0, runs: int = 3) -> float:
    """Return F_8 of precision and recall over k-means bins of both sets together.

    The curve is averaged over ``runs`` clusterings into 20 bins, as published (there over 10).
    """
    curves = []
    for run in range(runs):
        found, n = _joint_bins(reference, samples, seed + run), len(reference)
        shares = [
            np.bincount(labels, minlength=PRD_CLUSTERS) / len(labels)
            for labels in (found[n:], found[:n])
        ]
        curves.append(prd_curve(shares[0], shares[1]))
    precision, recall = (np.mean(side, axis=0) for side in zip(*curves, strict=True))
    return prd_f(precision, recall)[0]


def _joint_bins(reference: FloatArray, samples: FloatArray, seed: int) -> IntArray:
    from sklearn.cluster import MiniBatchKMeans

    both = np.concatenate([reference, samples])
    machine = MiniBatchKMeans(PRD_CLUSTERS, n_init=10, random_state=seed)
    return np.asarray(machine.fit_predict(both))
