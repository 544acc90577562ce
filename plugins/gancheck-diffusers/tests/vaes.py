"""VAEs trained in seconds: one that uses its latents, one that learned to ignore them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from shapes import SIDE

if TYPE_CHECKING:
    from gancheck.api import AnyArray

BLURRED = 0.07
"""Noise that the decoder is trained under, as -1..1: a quarter of the spread of the tiles."""
_RATE, _BATCH = 5e-3, 128


def skies(n: int, seed: int) -> AnyArray:
    """Draw grainy tiles that grow darker towards the ground: (n, 1, 4, 4) uint8.

    One law without modes: the normal prior of a VAE can be mapped to it.
    """
    rng = np.random.default_rng(seed)
    tones = np.linspace(0.65, 0.35, SIDE)[:, None] + rng.normal(0, 0.13, (n, 1, SIDE, SIDE))
    pictures: AnyArray = (255 * tones.clip(0, 1)).round().astype(np.uint8)
    return pictures


def trained(steps: int, weight: float) -> Any:
    """Train a VAE of four thousand numbers, towards a standard normal prior.

    Args:
        steps: How long.
        weight: Of the divergence from the prior: 1 is the bound on the likelihood, and a hundred
            times as much makes the posterior collapse.
    """
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    vae = AutoencoderKL(
        1, 1, latent_channels=1, sample_size=SIDE, block_out_channels=(8,), norm_num_groups=2,
        mid_block_add_attention=False,
    )  # fmt: skip
    pictures = torch.from_numpy(skies(8000, seed=1)).float() / 127.5 - 1
    optimizer = torch.optim.AdamW(vae.parameters(), _RATE, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    for _ in range(steps):
        seen = pictures[torch.randint(len(pictures), (_BATCH,))]
        posterior = vae.encode(seen).latent_dist
        missed = (vae.decode(posterior.sample()).sample - seen).square().sum(dim=(1, 2, 3))
        loss = (missed / (2 * BLURRED**2) + weight * posterior.kl()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    return vae.eval()
