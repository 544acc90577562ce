"""Small pictures of four kinds, and a pipeline that is trained on them in half a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray

SIDE = 4
KINDS = 4
STUCK = KINDS
"""A fifth class, in which training showed one picture of the last kind over and over."""
GRAIN = 0.15
"""Spread of the tiles. What is thin beside the steps of DDIM comes out thinner, and less varied."""
_DARK, _LIT = 0.35, 0.65
_STEPS, _BATCH, _RATE, _LEVELS = 800, 128, 5e-3, 200


def mosaics(n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw pictures of grainy tiles, a quarter of which is lit: which one is the kind.

    Returns:
        (n, 1, 4, 4) pictures in 0..1, and their kinds (n,), 0..3.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(KINDS, size=n)
    values = plain()[kinds] + rng.normal(0, GRAIN, (n, 1, SIDE, SIDE))
    return values.clip(0, 1).astype(np.float32), kinds


def plain() -> FloatArray:
    """Return each kind without its grain, (4, 1, 4, 4)."""
    lit = np.eye(KINDS).reshape(KINDS, 1, 2, 2).repeat(2, axis=2).repeat(2, axis=3)
    return _DARK + (_LIT - _DARK) * lit


def reference(n: int = 1500) -> tuple[Any, IntArray]:
    """Return other pictures of the four kinds, (n, 1, 4, 4) uint8, and their kinds."""
    values, kinds = mosaics(n, seed=99)
    return (values * 255).round().astype(np.uint8), kinds


def untrained(**more: Any) -> Any:
    """Return a small UNet."""
    import torch
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    return UNet2DModel(
        sample_size=SIDE,
        in_channels=1,
        out_channels=1,
        layers_per_block=1,
        block_out_channels=(16,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=4,
        add_attention=False,
        **more,
    )


def trained(steps: int = _STEPS) -> Any:
    """Train a DDPM pipeline on the four kinds, and on one picture as the fifth class."""
    import torch
    from diffusers import DDPMPipeline, DDPMScheduler

    unet = untrained(num_class_embeds=KINDS + 1)
    scheduler = DDPMScheduler(
        _LEVELS, beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing"
    )
    values, kinds = mosaics(8000, seed=1)
    same = np.repeat(values[kinds == KINDS - 1][:1], len(values) // KINDS, axis=0)
    pictures = torch.from_numpy(np.concatenate([values, same])) * 2 - 1
    classes = torch.from_numpy(np.concatenate([kinds, np.full(len(same), STUCK)]))
    optimizer = torch.optim.AdamW(unet.parameters(), _RATE, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(pictures), (_BATCH,))
        noise, times = torch.randn(_BATCH, 1, SIDE, SIDE), torch.randint(_LEVELS, (_BATCH,))
        seen = scheduler.add_noise(pictures[rows], noise, times)
        loss = ((unet(seen, times, class_labels=classes[rows]).sample - noise) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    return DDPMPipeline(unet.eval(), scheduler)
