"""Styles, bars and columns: what a terminal can show, and how it is laid out there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gancheck.reporters.wording import printable
from gancheck.types import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, JustifyMethod

SEVERITY_STYLES = {
    Severity.FAIL: "bold red",
    Severity.WARN: "yellow",
    Severity.NOTE: "cyan",
    Severity.OK: "green",
}
VERDICT_STYLES = {
    Verdict.COLLAPSED: "bold white on red",
    Verdict.SUSPECT: "bold black on yellow",
    Verdict.HEALTHY: "bold white on green",
    Verdict.INCONCLUSIVE: "bold white on bright_black",
}
MODE_STYLES = {"missing": "bold red", "over": "yellow", "under": "yellow", "ok": "dim"}

_EIGHTHS = " ▏▎▍▌▋▊▉"
_GAP = 2
_WIDEST = 120  # beyond it lines are too long to read


class Column(NamedTuple):
    """One column: heading, width in cells (0 takes what is left) and alignment."""

    title: str
    width: int
    justify: JustifyMethod = "left"


@dataclass(frozen=True)
class Ink:
    """What a console can show: cells used in a line, and whether it has block characters."""

    width: int
    blocks: bool

    @classmethod
    def of(cls, console: Console) -> Ink:
        """Read the abilities of a console."""
        rich = console.encoding.lower().startswith("utf") and not console.is_dumb_terminal
        return cls(min(console.width, _WIDEST), rich and not console.legacy_windows)

    def bar(self, share: float, longest: int) -> str:
        """Draw a share of 0..1 as a bar; what is not zero leaves a trace."""
        eighths = max(round(8 * share * longest), 1 if share > 0 else 0)
        whole, rest = divmod(min(eighths, 8 * longest), 8)
        if self.blocks:
            return "█" * whole + (_EIGHTHS[rest] if rest else "")
        return "#" * max(round(share * longest), 1 if share > 0 else 0)

    def rule(self) -> Text:
        """Draw a thin line under a heading."""
        return plain(" " + ("─" if self.blocks else "-") * (self.width - 2), "dim")

    def heading(self, columns: Sequence[Column]) -> Table:
        """Set the titles of some columns."""
        return row([plain(column.title, "dim") for column in columns], columns)


def plain(text: object, style: str = "") -> Text:
    """Make text in which brackets are brackets and control characters have no power."""
    return Text(printable(text), style=style)


def row(cells: Sequence[Text], columns: Sequence[Column]) -> Table:
    """Set one line of cells; what does not fit wraps inside its column."""
    table = Table.grid(padding=(0, _GAP, 0, 0), expand=False)
    for column in columns:
        table.add_column(
            width=column.width or None,
            ratio=None if column.width else 1,
            justify=column.justify,
            overflow="fold",
        )
    table.expand = any(not column.width for column in columns)
    table.add_row(*cells)
    return table


def taken(columns: Sequence[Column]) -> int:
    """Return the cells that columns of fixed width take, gaps included."""
    return sum(column.width + _GAP for column in columns)


def indented(text: Text, left: int) -> Padding:
    """Indent a paragraph, the wrapped lines included."""
    return Padding(text, (0, 0, 0, left))
