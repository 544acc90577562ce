"""PacGAN: the discriminator judges several points at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from examples.remedies.networks import dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class Pacgan(System):
    """The plain GAN with a discriminator of packed points; nothing else differs.

    Attributes:
        pack: Points that are judged at once.
    """

    name: ClassVar[str] = "pacgan2"
    paper: ClassVar[str] = "Lin et al. 2018"
    reason: ClassVar[str] = (
        "A pack of points from a collapsed generator is alike, and a pack of real ones is not: "
        "lack of variety shows in one judgement. Only the discriminator's first layer grows."
    )
    gives_logits: ClassVar[bool] = False  # not of single points

    batch: int = 256
    pack: int = 2

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the plain discriminator with a wider input."""
        return dense(2 * self.pack, 1, slope=0.2)

    def judge(self, players: Players, points: Tensor, now: Round) -> Tensor:
        """Judge packs of neighbouring rows, which are independent of each other."""
        return super().judge(players, points.reshape(-1, 2 * self.pack), now)
