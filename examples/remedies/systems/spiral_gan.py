"""The GAN of the spiral picture, in the setting that collapses and in the one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from examples.remedies.networks import dense
from examples.remedies.system import System
from examples.remedies.worlds import World


class Bounded(nn.Module):
    """A network with outputs bounded by a tanh, times a factor."""

    def __init__(self, inner: nn.Module, factor: float) -> None:
        super().__init__()
        self.inner = inner
        self.factor = factor

    def forward(self, latents: Tensor) -> Tensor:
        """Return the bounded outputs."""
        bounded: Tensor = self.inner(latents).tanh()
        return self.factor * bounded


@dataclass(frozen=True)
class SpiralCollapsed(System):
    """Three leaky layers, latents of the square, momentum 0.9: the setting of ``examples/spiral``.

    It stops early, as the collapsed generator there does.
    """

    name: ClassVar[str] = "spiral-gan-collapsed"
    paper: ClassVar[str] = "the GAN of examples/spiral, collapsed setting"
    reason: ClassVar[str] = (
        "High momentum and equal high rates make the generator chase the discriminator. After 600 "
        "rounds it draws a stroke where the discriminator was last weak."
    )
    planted: ClassVar[bool] = True
    law: ClassVar = "uniform"

    steps: int = 600
    batch: int = 512
    beta1: float = 0.9
    settling: float = 0.0

    def make_generator(self, world: World) -> nn.Module:
        """Build a network whose outputs stay inside the world."""
        return Bounded(dense(self.latent, 2, depth=3, slope=0.1), world.scale)

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the same network with one output."""
        return dense(2, 1, depth=3, slope=0.1)


@dataclass(frozen=True)
class SpiralBetter(SpiralCollapsed):
    """The same networks with a slower generator, less momentum and more time.

    The generator in ``examples/spiral`` took 60,000 rounds; the default here is shorter.
    """

    name: ClassVar[str] = "spiral-gan-better"
    paper: ClassVar[str] = "the GAN of examples/spiral, better setting"
    reason: ClassVar[str] = (
        "A generator five times slower than the discriminator moves with the help of slopes that "
        "are up to date. Less momentum lets it stop where it should."
    )
    planted: ClassVar[bool] = False

    steps: int = 5_000
    rate_g: float = 2e-4
    beta1: float = 0.5
    settling: float = 0.5
