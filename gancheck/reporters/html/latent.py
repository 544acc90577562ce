"""Pictures of a latent space laid out: a slice, a path across a jump, and the morph."""

from __future__ import annotations

import base64
import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html.plots import HEIGHT, LEFT, TOP, Axis, cloud_path, equal_axes, finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gancheck.types import JSON

_PANEL, _MARGIN = 400.0, 10.0
_STEPS = 65_535
_MOST_SURFACES = 100_000
_SHADES = 32  # steps of a colour channel that keep their own path in the still picture
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LARGE = 0.5  # a jump of so much of the largest is set apart


class Jump(NamedTuple):
    """A jump between neighbours, in words."""

    text: str
    large: bool


class Place(NamedTuple):
    """A place in a drawing."""

    x: float
    y: float


class Shown(NamedTuple):
    """One layer of a slice."""

    title: str
    unit: str
    image: str
    low: float
    high: float
    clipped: bool


class Line(NamedTuple):
    """A line over a slice; ``target`` is the anchor of its film strip, empty where it has none."""

    title: str
    path: str
    target: str


class Choice(NamedTuple):
    """A film strip that lines of a slice lead to."""

    title: str
    target: str


@dataclass(frozen=True)
class SlicePlot:
    """A drawn slice; each strip that some line leads to is a choice, once."""

    layers: list[Shown]
    lines: list[Line]
    choices: list[Choice]
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    middle: Place
    rings: list[float]


@dataclass(frozen=True)
class CrossingPlot:
    """A drawn path across a jump."""

    reference: str
    path: str
    steps: list[Place]
    jumps: list[Jump]
    x: Axis
    y: Axis
    x_label: str
    y_label: str


class Dots(NamedTuple):
    """Points of one colour as a path."""

    colour: str
    path: str


class Panel(NamedTuple):
    """One half of the still picture of a morph."""

    title: str
    grey: str
    dots: list[Dots]


@dataclass(frozen=True)
class MorphPlot:
    """A morph: both ends as still pictures, and places as base64 for the script."""

    before: Panel
    after: Panel
    start: str
    end: str
    colours: str
    reference: str


def slice_plot(
    payload: Mapping[str, JSON],
    is_picture: Callable[[str], bool],
    strips: Mapping[str, Choice] | None = None,
) -> SlicePlot:
    """Lay out a ``slice`` exhibit on a square.

    Args:
        payload: The exhibit.
        is_picture: Tells a picture from anything else that stands in its place.
        strips: The film strips beside it, by the number of their surface.
    """
    known = strips or {}
    x0, x1, y0, y1 = (float(edge) for edge in payload["extent"])
    x = Axis(x0, x1 if x1 > x0 else x0 + 1, LEFT, LEFT + HEIGHT)
    y = Axis(y0, y1 if y1 > y0 else y0 + 1, TOP + HEIGHT, TOP)
    lines = [
        Line(
            str(one["title"]),
            _path(finite(*zip(*one["points"], strict=True)), x, y, one),
            known[surface_of(one)].target if surface_of(one) in known else "",
        )
        for one in payload["lines"]
        if one["points"]
    ]
    scale = HEIGHT / (x.high - x.low)
    return SlicePlot(
        layers=[_shown(one, is_picture) for one in payload["layers"]],
        lines=lines,
        choices=list(known.values()),
        x=x,
        y=y,
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
        middle=Place(round(x.at(0.0), 1), round(y.at(0.0), 1)),
        rings=[round(float(radius) * scale, 1) for radius in payload["rings"]],
    )


def surface_of(one: Mapping[str, JSON]) -> str:
    """Return the number of the surface that something lies on as text, empty where it has none."""
    number = one.get("surface")
    if not isinstance(number, int) or isinstance(number, bool):
        return ""
    return str(number) if 0 < number < _MOST_SURFACES else ""


def crossing_plot(payload: Mapping[str, JSON]) -> CrossingPlot:
    """Lay out a ``crossing`` exhibit."""
    reference = finite(payload["reference"]["x"], payload["reference"]["y"])
    steps = finite(payload["steps"]["x"], payload["steps"]["y"])
    x, y = equal_axes([*reference, *steps])
    return CrossingPlot(
        reference=cloud_path(reference, x, y, "reference"),
        path=_path(steps, x, y, {}),
        steps=[Place(round(x.at(a), 1), round(y.at(b), 1)) for a, b in steps],
        jumps=jumps(payload["jumps"]),
        x=x,
        y=y,
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
    )


