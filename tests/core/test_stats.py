"""Intervals and tests agree with scipy, with closed forms and with simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as reference

from gancheck.stats import (
    Z95,
    jackknife_se,
    poisson_interval,
    proportion_interval,
    reject_false_discoveries,
    samples_to_miss,
    share_ratio_interval,
    share_ratio_p_values,
    split_se,
    tails_around,
    tails_of,
)


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 40), (3, 40), (40, 40), (999, 2000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_proportion_interval_is_clopper_pearson(hits: int, n: int, confidence: float) -> None:
    """It equals scipy's exact interval."""
    wanted = reference.binomtest(hits, n).proportion_ci(confidence, "exact")
    assert proportion_interval(hits, n, confidence) == pytest.approx((wanted.low, wanted.high))


def test_the_rule_of_three_holds() -> None:
    """Nothing in n trials bounds the proportion by about 3 / n, one-sided at 95%."""
    assert proportion_interval(0, 1000, confidence=0.9).high == pytest.approx(3 / 1000, rel=0.01)


@pytest.mark.parametrize("events", [1, 4, 27, 800])
def test_the_poisson_interval_inverts_the_tails(events: int) -> None:
    """At each end the count seen has a tail of exactly 2.5%."""
    low, high = poisson_interval(events)
    assert reference.poisson.sf(events - 1, low) == pytest.approx(0.025, rel=1e-6)
    assert reference.poisson.cdf(events, high) == pytest.approx(0.025, rel=1e-6)


def test_no_events_bound_the_poisson_mean_by_a_logarithm() -> None:
    """With no event the upper end is -log(0.025), the lower end is zero."""
    assert poisson_interval(0) == pytest.approx((0.0, -np.log(0.025)))


def test_fractional_counts_lie_between_their_neighbours() -> None:
    """The interval of 3.5 events lies between those of 3 and 4."""
    for end in (0, 1):
        three, half, four = (poisson_interval(count)[end] for count in (3, 3.5, 4))
        assert three < half < four


