"""The mode-counting protocols of the literature, and their arithmetic.

The ring and the grid of VEEGAN (Srivastava et al. 2017) as PacGAN (Lin et al. 2018) sets them, and
the divergence that Stacked MNIST is scored by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

SAMPLES = 2500
HIGH_QUALITY = 3.0  # standard deviations from the nearest centre


@dataclass(frozen=True)
class Mixture:
    """Equal Gaussians in the plane: their centres (k, 2) and their standard deviation."""

    centres: FloatArray
    sd: float

    def draw(self, n: int, rng: np.random.Generator, kept: int | None = None) -> FloatArray:
        """Draw n points, from the first ``kept`` modes only when that is given."""
        modes = rng.integers(kept or len(self.centres), size=n)
        return np.asarray(self.centres[modes] + self.sd * rng.standard_normal((n, 2)))

    def counts(self, samples: FloatArray) -> IntArray:
        """Return how many samples of high quality lie nearest to each centre, (k,)."""
        far = np.linalg.norm(samples[:, None] - self.centres[None], axis=2)
        good = far.min(axis=1) <= HIGH_QUALITY * self.sd
        return np.bincount(far.argmin(axis=1)[good], minlength=len(self.centres))


def ring() -> Mixture:
    """Return eight Gaussians of sd .01 on the unit circle."""
    angle = 2 * np.pi * np.arange(8) / 8
    return Mixture(np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.01)


def grid() -> Mixture:
    """Return 25 Gaussians of sd .05 on a square lattice of spacing 2."""
    line = np.arange(-4.0, 5.0, 2.0)
    return Mixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), 0.05)


def reverse_kl(counts: IntArray) -> float:
    """Return KL(q || uniform) of the counted shares q, in nats; empty modes add nothing."""
    shares = counts[counts > 0] / counts.sum()
    return float((shares * np.log(shares * len(counts))).sum())


def effective(modes: int, divergence: float) -> float:
    """Return the modes that are used in effect, k exp(-KL): k (1 - m) when mass m is dropped."""
    return float(modes * np.exp(-divergence))


def consistent(captured: float, modes: int, divergence: float) -> bool:
    """Tell whether a divergence is possible: with so many modes captured it is >= ln(k / c)."""
    return bool(divergence >= np.log(modes / captured) - 0.005)  # published to two decimals
