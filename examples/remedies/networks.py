"""The few networks that the systems are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def dense(
    inputs: int, outputs: int, width: int = 128, depth: int = 2, slope: float = 0.0
) -> nn.Sequential:
    """Build hidden dense layers with (leaky) ReLU, and a linear layer at the end."""
    layers: list[nn.Module] = []
    for size in [inputs] + [width] * (depth - 1):
        layers += [nn.Linear(size, width), nn.LeakyReLU(slope) if slope else nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


class Mixture(nn.Module):
    """Several generators behind one latent: its last coordinate chooses which one answers.

    The coordinate is standard normal, and its quantile is cut into as many equal parts as there
    are generators.
    """

    def __init__(self, members: list[nn.Module], trunk: nn.Module | None = None) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.trunk = trunk if trunk is not None else nn.Identity()

    def choice(self, latents: Tensor) -> Tensor:
        """Return the number of the generator (n,) that answers each latent."""
        count = len(self.members)
        share: Tensor = torch.special.ndtr(latents[:, -1])
        return (share * count).long().clamp(max=count - 1)

    def forward(self, latents: Tensor) -> Tensor:
        """Let every generator answer, and keep the answer of the chosen one."""
        answers = torch.stack([member(latents[:, :-1]) for member in self.members])
        chosen = self.choice(latents)[None, :, None].expand(-1, -1, answers.shape[2])
        kept: Tensor = self.trunk(answers.gather(0, chosen)[0])
        return kept
