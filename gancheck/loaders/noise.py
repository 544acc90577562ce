"""Noise maps: inputs beside the latents that a generator is given anew for each sample."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

_BYTES = 16


def draw_noise(
    latents: torch.Tensor, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, torch.Tensor]:
    """Draw N(0, 1) maps (n, *shape) for each name, row by row from a hash of the row's latent.

    So a sample depends on its latent alone: not on the batch size, its batch mates or how often
    it is asked for. Neighbouring latents get independent noise, as fresh draws would be.
    """
    import torch

    rows = latents.detach().to(device="cpu", dtype=torch.float32).flatten(1).contiguous().numpy()
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    drawn = np.stack([_row(row.tobytes(), sum(sizes)) for row in rows])
    parts = np.split(drawn, np.cumsum(sizes)[:-1], axis=1)
    return {
        name: torch.from_numpy(np.ascontiguousarray(part)).view(len(rows), *shape)
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def _row(content: bytes, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    key = hashlib.blake2b(content, digest_size=_BYTES).digest()
    rng = np.random.default_rng(int.from_bytes(key, "little"))
    return rng.standard_normal(size, dtype=np.float32)
