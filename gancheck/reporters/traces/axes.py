"""Axes over training steps, and what is drawn along them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from gancheck.reporters.html.plots import Axis, Tick

LEFT, RIGHT, TOP, BOTTOM = 46.0, 466.0, 12.0, 214.0
"""The frame of a drawing over steps, in its own units."""
_MOST_DOTS = 80  # more of them would hide the band
_LONG = 10_000  # steps from here on are written in thousands


class StepAxis(Axis):
    """An axis whose ticks are steps: whole numbers, large ones with a unit."""

    __slots__ = ()

    def ticks(self) -> list[Tick]:
        """Return ticks at round steps inside the axis."""
        whole = [tick for tick in Axis.ticks(self) if float(tick.label).is_integer()]
        return [Tick(tick.at, short(float(tick.label))) for tick in whole]


def step_axis(steps: Sequence[int], right: float = RIGHT) -> StepAxis:
    """Return an axis on which every checkpoint has room, half the way to its neighbours."""
    spans = spans_of(steps)
    low, high = (spans[0][0], spans[-1][1]) if spans else (0.0, 1.0)
    return StepAxis(low, high, LEFT, right)


def spans_of(steps: Sequence[int]) -> list[tuple[float, float]]:
    """Return from where to where each step stands: half the way to its neighbours."""
    if not steps:
        return []
    middles = [(one + other) / 2 for one, other in pairwise(steps)]
    first = steps[0] - (middles[0] - steps[0] if middles else 0.5)
    last = steps[-1] + (steps[-1] - middles[-1] if middles else 0.5)
    edges = [first, *middles, last]
    return list(pairwise(edges))


def short(step: float) -> str:
    """Write a step as briefly as it can be: 900, 42k, 1.5M."""
    if abs(step) < _LONG:
        return f"{step:,.0f}"
    return f"{step / 1e6:.4g}M" if abs(step) >= 1e6 else f"{step / 1e3:.4g}k"


class Curve(NamedTuple):
    """One quantity over steps: its line, its interval and its points, each as one path."""

    name: str
    look: str
    path: str
    band: str
    points: str


class Shade(NamedTuple):
    """A stretch of steps, such as those in which collapse may have begun."""

    kind: str
    x: float
    width: float
    said: str


class Mark(NamedTuple):
    """A ring around one point of a curve, in its colour."""

    look: str
    x: float
    y: float
    said: str


class Layer(NamedTuple):
    """One mode's share over steps as one path; ``at`` is its place in the reference's column."""

    name: str
    look: str
    path: str
    said: str
    y: float
    height: float


class Stretch(NamedTuple):
    """A visit on the ribbon; the word is empty where it has no room."""

    look: str
    x: float
    width: float
    said: str
    word: str


@dataclass(frozen=True)
class Timeline:
    """A drawing over steps.

    Attributes:
        x: Axis of steps.
        y: Axis of values.
        x_label: Name of the axis of steps.
        y_label: Name of the axis of values.
        steps: Where the pointer may rest, as JSON.
        said: What is said there, as JSON: texts, or for shares the numbers of all layers.
        curves: Lines.
        shades: Stretches of steps behind the lines.
        marks: Rings on top.
        level: Height of a line across, None without one.
        layers: Stacked shares, from the bottom up.
        ribbon: Visits under them.
        right: Where the frame ends.
        bottom: Where the frame ends below.
        other: A second axis of values at the right side, None without one.
        other_label: Its name.
        note: What the drawing leaves out.
    """

    x: Axis
    y: Axis
    x_label: str
    y_label: str
    steps: str
    said: str
    curves: tuple[Curve, ...] = ()
    shades: tuple[Shade, ...] = ()
    marks: tuple[Mark, ...] = ()
    level: float | None = None
    layers: tuple[Layer, ...] = ()
    ribbon: tuple[Stretch, ...] = ()
    right: float = RIGHT
    bottom: float = BOTTOM
    other: Axis | None = None
    other_label: str = ""
    note: str = ""


class Point(NamedTuple):
    """A value at a step, and its interval where there is one; None leaves a gap."""

    step: float
    value: float | None
    low: float | None = None
    high: float | None = None


def curve(name: str, look: str, points: Sequence[Point], x: Axis, y: Axis) -> Curve:
    """Draw values over steps: a line with gaps, a band, and points unless they are too many."""
    runs = _runs(points)
    line = "".join(_line(run, x, y) for run in runs if len(run) > 1)
    band = "".join(_band(run, x, y) for run in runs)
    alone = [run for run in runs if len(run) == 1]
    shown = runs if sum(map(len, runs)) <= _MOST_DOTS else alone
    known = [one for run in shown for one in run]
    dotted = "".join(f"M{x.at(one.step):.1f} {y.at(_known(one)):.1f}h0" for one in known)
    return Curve(name, look, line, band, dotted)


def as_json(found: object) -> str:
    """Write what a script will read."""
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Split points at gaps."""
    runs: list[list[Point]] = [[]]
    for one in points:
        if one.value is None or not math.isfinite(one.value):
            runs.append([])
        else:
            runs[-1].append(one)
    return [run for run in runs if run]


def _known(point: Point) -> float:
    return 0.0 if point.value is None else point.value


def _line(run: Sequence[Point], x: Axis, y: Axis) -> str:
    return "M" + "L".join(f"{x.at(one.step):.1f} {y.at(_known(one)):.1f}" for one in run)


def _band(run: Sequence[Point], x: Axis, y: Axis) -> str:
    """Draw the interval as an area, around a lonely point as a line."""
    both = [(x.at(one.step), one.low, one.high) for one in run]
    known = [(at, low, high) for at, low, high in both if low is not None and high is not None]
    known = [one for one in known if math.isfinite(one[1]) and math.isfinite(one[2])]
    if not known:
        return ""
    if len(known) == 1:
        at, low, high = known[0]
        return f"M{at - 1.5:.1f} {y.at(low):.1f}V{y.at(high):.1f}h3V{y.at(low):.1f}Z"
    upper = [f"{at:.1f} {y.at(high):.1f}" for at, _, high in known]
    lower = [f"{at:.1f} {y.at(low):.1f}" for at, low, _ in reversed(known)]
    return "M" + "L".join(upper + lower) + "Z"
