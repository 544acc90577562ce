"""The diagnosis on a terminal: verdict first, failed checks first, readable without colour."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters import REPORTERS

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.types import Diagnosis

_TEXT_WIDTH = 100


def print_report(diagnosis: Diagnosis, console: Console, *, verbose: bool = False) -> None:
    """Print a diagnosis, laid out for the width, colours and characters of the console.

    Args:
        diagnosis: What to print.
        console: Where to.
        verbose: Show what is folded otherwise: passed checks, all modes, details, timings.
    """
    from gancheck.reporters.terminal import checks, classes, copies, frame, modes, scores
    from gancheck.reporters.terminal.ink import Ink

    ink = Ink.of(console)
    blocks = (
        frame.header(diagnosis, ink),
        frame.verdict(diagnosis),
        checks.table(diagnosis, ink, verbose=verbose),
        copies.table(diagnosis, ink),
        modes.chart(diagnosis, ink, verbose=verbose),
        classes.table(diagnosis, ink, verbose=verbose),
        scores.table(diagnosis, ink),
        frame.remarks(diagnosis),
        frame.timings(diagnosis, ink) if verbose else [],
        frame.next_steps(diagnosis),
    )
    for block in filter(None, blocks):
        for line in block:
            console.print(line, width=ink.width, highlight=False)
        console.print()


def print_verdict(diagnosis: Diagnosis, console: Console) -> None:
    """Print the verdict and its reasons only."""
    from gancheck.reporters.terminal import frame
    from gancheck.reporters.terminal.ink import Ink

    for line in frame.verdict(diagnosis):
        console.print(line, width=Ink.of(console).width, highlight=False)


@dataclass(frozen=True)
class Terminal:
    """The terminal report as plain text: no colour, nothing folded, 100 columns."""

    name: str = "terminal"
    suffix: str = ".txt"

    def render(self, diagnosis: Diagnosis) -> str:
        """Return the terminal report as text."""
        from rich.console import Console

        page = io.StringIO()
        console = Console(file=page, width=_TEXT_WIDTH, no_color=True, force_terminal=False)
        print_report(diagnosis, console, verbose=True)
        return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


REPORTERS.register("terminal")(Terminal())

__all__ = ["Terminal", "print_report"]
