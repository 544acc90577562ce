"""Minibatch discrimination: each point is judged beside the rest of its batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from examples.remedies.networks import dense
from examples.remedies.system import System
from examples.remedies.worlds import World


class BesideOthers(nn.Module):
    """Adds to each row of features how near the other rows of its batch are, in several lights.

    Each row is turned into a matrix of ``lights`` rows; the statistic of a light is the sum over
    the batch of exp(-L1 distance) between these rows.
    """

    def __init__(self, width: int, lights: int = 16, size: int = 4) -> None:
        super().__init__()
        self.lights = lights
        self.turn = nn.Linear(width, lights * size, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return features (n, width + lights)."""
        seen = self.turn(features).reshape(len(features), self.lights, -1)
        apart = (seen[:, None] - seen[None]).abs().sum(dim=3)
        others = torch.exp(-apart).sum(dim=1) - 1  # without the row itself
        return torch.cat((features, others), dim=1)


@dataclass(frozen=True)
class Minibatch(System):
    """The plain GAN with the L1 statistic layer before the discriminator's last one."""

    name: ClassVar[str] = "minibatch"
    paper: ClassVar[str] = "Salimans et al. 2016"
    reason: ClassVar[str] = (
        "The discriminator is told how alike the points of a batch are, and a collapsed batch "
        "gives itself away. The generator gets a slope away from its own copies."
    )
    gives_logits: ClassVar[bool] = False  # not of single points

    steps: int = 5_000
    batch: int = 64

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the plain discriminator with the layer in it."""
        features = dense(2, 128, slope=0.2)
        beside = BesideOthers(128)
        return nn.Sequential(features, beside, nn.LeakyReLU(0.2), nn.Linear(128 + beside.lights, 1))
