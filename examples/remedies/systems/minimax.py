"""The GAN of the theory: both players share one loss, and it saturates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Minimax(System):
    """The plain GAN with the saturating loss of the generator."""

    name: ClassVar[str] = "minimax"
    paper: ClassVar[str] = "Goodfellow et al. 2014"
    reason: ClassVar[str] = (
        "The generator minimises log(1 - D(G(z))), which makes the game a Jensen-Shannon "
        "divergence. Its gradient is proportional to D(G(z)), so it fades as the discriminator "
        "wins."
    )

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the log-probability of drawn points being called drawn."""
        # log(1 - sigmoid(x)) = -softplus(x)
        return -softplus(self.judge(players, self.draw(players, now), now)).mean()
