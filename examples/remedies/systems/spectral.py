"""Spectral normalisation: a discriminator whose layers stretch nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from examples.remedies.system import System
from examples.remedies.worlds import World


class Stretched(nn.Module):
    """A network times a factor."""

    def __init__(self, inner: nn.Module, factor: float) -> None:
        super().__init__()
        self.inner = inner
        self.factor = factor

    def forward(self, points: Tensor) -> Tensor:
        """Return the stretched judgements."""
        judged: Tensor = self.inner(points)
        return self.factor * judged


@dataclass(frozen=True)
class Spectral(System):
    """Every layer of the discriminator is divided by its largest singular value.

    A slope of 1 is too gentle to see modes of a hundredth of the world's size, so that judgements
    are stretched.

    Attributes:
        slope: What judgements are multiplied by: the bound of the discriminator's slope.
    """

    name: ClassVar[str] = "spectral"
    paper: ClassVar[str] = "Miyato et al. 2018"
    reason: ClassVar[str] = (
        "A discriminator with slope at most 1 cannot cut real from drawn points steeply, so that "
        "its gradient stays useful. It steadies the game; it does not ask for variety."
    )

    steps: int = 7_500
    slope: float = 10.0

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the plain discriminator with normalised layers."""
        plain = super().make_discriminator(world)
        for layer in plain.modules():
            if isinstance(layer, nn.Linear):
                spectral_norm(layer)
        return Stretched(plain, self.slope)
