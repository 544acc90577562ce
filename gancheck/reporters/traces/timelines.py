"""The drawings over steps: diversity, identity of latents, losses and accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gancheck.reporters.html.plots import HEIGHT, Axis
from gancheck.reporters.html.plots import TOP as HIGHEST
from gancheck.reporters.traces.axes import (
    BOTTOM,
    TOP,
    Mark,
    Point,
    Shade,
    StepAxis,
    Timeline,
    as_json,
    curve,
    step_axis,
)
from gancheck.reporters.traces.turning import CURVES, score
from gancheck.reporters.wording import number, score_numbers

if TYPE_CHECKING:
    from gancheck.types import Checkpoint, Score, Trace

_NARROWEST = 3.0  # of a stretch of steps, so that it can be seen
_MOST_CURVES = 6
_TAIL, _FAR = 0.99, 3.0  # losses beyond so many times this quantile are cut off
_PANEL_RIGHT, _PANEL_BOTTOM = 430.0, HIGHEST + HEIGHT
_SHADED = {"onset": "collapse began", "recovery": "it recovered", "dip": "a dip"}


def scores_over_time(trace: Trace) -> Timeline:
    """Draw diversity and overlap with their intervals, turns as stretches, the best as rings."""
    steps = [one.step for one in trace.checkpoints]
    x, y = step_axis(steps), Axis(0.0, 1.0, BOTTOM, TOP)
    known = [name for name in CURVES if any(score(one, name) for one in trace.checkpoints)]
    values = {name: [_point(one, name) for one in trace.checkpoints] for name in known}
    top = max((p.high or 0 for points in values.values() for p in points), default=1.0)
    y = y._replace(high=max(1.0, 1.02 * top))
    return Timeline(
        x=x,
        y=y,
        x_label="training step",
        y_label="score",
        steps=as_json(steps),
        said=as_json([_of_checkpoint(one) for one in trace.checkpoints]),
        curves=tuple(curve(name, name, values[name], x, y) for name in known),
        shades=_shades(trace, x),
        marks=_marks(trace, x, y),
    )


def moved_over_time(trace: Trace) -> Timeline | None:
    """Draw how far the same latents' samples go between checkpoints; None where nobody knows."""
    if all(one.moved is None for one in trace.checkpoints):
        return None
    steps = [one.step for one in trace.checkpoints]
    points = [Point(one.step, one.moved) for one in trace.checkpoints]
    top = max([1.0, *(p.value for p in points if p.value is not None and math.isfinite(p.value))])
    x, y = step_axis(steps), Axis(0.0, 1.06 * top, BOTTOM, TOP)
    said = [
        f"step {one.step:,}: {'not known' if one.moved is None else number(one.moved)}"
        for one in trace.checkpoints
    ]
    return Timeline(
        x=x,
        y=y,
        x_label="training step",
        y_label="moved since the step before",
        steps=as_json(steps),
        said=as_json(said),
        curves=(curve("moved", "moved", points, x, y),),
        level=round(y.at(1.0), 1),
    )


def training(trace: Trace) -> Timeline | None:
    """Draw losses, else what the discriminator says, with its accuracy; None without either."""
    logged = columns(trace)
    judged = [one for one in trace.checkpoints if one.judged is not None]
    if not logged and not judged:
        return None
    shown = dict(list(logged.items())[:_MOST_CURVES])
    steps = sorted({p.step for points in shown.values() for p in points} | _steps(judged))
    x = StepAxis(steps[0], max(steps[-1], steps[0] + 1), 46.0, _PANEL_RIGHT)
    low, high, cut = heights(shown)
    y = Axis(low, high, _PANEL_BOTTOM, HIGHEST)
    right = Axis(0.0, 1.0, _PANEL_BOTTOM, HIGHEST)
    accuracy = [Point(one.step, one.judged.accuracy) for one in judged if one.judged is not None]
    curves = [
        curve(name, f"tone-{at}", points, x, y) for at, (name, points) in enumerate(shown.items())
    ]
    curves += [curve("accuracy", "accuracy", accuracy, x, right)] if accuracy else []
    left_out = len(logged) - len(shown)
    notes = [f"values above {number(y.high)} are cut off"] if cut else []
    notes += [f"{left_out} more columns are in the JSON"] if left_out else []
    return Timeline(
        x=x,
        y=y,
        x_label="training step",
        y_label="loss" if trace.losses else "what the discriminator says",
        steps=as_json(steps),
        said=as_json(_told(steps, {**shown, **({"accuracy": accuracy} if accuracy else {})})),
        curves=tuple(curves),
        right=_PANEL_RIGHT,
        bottom=_PANEL_BOTTOM,
        other=right if accuracy else None,
        other_label="accuracy of the discriminator" if accuracy else "",
        note="; ".join(notes),
    )


