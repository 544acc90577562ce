"""Wasserstein GAN with a gradient penalty on stacked digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from examples.remedies.penalties import slopes
from examples.remedies.system import Players, Round
from examples.remedies.systems.stacked_dcgan import StackedDcgan
from examples.remedies.worlds import World


@dataclass(frozen=True)
class StackedWganGp(StackedDcgan):
    """The same generator against a critic without batch normalisation, with its penalty.

    Attributes:
        weight: Price of a slope; 10 is what the authors use on pictures.
    """

    name: ClassVar[str] = "stacked-wgan-gp"
    paper: ClassVar[str] = "Gulrajani et al. 2017"
    reason: ClassVar[str] = (
        "The critic's slope does not fade where the two laws do not meet, so that mass is drawn to "
        "every mode. Its penalty makes a round cost several of the others, so it gets fewer."
    )

    steps: int = 900
    updates_d: int = 3
    weight: float = 10.0

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the critic: batch normalisation would tie the slopes of a batch together."""
        return nn.Sequential(self.features(nn.Identity()), nn.Linear(98 * self.opponent, 1))

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return how far the critic holds drawn stacks above real ones, and the penalty."""
        with torch.no_grad():
            drawn = self.draw(players, now)
        share = torch.rand(len(drawn), 1, generator=now.source)
        between = now.real.flatten(1) + share * (drawn - now.real).flatten(1)
        steep = slopes(lambda rows: self.judge(players, rows.view_as(drawn), now), between)
        margin = self.judge(players, drawn, now).mean() - self.judge(players, now.real, now).mean()
        return margin + self.weight * (steep - 1).square().mean()

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return how low the critic holds drawn stacks."""
        return -self.judge(players, self.draw(players, now), now).mean()
