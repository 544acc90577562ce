"""The worst classes of a conditional generator on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import Column, plain, row, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import JSON, Diagnosis

_FROM = "conditional.classes"
_MOST, _MOST_VERBOSE = 5, 20
_WIDEST = 24
_LEFT_OUT_FIRST = ("spread from the latent", "distinct", "fidelity", "asked")


def table(diagnosis: Diagnosis, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    """Print the flagged classes, a few of them, and count the rest; all is well in silence."""
    shown = next(
        (
            one.payload
            for finding in diagnosis.findings
            if finding.id == _FROM
            for one in finding.exhibits
            if one.kind == "table"
        ),
        None,
    )
    if shown is None:
        return []
    rows = [line for line in shown["rows"] if verbose or line[-1]]
    rows = rows[: _MOST_VERBOSE if verbose else _MOST]
    if not rows:
        return []
    kept, columns = _columns(shown["columns"], rows, ink)
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    lines += [
        row([plain(f" {cells[0]}"), *(plain(cells[at]) for at in kept[1:])], columns)
        for cells in (_printable(line) for line in rows)
    ]
    return [*lines, *_rest(shown, len(rows))]


def _columns(
    titles: Sequence[str], rows: Sequence[Sequence[JSON]], ink: Ink
) -> tuple[list[int], list[Column]]:
    """Choose the columns that fit, the status always among them."""
    widths = [
        min(_WIDEST, max(len(title), *(len(_printable(line)[at]) for line in rows)))
        for at, title in enumerate(titles)
    ]
    kept = list(range(len(titles)))
    for name in ("", *_LEFT_OUT_FIRST):
        kept = [at for at in kept if titles[at] != name]
        columns = [Column(titles[at], widths[at]) for at in kept[1:-1]]
        first = Column(f" {titles[0]}", widths[0] + 1)
        if taken([first, *columns]) + widths[-1] <= ink.width:
            break
    return kept, [first, *columns, Column(titles[-1], 0)]


def _printable(line: Sequence[JSON]) -> list[str]:
    return [wording.printable("" if cell is None else str(cell)) for cell in line]


def _rest(shown: Mapping[str, JSON], printed: int) -> list[RenderableType]:
    """Count what is not printed, of the table and of what the table leaves out."""
    left = len(shown["rows"]) - printed
    parts = [f"{left:,} more {'class' if left == 1 else 'classes'} in the report"] if left else []
    parts += [str(shown["note"])] if shown.get("note") else []
    return [plain(f" {'; '.join(parts)}", "dim")] if parts else []
