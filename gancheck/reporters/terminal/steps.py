"""What to do next, in lines below a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.remedies import ADVICE, told
from gancheck.reporters.terminal.ink import Column, plain, row

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gancheck.types import Condition

_TRIED = 3  # remedies that are named


def step(name: str, text: str) -> Text:
    """Return one line: a word, and what it stands before."""
    return Text.assemble(plain(f" {name:<7} ", "dim"), plain(text))


def against(condition: Condition) -> list[RenderableType]:
    """Say what to try first against a condition, and which command explains it."""
    first = told(ADVICE[condition]).remedies[:_TRIED]
    names = "; ".join(one.remedy.name.replace("`", "") for one in first)
    return [
        row([plain(" Try", "dim"), plain(names)], [Column("", 7), Column("", 0)]),
        step("Next", f"gancheck explain {condition.value}"),
    ]
