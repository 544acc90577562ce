"""How a result shows itself in a notebook, and writes its page."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

_DRAWN_BY = "gancheck.reporters.html.notebook"


class Drawing(Protocol):
    """What draws results."""

    def card(self, result: object) -> str:
        """Return a piece of HTML for a notebook."""

    def words(self, result: object) -> str:
        """Return a few lines of text."""

    def save(self, result: object, path: Path, *, force: bool) -> None:
        """Write the whole page."""


class Printer(Protocol):
    """What IPython collects text with."""

    def text(self, text: str) -> None:
        """Add some text."""


class Displayed:
    """A result that notebooks show as a card, and that can be saved as a page."""

    def save_html(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the whole report as one self-contained page, as ``--html`` does.

        Args:
            path: Where to; missing folders are made, a report of gancheck is replaced.
            force: Replace also what gancheck did not write.

        Returns:
            The path.

        Raises:
            OutputError: The file cannot be written, or holds something else.
        """
        target = Path(path)
        _drawing().save(self, target, force=force)
        return target

    def _repr_html_(self) -> str:
        """Return what notebooks show: a card without scripts, and the page folded into it."""
        return _drawing().card(self)

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        """Tell IPython the verdict in a few lines, where it would print every picture's bytes."""
        printer.text(type(self).__name__ if cycle else _drawing().words(self))


def _drawing() -> Drawing:
    """Return what draws results; found by its name, because results know nothing of reports."""
    return cast("Drawing", importlib.import_module(_DRAWN_BY))
