"""``gancheck export-help``: recipes that can be copied, and that work."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from gancheck.cli import app
from gancheck.cli.flags import ModelFlags, RunFlags
from gancheck.export_recipes import find_recipe, recipe_names
from gancheck.loaders import LoadOptions, load
from gancheck.types import Generator
from loaders.loader_models import make_dcgan

NAMES = recipe_names()
FIELDS = (*ModelFlags.__dataclass_fields__, *RunFlags.__dataclass_fields__)
FLAGS = {f"--{name.replace('_', '-')}" for name in FIELDS}


def run(code: str, names: dict[str, object]) -> None:
    """Run a recipe as its reader would, with what the repository provides."""
    exec(compile(code, "recipe", "exec"), {"__name__": "__main__", **names})


def test_every_recipe_is_listed() -> None:
    """Without a name, each recipe has a line."""
    result = CliRunner().invoke(app, ["export-help"])
    first = [line.split()[0] for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert first == NAMES
    assert len(NAMES) >= 11


@pytest.mark.parametrize("name", NAMES)
def test_recipes_are_code_with_a_next_command(name: str) -> None:
    """What is printed is Python as it stands, and ends in a command whose flags exist."""
    result = CliRunner().invoke(app, ["export-help", name])
    assert result.exit_code == 0
    ast.parse(result.stdout)
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    recipe = find_recipe(name)
    assert len(recipe.about.split()) > 10
    tail = " ".join(result.stdout.split("# gancheck diagnose")[1].replace("\\\n#", "").split())
    assert set(re.findall(r"--[a-z-]+", tail)) <= FLAGS | {"--reference"}
    assert "--reference" in tail


@pytest.mark.parametrize(
    ("typed", "guess"), [("biggan", "biggan-pytorch"), ("fastgna", "fastgan"), ("xyz", "Known:")]
)
def test_unknown_names_get_a_suggestion(typed: str, guess: str) -> None:
    """A typo is exit 2 with the nearest name, or with all of them."""
    result = CliRunner().invoke(app, ["export-help", typed])
    assert result.exit_code == 2
    assert guess in result.stderr
    assert result.stdout == ""


def test_names_are_found_as_they_stand_in_an_address() -> None:
    """Owner and case do not matter."""
    assert find_recipe("ajbrock/BigGAN-PyTorch").name == "biggan-pytorch"


def test_the_dcgan_recipe_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint becomes a safetensors file that loads to the same samples."""
    monkeypatch.chdir(tmp_path)
    module = make_dcgan()
    state = {f"module.{name}": value for name, value in module.state_dict().items()}
    torch.save(state, "netG_epoch_24.pth")
    run(find_recipe("pytorch-examples-dcgan").code, {})
    built = LoadOptions(arch="loaders.loader_models:Dcgan")
    loaded = load(Path("generator.safetensors"), built)
    assert isinstance(loaded, Generator)
    z = torch.randn(3, *loaded.spec.latent_shape)
    torch.testing.assert_close(loaded(z), module(z), atol=1e-5, rtol=0)


class Inner(nn.Module):
    """A small network of images."""

    def __init__(self, d: int = 100) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(d, 12)

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        return torch.tanh(self.dense(z)).view(-1, 3, 2, 2)


@pytest.mark.filterwarnings("ignore")  # the exporters' own
@pytest.mark.parametrize(
    ("name", "module", "file", "d"),
    [
        ("any-module", Inner(), "generator.pt2", 100),
        ("pytorch-gan", Inner(7), "generator.onnx", 7),
        ("wgan-gp", Inner(128), "generator.onnx", 128),
    ],
)
def test_recipes_for_a_network_at_hand_work(
    name: str, module: nn.Module, file: str, d: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they write loads in any batch size to the same samples."""
    monkeypatch.chdir(tmp_path)

    class Opt:
        latent_dim = d

    run(find_recipe(name).code, {"generator": module, "netG": module, "opt": Opt})
    loaded = load(Path(file))
    assert isinstance(loaded, Generator)
    z = torch.randn(5, d)
    with torch.no_grad():
        torch.testing.assert_close(loaded(z), module(z), atol=1e-5, rtol=0)


def test_the_wrapper_of_a_shared_embedding_works() -> None:
    """The class that wraps BigGAN feeds the shared embedding of the label, not the label."""
    tree = ast.parse(find_recipe("biggan-pytorch").code)
    (wrapper,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    scope: dict[str, object] = {"torch": torch}
    exec(ast.unparse(wrapper), scope)

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = nn.Embedding(4, 3)

        def forward(self, z: Tensor, y: Tensor) -> Tensor:
            return z[:, :3] + y

    inner = Shared()
    wrapped = scope["Wrapped"](inner)  # type: ignore[operator]
    z, y = torch.randn(2, 5), torch.tensor([1, 3])
    torch.testing.assert_close(wrapped(z, y), z[:, :3] + inner.shared(y))
