"""Differences of scores: paired where rows are, wide where they are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gancheck.comparing.scores import score_change, score_changes
from gancheck.types import Replicates, Score

SPLITS, ROWS = 200, 400


def halves(seed: int = 0) -> np.ndarray:
    """Return which rows are in the first half of each split."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(ROWS) % 2 == 0 for _ in range(SPLITS)])


def score(rows: np.ndarray, name: str = "diversity") -> Score:
    """Return the mean of some rows as a score, with the means of its halves."""
    first = halves()
    value, se = float(rows.mean()), float(rows.std() / ROWS**0.5)
    kept = tuple(tuple((part @ rows / part.sum(axis=1)).tolist()) for part in (first, ~first))
    return Score(name, value, value - 2 * se, value + 2 * se, n=ROWS, replicates=Replicates(*kept))


def test_a_paired_difference_has_the_error_of_the_difference() -> None:
    """Rows that rise and fall together leave an error far below that of two runs apart."""
    rng = np.random.default_rng(1)
    shared = rng.standard_normal(ROWS)
    noise = 0.1 * rng.standard_normal((2, ROWS))
    a, b = score(shared + noise[0]), score(shared + noise[1] + 0.05)

    paired = score_change(a, b)
    apart = score_change(*(dataclasses.replace(one, replicates=None) for one in (a, b)))

    assert paired.paired
    assert paired.se == pytest.approx(0.1 * (2 / ROWS) ** 0.5, rel=0.35)
    assert paired.shown
    assert not apart.paired
    assert apart.high - apart.low > 5 * (paired.high - paired.low)
    assert not apart.shown


def test_of_equal_laws_five_percent_are_shown_at_most_about() -> None:
    """Of 300 differences of nothing, the interval leaves zero out in at most 8%."""
    rng = np.random.default_rng(2)
    first = halves()
    shown = 0
    for _ in range(300):
        one, other = rng.standard_normal((2, ROWS))
        a, b = (score_of(first, rows) for rows in (one, other))
        shown += score_change(a, b).shown

    assert shown <= 24


def score_of(first: np.ndarray, rows: np.ndarray) -> Score:
    """Return a score of rows, with given halves."""
    kept = tuple(tuple((part @ rows / (ROWS / 2)).tolist()) for part in (first, ~first))
    value = float(rows.mean())
    return Score("diversity", value, value - 0.1, value + 0.1, replicates=Replicates(*kept))


def test_a_number_against_itself_is_no_difference() -> None:
    """Equal replicates leave no error and no difference: p is 1."""
    a = score(np.arange(ROWS) / ROWS)
    change = score_change(a, a)

    assert (change.value, change.low, change.high, change.p_value) == (0, 0, 0, 1)
    assert not change.shown


def test_exact_counts_have_no_error_and_prove_nothing() -> None:
    """A count without an interval is subtracted, and never called shown."""
    change = score_change(Score("counted_modes", 10, 10, 10), Score("counted_modes", 9, 9, 9))

    assert (change.value, change.p_value, change.se, change.shown) == (-1, None, None, False)


def test_scores_measured_otherwise_are_left_out() -> None:
    """Another view, version or number of neighbours makes another quantity; NaN is none."""
    a = Score("x", 0.5, 0.4, 0.6, view="pixels", k=5)
    others = [
        dataclasses.replace(a, view="fitted"),
        dataclasses.replace(a, version=2),
        dataclasses.replace(a, k=10),
        dataclasses.replace(a, value=float("nan")),
    ]

    assert len(score_changes({"x": a}, {"x": a})) == 1
    for other in others:
        assert score_changes({"x": a}, {"x": other}) == ()
    assert score_changes({"x": a}, {"y": a}) == ()
