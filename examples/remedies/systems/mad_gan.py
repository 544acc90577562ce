"""MAD-GAN: several generators, and a discriminator that also tells which one drew a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from examples.remedies.networks import Mixture, dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class MadGan(System):
    """Generators are pushed apart, since points that tell their generator are easy to name.

    The latent's last coordinate chooses the generator.

    Attributes:
        members: Number of generators.
    """

    name: ClassVar[str] = "mad-gan"
    paper: ClassVar[str] = "Ghosh et al. 2018"
    reason: ClassVar[str] = (
        "To name the generator behind a point the discriminator has to push generators to "
        "different modes. Each may collapse; together they cover more."
    )
    gives_logits: ClassVar[bool] = False  # one for each generator

    steps: int = 4_500
    latent: int = 3
    members: int = 4

    def make_generator(self, world: World) -> nn.Module:
        """Build generators of their own weights."""
        return Mixture([dense(self.latent - 1, 2) for _ in range(self.members)])

    def make_discriminator(self, world: World) -> nn.Module:
        """Build a classifier: one class for each generator, and the last one for real points."""
        return dense(2, self.members + 1, slope=0.2)

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy of naming each point's origin."""
        drawn = self.judge(players, self.draw(players, now).detach(), now)
        real = self.judge(players, now.real, now)
        authors = players.generator.choice(now.latents)  # type: ignore[operator]
        return cross_entropy(drawn, authors) + cross_entropy(real, self._real(now))

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy of drawn points being called real."""
        return cross_entropy(self.judge(players, self.draw(players, now), now), self._real(now))

    def _real(self, now: Round) -> Tensor:
        return torch.full((len(now.real),), self.members)
