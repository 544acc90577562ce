"""Train a small DDPM on one kind of picture out of four, save it, and diagnose it.

python examples/blobs.py [FOLDER]; ends with the report in the terminal and `blobs.html`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from gancheck.api import FloatArray, IntArray

SIDE, LEVELS, STEPS = 8, 200, 600


def blobs(n: int, kinds: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw grainy discs (n, 1, 8, 8), 0..1; the quarter of the picture is the kind, (n,)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(kinds, size=n)
    across = np.where(drawn % 2, 5.2, 1.8) + rng.uniform(-0.8, 0.8, n)
    down = np.where(drawn // 2, 5.2, 1.8) + rng.uniform(-0.8, 0.8, n)
    radius = rng.uniform(0.9, 1.5, n)[:, None, None]
    y, x = np.mgrid[:SIDE, :SIDE]
    squares = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
    discs = np.exp(-squares / (2 * radius**2))
    grainy = (0.2 + 0.6 * discs + rng.normal(0, 0.1, discs.shape)).clip(0, 1)
    return grainy[:, None].astype(np.float32), drawn


def train(pictures: torch.Tensor) -> DDPMPipeline:
    """Train a UNet to predict noise, in a minute or less."""
    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=SIDE, in_channels=1, out_channels=1, layers_per_block=1,
        block_out_channels=(16,), down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",), norm_num_groups=4, add_attention=False,
    )  # fmt: skip
    scheduler = DDPMScheduler(
        LEVELS, beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing"
    )
    optimizer = torch.optim.AdamW(unet.parameters(), 4e-3, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)
    for step in range(STEPS):
        clean = pictures[torch.randint(len(pictures), (64,))]
        noise, times = torch.randn_like(clean), torch.randint(LEVELS, (64,))
        found = unet(scheduler.add_noise(clean, noise, times), times).sample
        loss = ((found - noise) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
        if step % 100 == 0:
            print(f"step {step}: loss {float(loss.detach()):.3f}")
    return DDPMPipeline(unet.eval(), scheduler)


def main(folder: Path) -> int:
    """Train on the first of four kinds, and compare with all of them, as on the command line."""
    values, _ = blobs(4000, kinds=1, seed=1)
    train(torch.from_numpy(values) * 2 - 1).save_pretrained(folder / "pipeline")
    real, kinds = blobs(1500, kinds=4, seed=99)
    np.savez(folder / "reference.npz", images=(real * 255).round().astype(np.uint8), labels=kinds)
    command = [sys.executable, "-m", "gancheck", "diagnose", str(folder / "pipeline")]
    command += ["--reference", str(folder / "reference.npz"), "--html", str(folder / "blobs.html")]
    # Few steps: each of some 30,000 pictures, most of them for the scan for cuts, takes them.
    command += ["--arch-args", '{"steps": 10}', "--samples", "1000", "--embedder", "pixels"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
