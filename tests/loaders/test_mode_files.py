"""Files of known modes: centres and classifiers, what is made of them, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from gancheck.errors import (
    GancheckError,
    GeneratorError,
    LoadError,
    RefusedError,
    ShapeError,
    UsageError,
)
from gancheck.loaders.classifier import Classifier, open_classifier
from gancheck.loaders.mode_files import Centres, ModeOptions, open_modes, read_centres
from gancheck.types import SampleSet
from loaders.loader_models import save_exported, save_onnx, save_torchscript

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import AnyArray

CENTRES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
POINTS = SampleSet(np.zeros((4, 2), dtype=np.float32), "made", "arrays")
GREY = (1, 4, 4)


class Brightness(nn.Module):
    """Tells three classes by the mean of a grey picture in -1..1: dark, middle, bright."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (n, 3)."""
        mean = x.reshape(-1, 1, 4, 4).mean(dim=(1, 2, 3))[: x.shape[0], None]
        return -40 * (mean - torch.tensor([[-0.8, 0.0, 0.8]])) ** 2


class GreyOnly(nn.Module):
    """The same, for a single channel only."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Conv2d(1, 1, 4, bias=False)
        nn.init.constant_(self.mean.weight, 1 / 16)

    def forward(self, x: Tensor) -> Tensor:
        """Return probabilities, (n, 3)."""
        logits = -40 * (self.mean(x).flatten(1) - torch.tensor([[-0.8, 0.0, 0.8]])) ** 2
        posteriors: Tensor = logits.softmax(dim=1)
        return posteriors


def pictures(greys: object) -> AnyArray:
    """Draw flat pictures, a channel for each grey of 0..255."""
    levels = np.asarray(greys, dtype=np.uint8)
    return np.array(np.broadcast_to(levels[:, :, None, None], (*levels.shape, 4, 4)))


def saved(module: nn.Module, path: Path, shape: tuple[int, ...] = GREY) -> Path:
    """Save a classifier as TorchScript."""
    save_torchscript(module.eval(), (torch.zeros(2, *shape),), path)
    return path


def test_centres_of_an_archive(tmp_path: Path) -> None:
    """Centres, widths and shares are read; shares are scaled to sum to 1, and places named."""
    path = tmp_path / "modes.npz"
    np.savez(path, centres=CENTRES, sd=[0.1, 0.2, 0.3], shares=[2, 1, 1])
    found = open_modes(ModeOptions(path), POINTS)
    assert isinstance(found, Centres)
    np.testing.assert_array_equal(found.places, CENTRES)
    assert found.sd.tolist() == [0.1, 0.2, 0.3]
    assert found.shares.tolist() == [0.5, 0.25, 0.25]
    assert found.names[1] == "1 at (4, 0)"
    assert len(found.sha256) == 64
    assert open_modes(None, POINTS) is None


def test_a_bare_array_of_centres_takes_the_flag(tmp_path: Path) -> None:
    """--modes-sd stands in for what a .npy file lacks, and counts before that of a file."""
    np.save(tmp_path / "c.npy", CENTRES)
    np.savez(tmp_path / "c.npz", means=CENTRES, sd=0.5)
    assert read_centres(tmp_path / "c.npy", 0.1).sd.tolist() == [0.1] * 3
    assert read_centres(tmp_path / "c.npz").sd.tolist() == [0.5] * 3
    assert read_centres(tmp_path / "c.npz", 0.1).sd.tolist() == [0.1] * 3


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"centres": CENTRES}, "standard deviation"),
        ({"centres": CENTRES[0], "sd": 1}, "shape"),
        ({"centres": np.full((2, 2), np.nan), "sd": 1}, "NaN"),
        ({"centres": CENTRES, "sd": 0}, "above 0"),
        ({"centres": CENTRES, "sd": [1, 2]}, "expected 3"),
        ({"centres": CENTRES, "sd": 1, "shares": [1, 0, 1]}, "above 0"),
        ({"one": CENTRES, "two": CENTRES}, "no array `centres`"),
        ({"centres": np.array([["a"]]), "sd": 1}, "shape"),
    ],
)
def test_files_that_hold_no_modes_are_refused(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    """What is wrong is said, with how the file should be written."""
    np.savez(tmp_path / "c.npz", **arrays)
    with pytest.raises(LoadError, match=words) as caught:
        read_centres(tmp_path / "c.npz")
    assert "numpy.savez" in (caught.value.hint or "")


def test_centres_of_other_samples_are_refused(tmp_path: Path) -> None:
    """Three coordinates for points of two, or centres for images."""
    np.savez(tmp_path / "c.npz", centres=np.zeros((2, 3)), sd=1)
    images = SampleSet(pictures([[0]]), "made", "arrays")
    for samples in (POINTS, images):
        with pytest.raises(ShapeError, match="centres of 3 numbers"):
            open_modes(ModeOptions(tmp_path / "c.npz"), samples)


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    """A range of pixels with centres, a width with a classifier, a classifier without a range."""
    np.savez(tmp_path / "c.npz", centres=CENTRES, sd=1)
    images = SampleSet(pictures([[0]]), "made", "arrays")
    judge = saved(Brightness(), tmp_path / "judge.pt")
    asked = (
        (ModeOptions(tmp_path / "c.npz", value_range=(0, 1)), POINTS, "--modes-range"),
        (ModeOptions(judge, sd=0.1), images, "--modes-sd"),
        (ModeOptions(judge), images, "range that it was trained on"),
    )
    for options, samples, words in asked:
        with pytest.raises(UsageError, match=words):
            open_modes(options, samples)


@pytest.mark.parametrize("form", ["torchscript", "exported", "onnx"])
def test_every_format_of_a_classifier_says_the_same(form: str, tmp_path: Path) -> None:
    """Dark, middle and bright pictures in the range of the generator, whatever the file."""
    path, example = tmp_path / "judge.pt2", (torch.zeros(2, *GREY),)
    save = {"torchscript": save_torchscript, "exported": save_exported, "onnx": save_onnx}[form]
    save(GreyOnly().eval(), example, path)
    judge = open_classifier(path, GREY, (-1.0, 1.0), "cpu")
    found = judge.captured(pictures([[20], [127], [240], [76]]), 0)
    assert found.assigned.tolist() == [0, 1, 2, -1]
    assert (judge.count, judge.pictures, len(judge.sha256)) == (3, 1, 64)


def test_logits_and_probabilities_are_told_apart(tmp_path: Path) -> None:
    """The same classifier gives the same posteriors whether its file holds a softmax or not."""
    shown = pictures(np.random.default_rng(0).integers(0, 256, (300, 1)))
    each = [
        open_classifier(saved(module, tmp_path / "j.pt"), GREY, (-1.0, 1.0), "cpu")
        for module in (GreyOnly(), nn.Sequential(GreyOnly(), Log()))
    ]
    first, second = (judge.posteriors(shown) for judge in each)
    np.testing.assert_allclose(first, second, atol=1e-5)
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-5)


class Log(nn.Module):
    """Turns probabilities into their logarithms."""

    def forward(self, x: Tensor) -> Tensor:
        """Take the logarithm."""
        return x.clamp(min=1e-30).log()


def test_each_channel_of_stacked_pictures_is_classified(tmp_path: Path) -> None:
    """A classifier of grey pictures, shown three channels, tells 27 modes, the first counting most.

    Uncertainty in one channel is enough not to be of high quality.
    """
    path = saved(GreyOnly(), tmp_path / "judge.pt")
    judge = open_classifier(path, (3, 4, 4), (-1.0, 1.0), "cpu")
    assert (judge.count, judge.pictures) == (27, 3)
    assert judge.names[5] == "0-1-2"
    found = judge.captured(pictures([[20, 127, 240], [240, 20, 20], [240, 20, 76]]), 0)
    assert found.assigned.tolist() == [5, 18, -1]


def test_grey_samples_beside_a_colour_reference_are_one_picture(tmp_path: Path) -> None:
    """What was repeated to three channels for the comparison is classified once."""
    judge = open_classifier(saved(GreyOnly(), tmp_path / "j.pt"), GREY, (-1.0, 1.0), "cpu")
    assert judge.captured(pictures([[240, 240, 240]]), 0).assigned.tolist() == [2]


class ByBatch(nn.Module):
    """Compares each picture with the mean of its batch."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        mean = x.flatten(1).mean(dim=1)
        return torch.stack([mean - mean.mean(), mean.mean() - mean], dim=1)


