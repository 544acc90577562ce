"""The numbers that limits are held against, each with its one-sided bounds."""

from __future__ import annotations

import math
from typing import NamedTuple

from gancheck.gate.catalogue import DOUBTS, SEEKERS, entry
from gancheck.gate.words import one_line
from gancheck.types import Condition, Diagnosis, Finding, Interval, Score, Severity

TWO_SIDED = 0.975
"""One-sided confidence of each end of a two-sided 95% interval."""


class Lack(NamedTuple):
    """Why there is nothing to hold a limit against, and what helps."""

    reason: str
    hint: str = ""


class Bounds(NamedTuple):
    """One-sided bounds of a number.

    Attributes:
        interval: Lower and upper bound; the number itself twice where it is exact.
        confidence: That of each bound; None for exact numbers.
    """

    interval: Interval
    confidence: float | None


class Measured(NamedTuple):
    """A number with its bounds.

    Attributes:
        value: The number.
        bounds: What it is known to lie between.
        ceiling: What two halves of the reference read, None without one.
        n: Samples a side that it rests on, None where that is not known.
        up_to: Samples a side beyond which more of them do not narrow the bounds.
        open: Samples that would settle what the number leaves open; None where it is settled.
    """

    value: float
    bounds: Bounds
    ceiling: float | None = None
    n: int | None = None
    up_to: float = math.inf
    open: float | None = None


def measured(diagnosis: Diagnosis, name: str, confidence: float) -> Measured | Lack:
    """Look up a score, or the number of a finding, with bounds at a confidence or a stricter one.

    Args:
        diagnosis: The report.
        name: Score, or id of a finding.
        confidence: One-sided confidence asked for.
    """
    if name in diagnosis.scores:
        return _of_score(diagnosis, diagnosis.scores[name], name, confidence)
    found = [finding for finding in diagnosis.findings if finding.id == name]
    numbered = [finding for finding in found if finding.value is not None]
    if numbered:
        return _of_finding(diagnosis, numbered[0], confidence)
    if found:
        return Lack(f"{name} has no number: {one_line(found[0].title)}")
    return absent(diagnosis, name)


def score_bounds(score: Score, confidence: float) -> Bounds | None:
    """Return bounds of a score that are at least as strict as asked, None where there are none."""
    if score.low == score.high == score.value:
        return Bounds(Interval(score.value, score.value), None)
    if confidence == TWO_SIDED or (score.tails is None and confidence < TWO_SIDED):
        return _bounds(Interval(score.low, score.high), TWO_SIDED)
    if score.tails is None:
        return None
    tail = score.tails.at_95 if confidence < TWO_SIDED else score.tails.at_99
    return _bounds(tail, confidence)


def _bounds(interval: Interval, confidence: float) -> Bounds | None:
    """Take an end that is no number for none; an interval without any ends, or turned, is none."""
    low, high = interval
    if math.isnan(low) and math.isnan(high):
        return None
    low = -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    return Bounds(Interval(low, high), confidence) if low <= high else None


def _of_score(diagnosis: Diagnosis, score: Score, name: str, confidence: float) -> Measured | Lack:
    if not math.isfinite(score.value):
        return Lack(f"{name} could not be measured: the report holds no number")
    bounds = score_bounds(score, confidence)
    if bounds is None:
        return _no_bounds(name, confidence)
    known = entry(name)
    return Measured(
        value=score.value,
        bounds=bounds,
        ceiling=score.ceiling if score.ceiling is None or math.isfinite(score.ceiling) else None,
        n=side(diagnosis, score.n),
        up_to=math.inf if known is None else known.up_to,
    )


def _of_finding(diagnosis: Diagnosis, finding: Finding, confidence: float) -> Measured | Lack:
    """Bound the number of a finding; a count that leaves something open does not pass."""
    value = math.nan if finding.value is None else finding.value
    if not math.isfinite(value):
        return Lack(f"{finding.id} could not be measured: the report holds no number")
    known = entry(finding.id)
    up_to = math.inf if known is None else known.up_to
    if finding.interval is None:
        exact = Bounds(Interval(value, value), None)
        return Measured(value, exact, None, side(diagnosis), up_to, _open(diagnosis, finding))
    bounds = _bounds(finding.interval, TWO_SIDED) if confidence <= TWO_SIDED else None
    if bounds is None:
        return _no_bounds(finding.id, confidence)
    return Measured(value, bounds, None, side(diagnosis), up_to)


def _no_bounds(name: str, confidence: float) -> Lack:
    return Lack(
        f"{name} has no bounds at one-sided {100 * confidence:.3g}%",
        "Decide at the confidence 0.95." if confidence > TWO_SIDED else "",
    )


def still_open(diagnosis: Diagnosis, condition: Condition) -> list[tuple[Finding, float]]:
    """Return the findings that cannot rule a condition out, each with the samples it would take.

    Infinity where no number would do; reports write it as no number.
    """
    doubts = DOUBTS.get(condition, ())
    found = []
    for finding in diagnosis.findings:
        if finding.id in doubts and finding.severity > Severity.OK:
            needed = math.inf if finding.needed is None else finding.needed
        elif finding.condition is condition and finding.needed is not None:
            needed = finding.needed
        else:
            continue
        found.append((finding, math.inf if math.isnan(needed) else needed))
    return found


def _open(diagnosis: Diagnosis, finding: Finding) -> float | None:
    """Return what would settle a count of what was found, such as the missing modes."""
    if finding.condition is None or finding.id not in SEEKERS.get(finding.condition, ()):
        return finding.needed if entry(finding.id) is None else None
    found = [needed for _, needed in still_open(diagnosis, finding.condition)]
    return max(found, default=None)


def side(diagnosis: Diagnosis, n: int | None = None) -> int | None:
    """Return at what n more samples would count: that of the comparison, or all samples."""
    sizes = [diagnosis.settings.get(name) for name in ("compared", "samples")]
    known = [size for size in sizes if isinstance(size, int) and size > 0]
    return n if n in known else next(iter(known), n)


def absent(diagnosis: Diagnosis, name: str) -> Lack:
    """Say why a report lacks a number."""
    known = entry(name)
    why = skipped(diagnosis, () if known is None else (known.analyzer,))
    if why:
        return Lack(f"{name} was not measured: {why}", _explain(known.analyzer if known else ""))
    return Lack(f"{name} was not measured in this run")


def skipped(diagnosis: Diagnosis, analyzers: tuple[str, ...]) -> str:
    """Repeat why analyzers were skipped; empty where they were not."""
    reasons = [
        f"{one.analyzer} was skipped, {one_line(one.reason)}"
        for one in diagnosis.skipped
        if one.analyzer in analyzers
    ]
    return "; ".join(reasons)


def _explain(analyzer: str) -> str:
    return f"gancheck explain {analyzer} says what it needs." if analyzer else ""
