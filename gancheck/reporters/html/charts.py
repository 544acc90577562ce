"""Histograms, curves and tables laid out; no markup."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html.plots import HEIGHT, LEFT, TOP, WIDTH, Axis, known_role
from gancheck.reporters.wording import number

if TYPE_CHECKING:
    from gancheck.types import JSON

_HEADROOM = 1.06  # of the largest count, so that no bar touches the frame
_MARK_ROWS = 3  # texts of marks stand in so many rows, so that neighbours do not overlap
_SHOWN_ROWS = 20
_NUMERIC = re.compile(r"[<>~]?-?[\d.,]+\s?[%kMGTx]?")


class Curve(NamedTuple):
    """One series of a chart as a single path."""

    name: str
    role: str
    path: str
    size: int


class Mark(NamedTuple):
    """A line that stands for a value, and what it says; its row keeps texts apart."""

    at: float
    text: str
    anchor: str
    row: int


@dataclass(frozen=True)
class Chart:
    """Drawn series over two axes."""

    series: list[Curve]
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    marks: list[Mark]


class Column(NamedTuple):
    """A column of a table: its name, and whether it holds numbers."""

    name: str
    numeric: bool


@dataclass(frozen=True)
class Table:
    """A table, its further rows apart."""

    columns: list[Column]
    rows: list[list[str]]
    folded: list[list[str]]
    note: str


def histogram(payload: Mapping[str, JSON]) -> Chart:
    """Lay out a ``histogram`` exhibit: an outline for each series over common bins."""
    edges = [float(edge) for edge in payload["edges"] if _is_number(edge)]
    series = [(one, _counts(one["counts"], len(edges) - 1)) for one in payload["series"]]
    low, high = (edges[0], edges[-1]) if len(edges) > 1 else (0.0, 1.0)
    most = max((max(counts, default=0.0) for _, counts in series), default=0.0) or 1.0
    x = Axis(low, high if high > low else low + 1, LEFT, LEFT + WIDTH)
    y = Axis(0.0, _HEADROOM * most, TOP + HEIGHT, TOP)
    return Chart(
        series=[
            Curve(
                str(one["name"]),
                known_role(str(one["role"])),
                _outline(counts, edges, x, y),
                round(sum(counts)),
            )
            for one, counts in series
        ],
        x=x,
        y=y,
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
        marks=_marks(payload.get("marks", ()), x),
    )


def lines(payload: Mapping[str, JSON]) -> Chart:
    """Lay out a ``lines`` exhibit: curves over the positions 0, 1, ..., gaps where no number is."""
    curves = [(one, list(one["lines"])) for one in payload["series"]]
    heights = [float(v) for _, many in curves for line in many for v in line if _is_number(v)]
    longest = max((len(line) for _, many in curves for line in many), default=0)
    low, high = min(heights, default=0.0), max(heights, default=1.0)
    pad = 0.04 * (high - low) or 0.5
    x = Axis(0.0, float(max(1, longest - 1)), LEFT, LEFT + WIDTH)
    y = Axis(low - pad, high + pad, TOP + HEIGHT, TOP)
    return Chart(
        series=[
            Curve(
                str(one["name"]),
                known_role(str(one["role"])),
                "".join(_polyline(line, x, y) for line in many),
                len(many),
            )
            for one, many in curves
        ],
        x=x,
        y=y,
        x_label=str(payload["x_label"]),
        y_label=str(payload["y_label"]),
        marks=[],
    )


def table(payload: Mapping[str, JSON]) -> Table:
    """Lay out a ``table`` exhibit: the first rows open, the rest folded."""
    names = [str(name) for name in payload["columns"]]
    rows = [[*row, *[None] * len(names)][: len(names)] for row in payload["rows"]]
    cells = [[_cell(value) for value in row] for row in rows]
    columns = [
        Column(name, _is_numeric([row[at] for row in rows])) for at, name in enumerate(names)
    ]
    note = str(payload.get("note", ""))
    return Table(columns, cells[:_SHOWN_ROWS], cells[_SHOWN_ROWS:], note)


def _counts(counts: Sequence[JSON], bins: int) -> list[float]:
    known = [float(count) if _is_number(count) else 0.0 for count in counts]
    return [*known, *[0.0] * max(0, bins)][: max(0, bins)]


def _outline(counts: Sequence[float], edges: Sequence[float], x: Axis, y: Axis) -> str:
    """Draw steps from the first edge up, along and down again."""
    if not counts:
        return ""
    floor = f"{y.at(0.0):.1f}"
    steps = "".join(
        f"V{y.at(count):.1f}H{x.at(right):.1f}"
        for count, right in zip(counts, edges[1:], strict=True)
    )
    return f"M{x.at(edges[0]):.1f} {floor}{steps}V{floor}Z"


def _marks(marks: Sequence[Mapping[str, JSON]], x: Axis) -> list[Mark]:
    known = [one for one in marks if _is_number(one["at"]) and x.low <= one["at"] <= x.high]
    middle = (x.start + x.stop) / 2
    return [
        Mark(
            round(x.at(float(one["at"])), 1),
            str(one["text"]),
            "start" if x.at(float(one["at"])) < middle else "end",
            row % _MARK_ROWS,
        )
        for row, one in enumerate(known)
    ]


def _polyline(heights: Sequence[JSON], x: Axis, y: Axis) -> str:
    drawn, pen = [], "M"
    for at, height in enumerate(heights):
        if not _is_number(height):
            pen = "M"
            continue
        drawn.append(f"{pen}{x.at(at):.1f} {y.at(float(height)):.1f}")
        pen = "L"
    return "".join(drawn)


def _cell(value: JSON) -> str:
    if value is None:
        return ""
    return number(float(value)) if _is_number(value) else str(value)


def _is_numeric(column: Sequence[JSON]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(
        _is_number(value) or _NUMERIC.fullmatch(str(value)) for value in known
    )


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
