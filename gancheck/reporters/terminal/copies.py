"""The most certain copies on a terminal: sample, original, and how near they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import Column, plain, row, taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import Copy, Diagnosis

_MOST = 5
_LONGEST_NAME = 40
_KIND = 5
_NUMBER = 8


def table(diagnosis: Diagnosis, ink: Ink) -> list[RenderableType]:
    """Print the worst pairs by file name or number; the report lists the others."""
    copies = diagnosis.copies
    if not copies:
        return []
    shown = copies[:_MOST]
    columns = _columns(shown, ink)
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    lines += [row(_cells(copy, columns), columns) for copy in shown]
    return [*lines, *_rest(copies[len(shown) :])]


def _columns(copies: Sequence[Copy], ink: Ink) -> list[Column]:
    calibrated = any(copy.held_out_distance is not None for copy in copies)
    fixed = [Column("kind", _KIND), Column("distance", _NUMBER, "right")]
    fixed += [Column("held out", _NUMBER, "right")] if calibrated else []
    room = max(16, (ink.width - taken(fixed) - 4) // 2)
    names = [
        max(len(title), *(len(wording.printable(name)) for name in named))
        for title, named in (
            ("sample", [copy.sample for copy in copies]),
            ("copy of", [copy.training for copy in copies]),
        )
    ]
    sample, training = (min(width, room, _LONGEST_NAME) for width in names)
    return [Column(" sample", sample + 1), Column("copy of", training), *fixed]


def _cells(copy: Copy, columns: Sequence[Column]) -> list[Text]:
    cells = [
        plain(f" {_shortened(copy.sample, columns[0].width - 1)}"),
        plain(_shortened(copy.training, columns[1].width)),
        plain(copy.kind, "yellow"),
        plain(wording.number(copy.distance), "bold"),
        plain("" if copy.held_out_distance is None else wording.number(copy.held_out_distance)),
    ]
    return cells[: len(columns)]


def _shortened(name: str, width: int) -> str:
    """Leave out the middle of a name that does not fit: both ends tell files apart."""
    if len(name) <= width:
        return name
    left = (width - 3) // 2
    return f"{name[:left]}...{name[len(name) - (width - 3 - left) :]}"


def _rest(copies: Sequence[Copy]) -> list[Text]:
    if not copies:
        return []
    counts = Counter(copy.kind for copy in copies)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    said = "copy" if len(copies) == 1 else "copies"
    return [plain(f" {len(copies):,} more {said}: {kinds}  (all in the JSON report)", "dim")]
