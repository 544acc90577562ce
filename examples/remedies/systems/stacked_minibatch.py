"""Minibatch discrimination on stacked digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from examples.remedies.systems.minibatch import BesideOthers
from examples.remedies.systems.stacked_dcgan import StackedDcgan
from examples.remedies.worlds import World


@dataclass(frozen=True)
class StackedMinibatch(StackedDcgan):
    """The same DCGAN with the L1 statistic layer before the discriminator's last one."""

    name: ClassVar[str] = "stacked-minibatch"
    paper: ClassVar[str] = "Salimans et al. 2016"
    reason: ClassVar[str] = (
        "The discriminator is told how alike the stacks of a batch are. Batches of 64 out of 1000 "
        "modes hold few pairs of one mode, so that it sees nearness rather than repetition."
    )

    def make_discriminator(self, world: World) -> nn.Module:
        """Build the same discriminator with the layer in it."""
        width = 98 * self.opponent
        beside = BesideOthers(width)
        last = nn.Linear(width + beside.lights, 1)
        return nn.Sequential(self.features(nn.BatchNorm2d(2 * self.opponent)), beside, last)
