"""Systems that fail on purpose, each for a reason of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from examples.remedies.system import System
from examples.remedies.systems.minimax import Minimax


@dataclass(frozen=True)
class StrongDiscriminator(Minimax):
    """A discriminator that wins at once, with the loss that then saturates."""

    name: ClassVar[str] = "strong-discriminator"
    paper: ClassVar[str] = "Arjovsky and Bottou 2017"
    reason: ClassVar[str] = (
        "Ten updates a round let the discriminator tell everything apart, and log(1 - D) is flat "
        "there. The generator gets no slope and stays about where it was."
    )
    planted: ClassVar[bool] = True

    steps: int = 1_500
    rate_g: float = 1e-4
    updates_d: int = 10
    settling: float = 0.0


@dataclass(frozen=True)
class Imbalanced(System):
    """A generator that moves ten times for each answer of the discriminator."""

    name: ClassVar[str] = "imbalanced"
    paper: ClassVar[str] = "Goodfellow et al. 2014, section 3"
    reason: ClassVar[str] = (
        "Against a discriminator that stands still the best answer is its one best point. The "
        "generator reaches it before the discriminator moves."
    )
    planted: ClassVar[bool] = True

    steps: int = 1_500
    rate_d: float = 1e-4
    updates_g: int = 10
    settling: float = 0.0


@dataclass(frozen=True)
class Hopping(System):
    """High rates and high momentum: the generator leaps from mode to mode."""

    name: ClassVar[str] = "hopping"
    paper: ClassVar[str] = "Metz et al. 2017, appendix; Radford et al. 2016 on momentum"
    reason: ClassVar[str] = (
        "All mass flees each mode as the discriminator learns it, and momentum carries it past the "
        "next one. Where it stands at the end is chance."
    )
    planted: ClassVar[bool] = True

    steps: int = 5_000
    rate_g: float = 5e-3
    rate_d: float = 5e-3
    beta1: float = 0.9
    settling: float = 0.0
