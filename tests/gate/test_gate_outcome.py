"""The result as a whole: exit codes, order, sentences, JSON, and how light it is."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from gancheck import stored
from gancheck.gate import Alarm, GateResult, State, evaluate, is_decided, needed, rules, slim
from gancheck.types import Condition, Copy, Cut, Exhibit, Interval, Rate, Skipped, Tails, Verdict
from gate.reports import finding, report, score, without_tails

GOOD, BAD, NEAR = score(0.9), score(0.5, name="fidelity"), score(0.75, name="coverage")
MADE = report([GOOD, BAD, NEAR], skipped=[Skipped("modes", "no reference")])


def gate(on_inconclusive: str = "warn", **levels: str) -> GateResult:
    """Hold one report against limits that pass, fail, stay open and cannot be measured.

    Only the limits with a level are asked for.
    """
    least = {"diversity": 0.8, "fidelity": 0.7, "coverage": 0.75, "effective_modes": 5.0}
    asked = {name: limit for name, limit in least.items() if name in levels}
    return evaluate(MADE, rules(min=asked, levels=levels, on_inconclusive=on_inconclusive))


@pytest.mark.parametrize(
    ("levels", "on_inconclusive", "code", "word"),
    [
        ({"diversity": "error"}, "warn", 0, "passed"),
        ({"fidelity": "error"}, "warn", 1, "FAILED"),
        ({"fidelity": "warn"}, "fail", 0, "passed with warnings"),
        ({"fidelity": "off"}, "fail", 0, "passed"),
        ({"coverage": "error"}, "pass", 0, "passed"),
        ({"coverage": "error"}, "warn", 0, "INCONCLUSIVE"),
        ({"coverage": "error"}, "fail", 1, "FAILED"),
        ({"coverage": "warn"}, "fail", 0, "passed with warnings"),
        ({"coverage": "warn"}, "pass", 0, "passed"),
        ({"effective_modes": "error"}, "warn", 2, "COULD NOT RUN"),
        ({"effective_modes": "warn"}, "pass", 2, "COULD NOT RUN"),
        ({"effective_modes": "off"}, "fail", 0, "passed"),
        ({"effective_modes": "error", "fidelity": "error"}, "warn", 2, "COULD NOT RUN"),
    ],
)
def test_the_exit_code_follows_from_states_and_levels(
    levels: dict[str, str], on_inconclusive: str, code: int, word: str
) -> None:
    """The whole table: what could not be measured is never green, warnings never red."""
    result = gate(on_inconclusive, **levels)

    assert (int(result.exit_code), result.word) == (code, word)
    assert result.passed is (code == 0)
    assert result.sentence.startswith(f"gate {word}: ")


def test_the_worst_comes_first() -> None:
    """What could not run, what failed, what is open, what passed, what is off."""
    result = gate(diversity="error", fidelity="error", coverage="error", effective_modes="error")
    warned = gate(fidelity="warn", coverage="error", diversity="off")

    assert [one.state.value for one in result.outcomes] == [
        "unavailable", "failed", "inconclusive", "passed",
    ]  # fmt: skip
    assert [one.limit.name for one in warned.outcomes] == ["fidelity", "coverage", "diversity"]
    assert [result.alarm(one) for one in warned.outcomes] == [
        Alarm.WARNING, Alarm.WARNING, Alarm.NONE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"min": {"fidelity": 0.7}},
            "gate FAILED: fidelity 0.50, at most 0.52 (one-sided 95%), below the limit 0.70",
        ),
        (
            {"max": {"fidelity": 0.3}},
            "gate FAILED: fidelity 0.50, at least 0.48 (one-sided 95%), above the limit 0.30",
        ),
        (
            {"min": {"diversity": 0.8}},
            "gate passed: diversity 0.90, at least 0.88 (one-sided 95%), not below the limit 0.80",
        ),
        (
            {"max": {"diversity": 0.95}, "confidence": 0.99},
            "gate passed: diversity 0.90, at most 0.92 (one-sided 99%), not above the limit 0.95",
        ),
        (
            {"min": {"coverage": 0.76}},
            "gate INCONCLUSIVE: coverage 0.75, between 0.73 and 0.77 (one-sided 95% each), with "
            "the limit 0.76 in between; about 28,000 samples a side, now 10,000, would decide",
        ),
        (
            {"min": {"coverage": 0.75}},
            "gate INCONCLUSIVE: coverage 0.75, between 0.73 and 0.77 (one-sided 95% each), with "
            "the limit 0.75 in between; no number of samples (--samples) decides that soon",
        ),
        (
            {"min": {"fidelity": 0.7, "coverage": 0.9}},
            "gate FAILED: fidelity 0.50, at most 0.52 (one-sided 95%), below the limit 0.70 "
            "(and 1 more)",
        ),
    ],
)
def test_the_sentence_has_the_number_that_decides_and_the_limit(
    asked: dict[str, dict[str, float]], sentence: str
) -> None:
    """One line tells what was found, how sure it is, and what was asked."""
    assert evaluate(MADE, rules(**asked)).sentence == sentence  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", [1e-3, 1e-4, 1e-5])
def test_a_bound_beside_its_limit_is_never_written_like_it(gap: float) -> None:
    """A gate that fails by a hair shows the hair."""
    made = report([without_tails(0.8 - 2 * gap, 0.7, round(0.8 - gap, 6))])
    sentence = evaluate(made, rules(min={"diversity": 0.8})).sentence
    bound, limit = (
        float(part.split()[0]) for part in sentence.split("at most ")[1].split("limit ")
    )

    assert bound < limit == 0.8


def test_counts_stay_whole() -> None:
    """Two modes are two, not 2.00."""
    made = report(findings=[finding(value=2.0)])

    assert evaluate(made, rules(max={"modes.missing": 0})).sentence == (
        "gate FAILED: modes.missing 2, above the limit 0"
    )


def test_a_drop_tells_both_numbers() -> None:
    """The score now, what became of it, its bound and what was allowed."""
    result = evaluate(
        report([score(0.7, 0.001)]), rules(max_drop=0.03), report([score(0.8, 0.001)])
    )

    assert result.sentence == (
        "gate FAILED: diversity 0.700, changed by -0.100 since the baseline, at most -0.098 "
        "(one-sided 95%, not paired), beyond the drop of 0.030 that is allowed"
    )
    assert result.baseline == "G.pt"


def test_the_rule_by_default_is_said() -> None:
    """A gate that was asked nothing says what it looked at."""
    result = evaluate(report(verdict=Verdict.COLLAPSED), rules())

    assert not result.passed
    assert "No limit was given" in result.notes[0]
    assert evaluate(MADE, rules(min={"diversity": 0.1})).notes == ()


def test_a_gate_with_everything_off_says_that_it_checked_nothing() -> None:
    """Nothing is shown as kept that was not looked at."""
    assert "nothing was checked" in gate(diversity="off", fidelity="off").sentence


def test_decided_and_needed() -> None:
    """A result is decided when nothing is open; else it takes what the worst open limit takes."""
    assert is_decided(gate(diversity="error", fidelity="error"))
    assert needed(gate(diversity="error")) is None
    open_two = evaluate(MADE, rules(min={"coverage": 0.76}, max={"fidelity": 0.505}))
    assert not is_decided(open_two)
    assert needed(open_two) == max(one.needed or 0 for one in open_two.outcomes)
    assert needed(gate(coverage="warn")) == math.inf
    unknown = evaluate(report(verdict=Verdict.INCONCLUSIVE), rules())
    assert not is_decided(unknown)
    assert needed(unknown) is None


def test_a_run_and_its_stored_report_come_out_alike() -> None:
    """Numbers are read as the file has them: the same verdict, to the last digit of the text."""
    fine = score(0.8123456789, 0.0123456789)
    made = replace(MADE, scores={**MADE.scores, "diversity": fine})
    again = stored.decoded(json.dumps(made.to_dict()).encode(), "r.json").diagnosis
    asked = rules(min={"diversity": 0.8123456}, forbid=["collapsed"], max={"coverage": 0.9})

    assert evaluate(made, asked) == evaluate(again, asked)


def test_the_json_is_strict_and_complete() -> None:
    """Every check has its keys in one order; numbers that JSON cannot hold are null."""
    wide = replace(
        without_tails(100.0, 50.0, math.inf, "distinct_samples"),
        tails=Tails(Interval(60.0, math.inf), Interval(40.0, math.inf)),
    )
    made = report([wide, GOOD])
    result = evaluate(made, rules(min={"distinct_samples": 5000, "diversity": 0.8}))
    text = json.dumps(result.to_dict(), allow_nan=False)
    found = json.loads(text)

    assert list(found) == ["schema", "gate"]
    checks = found["gate"]["checks"]
    assert [one["name"] for one in checks] == ["distinct_samples", "diversity"]
    assert (checks[0]["low"], checks[0]["high"], checks[0]["needed"]) == (60, None, None)
    assert checks[0]["hopeless"] is True
    assert list(checks[0]) == list(checks[1])
    assert found["gate"]["exit_code"] == 0
    assert found["gate"]["result"] == "INCONCLUSIVE"
    assert text == json.dumps(evaluate(made, result.rules).to_dict(), allow_nan=False)


def test_a_slim_report_gates_like_the_whole_one() -> None:
    """Pictures, points and latents go; scores, findings and settings stay."""
    picture = Exhibit("grid", "T", "", {"tiles": ["data:image/webp;base64,AAAA"]})
    full = replace(
        report([GOOD], [finding(exhibits=(picture,), condition=Condition.MISSING_MODES)]),
        exhibits=(picture,),
        cuts=(
            Cut("cut", 3, Rate(0.5, 0.2, 1.0), 0.0, 1.5, (1.0, 0.0), 0.5, 1, None, 2.0, ("a",),
                ((0.1, 0.2),)),
        ),
        copies=(Copy("1", "2", "near", 0.5, None, 0.125, (0.5, 1.0)),),
    )  # fmt: skip
    small = slim(full)
    text = json.dumps(small.to_dict())

    assert "data:image" not in text
    assert (small.cuts[0].points, small.copies[0].latent) == ((), ())
    assert small.scores == full.scores
    assert small.settings == full.settings
    asked = rules(min={"diversity": 0.8}, forbid=["missing-modes"])
    assert evaluate(small, asked) == evaluate(full, asked)
    assert stored.decoded(text.encode(), "r.json").diagnosis == slim(stored.as_stored(full))


def test_notes_can_be_added() -> None:
    """Whoever runs a gate may say more about it."""
    assert gate(diversity="error").noted("Two looks.").notes == ("Two looks.",)


def test_hostile_text_stays_on_one_line() -> None:
    """Titles and reasons from a report have neither line breaks nor control characters."""
    nasty = "a\nb\x1b[31m\u202e" + "x" * 5000
    made = report(verdict=Verdict.COLLAPSED, summary=(nasty,), skipped=[Skipped("coverage", nasty)])
    result = evaluate(made, rules(forbid=["collapsed"], min={"diversity": 0.8}))

    for text in (result.sentence, *(one.reason for one in result.outcomes)):
        assert text.isprintable()
        assert len(text) < 1000


def test_gating_is_light() -> None:
    """Holding a report against rules loads neither torch nor numpy nor a terminal."""
    code = (
        "import sys; import gancheck.gate; from gancheck.reporters.gates import GATE_REPORTERS; "
        "print(GATE_REPORTERS.names(), sorted({'torch', 'numpy', 'scipy', 'rich', 'jinja2'} & "
        "set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['github', 'json', 'junit', 'markdown', 'text'] []"


def test_states_read_as_words() -> None:
    """The words that stand in JSON and settings."""
    assert [one.value for one in State] == [
        "passed", "failed", "inconclusive", "unavailable", "off",
    ]  # fmt: skip
