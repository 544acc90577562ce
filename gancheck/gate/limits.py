"""What a gate asks for: limits, how much each matters, and what becomes of the undecided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from gancheck.gate.words import amount

Kind: TypeAlias = Literal["min", "max", "forbid", "max-drop"]

CONFIDENCES = (0.95, 0.975, 0.99)
"""One-sided confidences that a gate can decide at; reports hold bounds for these."""


class Level(str, Enum):
    """How much a limit matters."""

    OFF = "off"
    WARN = "warn"
    ERROR = "error"


class OnInconclusive(str, Enum):
    """What becomes of a limit that lies inside the interval."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class State(str, Enum):
    """What became of a limit.

    ``unavailable`` is what was skipped or could not be measured; it never passes.
    """

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    UNAVAILABLE = "unavailable"
    OFF = "off"


@dataclass(frozen=True)
class Limit:
    """One thing that a gate asks for.

    Attributes:
        kind: ``min`` and ``max`` bound a score or the number of a finding, ``forbid`` a condition
            or a verdict, ``max-drop`` the loss of a score since the baseline.
        name: Score, id of a finding, condition or verdict.
        value: The bound; None for ``forbid``.
        level: How much it matters.
    """

    kind: Kind
    name: str
    value: float | None = None
    level: Level = Level.ERROR

    @property
    def text(self) -> str:
        """The limit in words: ``diversity >= 0.80``."""
        if self.kind == "forbid":
            return f"no {self.name}"
        if self.kind == "max-drop":
            return f"{self.name} drops by at most {amount(self._number)}"
        return f"{self.name} {self.bound}"

    @property
    def bound(self) -> str:
        """The limit without its name, for tables: ``>= 0.80``."""
        if self.kind == "forbid":
            return "forbidden"
        if self.kind == "max-drop":
            return f"drop <= {amount(self._number)}"
        return f"{'>=' if self.kind == 'min' else '<='} {amount(self._number)}"

    @property
    def key(self) -> str:
        """Kind and name, which no two limits of a gate share: ``min diversity``."""
        return f"{self.kind} {self.name}"

    @property
    def threshold(self) -> float:
        """What the measured number is held against: a drop is a difference below zero."""
        return -self._number if self.kind == "max-drop" else self._number

    @property
    def _number(self) -> float:
        return 0.0 if self.value is None else self.value


@dataclass(frozen=True)
class Rules:
    """Everything a gate asks for.

    Attributes:
        limits: What is asked.
        on_inconclusive: What becomes of limits inside the interval.
        confidence: One-sided confidence of the bound that decides: 0.95, 0.975 or 0.99.
        by_default: Whether nobody asked for anything, and the verdict alone decides.
    """

    limits: tuple[Limit, ...]
    on_inconclusive: OnInconclusive = OnInconclusive.WARN
    confidence: float = 0.95
    by_default: bool = False
