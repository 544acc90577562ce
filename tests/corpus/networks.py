"""Small generators of the kinds that people train; each is settled and in eval mode."""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn

from loaders.loader_models import LATENT, Conditional, Dcgan, make_dcgan, settle

__all__ = ["LATENT", "Conditional", "Dcgan"]
CLASSES = 4


class Twin(nn.Module):
    """A generator that returns a picture and a smaller one, like FastGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(LATENT, 48), nn.ReLU())
        self.small = nn.Linear(48, 3 * 4 * 4)
        self.large = nn.Linear(48, 3 * 8 * 8)

    def forward(self, z: Tensor) -> list[Tensor]:
        """Draw pictures in two sizes, the large ones first."""
        hidden = self.body(z)
        large = torch.tanh(self.large(hidden)).view(-1, 3, 8, 8)
        return [large, torch.tanh(self.small(hidden)).view(-1, 3, 4, 4)]


class OneHot(nn.Module):
    """A conditional generator that wants its labels one-hot."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT + CLASSES, 2)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = self.dense(torch.cat((z, y), dim=1))
        return points


class Psi(nn.Module):
    """A generator with a truncation strength beside the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT, 2)

    def forward(self, z: Tensor, psi: float = 0.5) -> Tensor:
        """Draw points near their centre."""
        points: Tensor = psi * self.dense(z)
        return points


class Viewed(nn.Module):
    """A generator that writes the batch size of its trace into the program."""

    def __init__(self, batch: int = 4) -> None:
        super().__init__()
        self.batch = batch
        self.dense = nn.Linear(LATENT, 12)

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return torch.tanh(self.dense(z)).view(self.batch, 3, 4).flatten(1)


class Spectral(nn.Module):
    """A DCGAN with spectral norms, in torch's old or new form."""

    def __init__(self, *, new: bool = False) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm if new else nn.utils.spectral_norm
        self.main = nn.Sequential(
            norm(nn.ConvTranspose2d(LATENT, 16, 4, 1, 0, bias=False)),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            norm(nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False)),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            norm(nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False)),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Draw pictures."""
        pictures: Tensor = self.main(latents)
        return pictures


def spectral_new() -> Spectral:
    """Return an unsettled generator with spectral norms in the new form."""
    return Spectral(new=True)


@functools.cache
def dcgan() -> Dcgan:
    """Return the DCGAN that most layouts hold; latents are normal (n, LATENT, 1, 1)."""
    return make_dcgan()


@functools.cache
def spectral(*, new: bool) -> nn.Module:
    """Return a settled DCGAN with spectral norms."""
    torch.manual_seed(7)
    module = Spectral(new=new).train()
    for _ in range(30):  # each step brings the norms closer to what they stay at
        module(torch.randn(2, LATENT, 1, 1))
    return settle(module, lambda: (torch.randn(64, LATENT, 1, 1),))


@functools.cache
def small(kind: type[nn.Module]) -> nn.Module:
    """Return one of the dense generators."""
    torch.manual_seed(8)
    return kind().eval().requires_grad_(False)


@functools.cache
def other_dcgan(seed: int) -> Dcgan:
    """Return a DCGAN with other weights: a discriminator's place, or weights before averaging."""
    torch.manual_seed(seed)
    return Dcgan().eval().requires_grad_(False)
