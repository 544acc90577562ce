"""Against a baseline: what must be the same, and the error of a difference."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from gancheck.errors import UsageError
from gancheck.gate import Outcome, State, evaluate, rules
from gancheck.gate.comparing import paired_error
from gancheck.stats import split_se
from gancheck.types import Diagnosis, Replicates, Score
from gate.reports import Z95, paired, report, score, without_tails


def drop(new: Diagnosis, old: Diagnosis, most: float = 0.03, confidence: float = 0.95) -> Outcome:
    """Return what becomes of a limit on the loss of diversity."""
    asked = rules(max_drop=most, confidence=confidence)
    return evaluate(new, asked, old, baseline_name="old.json").outcomes[0]


def halves(
    value: float, seed: int, count: int = 200, spread: float = 0.02
) -> tuple[list[float], list[float]]:
    """Return a score from both halves of some splits, which differ more than splits do."""
    rng = np.random.default_rng(seed)
    apart, among = rng.normal(0, spread, count), rng.normal(0, spread / 2, (2, count))
    return list(value + apart + among[0]), list(value - apart + among[1])


def test_a_report_did_not_drop_against_itself() -> None:
    """The paired difference is exactly zero, with no error, and keeps every limit."""
    made = report([paired(0.8, *halves(0.8, 1))])
    for most in (0.0, 0.03, 1.0):
        outcome = drop(made, made, most)
        assert (outcome.state, outcome.value, outcome.paired) == (State.PASSED, 0.0, True)
        assert outcome.interval == (0.0, 0.0)
        assert outcome.baseline == 0.8
        assert outcome.reason.startswith("diversity 0.80, changed by +0.00 since the baseline")


@pytest.mark.parametrize(
    ("new", "state"),
    [
        (0.90, State.PASSED),
        (0.80, State.PASSED),
        (0.775, State.INCONCLUSIVE),
        (0.765, State.INCONCLUSIVE),
        (0.74, State.FAILED),
    ],
)
def test_a_drop_is_held_against_both_bounds(new: float, state: State) -> None:
    """0.03 may be lost, and the difference is known to +- 0.014: not paired."""
    outcome = drop(report([score(new, 0.006)]), report([score(0.80, 0.006)]))

    assert outcome.state is state
    assert not outcome.paired
    half = Z95 * 0.006 * math.sqrt(2)
    assert outcome.interval == pytest.approx((new - 0.8 - half, new - 0.8 + half), abs=1e-5)


def test_the_paired_error_is_that_of_the_differences_from_halves() -> None:
    """The bounds are those of Student's t around the difference, its error as of one score."""
    old, new = halves(0.8, 1), halves(0.75, 2)
    outcome = drop(report([paired(0.75, *new)]), report([paired(0.8, *old)]))

    half = t.ppf(0.95, 50) * split_se(*(np.array(new) - np.array(old)))
    assert outcome.paired
    assert outcome.interval == pytest.approx((-0.05 - half, -0.05 + half), abs=1e-5)
    assert "paired" in outcome.reason


def test_at_least_a_quarter_of_the_variance_is_kept() -> None:
    """Splits that differ more than halves do leave half of the error that halves show."""
    middle = np.array([0.0, 0.1, 0.0, 0.1])
    new = Replicates(tuple(middle + 0.01), tuple(middle - 0.01))
    assert paired_error(new, Replicates((0.0,) * 4, (0.0,) * 4)) == pytest.approx(0.005)


def test_what_both_runs_share_takes_no_part_in_the_error() -> None:
    """Halves that move both scores alike leave the difference sure; unpaired it would be open."""
    old, new = paired(0.80, *halves(0.80, 3)), paired(0.79, *halves(0.79, 3))

    assert drop(report([new]), report([old])).state is State.PASSED
    alone = drop(report([replace(new, replicates=None)]), report([old]))
    assert (alone.state, alone.paired) == (State.INCONCLUSIVE, False)


@pytest.mark.parametrize(
    "other",
    [
        None,
        Replicates((), ()),
        Replicates((0.8,), (0.8,)),
        Replicates((0.8,) * 199 + (math.nan,), (0.8,) * 200),
        Replicates((0.8,) * 200, (0.8,) * 199),
        Replicates((0.8,) * 10, (0.8,) * 10),
    ],
)
def test_without_matching_halves_nothing_is_paired(other: Replicates | None) -> None:
    """Missing, different or broken replicates leave the combination of both intervals."""
    new = paired(0.8, *halves(0.8, 1))
    outcome = drop(report([new]), report([replace(new, replicates=other)]))

    assert not outcome.paired
    assert "not paired" in outcome.reason
    assert outcome.interval is not None
    assert outcome.interval.low < 0 < outcome.interval.high


def test_unpaired_bounds_are_no_weaker_than_asked() -> None:
    """A baseline without tails is taken at its two-sided interval, and at 99% not at all."""
    new, old = report([score(0.8)]), report([without_tails(0.8, 0.78, 0.82)])

    assert drop(new, replace(old, scores=_like(old, new))).confidence == 0.975
    strict = drop(new, replace(old, scores=_like(old, new)), confidence=0.99)
    assert strict.state is State.UNAVAILABLE


