"""A report against rules: the one place where a gate passes or fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gancheck.errors import UsageError
from gancheck.gate.bounds import TWO_SIDED, Lack, Measured, absent, measured
from gancheck.gate.catalogue import require_known
from gancheck.gate.comparing import difference, require_comparable
from gancheck.gate.deciding import decide, samples_to_decide
from gancheck.gate.forbidding import rule
from gancheck.gate.limits import Level, Limit, Rules, State
from gancheck.gate.outcome import GateResult, Outcome, worst_first
from gancheck.gate.phrases import hint, reason
from gancheck.gate.slimming import HOPELESS, slim
from gancheck.gate.words import one_line
from gancheck.stored import as_stored
from gancheck.types import JSON, Diagnosis, Interval

_KEPT = (
    "samples", "compared", "seed", "device", "embedder", "embedder_sha256", "strict_embedder",
    "strict_embedder_sha256", "reference", "reference_sha256", "reference_n", "holdout",
    "holdout_sha256", "command",
)  # fmt: skip
_LONGEST = 1000  # characters of a reason
_DEFAULT = "No limit was given: only the verdict collapsed is forbidden (--min, --max, --forbid)."


def evaluate(
    diagnosis: Diagnosis,
    rules: Rules,
    baseline: Diagnosis | None = None,
    *,
    baseline_name: str | None = None,
) -> GateResult:
    """Hold a diagnosis against the rules of a gate.

    Numbers are read as they stand in the report, rounded, so that a run and its stored report come
    out alike.

    Args:
        diagnosis: The report.
        rules: What is asked.
        baseline: An earlier report, for ``max-drop``.
        baseline_name: What to call it.

    Raises:
        UsageError: A name is unknown, the baseline is missing or not asked for, or it was not
            measured in the same way.
    """
    new = as_stored(slim(diagnosis))
    old = None if baseline is None else as_stored(slim(baseline))
    require_known(rules, new)
    _require_baseline(new, old, rules)
    found = (_outcome(new, old, limit, rules.confidence) for limit in rules.limits)
    outcomes = [replace(one, reason=one_line(one.reason, _LONGEST)) for one in found]
    return GateResult(
        outcomes=worst_first(outcomes, rules),
        rules=rules,
        subject=new.subject.path,
        verdict=new.verdict,
        conditions=new.conditions,
        summary=new.summary,
        settings={name: new.settings[name] for name in _KEPT if name in new.settings},
        scores=new.scores,
        modes=new.modes,
        versions=new.versions,
        baseline=None if old is None else baseline_name or old.subject.path,
        notes=(_DEFAULT,) if rules.by_default else (),
        created=new.created,
        seconds=_seconds(new.timings),
    )


def _require_baseline(new: Diagnosis, old: Diagnosis | None, rules: Rules) -> None:
    """Refuse a drop from nowhere, a baseline for nothing, and one of another kind."""
    drops = [limit for limit in rules.limits if limit.kind == "max-drop"]
    checked = [limit.name for limit in drops if limit.level is not Level.OFF]
    if old is None:
        if checked:
            raise UsageError(
                f"how much {checked[0]} dropped can only be told from a baseline",
                "Give an earlier report: --baseline old.json; gancheck baseline MODEL writes one.",
            )
        return
    if not drops:
        raise UsageError(
            "there is a baseline, and nothing is held against it",
            "Say how much may be lost: --max-drop 0.03.",
        )
    require_comparable(new, old, checked)


def _outcome(new: Diagnosis, old: Diagnosis | None, limit: Limit, confidence: float) -> Outcome:
    if limit.level is Level.OFF:
        return Outcome(limit, State.OFF, reason=f"{limit.text}: switched off")
    if limit.kind == "forbid":
        return _of_ban(new, limit)
    if limit.kind == "max-drop" and old is not None:
        found = _drop(new, old, limit, confidence)
    else:
        found = _bound(new, limit, confidence)
    if isinstance(found, Lack):
        return Outcome(limit, State.UNAVAILABLE, reason=found.reason, hint=found.hint)
    return replace(found, reason=reason(found), hint=found.hint or hint(found))


def _of_ban(diagnosis: Diagnosis, limit: Limit) -> Outcome:
    ruling = rule(diagnosis, limit.name)
    found = Outcome(limit, ruling.state, needed=_wanted(ruling.needed), reason=ruling.reason)
    return replace(found, hint=ruling.hint or hint(found))


def _bound(diagnosis: Diagnosis, limit: Limit, confidence: float) -> Outcome | Lack:
    """Hold a number against the least or the most that it may be."""
    found = measured(diagnosis, limit.name, confidence)
    if isinstance(found, Lack):
        return found
    interval = found.bounds.interval
    state = decide(interval, limit.threshold, at_least=limit.kind == "min")
    needed = samples_to_decide(found, limit.threshold) if state is State.INCONCLUSIVE else None
    if state is State.PASSED and found.open is not None:
        state, needed = State.INCONCLUSIVE, found.open
    return _numbered(limit, state, found, needed)


def _drop(new: Diagnosis, old: Diagnosis, limit: Limit, confidence: float) -> Outcome | Lack:
    """Hold the difference to the baseline against what may be lost."""
    here, there = (measured(one, limit.name, TWO_SIDED) for one in (new, old))
    if isinstance(here, Lack):
        return here
    if isinstance(there, Lack):
        return absent(old, limit.name)._replace(reason=f"in the baseline, {there.reason}")
    before = old.scores[limit.name]
    found = difference(new.scores[limit.name], before, confidence)
    if found.bounds is None:
        return Lack(f"the difference of {limit.name} has no bounds at {confidence:g}")
    state = decide(found.bounds.interval, limit.threshold, at_least=True)
    number = Measured(found.value, found.bounds, None, here.n, here.up_to)
    needed = samples_to_decide(number, limit.threshold) if state is State.INCONCLUSIVE else None
    outcome = _numbered(limit, state, number, needed)
    return replace(outcome, baseline=before.value, paired=found.paired)


def _numbered(limit: Limit, state: State, found: Measured, needed: float | None) -> Outcome:
    exact = found.bounds.confidence is None
    return Outcome(
        limit=limit,
        state=state,
        value=found.value,
        interval=None if exact else Interval(*found.bounds.interval),
        confidence=found.bounds.confidence,
        ceiling=found.ceiling,
        needed=_wanted(needed),
        n=found.n,
    )


def _wanted(needed: float | None) -> float | None:
    """Read the number that stands for infinity."""
    return float("inf") if needed is not None and needed >= HOPELESS else needed


def _seconds(timings: Mapping[str, JSON]) -> float:
    return float(timings.get("total", sum(timings.values())))
