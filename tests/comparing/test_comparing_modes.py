"""Modes that B lost, thinned, grew or gained against A."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.comparing.modes import ModeCounts, count_changes

NAMES = [str(digit) for digit in range(10)]


def shifts(counts: ModeCounts) -> dict[str, str]:
    """Return what became of each mode that changed."""
    return {mode.label: mode.shift for mode in counts.changes() if mode.shift != "same"}


@pytest.mark.parametrize("paired", [False, True])
def test_each_change_has_its_name(paired: bool) -> None:
    """A mode B lacks is lost, one A lacks is gained; by thirds they are thinned and grown."""
    rng = np.random.default_rng(0)
    a = rng.choice(9, size=6000)  # A has no 9
    b = a.copy()
    b[a == 0] = 9  # B draws 9 in place of 0
    b[(a == 1) & (rng.random(6000) < 0.7)] = 2
    counts = ModeCounts(a, b, NAMES, np.full(10, 0.1), paired)

    assert shifts(counts) == {"0": "lost", "9": "gained", "1": "thinned"}
    assert counts.changes()[0].reference_share == pytest.approx(0.1)


def test_pairs_show_a_change_that_independent_counts_leave_open() -> None:
    """Thirty of a hundred are left of a mode: below half, where it is known which ones stayed."""
    a = np.repeat(np.arange(10), 100)
    b = a.copy()
    b[100:170] = 0

    assert shifts(ModeCounts(a, b, NAMES, None, paired=True)) == {"1": "thinned"}
    assert shifts(ModeCounts(a, b, NAMES, None, paired=False)) == {}


@pytest.mark.parametrize("paired", [False, True])
def test_equal_laws_change_no_mode(paired: bool) -> None:
    """In 100 comparisons of equal shares no mode is called changed: the margin is a factor."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        a, b = rng.choice(10, size=(2, 500))

        assert shifts(ModeCounts(a, b, NAMES, None, paired)) == {}


@pytest.mark.parametrize("paired", [False, True])
def test_what_is_not_clear_is_left_out_of_the_shares(paired: bool) -> None:
    """Where half of B is not clear, shares are of what is, and no mode is lost by that."""
    rng = np.random.default_rng(1)
    a = rng.choice(10, size=3000)
    b = np.where(rng.random(3000) < 0.5, -1, a)
    changes = ModeCounts(a, b, NAMES, None, paired).changes()

    assert {mode.shift for mode in changes} == {"same"}
    assert sum(mode.b_share for mode in changes) == pytest.approx(1)


def test_a_mode_that_turned_unclear_is_lost() -> None:
    """Samples of one mode that B draws as nothing clear are missed, not skipped in pairs."""
    a = np.repeat(np.arange(10), 200)
    b = np.where(a == 4, -1, a)

    assert shifts(ModeCounts(a, b, NAMES, None, paired=True)) == {"4": "lost"}


def test_too_few_samples_say_nothing() -> None:
    """Below 100 clear samples on a side there is no table."""
    assert count_changes(np.array([50, 40]), np.array([500, 400]), ["x", "y"]) == ()


def test_the_ratio_has_an_exact_interval() -> None:
    """The share of B over that of A lies in its interval; without any in A it is not bounded."""
    found = count_changes(np.array([200, 0, 800]), np.array([100, 5, 895]), ["h", "n", "r"])
    half, none = (next(mode for mode in found if mode.label == name) for name in "hn")

    assert half.low < 0.5 < half.high
    assert none.high == float("inf")
