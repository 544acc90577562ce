"""Results of gates to render: failed, passed, open, hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gancheck.gate import GateResult, evaluate, rules
from gancheck.types import Condition, Severity, Skipped, Verdict
from gate.reports import finding, lost_mode, report, score

HOSTILE = (
    "::error::owned\n::set-env name=A::b\r##[error]x %0A | `tick` ```\n</system-out>]]> <b>&amp; "
    "@team #12 **bold** [l](http://e.vil) <img src=x> \x00\x1b[31m\u202e $x$ ~~~"
)


def failed() -> GateResult:
    """Return a gate with every state in it."""
    made = report(
        [
            score(0.46, 0.012),
            score(0.94, 0.004, "fidelity"),
            score(0.021, 0.002, "memorization"),
            score(0.75, 0.01, "coverage"),
        ],
        [
            finding(
                "modes.missing",
                2.0,
                severity=Severity.FAIL,
                title="2 of 10 modes are never drawn: 4 and 8",
                condition=Condition.MISSING_MODES,
            )
        ],
        verdict=Verdict.COLLAPSED,
        conditions=[Condition.MISSING_MODES],
        skipped=[Skipped("discriminator", "needs --discriminator")],
        summary=("2 of 10 modes are never drawn: 4 and 8.",),
        modes=(lost_mode("4", 0.097), lost_mode("8", 0.098, 1)),
    )
    return evaluate(
        made,
        rules(
            min={"diversity": 0.8, "fidelity": 0.7, "coverage": 0.755},
            max={"memorization": 0.01, "jensen_shannon": 0.1, "cut_mass": 0.1},
            forbid=["missing-modes"],
            levels={"memorization": "warn", "cut_mass": "off"},
        ),
    )


def passed() -> GateResult:
    """Return a gate with three limits that are kept."""
    made = report([score(0.95), score(0.94, 0.004, "fidelity"), score(0.002, 0.0004, "cut_mass")])
    asked = rules(min={"diversity": 0.8, "fidelity": 0.7}, max={"cut_mass": 0.01})
    return evaluate(made, asked)


def inconclusive(on_inconclusive: str = "warn") -> GateResult:
    """Return a gate whose limit lies inside the interval."""
    asked = rules(min={"diversity": 0.8}, on_inconclusive=on_inconclusive)
    return evaluate(report([score(0.795, 0.01)]), asked)


def dropped() -> GateResult:
    """Return a gate on the loss since a baseline."""
    new, old = report([score(0.70, 0.001)]), report([score(0.80, 0.001)])
    return evaluate(new, rules(max_drop=0.03), old, baseline_name="ci/baseline.json")


def hostile(text: str = HOSTILE, count: int = 40) -> GateResult:
    """Return a gate on a report in which every text is the same nasty one."""
    made = report(
        [score(0.5, 0.001, f"score {at} {text[:2000]}") for at in range(count)],
        [
            finding(
                severity=Severity.FAIL, title=text, detail=text, condition=Condition.MISSING_MODES
            )
        ],
        verdict=Verdict.COLLAPSED,
        conditions=[Condition.MISSING_MODES],
        skipped=[Skipped("coverage", text)],
        summary=(text, f"{text} \ud800"),
        modes=tuple(lost_mode(text, 0.01, at) for at in range(count)),
        versions={"gancheck": text},
        settings=dict.fromkeys(("embedder", "reference", "command", "strict_embedder"), text),
        created=text,
    )
    made = replace(made, subject=replace(made.subject, path=text))
    least: dict[str, Any] = dict.fromkeys(made.scores, 0.8)
    asked = rules(min={"diversity": 0.8, **least}, forbid=["missing-modes", "collapsed"])
    return evaluate(made, asked).noted(text)


ALL = {
    "failed": failed,
    "passed": passed,
    "inconclusive": inconclusive,
    "dropped": dropped,
    "hostile": hostile,
}
