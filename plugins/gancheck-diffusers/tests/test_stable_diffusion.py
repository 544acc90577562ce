"""The real class of Stable Diffusion, with a text encoder, in small.

What only this file needs, transformers, is imported in its fixture: that takes ten seconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from gancheck.api import draw_latents

from gancheck_diffusers import generator


@pytest.fixture
def stable(tmp_path: Path) -> Any:
    """A Stable Diffusion with random weights of a few thousand numbers, made here."""
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    words = [
        "<|startoftext|>",
        "<|endoftext|>",
        *"abcdefghi",
        *(f"{one}</w>" for one in "abcdefghi"),
    ]
    (tmp_path / "vocab.json").write_text(json.dumps({one: at for at, one in enumerate(words)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"), model_max_length=8
    )
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=8, bos_token_id=0, eos_token_id=1,
        pad_token_id=1,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=4, in_channels=2, out_channels=2, layers_per_block=1,
        block_out_channels=(8, 8), norm_num_groups=4, cross_attention_dim=16,
        attention_head_dim=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = AutoencoderKL(
        latent_channels=2, sample_size=8, block_out_channels=(8, 8), norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    scheduler = DDPMScheduler(clip_sample=False)
    return StableDiffusionPipeline(
        vae, CLIPTextModel(config), tokenizer, unet, scheduler, None, None, None,
        requires_safety_checker=False,
    )  # fmt: skip


def test_stable_diffusion_runs_from_its_folder(stable: Any, tmp_path: Path) -> None:
    """The real class: read from a folder, prompts as labels, the same whatever the batch."""
    stable.save_pretrained(tmp_path / "sd")
    made = generator(str(tmp_path / "sd"), prompts=["a b", "c d"], steps=2, guidance=2.0)
    assert (made.spec.latent_shape, made.spec.output_shape) == ((2, 4, 4), (3, 8, 8))
    latents = torch.from_numpy(draw_latents("normal", (2, 4, 4), 3, 0))
    labels = torch.tensor([0, 1, 1])
    whole = made(latents, labels)
    alone = torch.cat([made(latents[at : at + 1], labels[at : at + 1]) for at in range(3)])
    assert np.allclose(whole.numpy(), alone.numpy(), atol=1e-4)
    assert whole.shape == (3, 3, 8, 8)
