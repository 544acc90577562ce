"""Wasserstein GAN with a gradient penalty in place of clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from examples.remedies.penalties import slopes
from examples.remedies.system import Players, Round
from examples.remedies.systems.wgan import Wgan


@dataclass(frozen=True)
class WganGp(Wgan):
    """The critic pays for every slope between real and drawn points that is not 1.

    Attributes:
        weight: Price of a slope; 0.1 is what the authors use on toy data.
    """

    name: ClassVar[str] = "wgan-gp"
    paper: ClassVar[str] = "Gulrajani et al. 2017"
    reason: ClassVar[str] = (
        "The best critic has slope 1 on the lines along which mass moves, so that is what is asked "
        "of it. Unlike clipping this does not push its weights to their bounds."
    )

    steps: int = 2_500
    weight: float = 0.1

    def make_optimizers(self, players: Players) -> tuple[torch.optim.Optimizer, ...]:
        """Build Adam for both."""
        return super(Wgan, self).make_optimizers(players)

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the critic's loss with the penalty on points between real and drawn ones."""
        drawn = self.draw(players, now).detach()
        share = torch.rand(len(drawn), 1, generator=now.source)
        between = now.real + share * (drawn - now.real)
        steep = slopes(lambda points: self.judge(players, points, now), between)
        margin = self.judge(players, drawn, now).mean() - self.judge(players, now.real, now).mean()
        return margin + self.weight * (steep - 1).square().mean()

    def after_discriminator(self, players: Players) -> None:
        """Clip nothing."""
