"""Where things go inside a drawing: axes, ticks, point clouds and rules; no markup."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gancheck.types import JSON, Score

LEFT, TOP, WIDTH, HEIGHT = 46.0, 12.0, 420.0, 330.0
_MARGIN = 0.04  # of the range, so that no mark sits on the frame
_CROSS = 2.4


class Tick(NamedTuple):
    """A tick of an axis: where, and what it says."""

    at: float
    label: str


class Axis(NamedTuple):
    """Maps low..high to the pixels start..stop."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> list[Tick]:
        """Return ticks at round numbers inside the axis."""
        step = _round_step((self.high - self.low) / 5)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [Tick(self.at(i * step), f"{i * step:.6g}") for i in range(first, last + 1)]


class Series(NamedTuple):
    """One point cloud as a single path: dots for the reference, crosses for the samples."""

    name: str
    role: str
    path: str
    size: int


@dataclass(frozen=True)
class Scatter:
    """A drawn scatter: both axes have the same unit length."""

    series: list[Series]
    x: Axis
    y: Axis
    x_label: str
    y_label: str


@dataclass(frozen=True)
class Heatmap:
    """A drawn field: picture, axes, marks as one path, and the ends of the colour bar."""

    image: str
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    marks: str
    mark_count: int
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Rule:
    """A score on a rule from 0 to 1; positions in percent, None where there is nothing."""

    value: float
    low: float
    high: float
    ceiling: float | None
    limit: float | None


def scatter(payload: Mapping[str, JSON]) -> Scatter:
    """Lay out the point clouds of a ``scatter`` exhibit."""
    clouds = [(one, finite(one["x"], one["y"])) for one in payload["series"]]
    x, y = equal_axes([point for _, points in clouds for point in points])
    series = [
        Series(
            str(one["name"]),
            known_role(str(one["role"])),
            cloud_path(points, x, y, str(one["role"])),
            len(points),
        )
        for one, points in clouds
    ]
    return Scatter(series, x, y, str(payload["x_label"]), str(payload["y_label"]))


def heatmap(payload: Mapping[str, JSON], image: str) -> Heatmap:
    """Lay out a ``heatmap`` exhibit on a square."""
    x0, x1, y0, y1 = (float(edge) for edge in payload["extent"])
    x = Axis(x0, x1 if x1 > x0 else x0 + 1, LEFT, LEFT + HEIGHT)
    y = Axis(y0, y1 if y1 > y0 else y0 + 1, TOP + HEIGHT, TOP)
    marks = finite(*zip(*payload["marks"], strict=True)) if payload["marks"] else []
    inside = [(a, b) for a, b in marks if x.low <= a <= x.high and y.low <= b <= y.high]
    return Heatmap(
        image=image,
        x=x,
        y=y,
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
        marks=cloud_path(inside, x, y, "reference"),
        mark_count=len(inside),
        low=float(payload["low"] or 0),
        high=float(payload["high"] or 0),
        unit=str(payload["unit"]),
    )


def rule(score: Score, limit: float | None) -> Rule | None:
    """Place a score on the rule; None for scores that leave 0..1."""
    marks = [score.value, score.low, score.high]
    marks += [mark for mark in (score.ceiling, limit) if mark is not None]
    if not all(math.isfinite(mark) and -0.02 <= mark <= 1.02 for mark in marks):
        return None
    return Rule(
        value=_percent(score.value),
        low=_percent(score.low),
        high=_percent(score.high),
        ceiling=None if score.ceiling is None else _percent(score.ceiling),
        limit=None if limit is None else _percent(limit),
    )


def _percent(share: float) -> float:
    return round(100 * min(1.0, max(0.0, share)), 2)


def known_role(role: str) -> str:
    """Return a role that the style has a colour for."""
    return role if role in ("reference", "samples") else "other"


def finite(xs: Sequence[JSON], ys: Sequence[JSON]) -> list[tuple[float, float]]:
    """Pair coordinates, leaving out what is no number."""
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if x is not None and y is not None]
    return [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def equal_axes(points: Sequence[tuple[float, float]]) -> tuple[Axis, Axis]:
    """Return axes of the same unit length that hold all points."""
    x0, x1 = _spread(x for x, _ in points)
    y0, y1 = _spread(y for _, y in points)
    unit = max((x1 - x0) / WIDTH, (y1 - y0) / HEIGHT)
    x_pad, y_pad = (unit * WIDTH - (x1 - x0)) / 2, (unit * HEIGHT - (y1 - y0)) / 2
    return (
        Axis(x0 - x_pad, x1 + x_pad, LEFT, LEFT + WIDTH),
        Axis(y0 - y_pad, y1 + y_pad, TOP + HEIGHT, TOP),
    )


def _spread(values: Iterable[float]) -> tuple[float, float]:
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    pad = _MARGIN * (high - low) or 0.5
    return low - pad, high + pad


def cloud_path(points: Iterable[tuple[float, float]], x: Axis, y: Axis, role: str) -> str:
    """One path for a whole cloud: thousands of elements would make the page slow."""
    if role == "reference":
        return "".join(f"M{x.at(a):.1f} {y.at(b):.1f}h0" for a, b in points)
    full, half = 2 * _CROSS, _CROSS
    return "".join(
        f"M{x.at(a) - half:.1f} {y.at(b) - half:.1f}l{full} {full}m0-{full}l-{full} {full}"
        for a, b in points
    )


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * (1 - 1e-9))
