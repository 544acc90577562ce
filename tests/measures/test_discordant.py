"""The paired test of two shares against a margin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from gancheck.measures.discordant import paired_ratio_p_values


@pytest.mark.parametrize(("only_a", "only_b"), [(12, 3), (5, 5), (2, 9), (40, 18)])
def test_at_ratio_one_it_is_the_exact_test_of_mcnemar(only_a: int, only_b: int) -> None:
    """Pairs that agree do not count, and the rest is a binomial with one half."""
    found = paired_ratio_p_values(np.array([100]), np.array([only_a]), np.array([only_b]), 1.0)
    exact = binomtest(only_b, only_a + only_b, 0.5, alternative="less").pvalue

    assert found[0] == pytest.approx(exact)


def test_a_mode_that_is_gone_is_shown_and_an_empty_one_is_not() -> None:
    """Sixty samples of A and none of B prove a loss of three quarters; nothing proves nothing."""
    p_values = paired_ratio_p_values(np.array([0, 0]), np.array([60, 0]), np.array([0, 0]), 0.25)

    assert p_values[0] < 0.01
    assert p_values[1] == 1


@pytest.mark.parametrize("agree", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("ratio", [0.25, 0.5])
def test_at_its_margin_it_errs_at_most_as_often_as_it_says(agree: float, ratio: float) -> None:
    """Where B has exactly that multiple of A, p is below 5% in at most 5% of 4,000 draws."""
    rng = np.random.default_rng(0)
    share, n = 0.1, 2000
    both = agree * ratio * share
    cells = [both, share - both, ratio * share - both, 1 - share - ratio * share + both]
    drawn = rng.multinomial(n, cells, size=4000)

    p_values = paired_ratio_p_values(drawn[:, 0], drawn[:, 1], drawn[:, 2], ratio)

    assert (p_values <= 0.05).mean() <= 0.05


def test_margins_beyond_one_are_refused() -> None:
    """The roles of the sides are swapped instead."""
    with pytest.raises(ValueError, match="no test"):
        paired_ratio_p_values(np.array([1]), np.array([1]), np.array([1]), 2.0)
