"""MGAN: generators that share their layers, and a classifier that tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from examples.remedies.networks import Mixture, dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class Mgan(System):
    """Generators share all but their first layer, and are paid for being told apart.

    The latent's last coordinate chooses the generator.

    Attributes:
        members: Number of generators.
        diversity: Price of a point whose generator cannot be told.
    """

    name: ClassVar[str] = "mgan"
    paper: ClassVar[str] = "Hoang et al. 2018"
    reason: ClassVar[str] = (
        "A classifier names the generator of each point, and generators help it by taking "
        "different modes. The discriminator stays a plain one, so that quality is judged apart."
    )

    steps: int = 5_500
    latent: int = 3
    members: int = 8
    diversity: float = 0.125

    def make_players(self, world: World) -> Players:
        """Build generators, discriminator and the classifier of generators."""
        plain = super().make_players(world)
        plain.allies["classifier"] = dense(2, self.members, slope=0.2)
        return plain

    def make_generator(self, world: World) -> nn.Module:
        """Build first layers of their own and one trunk."""
        firsts: list[nn.Module] = [nn.Linear(self.latent - 1, 128) for _ in range(self.members)]
        return Mixture(
            firsts, nn.Sequential(nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
        )

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the plain loss and the cross-entropy of naming each point's generator."""
        drawn = self.draw(players, now)
        authors = players.generator.choice(now.latents)  # type: ignore[operator]
        named = cross_entropy(players.allies["classifier"](drawn), authors)
        lifelike = super().generator_loss(players, now)
        return lifelike + self.diversity * named
