"""Onsets, recoveries and dips are dated; rising, jittering and low traces have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.turning import Turn, best, jitter, turns

if TYPE_CHECKING:
    from gancheck.types import FloatArray

ERROR = 0.01


def of(values: FloatArray | list[float]) -> tuple[Turn, ...]:
    """Find the turns of a trace saved every 10 steps, from step 10 on."""
    known = np.asarray(values, dtype=np.float64)
    return turns(10 * np.arange(1, len(known) + 1), known, np.full(len(known), ERROR))


def kinds(values: FloatArray | list[float]) -> list[tuple[str, int]]:
    """Return kind and index of each turn."""
    return [(turn.kind, turn.index) for turn in of(values)]


def wandering(
    rng: np.random.Generator, n: int, sd: float, correlation: float, *, heavy: bool
) -> FloatArray:
    """Draw jitter whose neighbours are correlated, from normal or from heavy-tailed numbers."""
    fresh = rng.standard_t(3, n + 50) / 3**0.5 if heavy else rng.standard_normal(n + 50)
    drawn = np.zeros(n + 50)
    for at in range(1, n + 50):
        drawn[at] = correlation * drawn[at - 1] + (1 - correlation**2) ** 0.5 * fresh[at]
    return np.asarray(sd * drawn[50:])


def planted(seed: int, n: int, drop: float, sd: float) -> tuple[FloatArray, int]:
    """Draw a trace that collapses for good at a random checkpoint, and that checkpoint."""
    rng = np.random.default_rng([seed, n, int(100 * drop), int(100 * sd)])
    at = int(rng.integers(1, n))
    values = np.full(n, 0.9) - drop * (np.arange(n) >= at)
    noise = wandering(rng, n, sd, rng.choice([0.0, 0.4]), heavy=bool(rng.random() < 0.3))
    return np.clip(values + noise, 0, 1), at


@pytest.mark.parametrize("n", [10, 30, 100])
@pytest.mark.parametrize(
    ("drop", "sd", "least"), [(0.3, 0.03, 48), (0.5, 0.05, 49), (0.8, 0.01, 50)]
)
def test_a_planted_collapse_is_dated_within_one_checkpoint(
    n: int, drop: float, sd: float, least: int
) -> None:
    """Of 50 random traces nearly all are dated; their intervals hold the true checkpoint."""
    dated = held = 0
    for seed in range(50):
        values, at = planted(seed, n, drop, sd)
        onsets = [turn for turn in of(values) if turn.kind == "onset"]
        dated += len(onsets) == 1 and abs(onsets[0].index - at) <= 1
        held += len(onsets) == 1 and onsets[0].low <= 10 * at and 10 * at + 10 <= onsets[0].high
    assert dated >= least
    assert held >= least - 2


@pytest.mark.parametrize("heavy", [False, True], ids=["normal", "heavy"])
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("n", [10, 50, 100])
def test_healthy_traces_have_no_onset(n: int, correlation: float, heavy: bool) -> None:
    """Level or rising, with jitter of 0.04 that wanders or has outliers: 98 of 100 have none."""
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng([seed, n])
        rise = 0.9 - 0.8 * (seed % 2) * np.exp(-np.arange(n) / (0.2 * n))
        values = np.clip(rise + wandering(rng, n, 0.04, correlation, heavy=heavy), 0, 1)
        alarms += any(turn.kind == "onset" for turn in of(values))
    assert alarms <= 2


def test_early_training_and_a_low_trace_have_no_turns() -> None:
    """A rise is no recovery where nothing was lost, and what was always low lost nothing."""
    assert of(np.linspace(0.1, 0.9, 30)) == ()
    assert of([0.1, 0.1, 0.5, 0.8, 0.85, 0.88, 0.9, 0.9, 0.9]) == ()
    assert of([0.05, 0.07, 0.04, 0.06, 0.05, 0.08]) == ()


def test_a_collapse_and_its_recovery_are_two_turns() -> None:
    """Levels, steps and the interval from the last checkpoint before to the first after."""
    onset, recovery = of([0.9] * 6 + [0.2] * 5 + [0.8] * 7)
    assert (onset.kind, onset.index, onset.step) == ("onset", 6, 70)
    assert (onset.low, onset.high) == (60, 70)
    assert onset.before.value == pytest.approx(0.9)
    assert onset.after.value == pytest.approx(0.2)
    assert onset.after.error == pytest.approx(ERROR / 5**0.5)
    assert (recovery.kind, recovery.index) == ("recovery", 11)
    assert (recovery.low, recovery.high) == (110, 120)


def test_a_single_bad_checkpoint_is_a_dip_unless_it_is_the_last() -> None:
    """What was made good at once is named so; whether the last one stays nobody knows."""
    assert kinds([0.9, 0.9, 0.9, 0.3, 0.9, 0.9, 0.9, 0.9]) == [("dip", 3)]
    assert kinds([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.3]) == [("onset", 7)]
    assert kinds([0.9, 0.9, 0.9, 0.9, 0.9, 0.3, 0.3, 0.3]) == [("onset", 5)]
    assert kinds([0.9, 0.2, 0.2, 0.2, 0.2, 0.2]) == [("onset", 1)]


def test_a_short_fall_in_a_long_trace_is_a_dip() -> None:
    """Three of 100 checkpoints are a dip, ten of them a collapse that was recovered from."""
    values = np.full(100, 0.9)
    values[40:43] = [0.5, 0.2, 0.4]
    assert kinds(values) == [("dip", 41)]
    values[40:50] = 0.2
    assert kinds(values) == [("onset", 40), ("recovery", 50)]


def test_a_gradual_decline_is_one_onset_with_a_wide_interval() -> None:
    """A fall over 30 checkpoints is one turn, and its interval spans most of them."""
    rng = np.random.default_rng(3)
    level = np.interp(np.arange(80), [25, 55], [0.9, 0.3])
    (onset,) = of(level + 0.01 * rng.standard_normal(80))
    assert onset.kind == "onset"
    assert 30 <= onset.index <= 50
    assert onset.high - onset.low >= 120
    assert onset.low >= 200
    assert onset.high <= 600


def test_the_interval_of_a_short_decline_spans_it() -> None:
    """From within a quarter of the level before to within a quarter of that after."""
    level = np.interp(np.arange(80), [10, 20], [0.9, 0.3])
    (onset,) = of(level + 0.01 * np.random.default_rng(3).standard_normal(80))
    assert onset.index == pytest.approx(15, abs=2)
    assert 110 <= onset.low <= 140
    assert 190 <= onset.high <= 210


def test_a_change_below_the_margin_is_none() -> None:
    """A fall by 0.18 is none however plain it is, and one by 0.22 counts."""
    assert of([0.9] * 10 + [0.72] * 10) == ()
    assert kinds([0.9] * 10 + [0.68] * 10) == [("onset", 10)]


def test_a_fall_that_is_half_made_good_is_none() -> None:
    """It went below the margin for four checkpoints, and what stayed is above it."""
    assert of([0.9] * 10 + [0.65] * 4 + [0.75] * 16) == ()


def test_a_fall_counts_from_the_best_level_so_far() -> None:
    """From 0.9 to 0.6 is a fall, though the trace began at 0.5."""
    (onset,) = of([0.5] * 10 + [0.9] * 10 + [0.6] * 10)
    assert (onset.kind, onset.index) == ("onset", 20)
    assert onset.before.value == pytest.approx(0.9)


def test_a_drop_within_the_jitter_is_none() -> None:
    """A fall by 0.3 counts in a quiet trace, not in one that swings by 0.3 all the time."""
    quiet = np.repeat([0.8, 0.5], 10)
    swinging = quiet + 0.3 * np.random.default_rng(0).standard_normal(20)
    assert kinds(quiet) == [("onset", 10)]
    assert of(swinging) == ()


def test_large_sampling_errors_hide_a_drop() -> None:
    """The errors are the least jitter, so that few samples prove nothing."""
    values = np.repeat([0.8, 0.5], 5)
    assert len(turns(np.arange(10), values, np.full(10, 0.02))) == 1
    assert turns(np.arange(10), values, np.full(10, 0.15)) == ()


def test_failed_checkpoints_are_passed_over() -> None:
    """Indices count them, the dates do not use them."""
    nan = float("nan")
    (onset,) = of([0.9, 0.9, nan, 0.9, nan, nan, 0.2, 0.2, 0.2])
    assert (onset.index, onset.low, onset.high) == (6, 40, 70)
    assert of([nan] * 5) == ()
    assert of([0.9, nan, 0.1]) == ()


def test_jitter_is_read_through_changes_of_level() -> None:
    """Its size and its correlation are those that were drawn, two collapses notwithstanding."""
    found = []
    for seed in range(30):
        noise = wandering(np.random.default_rng(seed), 200, 0.04, 0.7, heavy=False)
        found.append(jitter(np.repeat([0.9, 0.3, 0.8, 0.2], 50) + noise, np.full(200, ERROR)))
    assert np.mean([one.sd for one in found]) == pytest.approx(0.04, rel=0.2)
    assert np.mean([one.correlation for one in found]) == pytest.approx(0.6, abs=0.15)


def test_the_error_of_a_correlated_mean_is_that_of_its_draws() -> None:
    """The formula agrees with 4,000 simulated means of 5 neighbours."""
    drawn = wandering(np.random.default_rng(1), 20_000, 0.05, 0.6, heavy=False).reshape(-1, 5)
    values = wandering(np.random.default_rng(2), 4000, 0.05, 0.6, heavy=False)
    known = jitter(values, np.full(4000, ERROR))
    assert known.of_mean(5) == pytest.approx(float(drawn.mean(axis=1).std()), rel=0.15)


def test_lengths_must_agree() -> None:
    """Steps of another trace are refused."""
    with pytest.raises(ValueError, match="equal lengths"):
        turns(np.arange(3), np.ones(4), np.ones(4))


def test_the_best_checkpoint_comes_with_those_that_tie() -> None:
    """A paired error tells apart what errors of their own would not."""
    values, errors = np.array([0.5, 0.80, np.nan, 0.82, 0.78]), np.full(5, 0.02)
    found = best(values, errors)
    assert found is not None
    assert (found.index, found.tied) == (3, (1, 3, 4))
    paired = best(values, errors, lambda i, j: 0.005 if 4 in (i, j) else None)
    assert paired is not None
    assert paired.tied == (1, 3)
    assert best(np.full(3, np.nan), np.ones(3)) is None


@pytest.mark.parametrize("spread", [0.001, 0.2])
def test_the_truly_best_is_among_the_tied(spread: float) -> None:
    """In at least 95% of 400 traces of 20 checkpoints; clearly worse ones are left out."""
    truth = np.linspace(0.8 - spread, 0.8, 20)
    rng = np.random.default_rng(0)
    held = sizes = 0
    for _ in range(400):
        found = best(truth + 0.02 * rng.standard_normal(20), np.full(20, 0.02))
        assert found is not None
        held += 19 in found.tied
        sizes += len(found.tied)
    assert held >= 380
    assert sizes / 400 < 14 or spread < 0.2
