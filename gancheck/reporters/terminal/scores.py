"""The scores on a terminal: value, interval and what two halves of the reference reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import Column, plain, row, taken

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import Diagnosis, Score


def table(diagnosis: Diagnosis, ink: Ink) -> list[RenderableType]:
    """Print every score on one line, beside its ceiling."""
    scores = list(diagnosis.scores.values())
    if not scores:
        return []
    columns = [
        Column(" score", max(18, *(min(len(score.name) + 1, 30) for score in scores))),
        Column("value", 6, "right"),
        Column("95% interval", max(12, *(len(wording.score_numbers(s).interval) for s in scores))),
        Column("ceiling", 7, "right"),
        Column("n", 7, "right"),
        Column("k", 3, "right"),
    ]
    columns = columns if taken(columns) <= ink.width else columns[:4]
    rows = [row(_cells(score)[: len(columns)], columns) for score in scores]
    return [ink.heading(columns), ink.rule(), *rows]


def _cells(score: Score) -> list[Text]:
    value, interval, ceiling = wording.score_numbers(score)
    return [
        plain(f" {score.name}"),
        plain(value, "bold"),
        plain(interval),
        plain(ceiling, "dim"),
        plain("" if score.n is None else f"{score.n:,}", "dim"),
        plain("" if score.k is None else score.k, "dim"),
    ]
