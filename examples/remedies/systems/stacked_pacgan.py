"""PacGAN on stacked digits: the discriminator judges several stacks at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from examples.remedies.system import Players, Round
from examples.remedies.systems.stacked_dcgan import StackedDcgan


@dataclass(frozen=True)
class StackedPacgan(StackedDcgan):
    """The same DCGAN, whose discriminator sees the channels of a pack; nothing else differs."""

    name: ClassVar[str] = "stacked-pacgan2"
    paper: ClassVar[str] = "Lin et al. 2018"
    reason: ClassVar[str] = (
        "Two stacks of a collapsed generator are alike, and two real ones are not. Each judgement "
        "is of a pair, so that as many pictures give half as many judgements."
    )

    pack: int = 2

    def judge(self, players: Players, points: Tensor, now: Round) -> Tensor:
        """Judge packs of neighbouring rows, which are independent of each other."""
        return super().judge(players, points.reshape(-1, 3 * self.pack, 28, 28), now)
