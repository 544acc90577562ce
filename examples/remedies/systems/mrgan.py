"""MRGAN: an encoder tells the generator how to draw each real point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from examples.remedies.networks import dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class Mrgan(System):
    """Real points are encoded and drawn again: near themselves, and to be taken for real.

    Attributes:
        closeness: Price of the squared distance between a real point and its second drawing.
        realism: Price of second drawings that the discriminator recognises.
    """

    name: ClassVar[str] = "mrgan"
    paper: ClassVar[str] = "Che et al. 2017"
    reason: ClassVar[str] = (
        "The plain loss says nothing about modes that are never drawn; a second drawing of a real "
        "point does. The encoder is thrown away after training."
    )

    steps: int = 5_500
    closeness: float = 0.2
    realism: float = 0.4

    def make_players(self, world: World) -> Players:
        """Build generator, discriminator and encoder."""
        plain = super().make_players(world)
        plain.allies["encoder"] = dense(2, self.latent)
        return plain

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the plain loss and the two prices of second drawings."""
        again: Tensor = players.generator(players.allies["encoder"](now.real))
        apart = (again - now.real).square().sum(dim=1).mean()
        seen = softplus(-self.judge(players, again, now)).mean()
        plain = super().generator_loss(players, now)
        return plain + self.closeness * apart + self.realism * seen
