"""Conditional GAN: both players are told the label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from examples.remedies.networks import dense
from examples.remedies.system import Players, Round, System
from examples.remedies.worlds import World


class Labelled(nn.Module):
    """A network that is given a label, one-hot, beside its input."""

    def __init__(self, inner: nn.Module, classes: int) -> None:
        super().__init__()
        self.inner = inner
        self.classes = classes

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the inner network's answer to the inputs (n, d) under the labels (n,)."""
        told = one_hot(labels.long(), self.classes).to(inputs.dtype)
        answer: Tensor = self.inner(torch.cat((inputs, told), dim=1))
        return answer


@dataclass(frozen=True)
class Conditional(System):
    """The plain GAN with labels: Gaussians of ring and grid, thirds of the spiral."""

    name: ClassVar[str] = "conditional"
    paper: ClassVar[str] = "Mirza and Osindero 2014"
    reason: ClassVar[str] = (
        "A label says which mode to draw, so that no mode can be dropped unnoticed. It needs "
        "labels, and helps between classes only."
    )
    takes_labels: ClassVar[bool] = True
    gives_logits: ClassVar[bool] = False  # of a point and its label

    steps: int = 8_000

    def make_generator(self, world: World) -> nn.Module:
        """Build a generator that takes labels."""
        return Labelled(dense(self.latent + world.classes, 2), world.classes)

    def make_discriminator(self, world: World) -> nn.Module:
        """Build a discriminator that takes labels."""
        return Labelled(dense(2 + world.classes, 1, slope=0.2), world.classes)

    def draw(self, players: Players, now: Round) -> Tensor:
        """Draw under the labels of the round."""
        drawn: Tensor = players.generator(now.latents, now.labels)
        return drawn

    def judge(self, players: Players, points: Tensor, now: Round) -> Tensor:
        """Judge points under the labels of the round."""
        logits: Tensor = players.discriminator(points, now.labels)
        return logits