def _like(old: Diagnosis, new: Diagnosis) -> dict[str, Score]:
    """Give a score the same number of neighbours as another."""
    return {"diversity": replace(old.scores["diversity"], k=new.scores["diversity"].k)}


def test_a_score_that_one_side_lacks_is_unavailable() -> None:
    """What was not measured, here or in the baseline, did not stay as it was."""
    full, empty = report([score(0.8)]), report()

    assert drop(empty, full).state is State.UNAVAILABLE
    there = drop(full, empty)
    assert there.state is State.UNAVAILABLE
    assert "in the baseline" in there.reason


def test_a_drop_needs_a_baseline_and_a_baseline_a_drop() -> None:
    """Neither is silently left out."""
    made = report([score(0.8)])

    with pytest.raises(UsageError, match="baseline") as caught:
        evaluate(made, rules(max_drop=0.03))
    assert "--baseline" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="nothing is held against it") as caught:
        evaluate(made, rules(min={"diversity": 0.5}), made)
    assert "--max-drop" in (caught.value.hint or "")
    off = rules(max_drop=0.03, levels={"diversity": "off"})
    assert evaluate(made, off).outcomes[0].state is State.OFF


@pytest.mark.parametrize(
    ("field", "value", "helps"),
    [
        ("samples", 5000, "--samples 10000"),
        ("compared", 5000, "gancheck baseline"),
        ("seed", 1, "--seed 0"),
        ("embedder_sha256", "f" * 64, "gancheck baseline"),
        ("reference_sha256", "b" * 64, "prepared one"),
        ("reference_sha256", None, "prepared one"),
    ],
)
def test_runs_that_differ_in_what_numbers_depend_on_are_refused(
    field: str, value: object, helps: str
) -> None:
    """The message names the field and both values, and the hint what to do."""
    old = report([score(0.8)])
    new = report([score(0.8)], settings={field: value})

    with pytest.raises(UsageError) as caught:
        drop(new, old)
    assert field in caught.value.message
    assert str(value or "none")[:8] in caught.value.message
    assert str(old.settings[field])[:8] in caught.value.message
    assert helps in (caught.value.hint or "")


def test_another_version_of_a_score_is_another_number() -> None:
    """Scores whose definition changed in between are refused."""
    with pytest.raises(UsageError, match="version of diversity is 2"):
        drop(report([score(0.8, version=2)]), report([score(0.8)]))


def test_a_candidate_that_repeats_itself_is_compared_all_the_same() -> None:
    """Fewer distinct samples span their balls by fewer neighbours; that is a drop, no misuse."""
    old, new = score(0.8), score(0.1, k=5, n=300)

    assert drop(report([new]), report([old])).state is State.FAILED


def test_the_strict_view_matters_only_to_its_own_scores() -> None:
    """Another strict embedder is no obstacle for what the main view measured."""
    both = [score(0.8), score(0.8, name="fidelity", view="pixels")]
    old, new = report(both), report(both, settings={"strict_embedder_sha256": "7" * 64})

    assert drop(new, old).paired is False
    with pytest.raises(UsageError, match="strict_embedder_sha256"):
        evaluate(new, rules(max_drop={"fidelity": 0.03}), old)


def test_memorization_depends_on_the_held_out_set() -> None:
    """A score of copies is only compared over the same training and held-out samples."""
    scores = [score(0.01, 0.001, "memorization"), score(0.8)]
    old, new = report(scores), report(scores, settings={"holdout_sha256": "7" * 64})

    assert drop(new, old).value == 0
    with pytest.raises(UsageError, match="holdout_sha256"):
        evaluate(new, rules(max_drop={"memorization": 0.03}), old)


def test_a_paired_drop_at_its_limit_fails_as_rarely_as_promised() -> None:
    """Scores that are means of shared and own rows, in 20 groups: 5% of runs fail at 95%."""
    rng, runs, lost = np.random.default_rng(5), 600, 0.03
    asked, plain, failed = rules(max_drop=lost), report(), 0
    for _ in range(runs):
        shared = rng.normal(0.8, 0.05, 200)
        old = shared + rng.normal(0, 0.02, 200)
        new = shared + rng.normal(-lost, 0.02, 200)
        sides = [
            replace(plain, scores={"diversity": paired(float(one.mean()), *_halved(one))})
            for one in (new, old)
        ]
        failed += not evaluate(sides[0], asked, sides[1]).passed

    assert failed / runs == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / runs))


def _halved(values: np.ndarray[Any, Any]) -> tuple[list[float], list[float]]:
    """Return the means of both halves of 200 splits."""
    first = _splits(len(values))
    one, other = (
        np.where(half, values, 0).sum(axis=1) / half.sum(axis=1) for half in (first, ~first)
    )
    return one.tolist(), other.tolist()


@cache
def _splits(count: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(6)
    return np.array([rng.permutation(count) % 2 == 0 for _ in range(200)])