def morph_plot(payload: Mapping[str, JSON]) -> MorphPlot:
    """Lay out a ``morph`` exhibit: two panels side by side, and the same for the script."""
    start, end, grey = (payload[name] for name in ("start", "end", "reference"))
    window = [float(edge) for edge in start["extent"]]
    before = _square(list(zip(start["x"], start["y"], strict=True)), window)
    target = _window(
        [*zip(end["x"], end["y"], strict=True), *zip(grey["x"], grey["y"], strict=True)]
    )
    after = _square(list(zip(end["x"], end["y"], strict=True)), target)
    real = _square(list(zip(grey["x"], grey["y"], strict=True)), target)
    colours = [str(one) if _COLOUR.fullmatch(str(one)) else "#777777" for one in payload["colours"]]
    named = "latent: {x_label} across, {y_label} up", "sample: {x_label} across, {y_label} up"
    return MorphPlot(
        before=Panel(_named(named[0], start), "", dots(before, colours)),
        after=Panel(_named(named[1], end), dotted(real), dots(after, colours)),
        start=_packed(before),
        end=_packed(after),
        colours=_base64(bytes.fromhex("".join(one[1:] for one in colours))),
        reference=_packed(real),
    )


def jumps(values: Iterable[JSON]) -> list[Jump]:
    """Write jumps as text, and mark those that matter."""
    known = [float(value or 0.0) for value in values]
    most = max(known, default=0.0)
    return [
        Jump(f"{value:.2g}" if value < 10 else f"{value:.0f}", value > _LARGE * most)
        for value in known
    ]


def _shown(one: Mapping[str, JSON], is_picture: Callable[[str], bool]) -> Shown:
    uri = str(one["image"])
    return Shown(
        str(one["title"]),
        str(one["unit"]),
        uri if is_picture(uri) else "",
        float(one["low"] or 0),
        float(one["high"] or 0),
        bool(one["clipped"]),
    )


def _path(points: Sequence[tuple[float, float]], x: Axis, y: Axis, one: Mapping[str, JSON]) -> str:
    ends = "Z" if one.get("closed") else ""
    return (
        "M" + "L".join(f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in points) + ends if points else ""
    )


def _named(words: str, one: Mapping[str, JSON]) -> str:
    return words.replace("{x_label}", str(one["x_label"])).replace("{y_label}", str(one["y_label"]))


def _window(points: list[tuple[float, float]]) -> list[float]:
    """Return a square window that holds all points."""
    known = [(float(a), float(b)) for a, b in points if _number(a) and _number(b)] or [(0.0, 0.0)]
    xs, ys = [a for a, _ in known], [b for _, b in known]
    half = max(max(xs) - min(xs), max(ys) - min(ys), 1e-9) / 2
    x, y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [x - half, x + half, y - half, y + half]


def _number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _square(points: Sequence[tuple[JSON, JSON]], window: Sequence[float]) -> list[Place]:
    """Place points on a panel, from the top left; what is no number lies in the corner."""
    x0, x1, y0, y1 = window
    room = _PANEL - 2 * _MARGIN
    placed = []
    for a, b in points:
        if not (_number(a) and _number(b)):
            placed.append(Place(0.0, 0.0))
            continue
        across, down = (float(a) - x0) / (x1 - x0), (y1 - float(b)) / (y1 - y0)
        inside = min(1.0, max(0.0, across)), min(1.0, max(0.0, down))
        placed.append(Place(_MARGIN + room * inside[0], _MARGIN + room * inside[1]))
    return placed


def dots(places: Sequence[Place], colours: Sequence[str]) -> list[Dots]:
    """Collect points of like colours: a path for each, not an element for each point."""
    groups: dict[str, list[Place]] = {}
    for place, colour in zip(places, colours, strict=False):
        groups.setdefault(_coarse(colour), []).append(place)
    return [Dots(colour, dotted(places)) for colour, places in groups.items()]


def _coarse(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(
        f"{min(255, part // _SHADES * _SHADES + _SHADES // 2):02x}" for part in parts
    )


def dotted(places: Iterable[Place]) -> str:
    """Return one path with a dot at each place."""
    return "".join(f"M{place.x:.0f} {place.y:.0f}h0" for place in places)


def _packed(places: Sequence[Place]) -> str:
    """Write places as little-endian pairs of 16 bits, the whole panel being 65,535."""
    flat = [round(_STEPS * part / _PANEL) for place in places for part in place]
    return _base64(struct.pack(f"<{len(flat)}H", *flat))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
