"""The shipped digit generators: what they are is what gancheck says of them."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gancheck import Diagnosis, LoadOptions, Settings, diagnose, load
from gancheck.samplers.batches import Sampler
from gancheck.types import Condition, SampleSet, Verdict

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "mnist"
REFERENCE = EXAMPLES / "mnist_reference.npz"
FEW = 1000
QUICK = Settings(samples=FEW, embedder="pixels", map="pca")


def generator(name: str) -> nn.Module:
    """Build a shipped generator from its state dict, as its training script would."""
    source = importlib.util.spec_from_file_location("generator", EXAMPLES / "generator.py")
    assert source is not None
    assert source.loader is not None
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    built: nn.Module = module.Generator()
    built.load_state_dict(torch.load(EXAMPLES / f"{name}.pth", weights_only=True))
    return built.eval()


@pytest.fixture(scope="module")
def torchscript() -> Diagnosis:
    """Diagnose the collapsed generator from its TorchScript file."""
    return diagnose(EXAMPLES / "mnist_collapsed.pt", REFERENCE, QUICK)


def exported(folder: Path) -> Path:
    """Write the collapsed generator as a ``.pt2`` program."""
    path = folder / "model.pt2"
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            generator("mnist_collapsed"), (torch.randn(4, 32, 1, 1),), dynamic_shapes=({0: batch},)
        )
        torch.export.save(program, path)
    return path


def safetensors(folder: Path) -> Path:
    """Write the collapsed generator's weights as safetensors."""
    path = folder / "model.safetensors"
    state = torch.load(EXAMPLES / "mnist_collapsed.pth", weights_only=True)
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    return path


def test_the_collapsed_generator_is_called_collapsed(torchscript: Diagnosis) -> None:
    """It collapsed, and the digits it lost are named as missing."""
    assert torchscript.verdict is Verdict.COLLAPSED
    assert Condition.MISSING_MODES in torchscript.conditions
    missing = {mode.label for mode in torchscript.modes if mode.status == "missing"}
    assert missing >= {"0", "1"}
    assert {"8", "9"} <= {mode.label for mode in torchscript.modes if mode.status == "over"}


@pytest.mark.parametrize("file", ["onnx", "pth", "pt2", "safetensors", "pth with --arch"])
def test_every_format_gives_the_same_samples(file: str, tmp_path: Path) -> None:
    """The same weights in another file draw what TorchScript draws, to one grey level."""
    path, options = EXAMPLES / f"mnist_collapsed.{file}", LoadOptions()
    if file == "pt2":
        path = exported(tmp_path)
    elif file == "safetensors":
        path = safetensors(tmp_path)
    elif file == "pth with --arch":
        path = EXAMPLES / "mnist_collapsed.pth"
        options = LoadOptions(arch=f"{EXAMPLES / 'generator.py'}:Generator")
    one, other = (
        load(where, asked)
        for where, asked in ((EXAMPLES / "mnist_collapsed.pt", LoadOptions()), (path, options))
    )
    assert not isinstance(one, SampleSet)
    assert not isinstance(other, SampleSet)
    apart = Sampler(one).draw(256, 3).values.astype(int) - Sampler(other).draw(256, 3).values
    assert np.abs(apart).max() <= 1


def test_another_runtime_gives_the_same_numbers(torchscript: Diagnosis) -> None:
    """ONNX: the same verdict, and every score to 1e-3."""
    found = diagnose(EXAMPLES / "mnist_collapsed.onnx", REFERENCE, QUICK)

    assert found.verdict is torchscript.verdict
    assert found.conditions == torchscript.conditions
    for name, score in torchscript.scores.items():
        assert found.scores[name].value == pytest.approx(score.value, abs=1e-3, rel=1e-3), name
    for mine, theirs in zip(torchscript.modes, found.modes, strict=True):
        assert theirs.sample_share == pytest.approx(mine.sample_share, abs=1e-3)


def test_samples_say_what_their_generator_says(torchscript: Diagnosis, tmp_path: Path) -> None:
    """An .npz of the generator's samples gives the same verdict, conditions and missing modes."""
    loaded = load(EXAMPLES / "mnist_collapsed.pt")
    assert not isinstance(loaded, SampleSet)
    drawn = Sampler(loaded).draw(FEW, QUICK.seed)
    np.savez_compressed(tmp_path / "samples.npz", images=drawn.values)
    found = diagnose(tmp_path / "samples.npz", REFERENCE, QUICK)

    assert found.verdict is torchscript.verdict
    assert set(found.conditions) == set(torchscript.conditions)
    assert [mode.sample_share for mode in found.modes] == [
        pytest.approx(mode.sample_share) for mode in torchscript.modes
    ]
    assert found.scores["diversity"].low < torchscript.scores["diversity"].value
    assert found.scores["diversity"].high > torchscript.scores["diversity"].value
    absent = {"audit", "conditional", "cuts", "discriminator", "known_modes", "sensitivity"}
    assert absent == {skipped.analyzer for skipped in found.skipped}


def test_the_healthy_generator_draws_every_digit() -> None:
    """It did not collapse: no digit is missing."""
    found = diagnose(EXAMPLES / "mnist_healthy.pth", REFERENCE, QUICK)

    assert "missing" not in {mode.status for mode in found.modes}
    assert Condition.MISSING_MODES not in found.conditions
