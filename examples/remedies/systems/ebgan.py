"""Energy-based GAN: the discriminator is an autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from examples.remedies.networks import dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class Ebgan(System):
    """Real points are cheap to write down, drawn ones dear, up to a margin.

    The variant with the pull-away term, which asks the codes of a batch to differ.

    Attributes:
        margin: Energy, in squared units of the world, beyond which drawn points need not go.
        pull: Weight of the pull-away term.
    """

    name: ClassVar[str] = "ebgan"
    paper: ClassVar[str] = "Zhao et al. 2017"
    reason: ClassVar[str] = (
        "An autoencoder's error is a target with as many numbers as the data, not one, which "
        "steadies the game. The pull-away term pays for codes of a batch that point apart."
    )
    gives_logits: ClassVar[bool] = False

    steps: int = 6_000
    margin: float = 1.0
    pull: float = 0.1

    def make_discriminator(self, world: World) -> nn.Module:
        """Build an encoder and a decoder."""
        return nn.Sequential(dense(2, 16, slope=0.2), nn.Tanh(), dense(16, 2, slope=0.2))

    def judge(self, players: Players, points: Tensor, now: Round) -> Tensor:
        """Return the energy: the squared error of writing a point down and reading it again."""
        energy: Tensor = (players.discriminator(points) - points).square().sum(dim=1)
        return energy

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the energy of real points, and what drawn ones lack to the margin."""
        drawn = self.judge(players, self.draw(players, now).detach(), now)
        return self.judge(players, now.real, now).mean() + relu(self.margin - drawn).mean()

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the energy of drawn points, and how much their codes point the same way."""
        drawn = self.draw(players, now)
        return self.judge(players, drawn, now).mean() + self.pull * self._alike(players, drawn)

    def _alike(self, players: Players, points: Tensor) -> Tensor:
        """Return the mean squared cosine between codes of different points."""
        network = players.discriminator
        codes = normalize(network.get_submodule("0")(points))
        n = len(points)
        return ((codes @ codes.T).square().sum() - n) / (n * (n - 1))
