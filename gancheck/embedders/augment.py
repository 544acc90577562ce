"""The changes that a fitted view learns to ignore, applied to whole batches at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Invariances:
    """How far an image may be changed and still count as the same image.

    Attributes:
        rotation: Largest rotation to either side, in degrees.
        scale: Largest enlargement or reduction, as a share of the size.
        shift: Largest shift along each axis, as a share of the image's side.
        blur: Share of versions that are blurred, with up to the mean of 3x3 pixels.
        noise: Largest standard deviation of white noise, on the scale where white is 1; half of
            the versions have none.
        recolour: Whether the second half of the features of colour images ignores their colours.
    """

    rotation: float = 15.0
    scale: float = 0.15
    shift: float = 0.07
    blur: float = 0.5
    noise: float = 0.4
    recolour: bool = True

    def degraded(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Blur images (n, c, h, w) in 0..1 and add noise, each in its own random measure."""
        blurred = self._blurred(images, generator)
        return self._noisy(blurred, generator).clamp_(0.0, 1.0)

    def moved(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Rotate, scale and shift images (n, c, h, w), each in its own random way."""
        import torch
        from torch.nn import functional

        n = len(images)
        draws = torch.rand(4, n, generator=generator, device=images.device) * 2 - 1
        angle = draws[0] * math.radians(self.rotation)
        zoom = 1.0 + draws[1] * self.scale
        cos, sin = zoom * angle.cos(), zoom * angle.sin()
        shift = 2 * self.shift * draws[2:]  # the grid runs from -1 to 1
        rows = torch.stack([cos, -sin, shift[0], sin, cos, shift[1]], dim=1).view(n, 2, 3)
        grid = functional.affine_grid(rows, list(images.shape), align_corners=False)
        return functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="border", align_corners=False
        )

    def recoloured(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Swap, stretch and invert the channels of images (n, 3, h, w) in 0..1, each in its way."""
        import torch

        n = len(images)
        order = torch.rand(n, 3, generator=generator, device=images.device).argsort(dim=1)
        swapped = images.gather(1, order[:, :, None, None].expand_as(images))
        draws = torch.rand(2, n, 3, 1, 1, generator=generator, device=images.device)
        sign = 1.0 - 2.0 * (torch.rand(n, 1, 1, 1, generator=generator, device=images.device) < 0.5)
        gain, shift = sign * (0.5 + draws[0]), 0.4 * (draws[1] - 0.5)
        return (0.5 + shift + gain * (swapped - 0.5)).clamp_(0.0, 1.0)

    def _blurred(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        import torch
        from torch.nn import functional

        box = functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
        draws = torch.rand(2, len(images), 1, 1, 1, generator=generator, device=images.device)
        weight = (1.5 * draws[0]).clamp_(max=1.0) * (
            draws[1] < self.blur
        )  # a third at full strength
        return torch.lerp(images, box, weight)

    def _noisy(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        import torch

        draws = torch.rand(2, len(images), 1, 1, 1, generator=generator, device=images.device)
        level = draws[0] * self.noise * (draws[1] < 0.5)
        noise = torch.empty_like(images).normal_(generator=generator)
        return images.addcmul(noise, level)
