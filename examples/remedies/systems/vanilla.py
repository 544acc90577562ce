"""The GAN with the usual first aid: the non-saturating loss and one-sided label smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Vanilla(System):
    """The plain GAN whose discriminator is told that real points are real to 90%.

    Attributes:
        target: What the discriminator shall say of real points.
    """

    name: ClassVar[str] = "vanilla"
    paper: ClassVar[str] = "Goodfellow et al. 2014; smoothing: Salimans et al. 2016"
    reason: ClassVar[str] = (
        "A discriminator that may never be certain keeps its slopes gentle. It still looks at one "
        "point at a time, so that nothing asks for variety."
    )

    target: float = 0.9

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy with a smoothed target for real points."""
        drawn = self.judge(players, self.draw(players, now).detach(), now)
        real = self.judge(players, now.real, now)
        smoothed = self.target * softplus(-real) + (1 - self.target) * softplus(real)
        return smoothed.mean() + softplus(drawn).mean()
