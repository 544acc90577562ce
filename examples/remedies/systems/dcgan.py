"""DCGAN: convolutions in both networks, for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from examples.mnist.generator import Generator
from examples.remedies.digits import DIGITS
from examples.remedies.system import System
from examples.remedies.worlds import World


@dataclass(frozen=True)
class Dcgan(System):
    """The plain GAN with strided convolutions and batch normalisation, on digits."""

    name: ClassVar[str] = "dcgan"
    paper: ClassVar[str] = "Radford et al. 2016"
    reason: ClassVar[str] = (
        "Strided convolutions, batch normalisation and low momentum make the game on pictures "
        "stable enough to be trained at all. Nothing in it asks for variety."
    )
    learns: ClassVar[Literal["points", "pictures"]] = "pictures"
    gives_logits: ClassVar[bool] = False  # of single pictures, but for batch normalisation

    steps: int = 800
    batch: int = 64
    latent: int = 32
    rate_g: float = 5e-4
    rate_d: float = 2e-4

    def fits(self, world: World) -> bool:
        """Tell whether these are single digits."""
        return world.name == DIGITS.name

    def make_generator(self, world: World) -> nn.Module:
        """Build the generator of ``examples/mnist``, for latents that come flat."""
        return nn.Sequential(nn.Unflatten(1, (self.latent, 1, 1)), Generator(self.latent))

    def make_discriminator(self, world: World) -> nn.Module:
        """Build two convolutions and a dense layer."""
        return nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(64 * 49, 1),
        )
