"""Diagnoses lined up for a table: scores, conditions, modes and checks, the first run in front.

Every interval is that of its own run; the runs are not paired. Intervals of 95% that do not overlap
show a difference. Intervals that overlap leave it open: the difference may still be there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from gancheck.errors import UsageError
from gancheck.reporters import wording
from gancheck.reporters.side_by_side import fields
from gancheck.types import Score, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gancheck.types import Condition, Diagnosis, Exhibit, Mode

MOST_RUNS = 6
"""Runs that still fit beside each other."""

_LONG = 100_000  # differences from here on are written with a unit
_SAME_SHARE = 1e-4  # shares of the reference are written with six digits


class Run(NamedTuple):
    """One run: its letter, the report it came from, and what it says."""

    letter: str
    report: str
    diagnosis: Diagnosis


class Outcome(str, Enum):
    """What two intervals say of two numbers."""

    HIGHER = "higher"
    LOWER = "lower"
    OPEN = "overlap"
    EQUAL = "same"


_SAID = {
    Outcome.HIGHER: "higher: the intervals do not overlap",
    Outcome.LOWER: "lower: the intervals do not overlap",
    Outcome.OPEN: "the intervals overlap",
    Outcome.EQUAL: "the same number",
}


class Difference(NamedTuple):
    """A score minus that of the first run, also as text, or why there is no such number."""

    value: float | None
    says: str
    shown: str = ""
    outcome: Outcome | None = None


class ScoreCell(NamedTuple):
    """A score in one run, and how it differs from the first run's; None for the first run."""

    score: Score | None
    difference: Difference | None


class ScoreRow(NamedTuple):
    """One score in every run."""

    name: str
    cells: tuple[ScoreCell, ...]

    @property
    def alike(self) -> bool:
        """Whether all runs have the same number, measured in the same way."""
        differences = [cell.difference for cell in self.cells[1:]]
        return all(one is not None and one.outcome is Outcome.EQUAL for one in differences)


class ModeRow(NamedTuple):
    """One mode in every run."""

    label: str
    reference_share: float
    modes: tuple[Mode, ...]

    @property
    def spread(self) -> float:
        """The largest difference of any two runs' shares."""
        shares = [mode.sample_share for mode in self.modes]
        return max(shares) - min(shares)


class CheckRow(NamedTuple):
    """One check whose severity is not the same in all runs; None where it did not run."""

    id: str
    severities: tuple[Severity | None, ...]


class ConditionRow(NamedTuple):
    """One condition, and in which runs it was found."""

    condition: Condition
    found: tuple[bool, ...]

    def change(self, at: int) -> str:
        """Say what became of it since the first run."""
        words = {(True, True): "still", (True, False): "lost", (False, True): "gained"}
        return words.get((self.found[0], self.found[at]), "")


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other.

    Attributes:
        runs: Two or more.
        differing: What the runs do not have in common.
        conditions: What was found in at least one run.
        scores: Every score that some run has.
        modes: The modes, those first whose shares differ most; empty if they are not the same.
        modes_apart: Why the modes cannot be lined up; empty if they can, or there are none.
        checks: Checks that do not come out alike, the worst first.
    """

    runs: tuple[Run, ...]
    differing: list[fields.Field]
    conditions: list[ConditionRow]
    scores: list[ScoreRow]
    modes: list[ModeRow]
    modes_apart: str
    checks: list[CheckRow]

    def grids(self, role: str) -> list[tuple[Run, Exhibit]]:
        """Return the grid of random images that each run shows, of samples or of reference."""
        return [
            (run, exhibit)
            for run in self.runs
            for exhibit in run.diagnosis.exhibits
            if exhibit.kind == "grid" and exhibit.payload.get("role") == role
        ]


def build(reports: Sequence[tuple[str, Diagnosis]]) -> Comparison:
    """Line up diagnoses, each with the name of its report.

    Raises:
        UsageError: There are fewer than two, or too many.
    """
    if not 2 <= len(reports) <= MOST_RUNS:
        raise UsageError(
            f"{len(reports)} reports cannot be put side by side", f"Give 2 to {MOST_RUNS} of them."
        )
    runs = tuple(
        Run(chr(ord("A") + at), name, diagnosis) for at, (name, diagnosis) in enumerate(reports)
    )
    diagnoses = [run.diagnosis for run in runs]
    modes, apart = _modes(diagnoses)
    return Comparison(
        runs=runs,
        differing=fields.differing(diagnoses),
        conditions=_conditions(diagnoses),
        scores=_scores(diagnoses),
        modes=modes,
        modes_apart=apart,
        checks=_checks(diagnoses),
    )


def difference(first: Score, other: Score) -> Difference:
    """Return how a score differs from the first run's, when both measure the same thing."""
    value = other.value - first.value
    if not math.isfinite(value):
        return Difference(None, "not a number")
    if other.low > first.high:
        outcome = Outcome.HIGHER
    elif other.high < first.low:
        outcome = Outcome.LOWER
    else:
        outcome = Outcome.OPEN if value else Outcome.EQUAL
    return Difference(value, _SAID[outcome], signed(value, (first.value, other.value)), outcome)


