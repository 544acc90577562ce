"""The panels of an animation: curves, stacked shares, dots and fields, each at one step."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import numpy as np

from gancheck.reporters.pictures.still import INK, PAPER, SOFT, font

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from gancheck.types import JSON, AnyArray

SIDE = 270
"""Pixels of each panel, both ways."""
GREY, NOW, LINE = (187, 187, 187), (31, 86, 181), (226, 228, 232)
HUES = (
    *((60, 108, 149), (250, 139, 0), (44, 183, 187), (167, 28, 0), (154, 135, 240)),
    *((89, 48, 81), (253, 16, 0), (171, 122, 119), (146, 48, 229), (64, 33, 180)),
)
"""Colours of modes and curves, those of the page."""
_OTHERS, _UNCLEAR = (120, 128, 138), (226, 228, 232)
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 30, 6, 20  # room around a chart
_FINER = 2  # charts are drawn so many times larger and then shrunk, which smooths their lines
_TEXT = 11
_STEPS = 65_535
_LARGEST = 4096  # pixels of a field's side

Colour: TypeAlias = "tuple[int, int, int]"


class Word(NamedTuple):
    """A part of a title; what it names is drawn in its colour."""

    text: str
    colour: Colour = SOFT


Title: TypeAlias = "tuple[Word, ...]"


class Panel(Protocol):
    """A panel: what it shows, and how it looks at a step."""

    @property
    def title(self) -> Title:
        """What it shows."""

    def at(self, step: int) -> Image:
        """Draw it at a step."""


class Trail(NamedTuple):
    """A curve: its colour, its points (step, share of the height), None where there is none."""

    colour: Colour
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True)
class Chart:
    """A drawing over steps with a line at one of them."""

    title: Title
    drawn: Image
    low: float
    high: float

    def at(self, step: int) -> Image:
        """Draw the line."""
        from PIL import ImageDraw

        picture = self.drawn.copy()
        x = round(_across(step, self.low, self.high))
        ImageDraw.Draw(picture).line((x, _TOP, x, SIDE - _BOTTOM), fill=NOW, width=2)
        return picture


@dataclass(frozen=True, eq=False)
class Dots:
    """Points that move from step to step over grey ones that do not.

    Attributes:
        title: What it shows.
        ground: The grey ones.
        frames: (n, 2) places of each step, in pixels.
        colours: (n, 3) of the points.
    """

    title: Title
    ground: Image
    frames: Mapping[int, AnyArray]
    colours: AnyArray

    def at(self, step: int) -> Image:
        """Draw the points of a step."""
        from PIL import ImageDraw

        picture = self.ground.copy()
        draw = ImageDraw.Draw(picture)
        places = np.rint(self.frames[_frame_of(self.frames, step)]).astype(int).tolist()
        for (x, y), colour in zip(places, self.colours.tolist(), strict=True):
            draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=tuple(colour))
        draw.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=LINE)
        return picture


@dataclass(frozen=True)
class Field:
    """A picture for each step."""

    title: Title
    frames: Mapping[int, Image]

    def at(self, step: int) -> Image:
        """Return the picture of a step."""
        return self.frames[_frame_of(self.frames, step)]


def chart(title: Title, trails: Sequence[Trail], left: Sequence[float], *, right: bool) -> Chart:
    """Draw curves.

    Args:
        title: What it shows.
        trails: The curves.
        left: Lowest and highest value of the left axis.
        right: Whether there is a right axis, from 0 to 1.
    """
    steps = [step for trail in trails for step, _ in trail.points]
    low, high = _range(steps)
    page, draw = _large()
    for trail in trails:
        for run in _runs(trail, low, high):
            path = [(x * _FINER, y * _FINER) for x, y in run]
            draw.line(path, fill=trail.colour, width=3, joint="curve")
            if len(run) == 1:
                x, y = path[0]
                draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=trail.colour)
    picture = _framed(page, (low, high), [f"{value:.3g}" for value in left], right=right)
    return Chart(title, picture, low, high)


def stack(
    title: Title,
    spans: Mapping[int, tuple[float, float]],
    shares: Mapping[int, Sequence[float]],
    colours: Sequence[Colour],
) -> Chart:
    """Stack shares over steps.

    Args:
        title: What it shows.
        spans: From where to where each step stands.
        shares: The share of each layer at each step.
        colours: Of the layers.
    """
    low, high = _range([edge for span in spans.values() for edge in span])
    page, draw = _large()
    for step, parts in shares.items():
        start, stop = (_across(edge, low, high) * _FINER for edge in spans[step])
        floor = 0.0
        for share, colour in zip(parts, colours, strict=True):
            bottom, top = _up(floor) * _FINER, _up(min(1.0, floor + share)) * _FINER
            if share > 0:
                draw.rectangle((start, top, stop, bottom), fill=colour)
            floor += share
    return Chart(title, _framed(page, (low, high), ["0", "1"], right=False), low, high)


def look(name: str) -> Colour:
    """Return the colour of a layer by its look on the page."""
    if name in ("others", "unclear"):
        return _OTHERS if name == "others" else _UNCLEAR
    red, green, blue = HUES[int(name.partition(" ")[0].removeprefix("tone-")) % len(HUES)]
    if name.endswith("pale"):
        return (red + 255) // 2, (green + 255) // 2, (blue + 255) // 2
    return red, green, blue


def dots(title: Title, payload: Mapping[str, JSON]) -> Dots:
    """Read a ``voyage`` exhibit."""
    from PIL import Image, ImageDraw

    steps, points = [int(step) for step in payload["steps"]], int(payload["points"])
    extent = [float(edge) for edge in payload["extent"]]
    ground = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(ground)
    for x, y in np.rint(_placed(payload["reference"], extent)).astype(int).tolist():
        draw.rectangle((x - 1, y - 1, x, y), fill=GREY)
    frames = _placed(payload["positions"], extent).reshape(len(steps), points, 2)
    colours = np.frombuffer(base64.b64decode(payload["colours"]), np.uint8).reshape(-1, 3)
    if not len(colours):
        colours = np.tile(np.array(HUES[0], dtype=np.uint8), (points, 1))
    return Dots(title, ground, dict(zip(steps, frames, strict=True)), colours)


def field(title: Title, payload: Mapping[str, JSON]) -> Field:
    """Read a ``fields`` exhibit."""
    frames = {
        int(step): _opened(str(uri))
        for step, uri in zip(payload["steps"], payload["images"], strict=True)
    }
    return Field(title, frames)


def _opened(uri: str) -> Image:
    """Read a picture; one that is larger than any field stays empty."""
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    if max(picture.size) > _LARGEST:
        return Image.new("RGB", (SIDE, SIDE), PAPER)
    return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.NEAREST)


def _placed(text: JSON, extent: Sequence[float]) -> AnyArray:
    """Return pixels (n, 2) of packed points; one unit is as long on both axes."""
    share = np.frombuffer(base64.b64decode(str(text)), "<u2").reshape(-1, 2) / _STEPS
    sides = np.array([extent[1] - extent[0], extent[3] - extent[2]])
    room = (SIDE - 8) * sides / max(float(sides.max()), 1e-12)
    upright: AnyArray = np.stack([share[:, 0], 1 - share[:, 1]], axis=1)
    return upright * room + (SIDE - room) / 2


def _frame_of(frames: Mapping[int, object], step: int) -> int:
    """Return the last step with a frame that is not after a step, else the first."""
    return max((one for one in frames if one <= step), default=min(frames))


def _range(steps: Sequence[float]) -> tuple[float, float]:
    low, high = min(steps, default=0.0), max(steps, default=1.0)
    return low, high if high > low else low + 1


def _across(step: float, low: float, high: float) -> float:
    share = min(1.0, max(0.0, (step - low) / (high - low)))
    return _LEFT + share * (SIDE - _LEFT - _RIGHT)


def _up(share: float) -> float:
    return _TOP + (1 - share) * (SIDE - _TOP - _BOTTOM)


def _runs(trail: Trail, low: float, high: float) -> list[list[tuple[float, float]]]:
    """Place the points of a curve, split where one is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for step, share in trail.points:
        if share is None or not math.isfinite(share):
            runs.append([])
        else:
            runs[-1].append((_across(step, low, high), _up(min(1.0, max(0.0, share)))))
    return [run for run in runs if run]


def _large() -> tuple[Image, ImageDraw]:
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (SIDE * _FINER, SIDE * _FINER), PAPER)
    return page, ImageDraw.Draw(page)


def _framed(page: Image, steps: tuple[float, float], left: Sequence[str], *, right: bool) -> Image:
    """Shrink a drawing and write both ends of its axes."""
    from PIL import Image, ImageDraw

    picture = page.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    draw, end = ImageDraw.Draw(picture), SIDE - _RIGHT
    floor = SIDE - _BOTTOM
    draw.rectangle((_LEFT, _TOP, end, floor), outline=LINE)

    def write(at: tuple[float, float], text: str, anchor: str, colour: Colour = SOFT) -> None:
        draw.text(at, text, fill=colour, font=font(_TEXT), anchor=anchor)

    for text, y in zip(left, (floor, _TOP + 5), strict=True):
        write((_LEFT - 4, y), text, "rm")
    if right:
        write((end + 4, floor), "0", "lm", INK)
        write((end + 4, _TOP + 5), "1", "lm", INK)
    write((_LEFT, floor + 4), f"{max(0, round(steps[0])):,}", "la")
    write((end, floor + 4), f"{round(steps[1]):,}", "ra")
    return picture
