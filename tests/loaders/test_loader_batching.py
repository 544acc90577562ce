"""Networks of one batch size draw any number, faster where that was seen to change nothing."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gancheck.loaders import LoadOptions, load
from gancheck.loaders.generator import LoadedGenerator
from loaders.loader_models import (
    LATENT,
    Conditional,
    Dcgan,
    save_exported,
    save_onnx,
    save_torchscript,
)

FOUR = (torch.zeros(4, LATENT),)
SAVERS = {"torchscript": save_torchscript, "exported": save_exported, "onnx": save_onnx}


def fixed(name: str, module: nn.Module, example: tuple[Tensor, ...], folder: Path) -> Path:
    """Save a module for the batch size of its example alone."""
    save: Any = SAVERS[name]
    path: Path = save(
        module, example, folder / name, **({} if name == "torchscript" else {"dynamic": False})
    )
    return path


def loaded(path: Path, **options: Any) -> LoadedGenerator:
    """Load what has to be a generator."""
    generator = load(path, LoadOptions(**options))
    assert isinstance(generator, LoadedGenerator)
    return generator


class Fixed(nn.Module):
    """A generator with the batch size of its trace written into it."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.size = size
        self.dense = nn.Linear(LATENT, 32)
        self.filter = nn.Conv2d(2, 1, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures (n, 1, 4, 4)."""
        return torch.tanh(self.filter(self.dense(z).view(self.size, 2, 4, 4)))


class Coupled(nn.Module):
    """A generator whose rows depend on each other."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT, 16)

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures (n, 1, 4, 4) about the mean of their batch."""
        hidden = self.dense(z)
        return torch.tanh(hidden - hidden.mean(dim=0)).reshape(z.shape[0], 1, 4, 4)


class Noisy(nn.Module):
    """A generator that adds noise of its own, to batches of four."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        points: Tensor = (z + 0.1 * torch.randn(4, LATENT)).view(4, LATENT)
        return points


@pytest.mark.parametrize(
    ("name", "how"),
    [("torchscript", "vmap"), ("exported", "vmap"), ("onnx", "called once for each")],
)
def test_any_number_is_drawn(name: str, how: str, tmp_path: Path) -> None:
    """A batch of four written into the program changes no sample, whatever the number asked for."""
    torch.manual_seed(5)
    module = Fixed().eval()
    generator = loaded(fixed(name, module, FOUR, tmp_path))
    latents = torch.randn(11, LATENT)
    module.size = -1
    for count in (1, 4, 11):
        torch.testing.assert_close(
            generator(latents[:count]), module(latents[:count]), atol=1e-5, rtol=0
        )
    assert any(how in note for note in generator.spec.notes)
    assert (generator.network.batch is None) == (how == "vmap")


def test_labels_are_grouped_with_their_latents(conditional: Conditional, tmp_path: Path) -> None:
    """A conditional program for batches of four gives each latent its own label."""
    example = (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))
    latents, labels = torch.randn(6, LATENT), torch.tensor([3, 0, 1, 2, 0, 3])
    for name, how in (("exported", "vmap"), ("onnx", "set free")):
        generator = loaded(fixed(name, conditional, example, tmp_path))
        wanted = conditional(latents, labels)
        torch.testing.assert_close(generator(latents, labels), wanted, atol=1e-5, rtol=0)
        assert any(how in note for note in generator.spec.notes)


@pytest.mark.parametrize("name", ["exported", "onnx"])
def test_batch_statistics_keep_the_loop(name: str, tmp_path: Path) -> None:
    """Where rows depend on each other, other batches would change them: the loop stays."""
    torch.manual_seed(6)
    module = Coupled().eval()
    generator = loaded(fixed(name, module, FOUR, tmp_path))
    assert generator.network.batch == 4
    latents = torch.randn(8, LATENT)
    wanted = torch.cat((module(latents[:4]), module(latents[4:])))
    torch.testing.assert_close(generator(latents), wanted, atol=1e-5, rtol=0)
    assert any("called once for each such batch" in note for note in generator.spec.notes)


def test_noise_inside_keeps_the_loop(tmp_path: Path) -> None:
    """Noise of the network's own cannot be compared, so nothing is claimed of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = loaded(fixed("exported", Noisy(), FOUR, tmp_path))
    assert generator.network.batch == 4


def test_large_groups_keep_the_loop(tmp_path: Path) -> None:
    """From 16 rows on, mapping over groups gains nothing."""
    generator = loaded(fixed("exported", Fixed(16).eval(), (torch.zeros(16, LATENT),), tmp_path))
    assert generator.network.batch == 16
    assert generator(torch.randn(5, LATENT)).shape == (5, 1, 4, 4)


def test_statistics_are_judged_in_groups(dcgan: Dcgan, tmp_path: Path) -> None:
    """The BatchNorm audit of a program for four rows looks at as many latents as any other."""
    example = (torch.zeros(4, LATENT, 1, 1),)
    for name in ("exported", "onnx"):
        generator = loaded(fixed(name, dcgan, example, tmp_path))
        assert any("judged by the BatchNorm statistics" in note for note in generator.spec.notes)
        assert generator.spec.latent_law == "normal"


@pytest.mark.parametrize("name", ["torchscript", "exported"])
def test_derivatives_of_the_fastest_form(name: str, dcgan: Dcgan, tmp_path: Path) -> None:
    """Channels last, in groups or not, changes no output and no derivative either way."""
    path = fixed(name, dcgan, (torch.zeros(4, LATENT, 1, 1),), tmp_path)
    generator = loaded(path)
    assert generator.spec.backend == "torch, channels last"
    latents = torch.randn(5, LATENT, 1, 1)
    direction = torch.randn_like(latents)
    torch.testing.assert_close(generator(latents), dcgan(latents), atol=1e-5, rtol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, the first time that jvp is used
        forwards = torch.func.jvp(generator, (latents,), (direction,))[1]
        wanted = torch.func.jvp(dcgan, (latents,), (direction,))[1]
    torch.testing.assert_close(forwards, wanted, atol=1e-5, rtol=1e-4)
    ones = torch.ones_like(wanted)
    backwards = torch.func.vjp(generator, latents)[1](ones)
    torch.testing.assert_close(
        backwards, torch.func.vjp(dcgan, latents)[1](ones), atol=1e-4, rtol=1e-4
    )


def test_backends_are_named(saved: Path) -> None:
    """The report can say what ran the network."""
    assert loaded(saved / "onnx").spec.backend == "onnxruntime, CPU"
    assert loaded(saved / "torchscript").spec.backend == "torch, channels last"


def test_what_was_looked_through_is_what_runs(saved: Path, tmp_path: Path) -> None:
    """Bytes before an archive, which some readers skip and others read, do not reach torch."""
    path = tmp_path / "padded"
    path.write_bytes(b"PK" + bytes(62) + (saved / "torchscript").read_bytes())
    latents = torch.randn(3, LATENT, 1, 1)
    padded, plain = loaded(path), loaded(saved / "torchscript")
    torch.testing.assert_close(padded(latents), plain(latents))
