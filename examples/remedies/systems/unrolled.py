"""Unrolled GAN: the generator plays against the discriminator of some steps ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import softplus

from examples.remedies.system import Players, Round, System


@dataclass(frozen=True)
class Unrolled(System):
    """The generator's loss looks through the discriminator's answer to it.

    The authors unroll Adam; plain gradient steps do here. Their discriminator is ten times slower
    than the generator, as this one: where both are equally fast no point of high quality is drawn.

    Attributes:
        ahead: Steps that the discriminator is thought ahead.
        stride: Learning rate of these steps.
    """

    name: ClassVar[str] = "unrolled"
    paper: ClassVar[str] = "Metz et al. 2017"
    reason: ClassVar[str] = (
        "A generator that foresees the discriminator's answer gains nothing by moving all mass to "
        "one place. It costs as many more passes as it looks ahead."
    )

    steps: int = 4_000
    rate_d: float = 1e-4
    ahead: int = 5
    stride: float = 0.02

    def generator_loss(self, players: Players, now: Round) -> Tensor:
        """Return the loss against the discriminator that is some steps ahead."""
        drawn = self.draw(players, now)
        network = players.discriminator
        weights: dict[str, Tensor] = dict(network.named_parameters())
        both = torch.cat((now.real, drawn))
        signs = torch.ones(len(both), 1)
        signs[: len(now.real)] = -1  # softplus(-x) and softplus(x) are the two cross-entropies
        for _ in range(self.ahead):
            logits = functional_call(network, weights, both)
            loss = 2 * softplus(signs * logits).mean()
            slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
            moved = zip(weights.items(), slopes, strict=True)
            weights = {name: value - self.stride * slope for (name, value), slope in moved}
        return softplus(-functional_call(network, weights, drawn)).mean()
