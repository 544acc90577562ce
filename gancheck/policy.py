"""From findings to a verdict. The table below is the whole policy, and the docs print it.

============  ====================================================================================
verdict       when
============  ====================================================================================
collapsed     a condition of collapse is beyond its limit with its whole interval (a FAIL finding),
              and the generator was run as it was trained
suspect       anything else is flagged: a WARN finding, a FAIL that is not a kind of collapse, or
              any FAIL of a generator that is fed with the wrong latents or depends on its batch
inconclusive  nothing is flagged, but something needed for "healthy" could not be judged: there is
              no reference, the comparison was skipped, the interval of the diversity contains the
              limit, or modes that hold more than 5% are too rare to be called missing
healthy       nothing is flagged, and everything needed was judged
============  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gancheck.types import Condition, Finding, Severity, Skipped, Verdict

COLLAPSE = frozenset(
    {
        Condition.MISSING_MODES,
        Condition.IMBALANCED_MODES,
        Condition.WITHIN_MODE_COLLAPSE,
        Condition.FEW_DISTINCT_SAMPLES,
        Condition.IGNORED_LATENT,
        Condition.CLASS_COLLAPSE,
    }
)
"""Conditions that are collapse; all others make a generator suspect at most."""

MISUSE = frozenset({"audit.latent-law", "audit.batch-mates", "sensitivity.batch"})
"""Findings that, when flagged, say that the generator was not run as it was trained: what it draws
then says nothing about what it learned."""

NEEDED = ("coverage", "modes")
"""Analyzers without which nothing is called healthy."""

SENTENCES = 5
_HOPELESS = 100


class Judgement(NamedTuple):
    """A verdict, the conditions behind it and the reasons in sentences."""

    verdict: Verdict
    conditions: tuple[Condition, ...]
    summary: tuple[str, ...]


def judge(findings: Iterable[Finding], skipped: Sequence[Skipped]) -> Judgement:
    """Weigh the findings of one run."""
    findings = tuple(findings)
    flagged = worst_first(f for f in findings if f.severity >= Severity.WARN)
    conditions = tuple(dict.fromkeys(f.condition for f in flagged if f.condition))
    if not flagged:
        return Judgement(*_unflagged(findings, skipped))
    misused = [f for f in flagged if f.id in MISUSE]
    collapsed = any(f.severity is Severity.FAIL and f.condition in COLLAPSE for f in flagged)
    verdict = Verdict.COLLAPSED if collapsed and not misused else Verdict.SUSPECT
    ordered = misused + [f for f in flagged if f.id not in MISUSE]
    return Judgement(verdict, conditions, tuple(_sentence(f) for f in ordered[:SENTENCES]))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Order findings by severity; at equal severity, kinds of collapse come first."""
    return sorted(findings, key=lambda f: (-f.severity, f.condition not in COLLAPSE))


def _unflagged(
    findings: Iterable[Finding], skipped: Sequence[Skipped]
) -> tuple[Verdict, tuple[Condition, ...], tuple[str, ...]]:
    reasons = [f"{s.analyzer}: {s.reason}." for s in skipped if s.analyzer in NEEDED]
    if reasons:
        first = "No collapse was seen, but missing modes cannot be judged."
        return Verdict.INCONCLUSIVE, (), (first, *reasons)
    doubts = tuple(doubt for finding in findings for doubt in _doubts(finding))
    if doubts:
        return Verdict.INCONCLUSIVE, (), doubts
    return Verdict.HEALTHY, (), ("No sign of collapse.",)


def _doubts(finding: Finding) -> Iterator[str]:
    """Say what a finding leaves open that a healthy generator has to have shown."""
    if finding.id == "modes.power" and finding.severity > Severity.OK:
        yield _sentence(finding)
    if finding.id == "coverage.diversity" and _straddles(finding) and finding.interval:
        low, high = finding.interval
        yield (
            f"The diversity lies between {low:.2f} and {high:.2f}, with the limit {finding.limit} "
            f"in between: {_how_many(finding)}."
        )


def _straddles(finding: Finding) -> bool:
    """Tell whether the limit lies inside the interval."""
    if finding.interval is None or finding.limit is None:
        return False
    return finding.interval.low < _limit(finding) <= finding.interval.high


def _limit(finding: Finding) -> float:
    """Read the number of a limit written ``>= x``."""
    return float((finding.limit or "nan").removeprefix(">= "))


def _how_many(finding: Finding) -> str:
    """Say how many times more samples and reference would decide, were the value to stay.

    The interval narrows with the square root of their number.
    """
    low, high = finding.interval or (0.0, 0.0)
    value = (low + high) / 2 if finding.value is None else finding.value
    gap = abs(value - _limit(finding))
    times = ((high - low) / 2 / gap) ** 2 if gap else float("inf")
    if times > _HOPELESS:
        return "too close for any number of samples (--samples) to decide soon"
    return (
        f"about {max(1.5, times):.1f} times as many samples (--samples) and reference samples "
        "would decide"
    )


def _sentence(finding: Finding) -> str:
    """Write a finding as a sentence."""
    return finding.title[0].upper() + finding.title[1:] + "."
