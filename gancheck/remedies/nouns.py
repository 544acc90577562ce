"""A remedy, and the advice on one condition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

PRACTICE = "practice"
_WIDTH = 96


class Remedy(NamedTuple):
    """One thing to try.

    Attributes:
        text: What to do and what it does, in one or two sentences.
        source: Who showed it, with the year; ``practice`` where nobody had to.
        trained: Whether it helps a generator that is trained already.
    """

    text: str
    source: str
    trained: bool = False


@dataclass(frozen=True)
class Advice:
    """What is known of one condition.

    Attributes:
        meaning: What the condition is, in one sentence.
        causes: The usual causes, the most common first.
        remedies: What to try, the plainest first.
    """

    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[Remedy, ...]

    def lines(self) -> Iterator[str]:
        """Yield the advice as lines of text for a terminal."""
        yield self.meaning
        yield from ("", "Usual causes:")
        for cause in self.causes:
            yield from _item(f"{cause}.")
        yield from ("", "What the literature does:")
        for remedy in self.remedies:
            note = "; needs no training" if remedy.trained else ""
            yield from _item(f"{remedy.text} ({remedy.source}{note})")


def _item(text: str) -> list[str]:
    """Write an item of a list, its further lines indented."""
    return textwrap.wrap(
        text[0].upper() + text[1:], _WIDTH, initial_indent="  - ", subsequent_indent="    "
    )
