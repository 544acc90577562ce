"""What a case is: real samples, a subject made from them, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from gancheck import LoadOptions

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

Claim: TypeAlias = Literal["variety", "fidelity", "copies"]
"""What a measure speaks about, and what can be wrong with a subject."""

NOTHING: frozenset[Claim] = frozenset()
VARIETY: frozenset[Claim] = frozenset({"variety"})
FIDELITY: frozenset[Claim] = frozenset({"fidelity"})
COPIES: frozenset[Claim] = frozenset({"copies"})
WELL = VARIETY | FIDELITY


@dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes:
        n: Samples of a subject, at most.
        repeats: Real-versus-real repetitions behind each control.
        seed: Seed of everything.
        quick: Only the cases marked quick; gancheck looks at the pixels of images too.
        pixels_only: Other measures look at images by their pixels only, not by EfficientNet.
        digits: An archive of digits to use in place of the shipped ones.
    """

    n: int = 5000
    repeats: int = 10
    seed: int = 0
    quick: bool = False
    pixels_only: bool = False
    digits: Path | None = None

    @property
    def reference(self) -> int:
        """Reference samples: gancheck sets a third of them aside, and compares with n."""
        return self.n + self.n // 2


@dataclass(frozen=True)
class Real:
    """Real samples in two parts that share none.

    Attributes:
        reference: What gancheck is given as ``--reference``: (m, c, h, w) uint8 or (m, d) float32.
        held_out: What subjects are made of, the same law.
        labels: (m,) classes of the reference; never shown to any measure.
        held_out_labels: Classes of the held-out part.
        n: Samples a subject should have.
    """

    reference: AnyArray
    held_out: AnyArray
    labels: IntArray
    held_out_labels: IntArray
    n: int


@dataclass(frozen=True)
class Subject:
    """Samples whose diagnosis is known: the truth is the overlap of both laws, if there is one."""

    samples: AnyArray
    truth: float | None


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: What was done, in a few words.
        draw: Makes the subject from real samples and a random stream.
        sick: What is wrong: a measure that speaks about it has to see it.
        sound: What is not: a measure that speaks about nothing else must stay silent.
        below: A case of the same world that has to read better than this one.
        quick: Part of the quick run.
        model: Generator file to diagnose in place of the samples.
        load: How to read that file.
    """

    name: str
    draw: Callable[[Real, np.random.Generator], Subject]
    sick: frozenset[Claim] = NOTHING
    sound: frozenset[Claim] = NOTHING
    below: str | None = None
    quick: bool = False
    model: Path | None = None
    load: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True)
class World:
    """A kind of real data, and the cases made from it."""

    name: str
    real: Callable[[Scale], Real]
    cases: tuple[Case, ...]


def kept_share(labels: IntArray, count: int) -> float:
    """Return the share of the first ``count`` classes: what is left when the others are dropped."""
    return float((labels < count).mean())


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return a random stream of its own for everything that has a name."""
    return np.random.default_rng([seed, *"/".join(names).encode()])
