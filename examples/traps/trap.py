"""What a trap is: a claim, and a table that shows it with a page beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gancheck import Diagnosis

SUFFIX = ".gancheck.html"


@dataclass(frozen=True)
class Table:
    """What the usual number says, and beside it what gancheck says.

    Attributes:
        usual: Headings of the columns with the usual numbers; the first one names the rows.
        ours: Headings of gancheck's columns.
        rows: Cells, as many in each row as there are headings.
        note: What one should know to read it.
    """

    usual: tuple[str, ...]
    ours: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str

    def text(self) -> str:
        """Return the table in columns, gancheck's under its name."""
        lines = [self.usual + self.ours, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        before = sum(widths[: len(self.usual)]) + 2 * len(self.usual)
        return "\n".join([" " * before + "gancheck", *(_line(cells, widths) for cells in lines)])


Show: TypeAlias = Callable[[Path, int, int], Table]
"""Takes the path of the page to write, the number of samples, and the seed."""


@dataclass(frozen=True)
class Trap:
    """A number that says less than it seems to.

    Attributes:
        name: Name on the command line.
        claim: The trap in one sentence.
        samples: How many samples are looked at.
        show: Springs it.
    """

    name: str
    claim: str
    samples: int
    show: Show


def judged(found: Diagnosis) -> tuple[str, str, str]:
    """Say diversity with its interval, verdict and conditions: the columns of `JUDGED`."""
    score = found.scores["diversity"]
    conditions = ", ".join(condition.value for condition in found.conditions) or "-"
    return f"{score.value:.2f} ({score.low:.2f}..{score.high:.2f})", found.verdict.value, conditions


JUDGED = ("diversity", "verdict", "conditions")


def write_page(found: Diagnosis, page: Path) -> None:
    """Write gancheck's page of a diagnosis."""
    from gancheck.reporters import REPORTERS
    from gancheck.reporters.writing import write

    write(REPORTERS.get("html").render(found), page, force=False)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    def padded() -> Iterator[str]:
        for cell, width in zip(cells, widths, strict=True):
            yield cell.ljust(width)

    return "  ".join(padded()).rstrip()
