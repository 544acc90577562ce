"""What became of each limit, and of the gate as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from gancheck.errors import ExitCode
from gancheck.gate.limits import Level, Limit, OnInconclusive, Rules, State
from gancheck.plain import to_json
from gancheck.types import JSON, Condition, Interval, Mode, Score, Verdict

SCHEMA = 1
"""Of the gate's own JSON; raised when a key is changed or dropped."""

_ORDER = (State.UNAVAILABLE, State.FAILED, State.INCONCLUSIVE, State.PASSED, State.OFF)


class Alarm(IntEnum):
    """How loudly an outcome is reported; only errors fail a build."""

    NONE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Outcome:
    """What became of one limit.

    Attributes:
        limit: The limit.
        state: What became of it.
        value: The number held against it; for ``max-drop`` the difference to the baseline, below
            zero where something was lost. None where there is no number.
        interval: The two one-sided bounds of the value, one of which decides; None where the
            value is exact, or there is none.
        confidence: That of each bound; None where the value is exact, or there is none.
        ceiling: What two halves of the reference read, None without one.
        baseline: The score in the baseline; None for other kinds than ``max-drop``.
        paired: Whether the interval is that of the paired difference.
        needed: Samples a side that would decide, infinity where no number would; None where it is
            decided, or nobody knows.
        n: Samples a side now, None where that is not known.
        reason: What was found, in one line, with the number that decides and the limit.
        hint: What helps.
    """

    limit: Limit
    state: State
    value: float | None = None
    interval: Interval | None = None
    confidence: float | None = None
    ceiling: float | None = None
    baseline: float | None = None
    paired: bool = False
    needed: float | None = None
    n: int | None = None
    reason: str = ""
    hint: str = ""

    def alarm(self, on_inconclusive: OnInconclusive) -> Alarm:
        """Say how loudly it is reported."""
        if self.state is State.UNAVAILABLE:
            return Alarm.ERROR
        strict = self.limit.level is Level.ERROR
        if self.state is State.FAILED:
            return Alarm.ERROR if strict else Alarm.WARNING
        if self.state is State.INCONCLUSIVE and on_inconclusive is not OnInconclusive.PASS:
            fails = strict and on_inconclusive is OnInconclusive.FAIL
            return Alarm.ERROR if fails else Alarm.WARNING
        return Alarm.NONE


