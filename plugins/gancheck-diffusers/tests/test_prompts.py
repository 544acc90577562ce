"""Prompts as labels: a planted pipeline that draws one of them always alike, and a real one."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gancheck
import numpy as np
import pytest
import shapes
import torch
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    DiffusionPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from gancheck.api import Condition, UsageError, draw_latents

from gancheck_diffusers import generator

_PROMPTS = {"0": "top left", "1": "top right", "2": "bottom left", "3": "bottom right"}


class Planted(DiffusionPipeline):  # type: ignore[misc]
    """Paints discs from noise and a prompt; one prompt it answers with one picture."""

    def __init__(self, unet: Any, scheduler: Any) -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    def __call__(
        self,
        prompt: list[str],
        latents: torch.Tensor,
        num_inference_steps: int = 50,
        output_type: str = "pil",
        generator: Any = None,
    ) -> SimpleNamespace:
        """Return pictures (n, 1, 8, 8), 0..1."""
        kinds = torch.tensor([list(_PROMPTS.values()).index(one) for one in prompt])
        even = torch.special.ndtr(latents.flatten(1)[:, :3]) * 2 - 1
        even = torch.where(kinds[:, None] == 3, torch.zeros_like(even), even)
        across = torch.where(kinds % 2 == 1, 5.2, 1.8) + 0.8 * even[:, 0]
        down = torch.where(kinds >= 2, 5.2, 1.8) + 0.8 * even[:, 1]
        radius = (1.2 + 0.3 * even[:, 2])[:, None, None]
        y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
        squares = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
        return SimpleNamespace(images=torch.exp(-squares / (2 * radius**2))[:, None])


def test_the_same_picture_for_every_seed_of_a_prompt_is_found() -> None:
    """A prompt under which the noise changes nothing is a collapsed class, and is named."""
    planted = Planted(shapes.untrained(), DDPMScheduler())
    made = generator(planted, prompts=_PROMPTS)
    assert made.spec.classes == 4
    assert any("3 = 'bottom right'" in note for note in made.spec.notes)
    settings = gancheck.Settings(samples=600, map="none", cache=False, embedder="pixels")
    found = gancheck.diagnose(made, shapes.reference(), settings)
    assert Condition.CLASS_COLLAPSE in found.conditions
    (latent,) = [one for one in found.findings if one.id == "conditional.latent"]
    assert "under 1 of 4 labels the latent changes nothing" in latent.title


def test_prompts_are_asked_for() -> None:
    """Without prompts the pipeline is refused, and the hint shows how to give them."""
    with pytest.raises(UsageError, match="prompts") as caught:
        generator(Planted(shapes.untrained(), DDPMScheduler()))
    assert "--arch-args" in (caught.value.hint or "")


def test_named_prompts_are_numbered_as_folders_are() -> None:
    """Names are sorted, as those of folders of reference images; a list keeps its order."""
    planted = Planted(shapes.untrained(), DDPMScheduler())
    swapped = {"b": "top left", "a": "bottom right"}
    latents = torch.from_numpy(draw_latents("normal", (1, 8, 8), 2, 0))
    named, listed = generator(planted, prompts=swapped), generator(planted, prompts=["top left"])
    assert any("0 = 'bottom right', 1 = 'top left'" in note for note in named.spec.notes)
    assert named(latents, torch.tensor([0, 0]))[0, 0, 6:, 6:].mean() > 0.1
    assert listed.spec.classes is None


@pytest.fixture
def stable(tmp_path: Path) -> Any:
    """A Stable Diffusion with random weights of a few thousand numbers."""
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
