"""Stacked MNIST, reduced: three digits as the colours of one picture, and who reads them.

The data of Metz et al. 2017 (Unrolled GAN), VEEGAN and PacGAN, made from the 6,000 digits of
``examples/mnist`` in place of 60,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from examples.remedies.digits import DIGITS

if TYPE_CHECKING:
    from gancheck.types import AnyArray

ACCURACY = 0.975  # of the classifier, on digits that it was not trained on
SURE = 0.88  # of real stacks: their triple has a probability of at least 0.9
STACKS = 26_000  # samples whose modes are counted, as VEEGAN and PacGAN do
REFERENCE = 4_000  # real stacks that generators are held against
_REFERENCE_SEED = 7
_CHANNELS = 3
_READER_RATE = 2e-3
_READER_SEED, _READER_STEPS, _READER_BATCH = 1, 1_000, 64


@dataclass(frozen=True)
class Stacked:
    """Stacks of three independent digits, (3, 28, 28) from -1 to 1; a mode for each triple."""

    name: str = "stacked"
    scale: float = 1.0
    classes: int = 1000
    cells: None = None
    centres: None = None
    sd: None = None

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw stacks (n, 3, 28, 28) of digits to learn from, and their triples 0..999 (n,)."""
        pictures, digits = DIGITS.draw(_CHANNELS * n, source)
        return pictures.reshape(n, _CHANNELS, 28, 28), _numbered(digits)

    def reference(self) -> tuple[AnyArray, AnyArray]:
        """Return stacks of the digits that nothing was trained on, and their triples."""
        images, digits = DIGITS.reference()
        source = torch.Generator().manual_seed(_REFERENCE_SEED)
        rows = torch.randint(len(images), (_CHANNELS * REFERENCE,), generator=source).numpy()
        stacks = images[rows].reshape(REFERENCE, _CHANNELS, 28, 28)
        return stacks, _numbered(torch.from_numpy(digits[rows]).long()).numpy()


def _numbered(digits: Tensor) -> Tensor:
    """Read three digits in a row as one number, the first channel counting most."""
    return digits.reshape(-1, _CHANNELS) @ torch.tensor([100, 10, 1])


@cache
def reader() -> nn.Module:
    """Train the classifier of single digits on those that generators learn from.

    Always the same one, once in a process.
    """
    source = torch.Generator().manual_seed(_READER_SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_READER_SEED)
        network = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 4, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 49, 128),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(128, 10),
        )
        optimizer = torch.optim.Adam(network.parameters(), lr=_READER_RATE, fused=True)
        for step in range(_READER_STEPS):
            optimizer.param_groups[0]["lr"] = _READER_RATE * (1 - step / _READER_STEPS)
            pictures, digits = DIGITS.draw(_READER_BATCH, source)
            optimizer.zero_grad()
            torch.autograd.backward(cross_entropy(network(pictures), digits))
            optimizer.step()
    return network.eval()


@torch.no_grad()
def triples(stacks: Tensor) -> Tensor:
    """Read the likeliest triple 0..999 of each stack (n, 3, 28, 28), however unlikely it is."""
    return _numbered(reader()(stacks.reshape(-1, 1, 28, 28)).argmax(dim=1))


STACKED = Stacked()
