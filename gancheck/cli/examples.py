"""The examples at the end of every ``--help``."""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 78  # characters of a line of help on a terminal of 80 columns


class Example(NamedTuple):
    """A command line that works, and what it does."""

    line: str
    does: str


def epilog(*examples: Example) -> str:
    """Return the block of examples; the lines are kept as they are."""
    shown = [f"  {example.line}\n      {example.does}" for example in examples]
    return _plain("Examples:\n\n" + "\n\n".join(shown))


def _plain(text: str) -> str:
    """Keep square brackets from being read as markup."""
    return text.replace("[", "\\[")
