"""Bans: what was found, what was not looked for, and what cannot be ruled out."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from gancheck import stored
from gancheck.errors import ExitCode
from gancheck.gate import Outcome, State, evaluate, rules
from gancheck.types import Condition, Diagnosis, Finding, Interval, Severity, Skipped, Verdict
from gate.reports import finding, report


def banned(diagnosis: Diagnosis, *words: str) -> Outcome:
    """Return what becomes of the first ban."""
    return evaluate(diagnosis, rules(forbid=words)).outcomes[0]


MISSING = finding(
    "modes.missing",
    2.0,
    severity=Severity.FAIL,
    title="2 of 10 modes are never drawn: 4 and 8",
    condition=Condition.MISSING_MODES,
)
WHOLE = finding(condition=Condition.MISSING_MODES)


def test_a_condition_that_was_found_fails_with_its_evidence() -> None:
    """The reason is the sentence of the check that is about it, not of one that hints at it."""
    hint = Finding(
        "coverage.diversity",
        "coverage",
        Severity.FAIL,
        "41% of the variety",
        condition=Condition.MISSING_MODES,
    )
    made = report(findings=[hint, MISSING], conditions=[Condition.MISSING_MODES])
    outcome = banned(made, "missing-modes")

    assert outcome.state is State.FAILED
    assert outcome.reason == "missing-modes was found: 2 of 10 modes are never drawn: 4 and 8"


def test_a_condition_that_was_looked_for_and_not_found_passes() -> None:
    """A check about it that found nothing is needed, and enough."""
    assert banned(report(findings=[WHOLE]), "missing-modes").state is State.PASSED


def test_a_condition_that_nobody_looked_for_is_unavailable() -> None:
    """Silence of a check that did not run is no news; the reason repeats why it did not."""
    made = report(skipped=[Skipped("modes", "needs a reference (--reference)")])
    outcome = banned(made, "missing-modes")

    assert outcome.state is State.UNAVAILABLE
    assert "needs a reference" in outcome.reason
    assert "explain modes" in outcome.hint
    assert evaluate(made, rules(forbid=["missing-modes"])).exit_code is ExitCode.COULD_NOT_RUN


def test_the_reading_of_the_diversity_is_no_search() -> None:
    """It names a condition also where all is well; only the modes themselves were looked at."""
    reading = finding("coverage.diversity", 0.95, condition=Condition.IMBALANCED_MODES)
    made = report(findings=[reading])

    assert banned(made, "imbalanced-modes").state is State.UNAVAILABLE
    assert banned(made, "within-mode-collapse").state is State.PASSED


@pytest.mark.parametrize("condition", [one.value for one in Condition])
def test_an_empty_report_passes_no_ban(condition: str) -> None:
    """Every condition has to have been looked for."""
    assert banned(report(), condition).state is State.UNAVAILABLE


def test_a_check_of_a_plugin_may_look_for_a_condition() -> None:
    """Whatever is said to be about a condition has looked for it."""
    found = finding("plugin.hops", 0.0, condition=Condition.MODE_HOPPING)

    assert banned(report(findings=[found]), "mode-hopping").state is State.PASSED


def test_too_few_samples_rule_nothing_out() -> None:
    """A check that says how many samples it would need leaves the ban open, with that number."""
    power = finding(
        "modes.power",
        0.1,
        severity=Severity.NOTE,
        title="3 of 10 modes are too rare to be called missing",
        condition=Condition.MISSING_MODES,
        needed=25_000.0,
    )
    outcome = banned(report(findings=[WHOLE, power]), "missing-modes")

    assert (outcome.state, outcome.needed) == (State.INCONCLUSIVE, 25_000)
    assert "too rare" in outcome.reason
    assert "--samples 25000" in outcome.hint
    both = report(findings=[MISSING, power], conditions=[Condition.MISSING_MODES])
    assert banned(both, "missing-modes").state is State.FAILED
    count = evaluate(report(findings=[WHOLE, power]), rules(max={"modes.missing": 0}))
    assert count.outcomes[0].state is State.INCONCLUSIVE


def test_a_doubt_that_no_number_settles_survives_the_file() -> None:
    """JSON has no infinity: what no number of samples settles is open in the stored report too."""
    power = finding(
        "modes.power", 0.1, severity=Severity.NOTE, condition=Condition.MISSING_MODES,
        needed=math.inf,
    )  # fmt: skip
    made = report(findings=[WHOLE, power])
    again = stored.decoded(json.dumps(made.to_dict()).encode(), "r.json").diagnosis

    for one in (made, again):
        outcome = banned(one, "missing-modes")
        assert (outcome.state, outcome.needed) == (State.INCONCLUSIVE, math.inf)
        count = evaluate(one, rules(max={"modes.missing": 0})).outcomes[0]
        assert (count.state, count.needed) == (State.INCONCLUSIVE, math.inf)


BANS = {
    "collapsed": {"collapsed": "failed", "inconclusive": "inconclusive"},
    "suspect": {"collapsed": "failed", "suspect": "failed", "inconclusive": "inconclusive"},
    "inconclusive": {"collapsed": "failed", "suspect": "failed", "inconclusive": "failed"},
}


@pytest.mark.parametrize("word", sorted(BANS))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_ban_on_a_verdict_covers_what_is_worse(word: str, verdict: Verdict) -> None:
    """The whole table; what could not be judged is never taken for healthy."""
    outcome = banned(report(verdict=verdict), word)

    assert outcome.state.value == BANS[word].get(verdict.value, "passed")
    assert verdict.value in outcome.reason


def test_a_verdict_that_lacks_an_analyzer_is_not_settled_by_samples() -> None:
    """Without a reference nothing is judged, however many samples are drawn."""
    made = report(verdict=Verdict.INCONCLUSIVE, skipped=[Skipped("coverage", "needs a reference")])

    assert banned(made, "collapsed").needed == math.inf


def test_a_verdict_that_hangs_on_the_diversity_says_how_many_samples_settle_it() -> None:
    """The limit of the diversity inside its interval: the interval has to leave it."""
    near = finding("coverage.diversity", 0.81, interval=Interval(0.79, 0.83), limit=">= 0.80")
    made = report(findings=[near], verdict=Verdict.INCONCLUSIVE)

    assert banned(made, "collapsed").needed == pytest.approx(40_000)
    plain = replace(near, limit="about 0.8")
    assert banned(replace(made, findings=(plain,)), "collapsed").needed is None
