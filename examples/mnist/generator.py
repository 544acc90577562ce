"""The generator of both MNIST examples."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn


class Generator(nn.Module):
    """Turn latents of shape (N, 32, 1, 1) into 28 x 28 pictures with values in [-1, 1]."""

    def __init__(self, latent: int = 32, width: int = 48) -> None:
        """Build the three transposed convolutions."""
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent, 2 * width, 7, 1, 0, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Draw one picture for each latent."""
        return cast(Tensor, self.main(latents))
