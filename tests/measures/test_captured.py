"""Known modes: what is assigned and counted, against truth, slow forms and simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.captured import (
    Captured,
    captured,
    captured_by,
    divergence_error,
    high_quality_ceiling,
    high_quality_radius,
    null_of,
    reverse_kl,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

CENTRES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
SD = 0.1
EQUAL = np.full(4, 0.25)


def drawn(shares: FloatArray, n: int, seed: int = 0) -> FloatArray:
    """Draw from the four modes."""
    rng = np.random.default_rng(seed)
    return CENTRES[rng.choice(4, n, p=shares)] + SD * rng.standard_normal((n, 2))


def of_counts(counts: IntArray, junk: int = 0, ceiling: float | None = None) -> Captured:
    """Return what was captured, given its counts and how many samples are of no mode."""
    k = len(counts)
    assigned = np.concatenate([np.repeat(np.arange(k), counts), np.full(junk, -1)])
    return Captured(assigned, np.full(k, 1 / k), ceiling)


def test_points_are_assigned_as_a_slow_search_does() -> None:
    """The nearest centre, and none beyond three standard deviations of it."""
    points = np.random.default_rng(1).uniform(-1, 5, (300, 2)) * [1, 0.02]
    found = captured(points, CENTRES, SD)
    for point, mode in zip(points, found.assigned, strict=True):
        far = [math.dist(point, centre) for centre in CENTRES]
        expected = far.index(min(far)) if min(far) <= 3 * SD else -1
        assert mode == expected
    assert (found.assigned >= 0).sum() > 20


def test_the_edge_counts_as_inside() -> None:
    """A sample exactly three standard deviations away is of high quality, one beyond is not."""
    points = np.array([[0.75, 0.0], [0.7500001, 0.0]])
    assert captured(points, np.zeros((1, 2)), 0.25).assigned.tolist() == [0, -1]


def test_modes_may_have_their_own_widths() -> None:
    """Between a narrow and a wide mode, distances count in standard deviations of each."""
    found = captured(np.array([[1.5, 0.0]]), CENTRES[:2], np.array([0.4, 2.0]))
    assert found.assigned.tolist() == [1]


def test_planted_junk_imbalance_and_missing_modes_are_measured() -> None:
    """A fifth of junk, a mode that is left out, and the divergence of the shares that remain."""
    shares = np.array([0.5, 0.25, 0.25, 0.0])
    points = np.concatenate([drawn(shares, 4000), np.full((1000, 2), 2.0)])
    found = captured(points, CENTRES, SD)
    expected = 0.5 * math.log(2)
    assert found.modes == 3
    assert found.high_quality == pytest.approx(0.8 * high_quality_ceiling(2), abs=0.005)
    assert found.reverse_kl == pytest.approx(expected, abs=0.03)
    assert found.effective == pytest.approx(4 * math.exp(-expected), abs=0.1)
    assert found.missing.tolist() == [False, False, False, True]
    assert found.reverse_kl > 20 * found.reverse_kl_null.high
    interval = found.divergence_bounds()[0]
    assert interval.low < expected < interval.high
    quality = found.quality_bounds()[0]
    assert quality.low < 0.8 * high_quality_ceiling(2) < quality.high


def test_effective_modes_fall_by_the_dropped_mass() -> None:
    """They are exactly m (1 - s) when a share s is dropped, also of unequal modes."""
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    kept = np.array([400, 300, 0, 100])
    found = Captured(np.repeat(np.arange(4), kept), shares)
    assert found.effective == pytest.approx(4 * 0.8)


def test_given_shares_are_what_the_divergence_is_from() -> None:
    """Unequal modes drawn in their own shares diverge by chance alone, from equal ones they do."""
    shares = np.array([8.0, 4.0, 2.0, 1.0])
    points = drawn(shares / 15, 3000)
    fitting = captured(points, CENTRES, SD, shares=shares)
    assert fitting.reverse_kl < fitting.reverse_kl_null.high
    assert captured(points, CENTRES, SD).reverse_kl > 0.2


@pytest.mark.parametrize(("k", "n"), [(8, 2500), (25, 2500), (25, 60)])
def test_the_null_is_that_of_fresh_draws(k: int, n: int) -> None:
    """Mean and 95% quantile agree with draws from another seed, also with few samples a mode."""
    shares = np.full(k, 1 / k)
    null = null_of(shares, n)
    drawn_kl = [
        reverse_kl(c, shares) for c in np.random.default_rng(9).multinomial(n, shares, 2000)
    ]
    assert null.mean == pytest.approx(np.mean(drawn_kl), rel=0.06)
    assert null.high == pytest.approx(np.quantile(drawn_kl, 0.95), rel=0.08)
    assert null == null_of(shares, n)


@pytest.mark.parametrize("uneven", [False, True])
def test_the_error_is_the_spread_of_repeated_runs(uneven: bool) -> None:
    """Within 25% for equal shares, where the first-order error is 1.7 times too large, and not."""
    shares = np.full(25, 0.04)
    truth = np.arange(1.0, 26) / 325 if uneven else shares
    counts = np.random.default_rng(3).multinomial(2500, truth, 500)
    spread = np.std([reverse_kl(one, shares) for one in counts])
    errors = [divergence_error(one, shares) for one in counts]
    assert np.mean(errors) == pytest.approx(spread, rel=0.25)


def test_intervals_hold_the_mean_of_repeated_runs() -> None:
    """The 95% interval of the divergence covers its mean over runs of the same size."""
    shares, truth = np.full(8, 1 / 8), np.arange(1.0, 9) / 36
    counts = np.random.default_rng(4).multinomial(2500, truth, 400)
    middle = np.mean([reverse_kl(one, shares) for one in counts])
    bounds = [of_counts(one).divergence_bounds()[0] for one in counts]
    covered = np.mean([low <= middle <= high for low, high in bounds])
    assert 0.92 <= covered <= 0.98


def test_no_sample_of_any_mode_captures_none() -> None:
    """Junk alone: nothing captured, no effective mode, and every mode shown to be missing."""
    found = of_counts(np.zeros(4, dtype=np.int64), junk=500)
    assert (found.modes, found.high_quality, found.effective) == (0, 0.0, 0.0)
    assert math.isinf(found.reverse_kl)
    assert math.isnan(found.reverse_kl_null.mean)
    assert found.missing.all()


def test_missing_modes_are_named_where_chance_does_not_explain_them() -> None:
    """One of a thousand modes that perfect samples hit 26 times is missing; at 2 times it is not.

    A mode with a seventh of what it should hold is missing, one with a half is not.
    """
    many = np.full(1000, 26)
    many[7] = 0
    assert np.flatnonzero(of_counts(many).missing).tolist() == [7]
    few = np.full(1000, 2)
    few[7] = 0
    assert not of_counts(few).missing.any()
    assert np.flatnonzero(of_counts(np.array([300, 300, 300, 40])).missing).tolist() == [3]
    assert not of_counts(np.array([300, 300, 300, 130])).missing.any()


def test_perfect_samples_have_no_missing_modes() -> None:
    """In 200 perfect runs of 25 modes, also with few samples, at most one in twenty names one."""
    for n in (75, 2500):
        counts = np.random.default_rng(5).multinomial(n, np.full(25, 0.04), 200)
        named = [bool(of_counts(one).missing.any()) for one in counts]
        assert np.mean(named) <= 0.05


def test_how_many_samples_show_a_mode_to_be_missing() -> None:
    """The rule of three: about 3 / p samples, more where not every perfect sample counts."""
    found = of_counts(np.full(100, 5))
    assert found.needed[0] == pytest.approx(300, rel=0.01)
    halved = of_counts(np.full(100, 5), ceiling=0.5)
    assert halved.needed[0] == pytest.approx(600, rel=0.01)


def test_perfect_samples_capture_what_is_said() -> None:
    """The expected number of captured modes at few samples agrees with simulation."""
    found = of_counts(np.array([60, *[0] * 24]))
    counts = np.random.default_rng(6).multinomial(60, np.full(25, 0.04), 2000)
    assert found.most_captured == pytest.approx((counts > 0).sum(axis=1).mean(), abs=0.1)


@pytest.mark.parametrize("d", [1, 2, 3, 20])
def test_the_ceiling_is_what_perfect_samples_get(d: int) -> None:
    """99.73% on a line, 98.889% in the plane and, by a larger radius, beyond it."""
    points = np.random.default_rng(7).standard_normal((40_000, d))
    found = captured(points, np.zeros((1, d)), 1.0)
    assert found.ceiling == pytest.approx(0.9973 if d == 1 else 0.98889, abs=1e-5)
    assert found.high_quality == pytest.approx(found.ceiling, abs=0.0025)
    assert high_quality_radius(d) == (3.0 if d <= 2 else pytest.approx(high_quality_radius(d)))
    assert (high_quality_radius(d) > 3) == (d > 2)


def test_a_classifier_has_to_be_certain() -> None:
    """The likeliest class counts from a probability of 0.9 on; ``least=0`` counts every sample."""
    posteriors = np.array([[0.95, 0.05, 0.0], [0.5, 0.3, 0.2], [0.1, 0.0, 0.9], [0.0, 0.11, 0.89]])
    assert captured_by(posteriors).assigned.tolist() == [0, -1, 2, -1]
    assert captured_by(posteriors, 0).assigned.tolist() == [0, 0, 2, 2]


def test_classes_of_several_pictures_combine() -> None:
    """Three pictures of ten classes are a number of three digits; probabilities multiply."""
    digits = np.array([[3, 1, 4], [0, 0, 0], [9, 9, 9]])
    sure = np.array([0.97, 0.96, 0.99])
    posteriors = np.full((3, 3, 10), 0.0)
    for sample, row in enumerate(digits):
        for picture, digit in enumerate(row):
            posteriors[sample, picture] = (1 - sure[sample]) / 9
            posteriors[sample, picture, digit] = sure[sample]
    found = captured_by(posteriors)
    assert len(found.shares) == 1000
    assert found.assigned.tolist() == [314, -1, 999]
    assert 0.97**3 > 0.9 > 0.96**3
