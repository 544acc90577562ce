"""Two time scales: the discriminator learns faster than the generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from examples.remedies.system import System


@dataclass(frozen=True)
class Ttur(System):
    """The plain GAN with a slower generator."""

    name: ClassVar[str] = "ttur"
    paper: ClassVar[str] = "Heusel et al. 2017"
    reason: ClassVar[str] = (
        "With a slower generator the discriminator stays near its best answer, and the game "
        "settles. One update each does, in place of several of the discriminator."
    )

    rate_g: float = 3e-4
    rate_d: float = 1.2e-3
