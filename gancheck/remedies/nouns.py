"""A cause, a remedy, and the advice on one condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gancheck.types import Condition

PRACTICE = "practice"


class Cause(NamedTuple):
    """What brings a condition about.

    Attributes:
        text: The cause, without a full stop.
        source: Who showed it, with the year; empty where it goes without saying.
        system: The trained example that has it on purpose, by its name in the measured table.
        against: The example without it; empty for the one that the table names.
    """

    text: str
    source: str = ""
    system: str = ""
    against: str = ""


class Remedy(NamedTuple):
    """One thing to try.

    Attributes:
        name: What to do, in a few words.
        reason: Two sentences: why it works, and what it costs or does not do.
        source: Who showed it, with the year; ``practice`` where nobody had to.
        trained: Whether it helps a generator that is trained already.
        system: The trained example that uses it, by its name in the measured table; empty where
            there is none.
        against: The example without it; empty for the one that the table names.
    """

    name: str
    reason: str
    source: str
    trained: bool = False
    system: str = ""
    against: str = ""


@dataclass(frozen=True)
class Advice:
    """What is known of one condition.

    Attributes:
        condition: Which one.
        meaning: What it is, in one sentence.
        causes: The usual causes, the most common first.
        remedies: What to try, the plainest first.
        measures: The numbers that its remedies are judged by, the most telling one first.
    """

    condition: Condition
    meaning: str
    causes: tuple[Cause, ...]
    remedies: tuple[Remedy, ...]
    measures: tuple[str, ...] = ("overlap",)
