"""Wasserstein GAN: a critic with clipped weights in place of the discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Wgan(System):
    """The critic's mean difference approximates the distance that mass has to be moved.

    Attributes:
        clip: Largest weight of the critic.
    """

    name: ClassVar[str] = "wgan"
    paper: ClassVar[str] = "Arjovsky et al. 2017"
    reason: ClassVar[str] = (
        "The Jensen-Shannon divergence is constant where two laws do not meet; the Wasserstein "
        "distance falls as they come nearer. Clipped weights bound the critic's slope, crudely."
    )
    gives_logits: ClassVar[bool] = False

    steps: int = 4_000
    rate_g: float = 1e-3
    rate_d: float = 1e-3
    updates_d: int = 5
    clip: float = 0.1

    def make_optimizers(self, players: Players) -> tuple[torch.optim.Optimizer, ...]:
        """Build RMSprop for both, as the paper does: momentum unsettles a clipped critic."""
        return (
            torch.optim.RMSprop(players.generator_side(), self.rate_g),
            torch.optim.RMSprop(players.discriminator.parameters(), self.rate_d),
        )

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return how far the critic holds drawn points above real ones."""
        drawn = self.draw(players, now).detach()
        return self.judge(players, drawn, now).mean() - self.judge(players, now.real, now).mean()

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return how low the critic holds drawn points."""
        return -self.judge(players, self.draw(players, now), now).mean()

    @torch.no_grad()
    def after_discriminator(self, players: Players) -> None:
        """Clip the critic's weights."""
        for weight in players.discriminator.parameters():
            weight.clamp_(-self.clip, self.clip)