def signed(value: float, numbers: Sequence[float]) -> str:
    """Write a difference with its sign, as exactly as the numbers that it was taken of."""
    if not value or abs(value) >= _LONG:
        return f"{'-' if value < 0 else '+'}{wording.number(abs(value))}" if value else "0"
    shown = [wording.score_numbers(Score("", one, one, one)).value for one in numbers]
    places = max(len(text.partition(".")[2]) for text in shown)
    return f"{value:+,.{places}f}" if abs(value) >= 10.0**-places / 2 else f"{value:+.1g}"


def _scores(diagnoses: Sequence[Diagnosis]) -> list[ScoreRow]:
    names = dict.fromkeys(name for diagnosis in diagnoses for name in diagnosis.scores)
    return [
        ScoreRow(
            name,
            (
                ScoreCell(diagnoses[0].scores.get(name), None),
                *(_score_cell(diagnoses[0], one, name) for one in diagnoses[1:]),
            ),
        )
        for name in names
    ]


def _score_cell(first: Diagnosis, other: Diagnosis, name: str) -> ScoreCell:
    score = other.scores.get(name)
    if score is None or name not in first.scores:
        missing = "here" if score is None else "in A"
        return ScoreCell(score, Difference(None, f"not measured {missing}"))
    apart = fields.score_obstacles(first, other, name)
    if apart:
        return ScoreCell(score, Difference(None, f"not compared: {', '.join(apart)}"))
    return ScoreCell(score, difference(first.scores[name], score))


def _conditions(diagnoses: Sequence[Diagnosis]) -> list[ConditionRow]:
    found = dict.fromkeys(one for diagnosis in diagnoses for one in diagnosis.conditions)
    return [ConditionRow(one, tuple(one in d.conditions for d in diagnoses)) for one in found]


def _modes(diagnoses: Sequence[Diagnosis]) -> tuple[list[ModeRow], str]:
    """Line up the modes if they are the same in all runs, else say why they are not."""
    if not any(diagnosis.modes for diagnosis in diagnoses):
        return [], ""
    first = diagnoses[0]
    apart = dict.fromkeys(word for one in diagnoses[1:] for word in fields.obstacles(first, one))
    if apart:
        return [], f"{' and '.join(apart)} {'differ' if len(apart) > 1 else 'differs'}"
    columns = [diagnosis.modes for diagnosis in diagnoses]
    if any(not _same_modes(columns[0], column) for column in columns[1:]):
        return [], "they were not cut out of the same part of the reference"
    rows = [
        ModeRow(modes[0].label, modes[0].reference_share, modes)
        for modes in zip(*columns, strict=True)
    ]
    return sorted(rows, key=lambda row: -row.spread), ""


def _same_modes(one: Sequence[Mode], other: Sequence[Mode]) -> bool:
    return len(one) == len(other) and all(
        (a.id, a.label) == (b.id, b.label)
        and abs(a.reference_share - b.reference_share) < _SAME_SHARE
        for a, b in zip(one, other, strict=True)
    )


def _checks(diagnoses: Sequence[Diagnosis]) -> list[CheckRow]:
    worst: list[dict[str, Severity]] = []
    for diagnosis in diagnoses:
        found: dict[str, Severity] = {}
        for finding in diagnosis.findings:
            found[finding.id] = max(finding.severity, found.get(finding.id, Severity.OK))
        worst.append(found)
    ids = dict.fromkeys(name for found in worst for name in found)
    rows = [CheckRow(name, tuple(found.get(name) for found in worst)) for name in ids]
    changed = [row for row in rows if len(set(row.severities)) > 1]
    return sorted(changed, key=lambda row: -max(one for one in row.severities if one is not None))
