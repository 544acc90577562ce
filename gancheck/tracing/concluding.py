"""From the rows of a trace to what they show: hopping, turns, and the checkpoint to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gancheck.analyzers.coverage import Coverage
from gancheck.gate.comparing import paired_error
from gancheck.measures.hopping import Hopping, hopping
from gancheck.measures.turning import best, turns
from gancheck.types import (
    Best,
    Checkpoint,
    Condition,
    Finding,
    Interval,
    Score,
    Severity,
    Turn,
    Verdict,
    Visit,
)

ANALYZER = "trace"
_BY = ("diversity", "overlap")
_HALF_WIDTH = 2.01  # standard errors from the value to an end of a 95% interval
_KEPT_BELOW = 0.5  # of the distance of other latents' samples
_LATE = 1 / 3  # of the checkpoints, that tell whether latents keep their samples
_LISTED = 12


@dataclass(frozen=True)
class Conclusions:
    """What the rows show; see `gancheck.types.Trace` for what each part means."""

    verdict: Verdict
    summary: tuple[str, ...]
    conditions: tuple[Condition, ...]
    findings: tuple[Finding, ...]
    visits: tuple[Visit, ...]
    turns: tuple[Turn, ...]
    best: tuple[Best, ...]


def conclude(rows: Sequence[Checkpoint], reference_counts: Sequence[int]) -> Conclusions:
    """Weigh a sequence of checkpoints.

    Args:
        rows: By rising step; one of them at least was measured.
        reference_counts: Reference samples of each mode; empty without modes.
    """
    measured = [row for row in rows if not row.error]
    hopped, visits = _hopping(measured, reference_counts)
    turned = _turns(measured)
    top = tuple(found for score in _told_apart(measured) if (found := _best(measured, score)))
    chosen = tuple(one for one in top if not is_low(_row_of(one, measured)))
    findings = (
        *_judge_hopping(hopped, visits, measured),
        *_judge_turns(turned, measured),
        *_judge_best(top, measured),
        *_judge_identity(measured),
        *_judge_failures(rows),
    )
    flagged = [one for one in findings if one.severity >= Severity.WARN]
    last = measured[-1]
    verdict = last.verdict or Verdict.INCONCLUSIVE
    if flagged and verdict in (Verdict.HEALTHY, Verdict.INCONCLUSIVE):
        verdict = Verdict.SUSPECT
    conditions = dict.fromkeys([*last.conditions, *(one.condition for one in flagged)])
    return Conclusions(
        verdict=verdict,
        summary=tuple(_summary(last, flagged, chosen)),
        conditions=tuple(one for one in conditions if one is not None),
        findings=tuple(sorted(findings, key=lambda one: -one.severity)),
        visits=visits,
        turns=turned,
        best=chosen,
    )


def is_low(row: Checkpoint) -> bool:
    """Tell whether the diversity of a checkpoint is shown to be that of a collapsed generator."""
    score = row.scores.get("diversity")
    return score is not None and score.high < Coverage.fail_below


def _hopping(
    rows: Sequence[Checkpoint], base: Sequence[int]
) -> tuple[Hopping | None, tuple[Visit, ...]]:
    counted = [row for row in rows if row.counts]
    if len(counted) < 2 or not sum(base):
        return None, ()
    found = hopping(
        np.array([row.counts for row in counted]),
        np.array(base),
        np.array([is_low(row) for row in counted]),
    )
    visits = tuple(
        Visit(
            visit.mode,
            counted[visit.first].modes[visit.mode].label,
            counted[visit.first].step,
            counted[visit.last].step,
            visit.peak_share,
        )
        for visit in found.visits
    )
    return found, visits


def _turns(rows: Sequence[Checkpoint]) -> tuple[Turn, ...]:
    scored = [row for row in rows if "diversity" in row.scores]
    scores = [row.scores["diversity"] for row in scored]
    found = turns(
        np.array([row.step for row in scored]),
        np.array([score.value for score in scores]),
        np.array([_error(score) for score in scores]),
    )
    return tuple(
        Turn(one.kind, one.step, one.low, one.high, one.before.value, one.after.value)
        for one in found
    )


def _error(score: Score) -> float:
    return (score.high - score.low) / (2 * _HALF_WIDTH)


def _told_apart(rows: Sequence[Checkpoint]) -> tuple[str, ...]:
    """Return what checkpoints are ranked by: once, where both scores come from one view."""
    pairs = [[row.scores[name].value for name in _BY if name in row.scores] for row in rows]
    return _BY if any(len(set(pair)) > 1 for pair in pairs) else _BY[:1]


def _best(rows: Sequence[Checkpoint], name: str) -> Best | None:
    scored = [row for row in rows if name in row.scores]
    if not scored:
        return None
    scores = [row.scores[name] for row in scored]

    def error_of(one: int, other: int) -> float | None:
        return paired_error(scores[one].replicates, scores[other].replicates)

    found = best(
        np.array([score.value for score in scores]),
        np.array([_error(score) for score in scores]),
        error_of,
    )
    if found is None:
        return None
    top = scored[found.index]
    tied = tuple(scored[one].step for one in found.tied if one != found.index)
    return Best(name, top.step, top.path, tied)


def _row_of(best: Best, rows: Sequence[Checkpoint]) -> Checkpoint:
    return next(row for row in rows if row.step == best.step)


def _judge_hopping(
    found: Hopping | None, visits: Sequence[Visit], rows: Sequence[Checkpoint]
) -> Iterator[Finding]:
    if found is None:
        return
    hops = len(found.hops)
    severity = Severity.OK
    if found.shown:
        severity = Severity.WARN if is_low(rows[-1]) else Severity.NOTE
    title = "no mode hopping: the leading mode does not change while diversity is low"
    if found.intervals == 0:
        title = "no mode hopping: no two checkpoints in a row are collapsed"
    elif hops == 1:
        title = "the leading mode changed once while diversity was low"
    elif found.shown:
        title = (
            f"mode hopping: {hops} changes of the leading mode among {found.intervals + 1} "
            f"collapsed checkpoints, steps {visits[0].first_step:,} to {visits[-1].last_step:,}"
        )
        title += "" if severity is Severity.WARN else "; diversity recovered after them"
    yield Finding(
        id="trace.hopping",
        analyzer=ANALYZER,
        severity=severity,
        title=title,
        detail=_about_visits(found, visits, rows) if visits else "",
        condition=Condition.MODE_HOPPING,
        value=found.rate,
        interval=found.rate_interval,
        limit="< 2 hops",
    )


def _about_visits(found: Hopping, visits: Sequence[Visit], rows: Sequence[Checkpoint]) -> str:
    shown = [f"{one.label} ({one.share:.0%}, {_stay(one)})" for one in visits[:_LISTED]]
    if len(visits) > _LISTED:
        shown.append(f"and {len(visits) - _LISTED} more")
    parts = [f"Visited in order: {'; '.join(shown)}."]
    if found.stay is not None:
        gap = float(np.median(np.diff([row.step for row in rows])))
        parts.append(
            f"It stays for {found.stay:.1f} checkpoints on average, about {found.stay * gap:,.0f} "
            "steps."
        )
    if found.return_time is not None:
        parts.append(f"Places are seen again after {found.return_time:.1f} checkpoints.")
    if found.hops:
        parts.append(
            "Every change is tested against sampling noise: the place that leads is drawn at "
            "least twice as often as the other, before and after, with 95% confidence over the "
            "whole trace."
        )
    return " ".join(parts)


def _stay(visit: Visit) -> str:
    if visit.first_step == visit.last_step:
        return f"step {visit.first_step:,}"
    return f"steps {visit.first_step:,} to {visit.last_step:,}"


def _judge_turns(found: Sequence[Turn], rows: Sequence[Checkpoint]) -> Iterator[Finding]:
    if not any("diversity" in row.scores for row in rows):
        return
    onsets = [one for one in found if one.kind == "onset"]
    last = onsets[-1] if onsets else None
    recovered = last is not None and any(
        one.kind == "recovery" and one.step > last.step for one in found
    )
    if last is None:
        title, severity = "diversity does not fall during the trace", Severity.OK
    else:
        severity = Severity.NOTE if recovered else Severity.WARN
        title = (
            f"diversity falls from {last.before:.2f} to {last.after:.2f} at step {last.step:,} "
            f"({_between(last)})"
        )
        title += "; it recovers later" if recovered else ""
    yield Finding(
        id="trace.onset",
        analyzer=ANALYZER,
        severity=severity,
        title=title,
        detail=" ".join(_told(one) for one in found if one is not last),
        value=None if last is None else float(last.step),
        interval=None if last is None else Interval(float(last.low), float(last.high)),
    )


def _between(turn: Turn) -> str:
    if turn.low == turn.high:
        return "not between other checkpoints"
    return f"between steps {turn.low:,} and {turn.high:,}"


def _told(turn: Turn) -> str:
    change = f"from {turn.before:.2f} to {turn.after:.2f}"
    if turn.kind == "dip":
        return f"Step {turn.step:,} alone is low ({change})."
    word = "Recovery" if turn.kind == "recovery" else "Another fall"
    return f"{word} at step {turn.step:,} ({_between(turn)}), {change}."


def _judge_best(best: Sequence[Best], rows: Sequence[Checkpoint]) -> Iterator[Finding]:
    for found in best:
        row = _row_of(found, rows)
        score = row.scores[found.score]
        if is_low(row) and found.score != _BY[0]:
            continue
        if is_low(row):
            yield Finding(
                id=f"trace.best_{found.score}",
                analyzer=ANALYZER,
                severity=Severity.NOTE,
                title=f"no checkpoint is worth using: the best by {found.score}, step "
                f"{found.step:,}, has {score.value:.2f}",
                value=score.value,
                interval=Interval(score.low, score.high),
                limit=f">= {Coverage.fail_below:g}",
            )
            continue
        others = len(found.tied)
        said = "no other comes close at this number of samples"
        if others:
            said = f"{others} {'other' if others == 1 else 'others'} cannot be told from it"
        kept = rows[-1].step in (found.step, *found.tied)
        yield Finding(
            id=f"trace.best_{found.score}",
            analyzer=ANALYZER,
            severity=Severity.OK if kept else Severity.NOTE,
            title=f"use step {found.step:,}: {found.score} {score.value:.2f}; {said}",
            detail=f"{found.path}."
            + ("" if kept else f" The last step, {rows[-1].step:,}, is worse."),
            value=score.value,
            interval=Interval(score.low, score.high),
        )


def _judge_identity(rows: Sequence[Checkpoint]) -> Iterator[Finding]:
    known = [row.moved for row in rows if row.moved is not None]
    if not known:
        return
    late = known[-max(1, round(len(known) * _LATE)) :]
    middle = float(np.median(late))
    loose = middle >= _KEPT_BELOW
    yield Finding(
        id="trace.identity",
        analyzer=ANALYZER,
        severity=Severity.NOTE if loose else Severity.OK,
        title="latents do not keep their samples from checkpoint to checkpoint"
        if loose
        else "latents keep their samples from checkpoint to checkpoint",
        detail=f"In the last {len(late)} of them a sample moves {middle:.0%} as far as samples of "
        "other latents lie apart (median over checkpoints)."
        + (
            " The generator still changes everything that it draws; checkpoints far apart do so "
            "in any training."
            if loose
            else ""
        ),
        value=middle,
        limit=f"< {_KEPT_BELOW:g}",
    )


def _judge_failures(rows: Sequence[Checkpoint]) -> Iterator[Finding]:
    failed = [row for row in rows if row.error]
    if failed:
        yield Finding(
            id="trace.failed",
            analyzer=ANALYZER,
            severity=Severity.NOTE,
            title=f"{len(failed)} of {len(rows)} checkpoints could not be measured",
            detail=f"Step {failed[0].step:,}: {failed[0].error}",
            value=float(len(failed)),
            limit="0",
        )


def _summary(last: Checkpoint, flagged: Sequence[Finding], best: Sequence[Best]) -> Iterator[str]:
    for one in flagged:
        yield f"{one.title[0].upper()}{one.title[1:]}."
    verdict = Verdict.INCONCLUSIVE if last.verdict is None else last.verdict
    named = ", ".join(one.value for one in last.conditions)
    yield f"The last checkpoint, step {last.step:,}, is {verdict.value}{': ' * bool(named)}{named}."
    if best and best[0].step != last.step:
        yield f"Use step {best[0].step:,}."
    elif not best and "diversity" in last.scores:
        yield "No checkpoint is worth using."