@pytest.mark.parametrize("ratio", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("below", [True, False])
def test_share_ratios_are_tested_by_the_conditional_binomial(ratio: float, below: bool) -> None:
    """Each p-value is that of scipy's one-sided binomial test given the sum of both counts."""
    hits, base_hits, n, base_n = np.array([0, 3, 50, 120]), np.array([7, 9, 60, 20]), 900, 600
    got = share_ratio_p_values(hits, n, base_hits, base_n, ratio, below=below)
    odds = ratio * n / (ratio * n + base_n)
    side = "less" if below else "greater"
    for value, one, base in zip(got, hits, base_hits, strict=True):
        test = reference.binomtest(int(one), int(one + base), odds, alternative=side)
        assert value == pytest.approx(test.pvalue)


def test_a_mode_that_nobody_hit_proves_nothing() -> None:
    """With no count on either side the p-value is 1, in both directions."""
    nobody = np.zeros(1, dtype=np.int64)
    for below in (True, False):
        assert share_ratio_p_values(nobody, 10, nobody, 10, 1.0, below=below)[0] == 1.0


@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
def test_the_ratio_test_keeps_its_level_at_the_margin(share: float) -> None:
    """With a share of exactly half its base share, at most 5% of 4000 draws are rejected."""
    rng = np.random.default_rng(1)
    hits, base = rng.binomial(1500, share / 2, 4000), rng.binomial(1000, share, 4000)
    p_values = share_ratio_p_values(hits, 1500, base, 1000, 0.5, below=True)
    assert (p_values <= 0.05).mean() <= 0.055


@pytest.mark.parametrize(("hits", "base_hits"), [(0, 12), (9, 40), (30, 30)])
def test_the_ratio_interval_inverts_the_ratio_test(hits: int, base_hits: int) -> None:
    """At the upper end of the interval the lower-tailed test has a p-value of exactly 2.5%."""
    low, high = share_ratio_interval(hits, 500, base_hits, 800)
    one, base = np.array([hits]), np.array([base_hits])
    for edge, below in ((high, True), (low, False)):
        if edge > 0:
            got = share_ratio_p_values(one, 500, base, 800, edge, below=below)[0]
            assert got == pytest.approx(0.025, rel=1e-6)
    assert low <= (hits / 500) / (base_hits / 800) <= high


def test_the_ratio_interval_is_open_without_a_base() -> None:
    """No base count leaves the ratio without an upper bound, and no count at all says nothing."""
    assert share_ratio_interval(5, 10, 0, 10).high == float("inf")
    assert share_ratio_interval(0, 10, 0, 10) == (0.0, float("inf"))


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_rejections_are_those_of_benjamini_and_hochberg(rate: float) -> None:
    """The hypotheses marked are those whose adjusted p-value in scipy is at most the rate."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        p_values = np.concatenate([rng.random(20), rng.random(10) ** 6])
        wanted = reference.false_discovery_control(p_values) <= rate
        np.testing.assert_array_equal(reject_false_discoveries(p_values, rate), wanted)


def test_without_hypotheses_nothing_is_rejected() -> None:
    """No p-values, no rejections; p-values of 1, no rejections."""
    assert reject_false_discoveries(np.empty(0)).shape == (0,)
    assert not reject_false_discoveries(np.ones(5)).any()


def test_the_false_discovery_rate_is_held() -> None:
    """Among 20 true and 10 false hypotheses, false rejections stay below 5% of rejections."""
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(400):
        p_values = np.concatenate([rng.random(20), reference.norm.sf(rng.normal(3, 1, 10))])
        rejected = reject_false_discoveries(p_values)
        shares.append(rejected[:20].sum() / max(1, rejected.sum()))
    assert np.mean(shares) <= 0.05


def test_the_jackknife_of_a_mean_is_the_classical_error() -> None:
    """With groups of one the jackknife gives sd / sqrt(n) exactly."""
    values = np.random.default_rng(4).standard_normal(50)
    without = np.array([np.delete(values, row).mean() for row in range(50)])
    assert jackknife_se(without) == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_the_jackknife_of_groups_estimates_the_error_of_a_mean() -> None:
    """Over many draws, 20 groups of 10 give the error of a mean of 200 within 5%."""
    rng = np.random.default_rng(5)
    squares = []
    for _ in range(300):
        groups = rng.standard_normal((20, 10)).mean(axis=1)
        squares.append(jackknife_se((groups.sum() - groups) / 19) ** 2)
    assert np.sqrt(np.mean(squares)) == pytest.approx(1 / np.sqrt(200), rel=0.05)


@pytest.mark.parametrize("ratio", [0.25, 1.0])
def test_as_many_samples_as_said_show_a_mode_to_be_missing(ratio: float) -> None:
    """That many samples without a hit are significant, one fewer are not."""
    needed = float(samples_to_miss(np.array([37]), 5000, ratio)[0])
    for n, significant in ((int(np.ceil(needed)), True), (int(np.floor(needed)) - 1, False)):
        p_value = share_ratio_p_values(np.array([0]), n, np.array([37]), 5000, ratio, below=True)
        assert bool(p_value[0] <= 0.05) is significant


def test_a_well_known_share_needs_three_over_p_samples() -> None:
    """With the base share known almost surely the rule of three is what remains."""
    assert samples_to_miss(np.array([10_000]), 10**6, 1.0)[0] == pytest.approx(300, rel=0.01)
    assert np.isinf(samples_to_miss(np.array([0]), 100, 0.25)[0])


def test_tails_are_the_ends_of_narrower_and_wider_intervals() -> None:
    """One-sided bounds at 95% and 99% are two-sided intervals at 90% and 98%."""
    interval, tails = tails_around(0.5, 0.1, 0.5)
    assert interval == pytest.approx((0.5 - Z95 * 0.1, 0.5 + Z95 * 0.1))
    assert tails.at_95 == pytest.approx((0.5 - 1.644854 * 0.1, 0.5 + 1.644854 * 0.1))
    assert tails.at_99 == pytest.approx((0.5 - 2.326348 * 0.1, 0.5 + 2.326348 * 0.1))
    found = tails_of(lambda confidence: proportion_interval(3, 50, confidence))
    assert found.at_95 == proportion_interval(3, 50, 0.90)
    assert found.at_99 == proportion_interval(3, 50, 0.98)


def test_errors_from_splits_are_bounded_by_students_t() -> None:
    """Bounds are those of 50 degrees of freedom, a little wider than normal ones."""
    interval, tails = tails_around(0.5, 0.01, 0.5, from_splits=True)
    assert interval.high == pytest.approx(0.5 + 0.01 * reference.t.ppf(0.975, 50))
    assert tails.at_95.low == pytest.approx(0.5 - 0.01 * reference.t.ppf(0.95, 50))
    assert tails.at_99.high == pytest.approx(0.5 + 0.01 * reference.t.ppf(0.99, 50))
    assert tails_around(0.5, 0.01, 0.5)[0].high == pytest.approx(0.5 + 0.01 * Z95)


def test_tails_hold_the_value_and_stay_in_range() -> None:
    """An estimate that was clipped to its range still lies in every interval."""
    interval, tails = tails_around(1.3, 0.1, 1.0)
    for ends in (interval, tails.at_95, tails.at_99):
        assert ends.low <= 1.0 == ends.high


def test_the_error_from_splits_of_a_mean_is_the_classical_one() -> None:
    """Halves of equal size have one mean in every split: nothing is averaged away."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, 1000)
    first = np.array([rng.permutation(1000) % 2 == 0 for _ in range(400)])
    halves = [np.array([values[rows].mean() for rows in half]) for half in (first, ~first)]
    assert split_se(*halves) == pytest.approx(values.std() / 1000**0.5, rel=0.1)


def test_the_error_from_splits_leaves_out_what_they_average_away() -> None:
    """Noise that every split draws anew adds nothing but what is left of it in the mean."""
    rng = np.random.default_rng(1)
    found, squares = [], []
    for _ in range(400):
        law = rng.normal(0, 0.1)  # stands for the data: the halves' difference has its spread
        apart, among = rng.normal(0, 0.1, 200), rng.normal(0, 0.05, (2, 200))
        halves = law + apart + among[0], law - apart + among[1]
        found.append(np.mean(halves))
        squares.append(split_se(*halves) ** 2)
    assert np.mean(squares) == pytest.approx(np.var(found), rel=0.15)


def test_the_error_from_splits_is_never_less_than_half_of_what_halves_show() -> None:
    """Where splits differ more than halves do, a quarter of the variance is kept."""
    middle = np.array([0.0, 1.0, 0.0, 1.0])
    assert split_se(middle + 0.1, middle - 0.1) == pytest.approx(0.05)
