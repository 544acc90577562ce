"""The verdict table, row by row."""

from __future__ import annotations

import pytest

from gancheck.policy import COLLAPSE, MISUSE, NEEDED, SENTENCES, judge, worst_first
from gancheck.types import Condition, Finding, Interval, Severity, Skipped, Verdict


def finding(
    severity: Severity, condition: Condition | None = None, name: str = "a.b", title: str = "seen"
) -> Finding:
    """Make a finding of one severity."""
    return Finding(name, name.partition(".")[0], severity, title, condition=condition)


def diversity(value: float, low: float, high: float) -> Finding:
    """Make a finding on diversity that is not flagged."""
    return Finding(
        "coverage.diversity",
        "coverage",
        Severity.OK,
        "the samples reproduce much",
        value=value,
        interval=Interval(low, high),
        limit=">= 0.80",
    )


@pytest.mark.parametrize("condition", sorted(COLLAPSE))
def test_a_failed_kind_of_collapse_is_a_collapse(condition: Condition) -> None:
    """FAIL on any kind of collapse is the verdict, whatever else was skipped."""
    verdict, conditions, summary = judge(
        [finding(Severity.FAIL, condition)], [Skipped("modes", "no reference")]
    )
    assert verdict is Verdict.COLLAPSED
    assert conditions == (condition,)
    assert summary == ("Seen.",)


@pytest.mark.parametrize("name", sorted(MISUSE))
def test_a_generator_that_was_not_run_as_trained_is_not_called_collapsed(name: str) -> None:
    """The wrong latents or batch mates explain a collapse away, and are named first."""
    wrong = finding(Severity.WARN, Condition.WRONG_LATENT_LAW, name, "wrong latents")
    fail = finding(Severity.FAIL, Condition.MISSING_MODES, "modes.missing", "modes are missing")

    verdict, _, summary = judge([fail, wrong], [])

    assert verdict is Verdict.SUSPECT
    assert summary == ("Wrong latents.", "Modes are missing.")


@pytest.mark.parametrize("condition", sorted(set(Condition) - COLLAPSE))
def test_other_failures_make_suspect(condition: Condition) -> None:
    """FAIL on what is no kind of collapse makes a generator suspect, not collapsed."""
    assert judge([finding(Severity.FAIL, condition)], []).verdict is Verdict.SUSPECT


@pytest.mark.parametrize("condition", [Condition.MISSING_MODES, Condition.LATENT_CUTS, None])
def test_warnings_make_suspect(condition: Condition | None) -> None:
    """WARN makes suspect, on any condition and on none."""
    found = judge([finding(Severity.WARN, condition)], [])
    assert found.verdict is Verdict.SUSPECT
    assert found.conditions == ((condition,) if condition else ())


def test_notes_do_not_change_the_verdict() -> None:
    """OK and NOTE findings leave a judged generator healthy, and name no condition."""
    found = judge(
        [finding(Severity.NOTE, Condition.MISSING_MODES), finding(Severity.OK)],
        [Skipped("cuts", "no generator")],
    )
    assert found == (Verdict.HEALTHY, (), ("No sign of collapse.",))


@pytest.mark.parametrize("needed", NEEDED)
def test_what_was_not_judged_is_not_healthy(needed: str) -> None:
    """A needed analyzer that was skipped makes the run inconclusive, with its reason."""
    found = judge([finding(Severity.OK)], [Skipped(needed, "needs reference data")])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{needed}: needs reference data." in found.summary


def test_a_flag_outweighs_what_was_not_judged() -> None:
    """Collapse that is seen without a reference is collapse, not inconclusive."""
    flagged = finding(Severity.FAIL, Condition.FEW_DISTINCT_SAMPLES)
    assert judge([flagged], [Skipped("coverage", "no reference")]).verdict is Verdict.COLLAPSED


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.95, 0.90, 1.00, Verdict.HEALTHY),
        (0.78, 0.70, 0.86, Verdict.INCONCLUSIVE),
        (0.81, 0.70, 0.92, Verdict.INCONCLUSIVE),
        (0.80, 0.80, 0.90, Verdict.HEALTHY),
    ],
)
def test_an_interval_that_contains_the_limit_is_inconclusive(
    value: float, low: float, high: float, verdict: Verdict
) -> None:
    """Diversity is called healthy only when its interval does not leave the limit open."""
    assert judge([diversity(value, low, high)], []).verdict is verdict


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.84, 0.76, 0.92, "about 4.0 times as many samples"),
        (0.81, 0.70, 0.88, "about 81.0 times as many"),
        (0.8005, 0.70, 0.90, "too close"),
    ],
)
def test_an_open_limit_says_how_many_samples_would_decide(
    value: float, low: float, high: float, words: str
) -> None:
    """The interval narrows with the root of n: twice as close to the limit needs four times."""
    assert words in judge([diversity(value, low, high)], []).summary[0]


def test_modes_too_rare_to_be_missed_are_inconclusive() -> None:
    """When many modes could not have been called missing, nothing is called healthy."""
    rare = finding(Severity.NOTE, None, "modes.power", "9 of 10 modes are too rare")
    found = judge([rare], [])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.summary == ("9 of 10 modes are too rare.",)
    assert judge([finding(Severity.OK, None, "modes.power")], []).verdict is Verdict.HEALTHY


def test_findings_may_come_one_by_one() -> None:
    """An iterator is judged like a list: the doubt about the diversity is not lost."""
    assert judge(iter([diversity(0.78, 0.7, 0.86)]), []).verdict is Verdict.INCONCLUSIVE


def test_the_worst_comes_first_and_collapse_before_the_rest() -> None:
    """Severity orders, then kinds of collapse; equal findings keep their order."""
    mild = finding(Severity.WARN, Condition.MISSING_MODES, "m.w")
    other = finding(Severity.FAIL, Condition.MEMORIZATION, "o.f")
    grave = finding(Severity.FAIL, Condition.IGNORED_LATENT, "g.f")
    fine = finding(Severity.OK, None, "f.o")
    assert worst_first([fine, mild, other, grave]) == [grave, other, mild, fine]
    assert worst_first([grave, other]) == worst_first([other, grave])


def test_the_summary_stays_short_and_conditions_are_named_once() -> None:
    """Many findings on one condition give few sentences and one condition."""
    many = [finding(Severity.WARN, Condition.LATENT_CUTS, title=f"jump {i}") for i in range(9)]
    found = judge(many, [])
    assert found.conditions == (Condition.LATENT_CUTS,)
    assert found.summary == tuple(f"Jump {i}." for i in range(SENTENCES))