def columns(trace: Trace) -> dict[str, list[Point]]:
    """Return what was logged by its names, else what the discriminator says of both sides."""
    logged = trace.losses.get("step", ())
    found = {
        name: [Point(step, value) for step, value in zip(logged, values, strict=False)]
        for name, values in trace.losses.items()
        if name != "step"
    }
    if found and logged:
        known = {k: [p for p in v if math.isfinite(p.step)] for k, v in found.items()}
        return {name: points for name, points in known.items() if points}
    judged = [(one.step, one.judged) for one in trace.checkpoints if one.judged is not None]
    if not judged:
        return {}
    return {
        "of reference samples": [Point(step, one.real) for step, one in judged],
        "of samples": [Point(step, one.generated) for step, one in judged],
    }


def _steps(judged: Sequence[Checkpoint]) -> set[float]:
    return {float(one.step) for one in judged}


def heights(drawn: dict[str, list[Point]]) -> tuple[float, float, bool]:
    """Return a range for all columns, and whether some values lie above it.

    A few far values must not press the others flat.
    """
    values = sorted(
        p.value
        for points in drawn.values()
        for p in points
        if p.value is not None and math.isfinite(p.value)
    ) or [0.0, 1.0]
    low, high = values[0], values[-1]
    usual = values[min(len(values) - 1, int(_TAIL * len(values)))]
    cut = high - low > _FAR * max(usual - low, 1e-12)
    high = usual if cut else high
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad, cut


def _told(steps: Sequence[float], columns: dict[str, list[Point]]) -> list[str]:
    """Say what each column holds at each step."""
    held = {name: {p.step: p.value for p in points} for name, points in columns.items()}
    return [
        f"step {step:,.0f}: "
        + ", ".join(
            f"{name} {number(values[step])}"
            for name, values in held.items()
            if values.get(step) is not None
        )
        for step in steps
    ]


def _point(one: Checkpoint, name: str) -> Point:
    found = score(one, name)
    return Point(one.step, None) if found is None else _measured(one.step, found)


def _measured(step: int, found: Score) -> Point:
    return Point(step, found.value, found.low, found.high)


def _of_checkpoint(one: Checkpoint) -> str:
    if one.error:
        return f"step {one.step:,}: failed"
    found = [(name, score(one, name)) for name in CURVES]
    words = [
        f"{name} {score_numbers(known).value} {score_numbers(known).interval}"
        for name, known in found
        if known is not None
    ]
    return f"step {one.step:,}: {', '.join(words) or 'no scores'}"


def _shades(trace: Trace, x: Axis) -> tuple[Shade, ...]:
    found = []
    for turn in trace.turns:
        left, right = sorted((_inside(x, turn.low), _inside(x, turn.high)))
        width = max(_NARROWEST, right - left)
        said = f"{_SHADED[turn.kind]} at step {turn.step:,} (95%: {turn.low:,} to {turn.high:,})"
        found.append(Shade(turn.kind, round(right - width, 1), round(width, 1), said))
    return tuple(found)


def _marks(trace: Trace, x: Axis, y: Axis) -> tuple[Mark, ...]:
    by_step = {one.step: one for one in trace.checkpoints}
    found = []
    for best in trace.best:
        known = score(by_step[best.step], best.score) if best.step in by_step else None
        if known is not None and best.score in CURVES:
            said = f"best by {best.score}: step {best.step:,}"
            at = round(x.at(best.step), 1), round(y.at(known.value), 1)
            found.append(Mark(best.score, *at, said))
    return tuple(found)


def _inside(x: Axis, step: float) -> float:
    return min(max(x.at(step), min(x.start, x.stop)), max(x.start, x.stop))
