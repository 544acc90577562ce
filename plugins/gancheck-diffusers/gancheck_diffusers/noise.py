"""Noise that a sampler adds on the way, seeded for each sample by its initial noise."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_BYTES = 8


def generators(latents: torch.Tensor, salt: int) -> list[torch.Generator]:
    """Return one generator on the CPU for each row of latents (n, ...).

    What it draws depends on the row and the salt alone: not on the batch, its size or its order.
    """
    import torch

    rows = latents.detach().to(device="cpu", dtype=torch.float32).flatten(1).contiguous().numpy()
    return [torch.Generator().manual_seed(_seed(row.tobytes(), salt)) for row in rows]


def _seed(content: bytes, salt: int) -> int:
    key = hashlib.blake2b(content, digest_size=_BYTES, salt=salt.to_bytes(_BYTES, "little"))
    return int.from_bytes(key.digest(), "little") >> 1  # torch takes 63 bits everywhere
