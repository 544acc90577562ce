"""Small samples with a structure that views can find, and the material embedders are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.embedders import Material
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray


def material(
    values: AnyArray, *, pool: AnyArray | None = None, independent: AnyArray | None = None
) -> Material:
    """Wrap arrays as the material of an embedder: the pool is the samples unless given."""
    apart = None if independent is None else SampleSet(independent, "test", "arrays")
    samples = SampleSet(values, "test", "arrays")
    return Material(samples, values if pool is None else pool, apart)


def blobs(n: int, side: int, channels: int, rng: np.random.Generator) -> AnyArray:
    """Draw (n, channels, side, side) uint8 images of one soft disc each."""
    grid = np.arange(side)
    x, y = rng.uniform(0.2, 0.8, (2, n, 1, 1)) * side
    radius = rng.uniform(0.08, 0.3, (n, 1, 1)) * side
    distance = np.hypot(grid[None, None, :] - x, grid[None, :, None] - y)
    disc = 1 / (1 + np.exp((distance - radius) * 2))
    colour = rng.uniform(60, 255, (n, channels, 1, 1))
    images: AnyArray = np.rint(disc[:, None] * colour).astype(np.uint8)
    return images
