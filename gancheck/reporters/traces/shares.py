"""Shares of modes over steps: stacked, the reference beside them, visits below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html.plots import Axis
from gancheck.reporters.traces.axes import (
    BOTTOM,
    TOP,
    Layer,
    Stretch,
    Timeline,
    as_json,
    spans_of,
    step_axis,
)
from gancheck.reporters.wording import percent

if TYPE_CHECKING:
    from gancheck.types import Checkpoint, Trace

MOST = 20
"""Modes that have a layer of their own; where there are more, the rest is one layer."""
_TONES = 10
_FLOOR = 196.0  # the stack ends here, the ribbon of visits lies below
_RIGHT = 424.0
_LETTER = 5.6  # width of a letter on the ribbon
_UNCLEAR = 0.005  # a smaller rest is rounding


class Stack(NamedTuple):
    """What layers are drawn from: where each step stands, and the share of each group there."""

    spans: Mapping[int, tuple[float, float]]
    shares: Mapping[int, Sequence[float]]
    real: Sequence[float]
    x: Axis
    y: Axis


class Group(NamedTuple):
    """One mode, or all that have no layer of their own."""

    name: str
    look: str
    modes: tuple[int, ...]


def shares_over_time(trace: Trace) -> Timeline | None:
    """Stack the shares of the modes over steps; None where modes are not known."""
    found = stacked(trace)
    if found is None:
        return None
    groups, by_step, real = found
    steps = [one.step for one in trace.checkpoints]
    spans = dict(zip(steps, spans_of(steps), strict=True))
    x, y = step_axis(steps, _RIGHT), Axis(0.0, 1.0, _FLOOR, TOP)
    stack = Stack(spans, by_step, real, x, y)
    return Timeline(
        x=x,
        y=y,
        x_label="training step",
        y_label="share of the samples",
        steps=as_json(steps),
        said=as_json([[round(one, 4) for one in by_step.get(step, ())] for step in steps]),
        layers=tuple(_layer(at, group, stack) for at, group in enumerate(groups)),
        ribbon=_ribbon(trace, groups, spans, x),
        right=_RIGHT,
        bottom=BOTTOM,
    )


def stacked(trace: Trace) -> tuple[list[Group], dict[int, list[float]], list[float]] | None:
    """Return the layers, their shares at each step, and those of the reference.

    None where modes are not known.
    """
    table = {one.step: _shares(one) for one in trace.checkpoints}
    known = {step: shares for step, shares in table.items() if shares}
    if not known:
        return None
    reference = _reference(trace)
    groups = grouped(trace, known, reference)
    by_step = {step: _stacked(shares, groups) for step, shares in known.items()}
    return groups, by_step, _stacked(reference, groups)


def grouped(
    trace: Trace, known: Mapping[int, Mapping[int, float]], reference: Mapping[int, float]
) -> list[Group]:
    """Choose the modes with a layer of their own: those with most samples at any step."""
    names = {mode.id: mode.label for one in trace.checkpoints for mode in one.modes}
    top = {
        mode: max([reference.get(mode, 0.0), *(shares.get(mode, 0.0) for shares in known.values())])
        for mode in names
    }
    ranked = sorted(names, key=lambda mode: (-top[mode], mode))
    own = ranked if len(ranked) <= MOST else ranked[: MOST - 1]
    own = sorted(own)
    groups = [Group(names[mode], _look(at), (mode,)) for at, mode in enumerate(own)]
    rest = tuple(mode for mode in sorted(names) if mode not in set(own))
    if rest:
        groups.append(Group(f"others ({len(rest):,})", "others", rest))
    if any(1 - sum(shares.values()) > _UNCLEAR for shares in known.values()):
        groups.append(Group("no clear mode", "unclear", ()))
    return groups


def _look(at: int) -> str:
    return f"tone-{at % _TONES}{' pale' if at >= _TONES else ''}"


def _shares(one: Checkpoint) -> dict[int, float]:
    """Return the shares of a checkpoint's modes, none below 0, all together at most 1."""
    if one.error:
        return {}
    found = {
        mode.id: max(0.0, mode.sample_share)
        for mode in one.modes
        if math.isfinite(mode.sample_share)
    }
    whole = max(1.0, sum(found.values()))
    return {mode: share / whole for mode, share in found.items()}


def _reference(trace: Trace) -> dict[int, float]:
    """Return the shares of the reference: from its counts, else as the checkpoints have them."""
    first = next((one for one in trace.checkpoints if one.modes), None)
    if first is None:
        return {}
    whole = sum(trace.reference_counts)
    if whole > 0 and len(trace.reference_counts) == len(first.modes):
        counts = zip(first.modes, trace.reference_counts, strict=True)
        return {mode.id: max(0, count) / whole for mode, count in counts}
    return {
        mode.id: mode.reference_share
        for mode in first.modes
        if math.isfinite(mode.reference_share) and mode.reference_share >= 0
    }


def _stacked(shares: Mapping[int, float], groups: Sequence[Group]) -> list[float]:
    """Return the share of each group; the last one takes what is of no clear mode."""
    found = [sum(shares.get(mode, 0.0) for mode in group.modes) for group in groups]
    if groups and groups[-1].look == "unclear":
        found[-1] = max(0.0, 1.0 - sum(found))
    return found


def _layer(at: int, group: Group, stack: Stack) -> Layer:
    parts = []
    for step, (start, stop) in stack.spans.items():
        shares = stack.shares.get(step)
        if shares is None or shares[at] <= 0:
            continue
        low = sum(shares[:at])
        parts.append(
            f"M{stack.x.at(start):.1f} {stack.y.at(low):.1f}H{stack.x.at(stop):.1f}"
            f"V{stack.y.at(low + shares[at]):.1f}H{stack.x.at(start):.1f}Z"
        )
    most = max((shares[at], -step) for step, shares in stack.shares.items())
    said = f"{group.name}: at most {percent(most[0])}, at step {-most[1]:,}"
    floor = sum(stack.real[:at])
    top = stack.y.at(min(1.0, floor + stack.real[at]))
    height = max(0.0, stack.y.at(min(1.0, floor)) - top)
    return Layer(group.name, group.look, "".join(parts), said, round(top, 1), round(height, 1))


def _ribbon(
    trace: Trace, groups: Sequence[Group], spans: Mapping[int, tuple[float, float]], x: Axis
) -> tuple[Stretch, ...]:
    looks = {mode: group.look for group in groups for mode in group.modes}
    found = []
    for visit in trace.visits:
        start = spans.get(visit.first_step, (float(visit.first_step), 0.0))[0]
        stop = spans.get(visit.last_step, (0.0, float(visit.last_step)))[1]
        left, width = x.at(start), max(1.0, x.at(stop) - x.at(start))
        said = (
            f"{visit.label}: steps {visit.first_step:,} to {visit.last_step:,}, "
            f"up to {percent(visit.share)}"
        )
        word = visit.label if _LETTER * len(visit.label) + 4 <= width else ""
        look = looks.get(visit.mode, "others")
        found.append(Stretch(look, round(left, 1), round(width, 1), said, word))
    return tuple(found)
