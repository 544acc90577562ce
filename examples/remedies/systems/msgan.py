"""MSGAN: different latents shall give different points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Msgan(System):
    """The plain GAN, and a price on latents that are apart and drawn close together.

    The diversity-sensitive loss of Yang et al. 2019 bounds the same ratio, the other way up.

    Attributes:
        weight: Price of the ratio of distances.
        floor: Added to the ratio before it is turned over.
    """

    name: ClassVar[str] = "msgan"
    paper: ClassVar[str] = "Mao et al. 2019; Yang et al. 2019"
    reason: ClassVar[str] = (
        "A collapsed generator maps latents that are far apart to one place, and pays for it. "
        "The price knows nothing of the data: too high, it drives points off them."
    )

    steps: int = 8_500
    weight: float = 0.1
    floor: float = 0.1

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the plain loss and the price of pairs drawn close together."""
        drawn = self.draw(players, now)
        points, latents = drawn.chunk(2), now.latents.chunk(2)
        moved = (points[0] - points[1]).abs().mean(dim=1)
        apart = (latents[0] - latents[1]).abs().mean(dim=1)
        plain = super().generator_loss(players, now)
        return plain + self.weight / ((moved / apart).mean() + self.floor)
