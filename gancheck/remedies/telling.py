"""Advice as it is told: what was measured beside what is known, in the order to try it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gancheck.remedies.effects import CLEAR, Effect, balance, effects, summary
from gancheck.remedies.measured import Measured, measured
from gancheck.remedies.nouns import Advice, Cause, Remedy
from gancheck.types import Condition

NOT_MEASURED = "Not measured here."
ORDER = "First what needs no training, then what helped in our own trainings, last what hurt there."
_NAMES = {"plain": "plain GAN"}
_LEAST_WIDTH = 40


class ToldCause(NamedTuple):
    """A cause, and what it did where it was built in on purpose."""

    cause: Cause
    effects: tuple[Effect, ...]

    @property
    def text(self) -> str:
        """The cause with its source."""
        return f"{self.cause.text} ({self.cause.source})" if self.cause.source else self.cause.text

    @property
    def measured(self) -> str:
        """What it did, in one sentence; empty where it was not tried."""
        said = summary(self.effects)
        return f"Built in on purpose: {said}." if said else ""


class ToldRemedy(NamedTuple):
    """A remedy, and what it did in the trained examples."""

    remedy: Remedy
    effects: tuple[Effect, ...]

    @property
    def short(self) -> str:
        """What it did, in one line."""
        said = summary(self.effects)
        if not said and self.remedy.trained:
            return "Needs no training."
        return f"Measured: {said}." if said else NOT_MEASURED

    @property
    def heading(self) -> str:
        """What stands above its numbers: what is held against what."""
        if not self.effects:
            return NOT_MEASURED
        first = self.effects[0]
        return f"Measured, {_named(first.before.system)} -> {_named(first.after.system)}:"

    @property
    def measured(self) -> list[str]:
        """What it did, a line for each world."""
        return [effect.whole() for effect in self.effects]


@dataclass(frozen=True)
class Told:
    """All that is told about one condition.

    Attributes:
        condition: Which one.
        meaning: What it is, in one sentence.
        causes: The usual causes.
        remedies: What to try, in that order.
        note: What the measurements are worth; empty where there are none.
    """

    condition: Condition
    meaning: str
    causes: tuple[ToldCause, ...]
    remedies: tuple[ToldRemedy, ...]
    note: str


def told(advice: Advice, table: Measured | None = None) -> Told:
    """Put what was measured beside the advice, and the remedies in order.

    Args:
        advice: What is known.
        table: What was measured; the one that gancheck was built with by default.

    Raises:
        LoadError: The table cannot be read.
    """
    table = measured() if table is None else table
    seen = (advice.condition, advice.measures, table)
    causes = tuple(ToldCause(cause, effects(cause, *seen)) for cause in advice.causes)
    remedies = [ToldRemedy(remedy, effects(remedy, *seen)) for remedy in advice.remedies]
    remedies.sort(key=lambda one: (not one.remedy.trained, -balance(one.effects)))
    found = [one.effects for one in causes] + [one.effects for one in remedies]
    note = _note() if any(found) else ""
    return Told(advice.condition, advice.meaning, causes, tuple(remedies), note)


def lines(found: Told, width: int) -> Iterator[str]:
    """Yield what is told as lines of text for a terminal of so many columns."""
    width = max(_LEAST_WIDTH, width)
    yield from textwrap.wrap(found.meaning, width)
    yield from ("", "Usual causes:")
    for cause in found.causes:
        yield from _wrapped(f"{_capital(cause.text)}.", width, "  - ", 4)
        yield from _wrapped(cause.measured, width, "    ", 4)
    yield from ("", *textwrap.wrap(f"What to try. {ORDER}", width), "")
    for at, one in enumerate(found.remedies, start=1):
        yield from _remedy(at, one, width)
    if found.note:
        yield from ("", *textwrap.wrap(found.note, width))


def _remedy(at: int, one: ToldRemedy, width: int) -> Iterator[str]:
    free = "; needs no training" if one.remedy.trained else ""
    first = f"{at:>3}. "
    yield from _wrapped(f"{one.remedy.name} [{one.remedy.source}{free}]", width, first, 5)
    yield from _wrapped(one.remedy.reason, width, " " * 5, 5)
    if one.effects or not one.remedy.trained:
        yield from _wrapped(one.heading, width, " " * 5, 5)
    for line in one.measured:
        yield from _wrapped(line, width, " " * 7, 9)


def _wrapped(text: str, width: int, first: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def _note() -> str:
    return (
        "Measured on points in the plane, digits and small networks (RESULTS.md in "
        "examples/remedies), so that it shows what a remedy can do and not what it will do "
        f"elsewhere. Better and worse are differences of more than {CLEAR:g} standard errors."
    )


def _named(system: str) -> str:
    return _NAMES.get(system, system)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
