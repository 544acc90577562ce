"""DCGAN on stacked digits: the plain one, and what its remedies share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from examples.remedies.stacked import STACKED
from examples.remedies.system import System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class StackedDcgan(System):
    """The plain GAN with convolutions, which every remedy on stacked digits starts from.

    Attributes:
        width: Channels of the generator at half the resolution; twice as many at a quarter.
        opponent: The same of the discriminator. Fewer than the generator's make modes fall away
            (PacGAN, table 3), but with 4 no digit could be read after 800 rounds.
        pack: Samples that are judged at once, as channels of one.
    """

    name: ClassVar[str] = "stacked-dcgan"
    paper: ClassVar[str] = "Radford et al. 2016"
    reason: ClassVar[str] = (
        "The discriminator looks at one stack at a time, and cannot tell that stacks are alike. "
        "Nothing asks for all of a thousand modes."
    )
    learns: ClassVar[Literal["points", "pictures"]] = "pictures"
    gives_logits: ClassVar[bool] = False  # of single pictures, but for batch normalisation

    steps: int = 2_500
    batch: int = 64
    latent: int = 64
    rate_g: float = 1e-3
    rate_d: float = 1e-3
    width: int = 16
    opponent: int = 16
    pack: int = 1

    def fits(self, world: World) -> bool:
        """Tell whether these are stacks."""
        return world.name == STACKED.name

    def make_generator(self, world: World) -> nn.Module:
        """Build a dense layer and two transposed convolutions."""
        return nn.Sequential(
            nn.Linear(self.latent, 98 * self.width, bias=False),
            nn.Unflatten(1, (2 * self.width, 7, 7)),
            nn.BatchNorm2d(2 * self.width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * self.width, self.width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(self.width),
            nn.ReLU(),
            nn.ConvTranspose2d(self.width, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def make_discriminator(self, world: World) -> nn.Module:
        """Build two convolutions and a dense layer."""
        return nn.Sequential(
            *self.features(nn.BatchNorm2d(2 * self.opponent)), nn.Linear(98 * self.opponent, 1)
        )

    def features(self, norm: nn.Module) -> nn.Sequential:
        """Build the discriminator up to its last layer: features (n, 98 x opponent)."""
        return nn.Sequential(
            nn.Conv2d(3 * self.pack, self.opponent, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(self.opponent, 2 * self.opponent, 4, 2, 1),
            norm,
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
