"""Associations of pairs against slow, plain computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, spearmanr

from gancheck_tabular.association import Associated, associations, correlation_ratio, cramers_v
from gancheck_tabular.sides import ranks

RNG = np.random.default_rng(0)


def test_two_columns_of_numbers_give_spearmans_correlation() -> None:
    """Ranks of both, correlated, with ties in the middle."""
    one = RNG.integers(0, 9, 300).astype(float)
    other = one + RNG.normal(0, 3, 300)
    table = Associated(np.stack([ranks(one), ranks(other)], axis=1), (0, 0))
    assert associations(table)[0, 1] == pytest.approx(spearmanr(one, other).statistic)


def test_two_columns_of_words_give_cramers_v() -> None:
    """Bergsma's correction of the chi-square that scipy computes."""
    one = RNG.integers(0, 3, 500)
    other = np.where(RNG.random(500) < 0.5, one, RNG.integers(0, 4, 500))
    counts = np.zeros((3, 4))
    np.add.at(counts, (one, other), 1)
    phi = max(0.0, chi2_contingency(counts, correction=False).statistic / 500 - 2 * 3 / 499)
    expected = np.sqrt(phi / (min(3 - 4 / 499, 4 - 9 / 499) - 1))
    assert cramers_v(one, other) == pytest.approx(expected)


def test_independent_columns_have_none() -> None:
    """Without bias: many words and few rows do not look associated."""
    found = [
        (
            cramers_v(RNG.integers(0, 12, 200), RNG.integers(0, 12, 200)),
            correlation_ratio(RNG.normal(0, 1, 200), RNG.integers(0, 20, 200)),
        )
        for _ in range(40)
    ]
    assert np.square(found).mean(axis=0).max() < 0.02


def test_words_that_fix_the_numbers_explain_all() -> None:
    """The correlation ratio of a number that follows from the word is 1; constants have none."""
    words = RNG.integers(0, 4, 200)
    assert correlation_ratio(10.0 * words, words) == pytest.approx(1.0)
    assert correlation_ratio(np.ones(200), words) == 0.0
    assert cramers_v(np.zeros(200, dtype=int), words) == 0.0
