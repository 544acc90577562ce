"""DRAGAN: a gradient penalty around the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from examples.remedies.penalties import slopes
from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Dragan(System):
    """The discriminator pays for slopes near real points that are not 1.

    Attributes:
        weight: Price of a slope; the 10 that is usual for pictures hides modes as narrow as ours.
        reach: Spread of the noise around real points, in standard deviations of the batch.
    """

    name: ClassVar[str] = "dragan"
    paper: ClassVar[str] = "Kodali et al. 2017"
    reason: ClassVar[str] = (
        "The authors saw collapse go with steep slopes of the discriminator around real points. "
        "A gentle landscape there leaves the generator many ways to the data."
    )

    steps: int = 6_000
    weight: float = 0.1
    reach: float = 0.5

    def discriminator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the cross-entropy and the price of slopes around the data."""
        noise = torch.rand(now.real.shape, generator=now.source)
        around = now.real + self.reach * now.real.std() * noise
        steep = slopes(lambda points: self.judge(players, points, now), around)
        plain = super().discriminator_loss(players, now)
        return plain + self.weight * (steep - 1).square().mean()
