"""Pictures of a training laid out: the still picture of the last step, and all for the script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from gancheck.reporters.html.latent import Dots, Place, dots, dotted
from gancheck.reporters.html.map import numbers
from gancheck.reporters.html.plots import HEIGHT, LEFT, TOP, WIDTH, Axis, equal_axes

if TYPE_CHECKING:
    from gancheck.types import JSON

_STEPS = 65_535
_PLAIN = "#2b62d0"
_SHEET = re.compile(r"data:image/(?:webp|png);base64,[A-Za-z0-9+/=]+")
_SHOWN_TILE, _SHARP_TILE = 48, 32  # pixels on the screen; up to the latter, pixels are squares
_MOST_TILE = 4096
_GAP = 3.0
_NAMES, _HEAD, _NAME = 96.0, 22.0, 13  # room of the names of rows, of steps; letters of a name


@dataclass(frozen=True)
class VoyagePlot:
    """Where the same latents' samples lie in each checkpoint; positions as base64 for the script.

    Attributes:
        steps: Steps of the frames.
        points: Points of each frame.
        window: Left, top, width and height of the extent in shares of the drawing's frame.
        grey: The reference in the still picture.
        still: The samples of the last step in the still picture.
        named: Whether the axes mean something.
    """

    steps: list[int]
    points: int
    window: list[float]
    grey: str
    still: list[Dots]
    named: bool
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    positions: str
    reference: str
    colours: str


@dataclass(frozen=True)
class FieldsPlot:
    """One field in each checkpoint; ``images`` are those of all steps but the last as JSON."""

    steps: list[int]
    images: str
    last: str
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    low: float
    high: float
    clipped: bool
    unit: str


class Cell(NamedTuple):
    """One picture of a film: where it stands, and where it lies on the sheet."""

    x: float
    y: float
    view: str


class Label(NamedTuple):
    """A word at a place; the whole of it where it was cut."""

    x: float
    y: float
    text: str
    whole: str


@dataclass(frozen=True)
class FilmPlot:
    """What each of a few latents draws in each checkpoint, on one drawing.

    Attributes:
        steps: Steps of the columns.
        names: Names of the rows.
        heads: The steps above the columns.
        cells: The pictures, row by row.
        tile: Width and height of a picture on the screen.
        size: Width and height of the drawing.
        left: Where the first column begins.
        pitch: From one column to the next.
        image: The sheet.
        name: By which its pictures refer to the sheet.
        sheet: Width and height of the sheet in pixels.
        sharp: Whether pixels are shown as squares.
    """

    steps: list[int]
    names: list[Label]
    heads: list[Label]
    cells: list[Cell]
    tile: tuple[float, float]
    size: tuple[float, float]
    left: float
    pitch: float
    image: str
    name: str
    sheet: tuple[int, int]
    sharp: bool


def voyage_plot(payload: Mapping[str, JSON]) -> VoyagePlot:
    """Lay out a ``voyage`` exhibit.

    Raises:
        ValueError: Its numbers are not what `gancheck.exhibits` promises.
    """
    steps, points = [int(step) for step in payload["steps"]], int(payload["points"])
    places, grey = numbers(payload["positions"], "H"), numbers(payload["reference"], "H")
    colours = numbers(payload["colours"], "B")
    if len(places) != 2 * points * len(steps) or not steps or len(grey) % 2:
        raise ValueError("the points of a voyage are not as many as it has steps")
    if colours and len(colours) != 3 * points:
        raise ValueError("the colours of a voyage are not as many as its points")
    x0, x1, y0, y1 = (float(edge) for edge in payload["extent"])
    x, y = equal_axes([(x0, y0), (x1, y1)])
    edges = (x.at(x0), x.at(x1), y.at(y0), y.at(y1))
    labels = str(payload["x_label"]), str(payload["y_label"])
    return VoyagePlot(
        steps=steps,
        points=points,
        window=_window(*edges),
        grey=dotted(_placed(grey, edges)),
        still=dots(_placed(places[-2 * points :], edges), _hexadecimal(colours, points)),
        named=any(labels),
        x=x,
        y=y,
        x_label=labels[0],
        y_label=labels[1],
        positions=str(payload["positions"]),
        reference=str(payload["reference"]),
        colours=str(payload["colours"]),
    )


def fields_plot(payload: Mapping[str, JSON], is_picture: Callable[[str], bool]) -> FieldsPlot:
    """Lay out a ``fields`` exhibit on a square; what is no picture is left out.

    Raises:
        ValueError: There are not as many pictures as steps.
    """
    steps = [int(step) for step in payload["steps"]]
    images = [str(one) if is_picture(str(one)) else "" for one in payload["images"]]
    if len(images) != len(steps) or not steps:
        raise ValueError("the pictures of a field are not as many as its steps")
    x0, x1, y0, y1 = (float(edge) for edge in payload["extent"])
    return FieldsPlot(
        steps=steps,
        images=json.dumps(images[:-1]),
        last=images[-1],
        x=Axis(x0, x1 if x1 > x0 else x0 + 1, LEFT, LEFT + HEIGHT),
        y=Axis(y0, y1 if y1 > y0 else y0 + 1, TOP + HEIGHT, TOP),
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
        low=float(payload["low"] or 0),
        high=float(payload["high"] or 0),
        clipped=bool(payload["clipped"]),
        unit=str(payload["unit"]),
    )


def film_plot(payload: Mapping[str, JSON]) -> FilmPlot:
    """Lay out a ``film`` exhibit: a row a latent, a column a step.

    Raises:
        ValueError: Its sheet is no picture, or its sizes make no sense.
    """
    steps, names = [int(step) for step in payload["steps"]], payload["names"]
    given = payload["sheet"]
    columns = int(given["columns"])
    tile, cell = [int(side) for side in given["tile"]], [int(side) for side in given["cell"]]
    if not _SHEET.fullmatch(str(given["image"])) or columns < 1 or not steps or not names:
        raise ValueError("the sheet of a film is no picture")
    if not all(0 < side <= _MOST_TILE for side in (*tile, *cell)):
        raise ValueError("the pictures of a film have no size")
    scale = max(1, round(_SHOWN_TILE / max(tile))) if max(tile) <= _SHARP_TILE else 1
    width, height = tile[0] * scale, tile[1] * scale
    left, pitch = _NAMES, width + _GAP
    rows = -(-len(steps) * len(names) // columns)
    return FilmPlot(
        steps=steps,
        names=[
            _label(0, _HEAD + row * (height + _GAP) + height / 2 + 4, str(name))
            for row, name in enumerate(names)
        ],
        heads=_heads(steps, left, pitch, width),
        cells=[
            Cell(
                left + column * pitch,
                _HEAD + row * (height + _GAP),
                _view(row * len(steps) + column, columns, tile, cell),
            )
            for row in range(len(names))
            for column in range(len(steps))
        ],
        tile=(width, height),
        size=(left + len(steps) * pitch, _HEAD + len(names) * (height + _GAP)),
        left=left,
        pitch=pitch,
        image=str(given["image"]),
        name=f"film-{crc32(str(given['image']).encode()):08x}",
        sheet=(columns * cell[0], rows * cell[1]),
        sharp=max(tile) <= _SHARP_TILE,
    )


def _placed(flat: Sequence[int], edges: tuple[float, ...]) -> list[Place]:
    left, right, bottom, top = edges
    return [
        Place(left + (right - left) * across / _STEPS, bottom + (top - bottom) * up / _STEPS)
        for across, up in zip(flat[::2], flat[1::2], strict=True)
    ]


def _window(left: float, right: float, bottom: float, top: float) -> list[float]:
    parts = (left - LEFT) / WIDTH, (top - TOP) / HEIGHT, (right - left) / WIDTH
    return [round(part, 5) for part in (*parts, (bottom - top) / HEIGHT)]


def _hexadecimal(colours: Sequence[int], points: int) -> list[str]:
    if not colours:
        return [_PLAIN] * points
    flat = bytes(colours).hex()
    return [f"#{flat[at : at + 6]}" for at in range(0, len(flat), 6)]


def _view(number: int, columns: int, tile: Sequence[int], cell: Sequence[int]) -> str:
    left, top = number % columns * cell[0], number // columns * cell[1]
    return f"{left} {top} {tile[0]} {tile[1]}"


def _heads(steps: Sequence[int], left: float, pitch: float, width: float) -> list[Label]:
    """Name as many steps as have room, the first and the last among them."""
    room = 7.0 * len(f"{steps[-1]:,}") + 10
    every = max(1, -(-int(room) // int(pitch)))
    last = len(steps) - 1
    shown = [at for at in range(0, len(steps), every) if at == last or last - at >= every]
    shown += [] if last in shown else [last]
    return [_label(left + at * pitch + width / 2, _HEAD - 8, f"{steps[at]:,}") for at in shown]


def _label(x: float, y: float, text: str) -> Label:
    return Label(x, y, text if len(text) <= _NAME else f"{text[: _NAME - 1]}…", text)
