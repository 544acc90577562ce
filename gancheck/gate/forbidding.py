"""Conditions and verdicts that must not be found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from gancheck.gate.bounds import (
    TWO_SIDED,
    Bounds,
    Lack,
    Measured,
    side,
    skipped,
    still_open,
)
from gancheck.gate.catalogue import FORBIDDEN, SEEKERS
from gancheck.gate.deciding import samples_to_decide
from gancheck.gate.limits import State
from gancheck.gate.words import one_line
from gancheck.policy import NEEDED, worst_first
from gancheck.types import Condition, Diagnosis, Finding, Interval, Severity, Verdict


class Ruling(NamedTuple):
    """What became of a ban.

    Attributes:
        state: Whether it was kept.
        reason: Why, in words.
        needed: Samples that would decide; None where it is decided, or nobody knows.
        hint: What helps.
    """

    state: State
    reason: str
    needed: float | None = None
    hint: str = ""


def rule(diagnosis: Diagnosis, word: str) -> Ruling:
    """Tell whether a condition, or a verdict, was found."""
    verdicts = {one.value: one for one in FORBIDDEN}
    if word in verdicts:
        return _of_verdict(diagnosis, verdicts[word])
    return _of_condition(diagnosis, Condition(word))


def _of_verdict(diagnosis: Diagnosis, banned: Verdict) -> Ruling:
    found = diagnosis.verdict
    why = one_line(" ".join(diagnosis.summary)).rstrip(".")
    said = f"the verdict is {found.value}" + (f": {why}" if why else "")
    if found in FORBIDDEN[banned]:
        return Ruling(State.FAILED, said)
    if found is Verdict.INCONCLUSIVE:
        return Ruling(State.INCONCLUSIVE, said, _to_conclude(diagnosis))
    return Ruling(State.PASSED, f"the verdict is {found.value}, not {banned.value}")


def _to_conclude(diagnosis: Diagnosis) -> float | None:
    """Return what would settle the verdict; no samples make up for an analyzer that did not run."""
    if any(one.analyzer in NEEDED for one in diagnosis.skipped):
        return math.inf
    wanted = [needed for one in Condition for _, needed in still_open(diagnosis, one)]
    wanted += [needed for one in diagnosis.findings for needed in _to_leave_limit(diagnosis, one)]
    return max(wanted, default=None)


def _to_leave_limit(diagnosis: Diagnosis, finding: Finding) -> Iterator[float]:
    """Yield what would take the limit of the diversity out of its interval."""
    low, high = finding.interval or (math.nan, math.nan)
    value, threshold = finding.value, _least(finding.limit or "")
    if finding.id == "coverage.diversity" and value is not None and low < threshold <= high:
        bounds = Bounds(Interval(low, high), TWO_SIDED)
        needed = samples_to_decide(Measured(value, bounds, n=side(diagnosis)), threshold)
        yield from () if needed is None else (needed,)


def _least(limit: str) -> float:
    """Read a limit that is written ``>= 0.80``."""
    try:
        return float(limit.removeprefix(">="))
    except ValueError:
        return math.nan


def _of_condition(diagnosis: Diagnosis, condition: Condition) -> Ruling:
    about = worst_first(f for f in diagnosis.findings if f.condition is condition)
    seekers = SEEKERS.get(condition, ())
    speaking = sorted(about, key=lambda finding: finding.id not in seekers)
    if condition in diagnosis.conditions:
        flagged = [finding for finding in speaking if finding.severity >= Severity.WARN]
        why = f": {one_line(flagged[0].title).rstrip('.')}" if flagged else ""
        return Ruling(State.FAILED, f"{condition.value} was found{why}")
    if not _was_sought(diagnosis, condition):
        lack = _not_sought(diagnosis, condition)
        return Ruling(State.UNAVAILABLE, lack.reason, hint=lack.hint)
    undecided = still_open(diagnosis, condition)
    if undecided:
        finding, needed = max(undecided, key=lambda one: one[1])
        title = one_line(finding.title).rstrip(".")
        said = f"{condition.value} cannot be ruled out: {title}"
        return Ruling(State.INCONCLUSIVE, said, needed)
    return Ruling(State.PASSED, f"{condition.value} was not found")


def _was_sought(diagnosis: Diagnosis, condition: Condition) -> bool:
    """Tell whether some finding is about a condition, be it that all is well.

    The diversity names the condition that its reading speaks for most, also where all is well:
    that is no search for it.
    """
    return any(_seeks(finding, condition) for finding in diagnosis.findings)


def _seeks(finding: Finding, condition: Condition) -> bool:
    if finding.id in SEEKERS.get(condition, ()):
        return True
    return finding.condition is condition and finding.id != "coverage.diversity"


def _not_sought(diagnosis: Diagnosis, condition: Condition) -> Lack:
    seekers = SEEKERS.get(condition, ())
    if not seekers:
        return Lack(f"{condition.value} was not looked for: no check of this version finds it")
    analyzers = tuple(dict.fromkeys(finding.partition(".")[0] for finding in seekers))
    why = skipped(diagnosis, analyzers) or "no check of this run is about it"
    return Lack(
        f"{condition.value} was not looked for: {why}",
        f"gancheck explain {analyzers[0]} says what it needs.",
    )
