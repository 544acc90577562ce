"""Architectures from the user's code: found, called, filled, or explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from gancheck.errors import LoadError
from gancheck.loaders import LoadOptions, load
from gancheck.types import Generator, Severity
from loaders.loader_models import Dcgan

MODELS = """
from parts import Dense
number = 3

def make_generator(width=16):
    return Dense(width)

def make_nothing():
    return {}

def fail():
    raise KeyError("width")
"""
PARTS = """
from torch import nn

class Dense(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(5, width)
        self.last = nn.Linear(width, 2)

    def forward(self, z):
        return self.last(self.first(z).relu())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with weights, and the code they belong to in two files."""
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "parts.py").write_text(PARTS)
    weights = {
        "first.weight": torch.randn(16, 5),
        "first.bias": torch.zeros(16),
        "last.weight": torch.randn(2, 16),
        "last.bias": torch.zeros(2),
    }
    torch.save(weights, tmp_path / "g.pth")
    return tmp_path


def test_code_from_a_file(folder: Path) -> None:
    """A function in a file builds the module, and may import its neighbours."""
    loaded = load(folder / "g.pth", LoadOptions(arch=f"{folder}/models.py:make_generator"))
    assert isinstance(loaded, Generator)
    assert loaded.spec.latent_shape == (5,)
    assert loaded(torch.randn(3, 5)).shape == (3, 2)


def test_arguments_reach_the_code(folder: Path) -> None:
    """Arguments change the module, and weights that do not fit are listed with both shapes."""
    options = LoadOptions(arch=f"{folder}/models.py:make_generator", arch_args={"width": 9})
    with pytest.raises(LoadError) as caught:
        load(folder / "g.pth", options)
    assert "3 of other shapes" in caught.value.message
    assert "first.weight (16, 5) in the file, (9, 5) in the module" in caught.value.message


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        ("models.py", "names no callable"),
        ("FOLDER/models.py:", "names no callable"),
        ("FOLDER/nowhere.py:make", "does not exist"),
        ("nowhere.at_all:make", "cannot be imported: ModuleNotFoundError"),
        ("FOLDER/models.py:make_generater", "has no 'make_generater'"),
        ("FOLDER/models.py:number", "is a int, which cannot be called"),
        ("FOLDER/models.py:make_nothing", "returned dict, not a torch.nn.Module"),
        ("FOLDER/models.py:fail", "raised KeyError"),
        ("FOLDER/broken.py:make", "failed when imported: ZeroDivisionError"),
    ],
)
def test_what_can_be_wrong_with_an_architecture(arch: str, message: str, folder: Path) -> None:
    """Every way of naming the wrong thing ends in one message about it."""
    (folder / "broken.py").write_text("1 / 0\n")
    with pytest.raises(LoadError, match=message):
        load(folder / "g.pth", LoadOptions(arch=arch.replace("FOLDER", str(folder))))


def test_other_names_are_listed(dcgan: Dcgan, folder: Path) -> None:
    """Weights of another network are compared name by name."""
    torch.save(dcgan.state_dict(), folder / "dcgan.pth")
    with pytest.raises(LoadError, match=r"4 only in the module: first\.weight.*only in the file"):
        load(folder / "dcgan.pth", LoadOptions(arch=f"{folder}/models.py:make_generator"))


def test_weights_without_architecture_say_what_to_type(folder: Path) -> None:
    """Weights of no known family end in the flag that is missing."""
    with pytest.raises(LoadError) as caught:
        load(folder / "g.pth")
    assert "holds 4 tensors (first.weight (16, 5), last.weight (2, 16))" in caught.value.message
    assert "--arch file.py:make_generator" in str(caught.value.hint)


def concerns(generator: Generator) -> dict[str, Severity]:
    """Return how much each thing matters that the audit looked at."""
    return {one.name: one.severity for one in generator.spec.concerns}


def test_a_wrong_architecture_is_doubted(tmp_path: Path, latents: Tensor) -> None:
    """Weights that fit a class with another latent scale are run, and the audit doubts it."""
    weights = Dcgan().state_dict()
    weights["main.1.running_var"] *= 10
    torch.save(weights, tmp_path / "g.pth")
    loaded = load(tmp_path / "g.pth", LoadOptions(arch="loaders.loader_models:Dcgan"))
    assert isinstance(loaded, Generator)
    assert concerns(loaded)["statistics"] is Severity.WARN
    options = LoadOptions(arch="loaders.loader_models:Dcgan", latent_law="uniform")
    told = load(tmp_path / "g.pth", options)
    assert isinstance(told, Generator)
    assert told.spec.latent_law == "uniform"
    assert concerns(told)["statistics"] is Severity.WARN
