"""The map laid out: a still picture of some of its points, and all of them for the script."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html.plots import Axis, cloud_path, equal_axes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gancheck.types import JSON

SHADES = 10
"""Colours of modes; further modes use them again."""
_SAMPLE, _OFF = 1, 2
_STEPS = 65_535
_STILL = 1000  # points of each side in the still picture
_MOST_WORDS = 40  # modes that are named on the map itself
_RING = 3.2
_SHEET = re.compile(r"data:image/webp;base64,[A-Za-z0-9+/=]+")


class Mode(NamedTuple):
    """A mode on the map: its name, its colour, and how many points of each side are of it."""

    number: int
    label: str
    shade: int
    reference: int
    samples: int


class Word(NamedTuple):
    """A word in the still picture."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Sheet:
    """The pictures of the points on one sheet; sizes in pixels."""

    image: str
    columns: int
    tile: tuple[int, int]
    cell: tuple[int, int]


@dataclass(frozen=True)
class CloudPlot:
    """A map: counts, legend, the still picture, and base64 numbers for the script.

    Attributes:
        reference: How many points there are of the reference.
        samples: The same of the samples.
        off: How many of these lie off the reference.
        modes: The modes, in their order.
        unclear: How many points of each side are of no clear mode.
        paths: The still picture: reference, samples, samples off the reference.
        stands_for: How many points the still picture shows of each side.
        words: Names of modes in the still picture.
        named: Whether the axes mean something.
        extent: x0, x1, y0, y1.
        sheet: The pictures, None without any.
    """

    reference: int
    samples: int
    off: int
    modes: list[Mode]
    unclear: tuple[int, int]
    paths: tuple[str, str, str]
    stands_for: tuple[int, int]
    words: list[Word]
    named: bool
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    extent: tuple[float, float, float, float]
    sheet: Sheet | None
    positions: str
    flags: str
    mode_numbers: str
    tiles: str
    colours: str
    names: str


class _Point(NamedTuple):
    x: float
    y: float
    flags: int
    mode: int


def cloud_plot(payload: Mapping[str, JSON]) -> CloudPlot:
    """Lay out a ``cloud`` exhibit.

    Raises:
        ValueError: Its numbers are not what `gancheck.exhibits` promises.
    """
    x0, x1, y0, y1 = (float(edge) for edge in payload["extent"])
    points = _points(payload, (x0, x1, y0, y1))
    reference = [one for one in points if not one.flags & _SAMPLE]
    samples = [one for one in points if one.flags & _SAMPLE]
    x, y = equal_axes([(x0, y0), (x1, y1)])
    labels = [str(label) for label in payload["labels"]]
    axes = str(payload["x_label"]), str(payload["y_label"])
    return CloudPlot(
        reference=len(reference),
        samples=len(samples),
        off=sum(1 for one in samples if one.flags & _OFF),
        modes=_modes(labels, reference, samples),
        unclear=(_unclear(reference), _unclear(samples)),
        paths=_still(reference[:_STILL], samples[:_STILL], x, y),
        stands_for=(len(reference[:_STILL]), len(samples[:_STILL])),
        words=_words(labels, reference or samples, x, y),
        named=any(axes),
        x=x,
        y=y,
        x_label=axes[0],
        y_label=axes[1],
        extent=(x0, x1, y0, y1),
        sheet=_sheet(payload["sheet"]),
        positions=str(payload["positions"]),
        flags=str(payload["flags"]),
        mode_numbers=str(payload["modes"]),
        tiles=str(payload["tiles"]),
        colours=str(payload["colours"]),
        names=json.dumps([[str(name) for name in side] for side in payload["names"]]),
    )


def _points(payload: Mapping[str, JSON], extent: tuple[float, ...]) -> list[_Point]:
    x0, x1, y0, y1 = extent
    flags, modes = numbers(payload["flags"], "B"), numbers(payload["modes"], "h")
    places = numbers(payload["positions"], "H")
    tiles = numbers(payload["tiles"], "H")
    if not len(flags) == len(modes) == len(tiles) == len(places) / 2:
        raise ValueError("the arrays of a map are of different lengths")
    return [
        _Point(x0 + (x1 - x0) * across / _STEPS, y0 + (y1 - y0) * up / _STEPS, flag, mode)
        for across, up, flag, mode in zip(places[::2], places[1::2], flags, modes, strict=True)
    ]


def numbers(text: JSON, kind: str) -> tuple[int, ...]:
    """Read base64 of little-endian numbers of one kind, as `struct` names it.

    Raises:
        ValueError: It is something else.
    """
    content = base64.b64decode(str(text), validate=True)
    size = struct.calcsize(f"<{kind}")
    if len(content) % size:
        raise ValueError(f"{len(content)} bytes are no whole number of {size}")
    return struct.unpack(f"<{len(content) // size}{kind}", content)


def _modes(
    labels: Sequence[str], reference: Iterable[_Point], samples: Iterable[_Point]
) -> list[Mode]:
    known, drawn = Counter(one.mode for one in reference), Counter(one.mode for one in samples)
    return [
        Mode(number, label, number % SHADES, known[number], drawn[number])
        for number, label in enumerate(labels)
    ]


def _unclear(points: Iterable[_Point]) -> int:
    return sum(1 for one in points if one.mode < 0)


def _still(
    reference: Sequence[_Point], samples: Sequence[_Point], x: Axis, y: Axis
) -> tuple[str, str, str]:
    """Return one path for each group: dots, dots, rings."""
    on = [(one.x, one.y) for one in samples if not one.flags & _OFF]
    rings = "".join(
        f"M{x.at(one.x) - _RING:.1f} {y.at(one.y):.1f}"
        f"a{_RING} {_RING} 0 1 0 {2 * _RING} 0a{_RING} {_RING} 0 1 0-{2 * _RING} 0"
        for one in samples
        if one.flags & _OFF
    )
    known = [(one.x, one.y) for one in reference]
    return cloud_path(known, x, y, "reference"), cloud_path(on, x, y, "reference"), rings


def _words(labels: Sequence[str], points: Iterable[_Point], x: Axis, y: Axis) -> list[Word]:
    """Put the name of each mode on its middle; too many would hide the map."""
    if not 1 < len(labels) <= _MOST_WORDS:
        return []
    members: dict[int, list[_Point]] = {}
    for one in points:
        members.setdefault(one.mode, []).append(one)
    return [
        Word(
            round(x.at(median(one.x for one in members[number])), 1),
            round(y.at(median(one.y for one in members[number])), 1),
            label,
        )
        for number, label in enumerate(labels)
        if number in members
    ]


def _sheet(given: Mapping[str, JSON] | None) -> Sheet | None:
    """Read the sheet; anything but a picture is left out."""
    if given is None or not _SHEET.fullmatch(str(given["image"])):
        return None
    tile, cell = ((int(width), int(height)) for width, height in (given["tile"], given["cell"]))
    return Sheet(str(given["image"]), int(given["columns"]), tile, cell)
