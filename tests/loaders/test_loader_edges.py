"""Edges that no loss saw."""

from __future__ import annotations

import torch

from gancheck.loaders.edges import edges


def test_a_frame_stands_out() -> None:
    """Two bright lines round dark noise are far above its own steps; noise alone is not."""
    noise = 0.05 * torch.randn(32, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    framed = noise.clone()
    framed[:, :, :2] += 0.6
    framed[:, :, -2:] += 0.6
    framed[:, :, 2:-2, :2] += 0.6
    framed[:, :, 2:-2, -2:] += 0.6
    assert edges(noise) < 1.3
    assert edges(framed) > 5


def test_only_square_pictures_have_edges() -> None:
    """Vectors, tiny and oblong pictures are not judged."""
    assert edges(torch.randn(8, 64)) == 0
    assert edges(torch.randn(8, 1, 8, 8)) == 0
    assert edges(torch.randn(8, 1, 32, 20)) == 0
