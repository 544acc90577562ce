"""Folders on disk: what is recognised, read and refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import gancheck
import pytest
import shapes
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel
from gancheck.api import Generator, LoadError, LoadOptions, RefusedError, draw_latents

from gancheck_diffusers import generator

_QUICK = LoadOptions(arch_args={"steps": 4}, limit=32)


def test_a_folder_is_read_by_this_loader(folder: Path) -> None:
    """A pipeline's folder is no folder of images, and gives the pictures of the pipeline itself."""
    made = gancheck.load(folder, _QUICK)
    assert isinstance(made, Generator)
    assert (made.spec.format, made.spec.classes) == ("diffusers", 5)
    assert len(made.spec.sha256) == 64
    latents = torch.from_numpy(draw_latents("normal", (1, shapes.SIDE, shapes.SIDE), 4, 0))
    labels = torch.arange(4)
    same = generator(str(folder), steps=4)
    assert torch.equal(made(latents, labels), same(latents, labels))


def test_a_pipeline_in_memory_is_run_as_its_folder(pipeline: Any, folder: Path) -> None:
    """Another sampler takes over every setting of the schedule that the network was trained on."""
    latents = torch.from_numpy(draw_latents("normal", (1, shapes.SIDE, shapes.SIDE), 4, 0))
    labels = torch.arange(4)
    held, saved = generator(pipeline, steps=4), generator(str(folder), steps=4)
    assert torch.equal(held(latents, labels), saved(latents, labels))


def test_a_unet_alone_gets_the_usual_sampler(tmp_path: Path) -> None:
    """A folder of a UNet2DModel is run with DDIM."""
    shapes.untrained().save_pretrained(tmp_path / "unet")
    made = gancheck.load(tmp_path / "unet", _QUICK)
    assert isinstance(made, Generator)
    assert "DDIMScheduler" in made.spec.call


@pytest.mark.parametrize("kind", ["kl", "vq", "tiny"])
def test_a_vae_alone_is_decoded(tmp_path: Path, kind: str) -> None:
    """The decoder of a VAE is a generator whose latents have the shape of its codes."""
    blocks = {"block_out_channels": (8, 8), "norm_num_groups": 4}
    two = {"down_block_types": ("DownEncoderBlock2D",) * 2,
           "up_block_types": ("UpDecoderBlock2D",) * 2}  # fmt: skip
    if kind == "kl":
        vae = AutoencoderKL(1, 1, latent_channels=2, sample_size=8, **blocks, **two)
    elif kind == "vq":
        vae = VQModel(1, 1, latent_channels=2, sample_size=8, num_vq_embeddings=16, **blocks, **two)
    else:
        vae = AutoencoderTiny(
            1, 1, (8, 8), (8, 8), num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1),
            latent_channels=2,
        )  # fmt: skip
    vae.save_pretrained(tmp_path / kind)
    options = LoadOptions(arch_args={"size": 8, "scaling": 1}, limit=32)
    made = gancheck.load(tmp_path / kind, options)
    assert isinstance(made, Generator)
    assert made.spec.latent_shape == (2, 4, 4)
    latents = torch.from_numpy(draw_latents("normal", (2, 4, 4), 3, 0))
    with torch.no_grad():
        decoded = vae.eval().decode(latents).sample
    assert torch.allclose(made(latents), (decoded / 2 + 0.5).clamp(0, 1), atol=1e-5)


def test_pickled_weights_need_trust(folder: Path, tmp_path: Path) -> None:
    """Weights that are pickles are refused; --trust reads them as tensors and says so."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    from safetensors.torch import load_file

    safe = copy / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(safe), safe.with_suffix(".bin"))
    safe.unlink()
    with pytest.raises(RefusedError, match="pickles"):
        gancheck.load(copy, _QUICK)
    made = gancheck.load(copy, LoadOptions(arch_args={"steps": 4}, limit=32, trust=True))
    assert isinstance(made, Generator)
    assert made.spec.trusted


def test_code_from_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    """A part that would import a library of its own is refused before anything is imported."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    index = json.loads((copy / "model_index.json").read_text())
    index["unet"] = ["antigravity", "UNet2DModel"]
    (copy / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(RefusedError, match="antigravity"):
        gancheck.load(copy, _QUICK)
    assert "antigravity" not in sys.modules


def test_names_on_a_hub_are_not_downloaded() -> None:
    """What is no folder is refused, with the way to get one."""
    with pytest.raises(LoadError, match="nothing is downloaded"):
        generator("somebody/some-pipeline")


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    """Discovery must not cost every run of gancheck the import of torch or diffusers."""
    code = "import sys, gancheck_diffusers; print({'torch', 'diffusers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
