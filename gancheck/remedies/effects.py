"""What a remedy did in the trained examples, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from gancheck.remedies.measured import Measured, Row, Spread
from gancheck.remedies.nouns import Cause, Remedy
from gancheck.types import Condition

CLEAR = 3.0
"""Standard errors from which a difference of means counts: with three runs a side, about 95%."""

_DIGITS = {"modes": 1, "effective": 1}  # after the point; others are shares
_SHARE_DIGITS = 2
_TITLES = {"effective": "effective modes", "high_quality": "high quality"}


class Outcome(Enum):
    """What became of a number."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "no clear difference"
    SINGLE = "one run, no error bar"


class Change(NamedTuple):
    """One number, without and with what is looked at."""

    measure: str
    before: Spread
    after: Spread

    @property
    def outcome(self) -> Outcome:
        """Whether the difference is more than its error, and to which side."""
        if self.before.sd is None or self.after.sd is None:
            return Outcome.SINGLE
        gap = self.after.mean - self.before.mean
        error = math.hypot(
            self.before.sd / math.sqrt(self.before.runs), self.after.sd / math.sqrt(self.after.runs)
        )
        alike = number(self.measure, self.before) == number(self.measure, self.after)
        if alike or abs(gap) <= CLEAR * error:
            return Outcome.UNCLEAR
        return Outcome.BETTER if gap > 0 else Outcome.WORSE

    def words(self, *, spread: bool) -> str:
        """Write both numbers, with their standard deviations where those are asked for."""
        before = number(self.measure, self.before, spread=spread)
        after = number(self.measure, self.after, spread=spread)
        return f"{_TITLES.get(self.measure, self.measure)} {before} -> {after}"


@dataclass(frozen=True)
class Effect:
    """What a remedy, or a cause, did on one world.

    Attributes:
        world: The world in words.
        before: The system without it.
        after: The system with it.
        condition: The condition that is to be helped.
        changes: The numbers that it is judged by, the most telling one first.
    """

    world: str
    before: Row
    after: Row
    condition: Condition
    changes: tuple[Change, ...]

    @property
    def outcome(self) -> Outcome:
        """What became of the most telling number."""
        return self.changes[0].outcome

    def short(self) -> str:
        """Write the most telling number only: ``ring of 8 (modes 6.3 -> 8.0)``."""
        return f"{self.world} ({self.changes[0].words(spread=False)})"

    def whole(self) -> str:
        """Write all numbers with their standard deviations, and how often it was diagnosed."""
        said = [f"{one.words(spread=True)}{self._remark(one)}" for one in self.changes]
        name = self.condition.value
        counts = [row.conditions.get(name, 0) for row in self._rows]
        if any(counts):  # what was never found may be nothing that one checkpoint can show
            of = (f"{count} of {row.runs}" for count, row in zip(counts, self._rows, strict=True))
            said.append(f"{name} found in {' -> '.join(of)}")
        return f"{self.world} ({self._setting()}): {'; '.join(said)}"

    def _remark(self, change: Change) -> str:
        return "" if change.outcome is Outcome.SINGLE else f", {change.outcome.value}"

    @property
    def _rows(self) -> tuple[Row, Row]:
        return self.before, self.after

    def _setting(self) -> str:
        before, after = self.before, self.after
        runs = f"{before.runs} -> {after.runs} runs"
        if before.runs == after.runs:
            runs = "one run each" if before.runs == 1 else f"{before.runs} runs each"
        doubt = ", no error bar" if self.outcome is Outcome.SINGLE else ""
        rounds = f"{before.steps:,} -> {after.steps:,} rounds"
        return f"{runs}{doubt}{'' if before.steps == after.steps else f', {rounds}'}"


def number(measure: str, spread_of: Spread, *, spread: bool = True) -> str:
    """Write a mean as its measure is written, ± its standard deviation where there is one."""
    places = _DIGITS.get(measure, _SHARE_DIGITS)
    text = f"{spread_of.mean:.{places}f}"
    return f"{text} ± {spread_of.sd:.{places}f}" if spread and spread_of.sd is not None else text


def effects(
    of: Remedy | Cause, condition: Condition, measures: Sequence[str], table: Measured
) -> tuple[Effect, ...]:
    """Return what a remedy or a cause did, world by world; nothing where it was not trained."""
    return tuple(_effects(of, condition, measures, table)) if of.system else ()


def _effects(
    of: Remedy | Cause, condition: Condition, measures: Sequence[str], table: Measured
) -> Iterator[Effect]:
    for world, called in table.worlds.items():
        after = table.find(of.system, world)
        before = None if after is None else table.find(of.against or after.against, world)
        if after is None or before is None:
            continue
        changes = tuple(
            Change(name, before.values[name], after.values[name])
            for name in measures
            if name in before.values and name in after.values
        )
        if changes:
            yield Effect(called, before, after, condition, changes)


def balance(found: Sequence[Effect]) -> int:
    """Return 1 for what helped on more worlds than it hurt, -1 for the reverse, else 0."""
    outcomes = [effect.outcome for effect in found]
    helped, hurt = outcomes.count(Outcome.BETTER), outcomes.count(Outcome.WORSE)
    return (helped > hurt) - (helped < hurt)


def summary(found: Sequence[Effect]) -> str:
    """Write in one line where it was better, worse or neither; empty where it was not tried."""
    parts = []
    for outcome in Outcome:
        worlds = [effect.short() for effect in found if effect.outcome is outcome]
        if worlds:
            parts.append(f"{outcome.value} on {', '.join(worlds)}")
    return "; ".join(parts)
