"""Small generators, made once, and the files they are saved in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from loaders.loader_models import (
    LATENT,
    Conditional,
    Dcgan,
    Points,
    make_dcgan,
    save_exported,
    save_onnx,
    save_torchscript,
)


@pytest.fixture(scope="session")
def dcgan() -> Dcgan:
    """A DCGAN that saw normal latents in training."""
    return make_dcgan()


@pytest.fixture(scope="session")
def points() -> Points:
    """A dense generator of points."""
    torch.manual_seed(2)
    return Points().eval()


@pytest.fixture(scope="session")
def conditional() -> Conditional:
    """A conditional generator."""
    torch.manual_seed(3)
    return Conditional().eval()


@pytest.fixture
def latents() -> Tensor:
    """Five latents of the DCGAN."""
    return torch.randn(5, LATENT, 1, 1, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="session")
def saved(dcgan: Dcgan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one DCGAN in every format."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("dcgan")
    example = (torch.zeros(4, LATENT, 1, 1),)
    save_torchscript(dcgan, example, folder / "torchscript")
    save_onnx(dcgan, example, folder / "onnx")
    save_exported(dcgan, example, folder / "exported")
    save_file(dcgan.state_dict(), folder / "safetensors")
    torch.save(dcgan.state_dict(), folder / "state-dict")
    torch.save(dcgan.state_dict(), folder / "legacy", _use_new_zipfile_serialization=False)
    return folder
