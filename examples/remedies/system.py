"""A system: two networks, two losses and the settings they are trained with.

`System` itself is the plain GAN (Goodfellow et al. 2014, non-saturating loss). A remedy is a
subclass that changes a network or a loss, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from examples.remedies.networks import dense
from examples.remedies.worlds import World

_FEW = 8  # modes that are learned within the default budget
_PATIENCE = 4


@dataclass(frozen=True)
class Players:
    """The networks of one training.

    Attributes:
        generator: From latents to points.
        discriminator: From points to logits, or to what the system makes of it.
        allies: Further networks, trained together with the generator.
    """

    generator: nn.Module
    discriminator: nn.Module
    allies: nn.ModuleDict = field(default_factory=nn.ModuleDict)

    def generator_side(self) -> Iterator[nn.Parameter]:
        """Yield the weights that the generator's loss trains."""
        yield from self.generator.parameters()
        yield from self.allies.parameters()


@dataclass(frozen=True)
class Round:
    """What one update of a player sees.

    Attributes:
        real: (n, 2) points of the data.
        labels: (n,) their labels; samples are drawn under the same ones, where it matters.
        latents: (n, latent size).
        source: Where further random numbers come from.
    """

    real: Tensor
    labels: Tensor
    latents: Tensor
    source: torch.Generator


@dataclass(frozen=True)
class System:
    """The plain GAN with the non-saturating loss, which every remedy starts from.

    Both networks have two hidden layers of 128 units, the widths of VEEGAN's experiments; latents
    are two-dimensional normal ones, those of PacGAN's.

    Attributes:
        steps: Rounds of the default budget; see `rounds`.
        batch: Points in a round.
        latent: Length of a latent.
        rate_g: Learning rate of the generator.
        rate_d: Learning rate of the discriminator.
        beta1: First-moment decay of Adam, for both.
        updates_g: Updates of the generator in a round.
        updates_d: Updates of the discriminator in a round.
        settling: Last share of the rounds, over which both rates fall to nothing in a straight
            line: without it the players circle each other to the end.
    """

    name: ClassVar[str] = "plain"
    paper: ClassVar[str] = "Goodfellow et al. 2014"
    reason: ClassVar[str] = (
        "The generator maximises log D(G(z)). Nothing asks it for more than one good answer."
    )
    planted: ClassVar[bool] = False
    law: ClassVar[Literal["normal", "uniform"]] = "normal"
    learns: ClassVar[Literal["points", "pictures"]] = "points"
    takes_labels: ClassVar[bool] = False
    gives_logits: ClassVar[bool] = True  # of single points, so that they are probabilities

    steps: int = 10_000
    batch: int = 128
    latent: int = 2
    rate_g: float = 1e-3
    rate_d: float = 1e-3
    beta1: float = 0.5
    updates_g: int = 1
    updates_d: int = 1
    settling: float = 0.5

    def rounds(self, world: World) -> int:
        """Return the rounds of a training: four times the budget where modes are many.

        With the budget of the ring no remedy has drawn modes of the grid sharply yet, and packs are
        behind the plain GAN; failures on purpose need no more time to fail.
        """
        is_wide = world.centres is not None and len(world.centres) > _FEW
        return self.steps * (_PATIENCE if is_wide and not self.planted else 1)

    def make_players(self, world: World) -> Players:
        """Build the networks."""
        return Players(self.make_generator(world), self.make_discriminator(world))

    def make_generator(self, world: World) -> nn.Module:
        """Build what is diagnosed in the end."""
        return dense(self.latent, 2)

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the generator's opponent."""
        return dense(2, 1, slope=0.2)

    def make_optimizers(self, players: Players) -> tuple[torch.optim.Optimizer, ...]:
        """Build the optimizers of generator and discriminator."""
        betas = (self.beta1, 0.999)
        return (
            torch.optim.Adam(players.generator_side(), self.rate_g, betas, fused=True),
            torch.optim.Adam(players.discriminator.parameters(), self.rate_d, betas, fused=True),
        )

    def fits(self, world: World) -> bool:
        """Tell whether the networks are made for such data."""
        return (self.learns == "points") == (world.cells is not None)

    def draw_latents(self, n: int, source: torch.Generator) -> Tensor:
        """Draw latents (n, latent size)."""
        if self.law == "uniform":
            return 2 * torch.rand(n, self.latent, generator=source) - 1
        return torch.randn(n, self.latent, generator=source)

    def draw(self, players: Players, now: Round) -> Tensor:
        """Let the generator answer the latents of a round."""
        drawn: Tensor = players.generator(now.latents)
        return drawn

    def judge(self, players: Players, points: Tensor, now: Round) -> Tensor:
        """Let the discriminator judge points."""
        logits: Tensor = players.discriminator(points)
        return logits

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy of telling real points from drawn ones."""
        drawn = self.draw(players, now).detach()
        # softplus(-x) and softplus(x) are the cross-entropies of "real" and "drawn".
        real = softplus(-self.judge(players, now.real, now)).mean()
        return real + softplus(self.judge(players, drawn, now)).mean()

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy of drawn points being called real."""
        return softplus(-self.judge(players, self.draw(players, now), now)).mean()

    def pace(self, step: int, steps: int) -> float:
        """Return by what the rates of a round (1..steps) are multiplied."""
        left = (steps - step + 1) / steps
        return min(1.0, left / self.settling) if self.settling else 1.0

    def after_discriminator(self, players: Players) -> None:
        """Do what has to follow an update of the discriminator; nothing here."""
