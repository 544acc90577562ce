"""Discriminators from files: every format, what is refused, and what is made of their outputs."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from gancheck.critic import Critic, open_critic
from gancheck.errors import GeneratorError, LoadError, RefusedError, ShapeError
from loaders.loader_models import save_exported, save_onnx, save_torchscript

if TYPE_CHECKING:
    from torch import Tensor

POINTS = np.random.default_rng(0).standard_normal((150, 3)).astype(np.float32)
ARCH = """
    from torch import nn

    def make():
        return nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.1), nn.Linear(8, 1))
"""


def judge() -> nn.Sequential:
    """A small discriminator of points with random weights."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.1), nn.Linear(8, 1))
    return made.eval().requires_grad_(False)


def opened(path: Path, arch: str | None = None, classes: int | None = None) -> Critic:
    """Read a discriminator on the CPU."""
    return open_critic(path, arch, classes, "cpu")


def arch_file(folder: Path) -> str:
    """Write the code of the small discriminator, and name it."""
    path = folder / "nets.py"
    path.write_text(textwrap.dedent(ARCH), encoding="utf-8")
    return f"{path}:make"


@pytest.mark.parametrize("form", ["torchscript", "exported", "onnx", "weights", "checkpoint"])
def test_every_format_says_the_same(form: str, tmp_path: Path) -> None:
    """TorchScript, .pt2, ONNX, weights, and weights beside the generator's give equal outputs."""
    module, path, arch = judge(), tmp_path / "d.bin", None
    example = (torch.as_tensor(POINTS[:4]),)
    if form == "torchscript":
        save_torchscript(module, example, path)
    elif form == "exported":
        path = tmp_path / "d.pt2"
        save_exported(module, example, path)
    elif form == "onnx":
        save_onnx(module, example, path)
    else:
        other = nn.Linear(2, 3).state_dict()
        state = module.state_dict()
        torch.save(state if form == "weights" else {"netG": other, "netD": state}, path)
        arch = arch_file(tmp_path)
    critic = opened(path, arch)
    expected = module(torch.as_tensor(POINTS)).numpy()[:, 0]
    np.testing.assert_allclose(critic(POINTS), expected, atol=1e-5)
    assert len(critic.sha256) == 64


def test_a_program_that_writes_files_is_refused(tmp_path: Path) -> None:
    """The audit of TorchScript holds for discriminators, and --trust does not get around it."""
    source = "def forward(self, x):\n    torch.save(x, 'gone')\n    return x[:, :1]\n"
    path = tmp_path / "d.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: Any = torch.jit.ScriptModule()
        module.define(source)
        torch.jit.save(module, str(path))
    with pytest.raises(RefusedError) as caught:
        opened(path)
    assert "discriminator" in caught.value.message
    assert "--trust" in (caught.value.hint or "")


def test_weights_need_their_network(tmp_path: Path) -> None:
    """Weights alone are refused, and the hint names the flag."""
    torch.save(judge().state_dict(), tmp_path / "d.pth")
    with pytest.raises(LoadError) as caught:
        opened(tmp_path / "d.pth")
    assert "--discriminator-arch" in (caught.value.hint or "")


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Weights of another network are not loaded in part."""
    torch.save(nn.Linear(3, 1).state_dict(), tmp_path / "d.pth")
    with pytest.raises(LoadError, match="do not fit"):
        opened(tmp_path / "d.pth", arch_file(tmp_path))


def test_samples_are_no_discriminator(tmp_path: Path) -> None:
    """An array file is refused in words."""
    np.save(tmp_path / "x.npy", POINTS)
    with pytest.raises(LoadError, match="no network"):
        opened(tmp_path / "x.npy")


def script(module: nn.Module, path: Path, *example: Tensor) -> Critic:
    """Save a module as TorchScript and read it as a discriminator."""
    save_torchscript(module.eval(), example, path)
    return opened(path, classes=5)


class Patches(nn.Module):
    """Judges many places of an image."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of judgements."""
        return x[:, :1, ::2, ::2]


class Two(nn.Module):
    """Returns a judgement and the scores of classes."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return x[:, :1], x


class Labelled(nn.Module):
    """Asks for the label of each sample."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 3)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Project the sample on its class."""
        judged: Tensor = (x * self.table(labels)).sum(1)
        return judged


def test_judgements_of_places_are_averaged(tmp_path: Path) -> None:
    """A map of judgements becomes their mean."""
    images = np.random.default_rng(0).random((70, 1, 6, 6)).astype(np.float32)
    critic = script(Patches(), tmp_path / "d.pt", torch.as_tensor(images[:2]))
    np.testing.assert_allclose(critic(images), images[:, 0, ::2, ::2].mean(axis=(1, 2)), rtol=1e-5)


def test_the_judgement_is_taken_out_of_several_outputs(tmp_path: Path) -> None:
    """Of a judgement and class scores the judgement is taken."""
    critic = script(Two(), tmp_path / "d.pt", torch.as_tensor(POINTS[:2]))
    np.testing.assert_allclose(critic(POINTS), POINTS[:, 0])


def test_labels_reach_it(tmp_path: Path) -> None:
    """A discriminator of labels is asked with them."""
    module = Labelled()
    labels = np.arange(150) % 5
    given = torch.as_tensor(POINTS[:2]), torch.as_tensor(labels[:2])
    critic = script(module, tmp_path / "d.pt", *given)
    with torch.no_grad():
        expected = module(torch.as_tensor(POINTS), torch.as_tensor(labels)).numpy()
    assert critic.conditional
    np.testing.assert_allclose(critic(POINTS, labels), expected, rtol=1e-5)


def test_what_cannot_be_judged_is_said(tmp_path: Path) -> None:
    """Other shapes, several numbers each, and NaN are errors with a reason."""
    critic = script(judge(), tmp_path / "a.pt", torch.as_tensor(POINTS[:2]))
    with pytest.raises(ShapeError, match="does not take samples"):
        critic(np.zeros((4, 7), dtype=np.float32))
    many = script(nn.Linear(3, 4), tmp_path / "b.pt", torch.as_tensor(POINTS[:2]))
    with pytest.raises(ShapeError, match="expected one number"):
        many(POINTS)
    with pytest.raises(GeneratorError, match="NaN"):
        critic(np.full((4, 3), np.nan, dtype=np.float32))
