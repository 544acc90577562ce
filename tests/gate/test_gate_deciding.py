"""Bounds against limits: every branch, the laws they keep, and the error they promise."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from gancheck.errors import ExitCode
from gancheck.gate import Outcome, State, evaluate, rules
from gancheck.types import Condition, Diagnosis, Finding, Interval, Score, Skipped, Tails
from gate.reports import Z95, finding, report, score, without_tails


def only(diagnosis: Diagnosis, confidence: float = 0.95, **asked: dict[str, float]) -> Outcome:
    """Return what becomes of one limit."""
    found = evaluate(diagnosis, rules(confidence=confidence, **asked))  # type: ignore[arg-type]
    (outcome,) = found.outcomes
    return outcome


@pytest.mark.parametrize(
    ("limit", "state"),
    [
        (0.70, State.PASSED),
        (0.78, State.PASSED),
        (0.785, State.INCONCLUSIVE),
        (0.80, State.INCONCLUSIVE),
        (0.815, State.INCONCLUSIVE),
        (0.82, State.FAILED),
        (0.90, State.FAILED),
    ],
)
def test_a_least_is_held_against_both_bounds(limit: float, state: State) -> None:
    """0.80 +- 0.016: below 0.784 it passes, above 0.816 it fails, in between nobody knows."""
    outcome = only(report([score(0.80, 0.01)]), min={"diversity": limit})

    assert outcome.state is state
    assert outcome.confidence == 0.95
    assert outcome.interval == pytest.approx((0.80 - Z95 * 0.01, 0.80 + Z95 * 0.01), abs=1e-6)


@pytest.mark.parametrize(
    ("limit", "state"),
    [(0.9, State.PASSED), (0.82, State.PASSED), (0.8, State.INCONCLUSIVE), (0.78, State.FAILED)],
)
def test_a_most_is_the_mirror_image(limit: float, state: State) -> None:
    """The lower bound above the limit fails, the upper one not above it passes."""
    assert only(report([score(0.80, 0.01)]), max={"diversity": limit}).state is state


def test_bounds_on_the_limit_pass() -> None:
    """A limit is what may be: being at it is no failure."""
    made = report([without_tails(0.8, 0.75, 0.85)])

    assert only(made, min={"diversity": 0.75}).state is State.PASSED
    assert only(made, max={"diversity": 0.85}).state is State.PASSED
    assert only(made, min={"diversity": 0.85}).state is State.INCONCLUSIVE
    assert only(made, max={"diversity": 0.75}).state is State.INCONCLUSIVE


@pytest.mark.parametrize(
    ("confidence", "z"), [(0.95, 1.644854), (0.975, 1.959964), (0.99, 2.326348)]
)
def test_the_bounds_are_those_of_the_confidence(confidence: float, z: float) -> None:
    """A stricter gate decides by wider bounds."""
    outcome = only(report([score(0.80, 0.01)]), confidence, min={"diversity": 0.5})

    assert outcome.interval is not None
    assert outcome.interval.low == pytest.approx(0.80 - z * 0.01, abs=1e-6)
    assert outcome.confidence == confidence


def test_a_score_without_tails_is_decided_by_its_two_sided_interval() -> None:
    """Its ends are bounds at 97.5%: stricter than was asked, and that is said."""
    outcome = only(report([without_tails(0.8, 0.78, 0.82)]), 0.95, min={"diversity": 0.5})

    assert outcome.interval == (0.78, 0.82)
    assert outcome.confidence == 0.975
    assert "97.5%" in outcome.reason


def test_weaker_bounds_than_asked_are_not_taken() -> None:
    """Without bounds at 99% a gate at 99% could not run."""
    outcome = only(report([without_tails(0.8, 0.78, 0.82)]), 0.99, min={"diversity": 0.5})

    assert outcome.state is State.UNAVAILABLE
    assert "99%" in outcome.reason
    assert "0.95" in outcome.hint


def test_exact_numbers_decide_by_themselves() -> None:
    """A count has no interval, at any confidence: it is what it is."""
    made = report([without_tails(9.0, 9.0, 9.0, "counted_modes")], [finding(value=1.0)])

    for confidence in (0.95, 0.99):
        outcome = only(made, confidence, min={"counted_modes": 10})
        assert (outcome.state, outcome.interval, outcome.confidence) == (State.FAILED, None, None)
        assert only(made, confidence, min={"counted_modes": 9}).state is State.PASSED
        assert only(made, confidence, max={"modes.missing": 0}).state is State.FAILED
        assert only(made, confidence, max={"modes.missing": 1}).state is State.PASSED


def test_a_finding_is_decided_by_its_interval() -> None:
    """A finding has its two-sided interval only."""
    made = report(findings=[finding("modes.balance", 0.9, interval=Interval(0.85, 0.95))])

    assert only(made, min={"modes.balance": 0.8}).state is State.PASSED
    assert only(made, min={"modes.balance": 0.9}).state is State.INCONCLUSIVE
    assert only(made, min={"modes.balance": 0.96}).confidence == 0.975
    assert only(made, 0.99, min={"modes.balance": 0.8}).state is State.UNAVAILABLE


def test_a_count_that_leaves_something_open_does_not_pass() -> None:
    """No missing mode among few samples is not yet no missing mode; a missing one is one."""
    few = finding(value=0.0, needed=25_000.0, condition=Condition.MISSING_MODES)
    outcome = only(report(findings=[few]), max={"modes.missing": 0})

    assert outcome.state is State.INCONCLUSIVE
    assert outcome.needed == 25_000
    assert "25,000" in outcome.reason
    one = replace(few, value=1.0)
    assert only(report(findings=[one]), max={"modes.missing": 0}).state is State.FAILED
    hopeless = report(findings=[replace(few, needed=math.inf)])
    assert only(hopeless, max={"modes.missing": 0}).needed == math.inf
    plugin = report(findings=[finding("plugin.holes", 0.0, needed=25_000.0)])
    assert only(plugin, max={"plugin.holes": 0}).needed == 25_000


NAN = math.nan
BROKEN = [
    score(NAN),
    replace(score(0.8), value=math.inf),
    without_tails(0.8, NAN, NAN),
    without_tails(0.8, 0.9, 0.7),
    replace(score(0.8), tails=Tails(Interval(NAN, NAN), Interval(NAN, NAN))),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_number_is_never_green(broken: Score) -> None:
    """Neither a missing value nor missing or turned bounds pass any limit."""
    for limit in (0.0, 1.0):
        assert only(report([broken]), min={"diversity": limit}).state is State.UNAVAILABLE
        assert only(report([broken]), max={"diversity": limit}).state is State.UNAVAILABLE


def test_an_open_end_never_decides() -> None:
    """A bound that is not known is infinitely far away."""
    made = report([without_tails(100.0, 80.0, math.inf, "distinct_samples")])

    assert only(made, min={"distinct_samples": 50}).state is State.PASSED
    assert only(made, min={"distinct_samples": 5000}).state is State.INCONCLUSIVE
    assert only(made, max={"distinct_samples": 50}).state is State.FAILED
    assert only(made, max={"distinct_samples": 5000}).state is State.INCONCLUSIVE


def test_what_was_skipped_is_unavailable_with_the_reason() -> None:
    """A known name that the report lacks says why, and which command tells more."""
    made = report(skipped=[Skipped("coverage", "needs a reference (--reference)")])
    outcome = only(made, min={"diversity": 0.8})

    assert outcome.state is State.UNAVAILABLE
    assert "needs a reference" in outcome.reason
    assert "explain coverage" in outcome.hint
    assert evaluate(made, rules(min={"diversity": 0.8})).exit_code is ExitCode.COULD_NOT_RUN
    assert only(report(), min={"label_share": 0.1}).state is State.UNAVAILABLE


def test_a_known_finding_without_its_number_is_unavailable() -> None:
    """What could not be measured this time says so in its own words."""
    silent = Finding(
        "sensitivity.directions", "sensitivity", finding().severity, "not measured: chance inside"
    )
    outcome = only(report(findings=[silent]), max={"sensitivity.directions": 0.5})

    assert outcome.state is State.UNAVAILABLE
    assert "chance inside" in outcome.reason


def test_the_number_of_samples_that_decides() -> None:
    """A bound comes closer with the root of n: half the way there needs four times as many."""
    made = report([score(0.80, 0.01 / Z95)])

    assert only(made, min={"diversity": 0.795}).needed == pytest.approx(40_000, rel=1e-3)
    assert only(made, min={"diversity": 0.805}).needed == pytest.approx(40_000, rel=1e-3)
    assert only(made, max={"diversity": 0.805}).needed == pytest.approx(40_000, rel=1e-3)
    assert only(made, min={"diversity": 0.791}).needed == pytest.approx(15_000, rel=1e-3)
    assert only(made, min={"diversity": 0.7999}).needed == math.inf
    assert only(made, min={"diversity": 0.80}).needed == math.inf
    assert only(made, min={"diversity": 0.70}).needed is None


def test_the_number_counts_what_was_compared() -> None:
    """More samples than reference were drawn: both sides have to grow from the smaller one."""
    made = report([score(0.80, 0.01 / Z95, n=5000)], settings={"compared": 5000})
    outcome = only(made, min={"diversity": 0.795})

    assert outcome.needed == pytest.approx(20_000, rel=1e-3)
    assert "about 20,000 samples a side, now 5,000, would decide" in outcome.reason


def test_no_number_of_samples_narrows_a_scan_of_the_latent_space() -> None:
    """What is measured along a fixed number of lines stays as wide as it is."""
    cut = without_tails(0.02, 0.01, 0.03, "cut_mass")

    assert only(report([cut]), max={"cut_mass": 0.025}).needed == math.inf
    ratio = without_tails(0.9, 0.8, 1.0, "vendi_ratio")
    assert only(report([ratio]), min={"vendi_ratio": 0.85}).needed == math.inf


def test_a_limit_above_the_ceiling_is_decided_and_explained() -> None:
    """Asking for more than the reference itself reads fails, and the reason says why."""
    outcome = only(report([score(0.90, 0.001, ceiling=0.97)]), min={"diversity": 0.98})

    assert outcome.state is State.FAILED
    assert "two halves of the reference read no more than 0.97" in outcome.reason
    assert "halves" not in only(report([score(0.90)]), min={"diversity": 0.95}).reason


GRID = [round(0.70 + 0.005 * step, 3) for step in range(41)]


@pytest.mark.parametrize("se", [0.0, 0.001, 0.01, 0.04])
def test_raising_a_least_never_helps(se: float) -> None:
    """The states run passed, inconclusive, failed as the limit rises; for a most the other way."""
    order = [State.PASSED, State.INCONCLUSIVE, State.FAILED]
    made = report([score(0.80, se)])
    least = [order.index(only(made, min={"diversity": limit}).state) for limit in GRID]
    most = [order.index(only(made, max={"diversity": limit}).state) for limit in GRID]

    assert least == sorted(least)
    assert most == sorted(most, reverse=True)
    assert {0, 2} <= set(least)


def test_a_wider_interval_never_decides_what_a_narrower_one_does_not() -> None:
    """Growing error takes a decision away, and never turns one round."""
    for limit, (small, large) in itertools.product(GRID, itertools.pairwise([0.001, 0.01, 0.04])):
        narrow = only(report([score(0.80, small)]), min={"diversity": limit}).state
        wide = only(report([score(0.80, large)]), min={"diversity": limit}).state
        assert wide in (narrow, State.INCONCLUSIVE)


def test_a_least_on_a_number_is_a_most_on_its_negative() -> None:
    """The kernel distance may be negative: both ways to ask agree."""
    rng = np.random.default_rng(7)
    for value, half, limit in rng.normal(size=(200, 3)):
        here = without_tails(value, value - abs(half), value + abs(half), "kernel")
        there = without_tails(-value, -value - abs(half), -value + abs(half), "kernel")
        least = only(report([here]), min={"kernel": limit})
        most = only(report([there]), max={"kernel": -limit})
        assert (least.state, least.needed) == (most.state, most.needed)


def test_at_most_one_of_two_opposite_limits_fails() -> None:
    """No number is shown to be both below and above one limit."""
    for limit, se in itertools.product(GRID, [0.0, 0.01, 0.04]):
        made = report([score(0.80, se)])
        least = only(made, min={"diversity": limit}).state
        most = only(made, max={"diversity": limit}).state
        assert (least is State.FAILED) <= (most is State.PASSED)
        assert (most is State.FAILED) <= (least is State.PASSED)


@pytest.mark.parametrize(("confidence", "share"), [(0.95, 0.05), (0.99, 0.01)])
def test_a_generator_at_its_limit_fails_as_rarely_as_promised(
    confidence: float, share: float
) -> None:
    """Normal scores around a true value at the limit: 5% fail at 95%, 1% at 99%."""
    runs, se, asked = 1000, 0.01, rules(min={"diversity": 0.8}, confidence=confidence)
    values = np.random.default_rng(11).normal(0.8, se, runs)
    plain = report()
    states = [
        evaluate(replace(plain, scores={"diversity": score(float(value), se)}), asked)
        .outcomes[0]
        .state
        for value in values
    ]
    error = 3.5 * math.sqrt(share * (1 - share) / runs)

    assert states.count(State.FAILED) / runs == pytest.approx(share, abs=error)
    assert states.count(State.PASSED) / runs == pytest.approx(share, abs=error)


def test_a_generator_far_below_its_limit_mostly_fails() -> None:
    """At 2.5 standard errors below, the upper bound is below the limit in 80% of runs."""
    runs, se, asked = 1000, 0.01, rules(min={"diversity": 0.8})
    values = np.random.default_rng(12).normal(0.8 - 2.5 * se, se, runs)
    plain = report()
    failed = sum(
        not evaluate(replace(plain, scores={"diversity": score(float(value), se)}), asked).passed
        for value in values
    )

    assert failed / runs == pytest.approx(0.804, abs=0.04)
