"""Intervals, tests and error control: arrays in, numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.types import Interval, Tails

if TYPE_CHECKING:
    from collections.abc import Callable

    from gancheck.types import AnyArray, FloatArray

Z95 = 1.959963984540054
_NORMAL = (Z95, 1.6448536269514722, 2.3263478740408408)
_FROM_SPLITS = (2.0085591, 1.6759050, 2.4032719)  # Student's t, 50 degrees: see `split_se`
_LEAST_SHARE = 0.25


def proportion_interval(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """Bound a proportion exactly (Clopper and Pearson, 1934).

    Args:
        hits: Successes, 0..n.
        n: Trials, at least 1.
        confidence: Two-sided coverage.
    """
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(1 - tail, hits + 1, n - hits))
    return Interval(low, high)


def poisson_interval(events: float, confidence: float = 0.95) -> Interval:
    """Bound the mean of a Poisson count exactly (Garwood, 1936); fractions interpolate."""
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    low = 0.0 if events <= 0 else float(chi2.ppf(tail, 2 * events)) / 2
    return Interval(low, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2)


def share_ratio_p_values(
    hits: AnyArray, n: int, base_hits: AnyArray, base_n: int, ratio: float, *, below: bool
) -> FloatArray:
    """Test whether each share is at least (or at most) a multiple of its base share.

    Given the sum of both counts, the first is binomial with odds ``ratio * n : base_n`` when the
    shares stand in exactly that ratio, whatever their size: an exact conditional test.

    Args:
        hits: (m,) counts out of n.
        n: Trials behind ``hits``.
        base_hits: (m,) counts out of base_n.
        base_n: Trials behind ``base_hits``.
        ratio: The ratio of shares under the null hypothesis.
        below: True tests for a smaller share than that, False for a larger one.

    Returns:
        (m,) one-sided p-values; 1 where nothing was counted on either side.
    """
    from scipy.stats import binom

    total = np.asarray(hits) + np.asarray(base_hits)
    odds = ratio * n / (ratio * n + base_n)
    tail = binom.cdf(hits, total, odds) if below else binom.sf(np.asarray(hits) - 1, total, odds)
    return np.asarray(np.where(total == 0, 1.0, tail))


def share_ratio_interval(
    hits: int, n: int, base_hits: int, base_n: int, confidence: float = 0.95
) -> Interval:
    """Bound the ratio of two shares exactly, by inverting the conditional binomial test."""
    if hits + base_hits == 0:
        return Interval(0.0, float("inf"))
    odds = proportion_interval(hits, hits + base_hits, confidence)
    scale = base_n / n

    def ratio(share: float) -> float:
        return float("inf") if share >= 1 else scale * share / (1 - share)

    return Interval(ratio(odds.low), ratio(odds.high))


def samples_to_miss(
    base_hits: AnyArray, base_n: int, ratio: float, level: float = 0.05
) -> FloatArray:
    """Return how many samples without a single hit show that shares are below a multiple of others.

    Inverts `share_ratio_p_values` for zero hits. For a well-known base share p it tends to
    ``-ln(level) / (ratio p)``: at ratio 1 the rule of three, 3 / p.

    Args:
        base_hits: (m,) counts out of base_n.
        base_n: Trials behind ``base_hits``.
        ratio: The ratio of shares to be ruled out.
        level: Largest p-value that rules it out.

    Returns:
        (m,) samples needed; infinite where nothing was counted.
    """
    hits = np.asarray(base_hits, dtype=np.float64)
    with np.errstate(divide="ignore"):
        needed = base_n / ratio * np.expm1(-np.log(level) / hits)
    return np.asarray(needed)


def reject_false_discoveries(p_values: FloatArray, rate: float = 0.05) -> FloatArray:
    """Mark the hypotheses to reject at a false discovery rate (Benjamini and Hochberg, 1995).

    Returns:
        (m,) booleans, True where the null hypothesis is rejected.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not len(p):
        return np.zeros(0, dtype=bool)
    order = np.argsort(p, kind="stable")
    passing = p[order] <= rate * np.arange(1, len(p) + 1) / len(p)
    rejected = np.zeros(len(p), dtype=bool)
    if passing.any():
        rejected[order[: int(np.flatnonzero(passing)[-1]) + 1]] = True
    return rejected


def jackknife_se(leave_one_group_out: FloatArray) -> float:
    """Return the standard error from estimates that each leave out one of G equal groups.

    Delete-group jackknife: ``sqrt((G - 1) / G * sum((theta_g - mean)^2))``. The ordinary bootstrap
    is not valid for nearest-neighbour scores: resampled points are their own zero-distance
    neighbours.
    """
    theta = np.asarray(leave_one_group_out, dtype=np.float64)
    groups = len(theta)
    return float(np.sqrt((groups - 1) / groups * np.sum((theta - theta.mean()) ** 2)))


def split_se(first: FloatArray, second: FloatArray) -> float:
    """Return the standard error of a mean over random splits into halves.

    The halves of a split are independent, so half their difference varies as their mean does, and
    the mean over the splits varies less by what the splits of the same data vary among themselves.
    Both are seen directly, and the difference is free of bias; at least a quarter is kept. From
    200 splits its square varies by about a fifth, as if it had 50 degrees of freedom.

    Args:
        first: (S,) estimates from the first half of each split.
        second: (S,) estimates from the second.
    """
    between = float(np.mean(((first - second) / 2) ** 2))
    among = float(np.var((first + second) / 2))
    return float(max(between - among, _LEAST_SHARE * between) ** 0.5)


def tails_around(
    middle: float,
    se: float,
    value: float,
    *,
    low: float = 0.0,
    high: float = 1.0,
    from_splits: bool = False,
) -> tuple[Interval, Tails]:
    """Return the 95% interval and the one-sided bounds of a normal estimate.

    Args:
        middle: The estimate before it was clipped to the range of the quantity.
        se: Its standard error.
        value: The estimate as it is reported; every interval holds it.
        low: Least value of the quantity.
        high: Largest value of the quantity.
        from_splits: Whether the error is that of `split_se`, which is not known exactly.
    """
    both, one_95, one_99 = _FROM_SPLITS if from_splits else _NORMAL

    def reaching(z: float) -> Interval:
        ends = max(low, middle - z * se), min(high, middle + z * se)
        return Interval(min(ends[0], value), max(ends[1], value))

    return reaching(both), Tails(reaching(one_95), reaching(one_99))


def tails_of(interval_at: Callable[[float], tuple[float, float]]) -> Tails:
    """Return one-sided bounds from a function that gives the two-sided interval at a confidence."""
    return Tails(Interval(*interval_at(0.90)), Interval(*interval_at(0.98)))