@dataclass(frozen=True)
class GateResult:
    """A report held against the rules of a gate.

    Attributes:
        outcomes: One a limit, the worst first.
        rules: What was asked.
        subject: Path of what was diagnosed.
        verdict: Verdict of the diagnosis.
        conditions: Its conditions.
        summary: Its reasons, in sentences.
        settings: What the run depended on, as far as a reader of the gate needs it.
        scores: Its scores.
        modes: Its modes.
        versions: Versions of what measured.
        baseline: Name of the baseline, None without one.
        notes: What else has to be said, in sentences.
        created: When the report was made.
        seconds: How long measuring took.
    """

    outcomes: tuple[Outcome, ...]
    rules: Rules
    subject: str
    verdict: Verdict
    conditions: tuple[Condition, ...]
    summary: tuple[str, ...]
    settings: Mapping[str, JSON]
    scores: Mapping[str, Score]
    modes: tuple[Mode, ...]
    versions: Mapping[str, str]
    baseline: str | None = None
    notes: tuple[str, ...] = ()
    created: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the build goes on."""
        return self.exit_code is ExitCode.OK

    @property
    def exit_code(self) -> ExitCode:
        """What the process returns; what could not be measured is never green."""
        if any(one.state is State.UNAVAILABLE for one in self.outcomes):
            return ExitCode.COULD_NOT_RUN
        failed = any(self.alarm(one) is Alarm.ERROR for one in self.outcomes)
        return ExitCode.GATE_FAILED if failed else ExitCode.OK

    @property
    def word(self) -> str:
        """The result in a word or two; what does not pass has capitals."""
        if self.exit_code is ExitCode.COULD_NOT_RUN:
            return "COULD NOT RUN"
        if self.exit_code is ExitCode.GATE_FAILED:
            return "FAILED"
        alarms = [one for one in self.outcomes if self.alarm(one) is Alarm.WARNING]
        if any(
            one.state is State.INCONCLUSIVE and one.limit.level is Level.ERROR for one in alarms
        ):
            return "INCONCLUSIVE"
        return "passed with warnings" if alarms else "passed"

    @property
    def sentence(self) -> str:
        """The result in one line, with the number that decides and its limit."""
        checked = [one for one in self.outcomes if one.state is not State.OFF]
        if not checked:
            return f"gate {self.word}: nothing was checked, every limit is switched off"
        worst = checked[0]
        alarm = self.alarm(worst)
        others = sum(self.alarm(one) is alarm for one in checked) - 1
        more = f" (and {others} more)" if others else ""
        return f"gate {self.word}: {worst.reason}{more}"

    def alarm(self, outcome: Outcome) -> Alarm:
        """Say how loudly one of its outcomes is reported."""
        return outcome.alarm(self.rules.on_inconclusive)

    def noted(self, *notes: str) -> GateResult:
        """Return the result with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def to_dict(self) -> dict[str, JSON]:
        """Return the result as JSON can hold it: ``schema``, then everything under ``gate``."""
        gate = {
            "passed": self.passed,
            "exit_code": int(self.exit_code),
            "result": self.word,
            "sentence": self.sentence,
            "subject": self.subject,
            "verdict": self.verdict,
            "conditions": self.conditions,
            "summary": self.summary,
            "notes": self.notes,
            "confidence": self.rules.confidence,
            "on_inconclusive": self.rules.on_inconclusive,
            "by_default": self.rules.by_default,
            "baseline": self.baseline,
            "needed": needed(self),
            "checks": [_row(one) for one in self.outcomes],
            "scores": {name: _number(score) for name, score in self.scores.items()},
            "modes": self.modes,
            "settings": self.settings,
            "versions": self.versions,
            "created": self.created,
            "seconds": self.seconds,
        }
        return {"schema": SCHEMA, "gate": to_json(gate)}


def worst_first(outcomes: list[Outcome], rules: Rules) -> tuple[Outcome, ...]:
    """Sort outcomes by how loudly they are reported, then by state; equal ones keep their order."""
    return tuple(
        sorted(
            outcomes,
            key=lambda one: (-one.alarm(rules.on_inconclusive), _ORDER.index(one.state)),
        )
    )


def is_decided(result: GateResult) -> bool:
    """Tell whether more samples could not change anything: no limit lies inside its interval."""
    return not any(one.state is State.INCONCLUSIVE for one in result.outcomes)


def needed(result: GateResult) -> float | None:
    """Return the samples a side that would decide every open limit.

    Returns:
        The largest number; infinity where no number would do; None where nothing is open, or for
        none of the open limits the number is known.
    """
    wanted = [
        one.needed
        for one in result.outcomes
        if one.state is State.INCONCLUSIVE and one.needed is not None
    ]
    return max(wanted, default=None)


def _row(outcome: Outcome) -> dict[str, JSON]:
    limit, wanted = outcome.limit, outcome.needed
    return {
        "check": limit.text,
        "kind": limit.kind,
        "name": limit.name,
        "limit": limit.value,
        "level": limit.level,
        "state": outcome.state,
        "value": outcome.value,
        "low": None if outcome.interval is None else outcome.interval.low,
        "high": None if outcome.interval is None else outcome.interval.high,
        "confidence": outcome.confidence,
        "ceiling": outcome.ceiling,
        "baseline": outcome.baseline,
        "paired": outcome.paired,
        "n": outcome.n,
        "needed": wanted,
        "hopeless": wanted is not None and math.isinf(wanted),
        "reason": outcome.reason,
        "hint": outcome.hint,
    }


def _number(score: Score) -> dict[str, JSON]:
    return {
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "ceiling": score.ceiling,
        "n": score.n,
    }