def test_every_call_has_as_many_rows(tmp_path: Path) -> None:
    """A last batch is filled up, so that a classifier that looks at it sees as many rows."""
    judge = open_classifier(saved(ByBatch(), tmp_path / "j.pt"), GREY, (-1.0, 1.0), "cpu")
    shown = pictures(np.random.default_rng(1).integers(0, 256, (256, 1)))
    again = judge.posteriors(np.concatenate([shown, shown[:3]]))
    np.testing.assert_allclose(again[256:], again[:3], atol=0.02)
    assert len(again) == 259


def test_a_program_that_writes_files_is_refused(tmp_path: Path) -> None:
    """The audit of TorchScript holds for classifiers, and --trust does not get around it."""
    source = "def forward(self, x):\n    torch.save(x, 'gone')\n    return x[:, :2]\n"
    path = tmp_path / "j.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: Any = type("Writing", (torch.jit.ScriptModule,), {})()
        module.define(source)
        torch.jit.save(module, str(path))
    with pytest.raises(RefusedError, match="classifier of the modes") as caught:
        open_classifier(path, GREY, (-1.0, 1.0), "cpu")
    assert "--trust" in (caught.value.hint or "")


def opened(module: nn.Module, folder: Path, shape: tuple[int, ...]) -> Classifier:
    """Save a module for pictures of four by four, and open it for samples of a shape."""
    return open_classifier(saved(module, folder / "j.pt"), shape, (-1.0, 1.0), "cpu")


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    """Weights, text, other shapes, one number each and NaN end in one message."""

    class One(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1)[:, :1]

    class Nan(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1)[:, :2] / 0

    class Wide(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.reshape(-1, 16)[: x.shape[0]].repeat(1, 10)

    torch.save(GreyOnly().state_dict(), tmp_path / "w.pth")
    (tmp_path / "t.txt").write_text("modes")
    cases: list[tuple[type[GancheckError], str, Any]] = [
        (LoadError, "no network", lambda: open_modes(ModeOptions(tmp_path / "w.pth"), POINTS)),
        (LoadError, "no network", lambda: open_modes(ModeOptions(tmp_path / "t.txt"), POINTS)),
        (LoadError, "does not exist", lambda: open_modes(ModeOptions(tmp_path / "no"), POINTS)),
        (ShapeError, "takes neither", lambda: opened(GreyOnly(), tmp_path, (3, 3, 3))),
        (ShapeError, "does not take", lambda: opened(GreyOnly(), tmp_path, (1, 3, 3))),
        (ShapeError, "expected logits", lambda: opened(One(), tmp_path, GREY)),
        (GeneratorError, "NaN", lambda: opened(Nan(), tmp_path, GREY).posteriors(pictures([[0]]))),
    ]
    for kind, words, call in cases:
        with pytest.raises(kind, match=words):
            call()
    assert opened(Wide(), tmp_path, GREY).count == 160
