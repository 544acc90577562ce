"""Every layout loads to the samples of the module that was saved in it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from corpus import formats
from corpus.layouts import LAYOUTS, PLANE, Layout
from corpus.networks import LATENT, dcgan
from gancheck.errors import AmbiguousError
from gancheck.loaders import LoadOptions, load
from gancheck.types import Condition, Generator, Severity


def read(path: Path, options: LoadOptions | None = None) -> Generator:
    """Load what has to be a generator."""
    loaded = load(path, options)
    assert isinstance(loaded, Generator)
    return loaded


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layouts_load_to_the_original(layout: Layout, tmp_path: Path) -> None:
    """The generator in the file draws what the module drew, for few latents and for many."""
    loaded = read(layout.write(tmp_path), LoadOptions(**layout.options))
    assert (loaded.spec.latent_shape, loaded.spec.classes) == (layout.latent, layout.classes)
    rng = torch.Generator().manual_seed(3)
    for count in (1, 6):
        latents = torch.randn(count, *layout.latent, generator=rng)
        labels = None if layout.classes is None else torch.arange(count) % layout.classes
        outputs = loaded(latents, labels)
        wanted = layout.expected(latents, labels)
        torch.testing.assert_close(outputs, wanted, atol=1e-5, rtol=0)
    assert not any(item.severity >= Severity.WARN for item in loaded.spec.concerns)


def test_equal_candidates_are_left_to_the_user(tmp_path: Path) -> None:
    """Two sets of weights that speak equally for themselves are listed, and --key chooses."""
    path = tmp_path / "two.pt"
    state = dict(dcgan().state_dict())
    torch.save({"left": dict(state), "right": dict(state)}, path)
    with pytest.raises(AmbiguousError, match=r"'left'.*'right'") as caught:
        load(path)
    assert "--key" in str(caught.value.hint)
    assert read(path, LoadOptions(key="left")).spec.latent_shape == PLANE


def test_what_was_chosen_is_said(tmp_path: Path) -> None:
    """The notes name the weights that were taken, and those that were not."""
    notes = " ".join(read(LAYOUTS["rosinality"].write(tmp_path)).spec.notes)
    assert "'g_ema'" in notes
    assert "'g'" in notes


class InTraining(nn.Module):
    """A generator whose BatchNorm was still in training mode when it was traced."""

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        hidden = nn.functional.batch_norm(
            z @ torch.ones(LATENT, 6).triu(), None, None, training=True
        )
        return torch.tanh(hidden).view(-1, 1, 2, 3)


def test_training_mode_in_a_trace_is_named(tmp_path: Path) -> None:
    """A program whose outputs depend on their batch mates loads, and is called unstable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = formats.save_torchscript(InTraining(), (torch.randn(4, LATENT),), tmp_path / "g.pt")
    loaded = read(path, LoadOptions(latent_dim=LATENT))
    named = [item for item in loaded.spec.concerns if item.condition is Condition.UNSTABLE_OUTPUT]
    assert named
    assert max(item.severity for item in named) >= Severity.WARN


class Centred(nn.Module):
    """A generator that subtracts the mean of its batch: no other batch size gives the same."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENT, 6)

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        hidden = self.dense(z)
        points: Tensor = hidden - hidden.mean(0)
        return points


def test_batches_with_statistics_are_not_rebatched(tmp_path: Path) -> None:
    """An ONNX graph for four rows with batch statistics is run in fours, and called unstable."""
    torch.manual_seed(0)
    module = Centred().eval()
    path = formats.save_onnx(module, (torch.zeros(4, LATENT),), tmp_path / "g", dynamic=False)
    loaded = read(path)
    latents = torch.randn(8, LATENT)
    with torch.no_grad():
        wanted = torch.cat([module(latents[:4]), module(latents[4:])])
    torch.testing.assert_close(loaded(latents), wanted, atol=1e-5, rtol=0)
    named = [item for item in loaded.spec.concerns if item.condition is Condition.UNSTABLE_OUTPUT]
    assert max(item.severity for item in named) >= Severity.WARN


@pytest.mark.parametrize("name", ["pt2-conditional", "onnx-external"])
def test_programs_in_a_child(name: str, tmp_path: Path) -> None:
    """The limits of a child process leave torch.export and onnxruntime what they need."""
    layout = LAYOUTS[name]
    loaded = read(layout.write(tmp_path), LoadOptions(isolate=True))
    latents = torch.randn(3, *layout.latent)
    labels = None if layout.classes is None else torch.arange(3)
    wanted = layout.expected(latents, labels)
    torch.testing.assert_close(loaded(latents, labels), wanted, atol=1e-5, rtol=0)
