"""Samples in arrays: every layout, range and label, and what cannot be samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders import LoadOptions, load_samples
from gancheck.loaders.layout import canonical, canonical_labels
from gancheck.loaders.ranges import infer_range

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 3, 5, 7), dtype=np.uint8)
PIXELS[0, 0, 0, :2] = (0, 255)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PIXELS, PIXELS),
        (PIXELS.transpose(0, 2, 3, 1), PIXELS),
        (PIXELS[:, :1].transpose(0, 2, 3, 1), PIXELS[:, :1]),
        (PIXELS[:, 0], PIXELS[:, :1]),
        (PIXELS.astype(np.int64), PIXELS),
        (PIXELS.astype(np.float64), PIXELS),
        (PIXELS / 255.0, PIXELS),
        ((PIXELS / 127.5 - 1).astype(np.float32), PIXELS),
        ((PIXELS / 127.5 - 1).astype(np.float16), None),
        (np.concatenate((PIXELS, PIXELS[:, :1]), 1).transpose(0, 2, 3, 1), PIXELS),
        (PIXELS[:, :1] > 127, ((PIXELS[:, :1] > 127) * 255).astype(np.uint8)),
    ],
)
def test_image_layouts_and_ranges(values: Any, expected: Any) -> None:
    """Any usual order of axes and range of values gives the same 8-bit pictures."""
    result = canonical(values).values
    assert result.dtype == np.uint8
    if expected is None:
        assert np.abs(result.astype(int) - PIXELS).max() <= 1
        return
    np.testing.assert_array_equal(result, expected)


def test_vectors_stay_as_they_are() -> None:
    """Two axes are vectors, whatever their range."""
    values = RNG.normal(size=(4, 3)) * 100
    result = canonical(values)
    assert result.values.dtype == np.float32
    np.testing.assert_allclose(result.values, values, rtol=1e-6)
    assert result.notes == ()


def test_short_pictures_are_told_by_the_square_reading() -> None:
    """Where both axes could be channels, the reading with square pictures is taken."""
    assert canonical(np.zeros((4, 3, 28, 28), np.uint8)).values.shape == (4, 3, 28, 28)
    assert canonical(np.zeros((4, 3, 3, 1), np.uint8)).values.shape == (4, 1, 3, 3)
    with pytest.raises(AmbiguousError, match="second and the last axis"):
        canonical(np.zeros((4, 3, 28, 3), np.uint8))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(5), "holds no samples"),
        (np.zeros((2, 3, 4, 5, 6)), "holds no samples"),
        (np.zeros((3, 0)), "holds no samples"),
        (np.zeros((1, 8, 8)), "1 samples are too few"),
        (np.array([[1.0, np.nan], [np.inf, 0.0]]), "2 NaN or infinite values of 4"),
        (np.zeros((4, 8, 8, 5), np.uint8), "no axis of"),
        (np.array([["a"], ["b"]]), "have to be numbers"),
        (RNG.normal(size=(9, 8, 8)) * 9, "cannot tell black from white"),
    ],
)
def test_what_cannot_be_samples(values: Any, message: str) -> None:
    """Arrays that are no samples are described."""
    with pytest.raises(LoadError, match=message):
        canonical(values)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array([2, 0, 1]), [2, 0, 1]),
        (np.array([[2], [0], [1]]), [2, 0, 1]),
        (np.array([2.0, 0.0, 1.0]), [2, 0, 1]),
        (np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), [2, 0, 1]),
    ],
)
def test_labels(labels: Any, expected: list[int]) -> None:
    """Labels in a column, as whole floats or one-hot are plain numbers afterwards."""
    result = canonical_labels(labels, 3)
    assert result.dtype == np.int64
    assert result.tolist() == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(4), "4 labels for 3 samples"),
        (np.array([0.5, 1, 2]), "whole numbers"),
        (np.array(["a", "b", "c"]), "whole numbers"),
        (np.ones((3, 2)), "not one-hot"),
    ],
)
def test_labels_that_are_none(labels: Any, message: str) -> None:
    """Labels that do not fit the samples are refused."""
    with pytest.raises(LoadError, match=message):
        canonical_labels(labels, 3)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((-1, 1), (-1, 1)),
        ((-0.2, 0.9), (-1, 1)),
        ((0, 0.4), (0, 1)),
        ((0, 255), (0, 255)),
        ((0, 90), (0, 255)),
        ((-1.4, 1.3), (-1, 1)),
        ((-0.1, 1.1), (0, 1)),
        ((-9, 262), (0, 255)),
    ],
)
def test_ranges(ends: tuple[float, float], expected: tuple[float, float]) -> None:
    """The range is the one the values fit, or the nearest one."""
    assert infer_range(np.linspace(*ends, 500))[0] == expected


def test_rounding_is_no_reason_for_doubt() -> None:
    """A tanh that exceeds 1 by its last digit is not reported as clipped."""
    values = np.linspace(-1 - 1e-6, 1 + 1e-6, 500)
    assert "clipped" not in infer_range(values)[1]
    assert "clipped" in infer_range(values * 1.01)[1]


@pytest.mark.parametrize("ends", [(-3, 3), (0, 9), (0, 1000), (-200, 200)])
def test_ranges_too_far_off(ends: tuple[float, float]) -> None:
    """Values far from any usual range are not squeezed into one."""
    with pytest.raises(LoadError, match="--output-range"):
        infer_range(np.linspace(*ends, 500))


@pytest.mark.parametrize("key", ["images", "samples", "arr_0"])
@pytest.mark.parametrize("label", ["labels", "y"])
def test_npz(key: str, label: str, tmp_path: Path) -> None:
    """Archives are read under each documented name."""
    path = tmp_path / "reference"
    arrays: dict[str, Any] = {key: PIXELS, label: np.arange(6) % 2, "other": np.zeros(3)}
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
    samples = load_samples(path)
    np.testing.assert_array_equal(samples.values, PIXELS)
    assert samples.labels is not None
    assert samples.labels.tolist() == [0, 1] * 3
    assert (samples.format, samples.ids, len(samples.sha256)) == ("npz", (), 64)


def test_npz_without_a_known_name(tmp_path: Path) -> None:
    """An archive whose arrays have other names lists them."""
    np.savez(tmp_path / "a.npz", X=PIXELS)
    with pytest.raises(LoadError, match=r"holds the arrays X, none"):
        load_samples(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_truncated_arrays(suffix: str, tmp_path: Path) -> None:
    """Cut numpy files end in one message."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, images=PIXELS)
    else:
        np.save(path, PIXELS)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(LoadError, match="damaged"):
        load_samples(path)


def test_npy_and_tensor_files(tmp_path: Path) -> None:
    """The same samples come from .npy, a bare tensor, a dictionary and safetensors."""
    np.save(tmp_path / "a.npy", PIXELS)
    tensor = torch.from_numpy(PIXELS)
    torch.save(tensor, tmp_path / "b.pt")
    torch.save({"images": tensor, "labels": torch.arange(6)}, tmp_path / "c.pt")
    save_file({"images": tensor}, tmp_path / "d.safetensors")
    for name in ("a.npy", "b.pt", "c.pt", "d.safetensors"):
        np.testing.assert_array_equal(load_samples(tmp_path / name).values, PIXELS)
    labels = load_samples(tmp_path / "c.pt").labels
    assert labels is not None
    assert labels.tolist() == list(range(6))


def test_half_precision_tensors(tmp_path: Path) -> None:
    """A bfloat16 tensor, which numpy does not know, is read as well."""
    torch.save(torch.tensor([[0.5, 1.0], [2.0, -1.0]], dtype=torch.bfloat16), tmp_path / "a.pt")
    samples = load_samples(tmp_path / "a.pt")
    assert samples.kind == "vector"
    assert samples.values.tolist() == [[0.5, 1.0], [2.0, -1.0]]


def test_limit_is_a_seeded_subset(tmp_path: Path) -> None:
    """A limit keeps that many rows, chosen by the seed, with labels and numbers in step."""
    values = np.arange(100, dtype=np.float32)[:, None].repeat(2, axis=1)
    np.savez(tmp_path / "a.npz", samples=values, labels=np.arange(100))
    few = load_samples(tmp_path / "a.npz", LoadOptions(limit=10, seed=1))
    same = load_samples(tmp_path / "a.npz", LoadOptions(limit=10, seed=1))
    other = load_samples(tmp_path / "a.npz", LoadOptions(limit=10, seed=2))
    assert len(few) == 10
    np.testing.assert_array_equal(few.values, same.values)
    assert few.ids != other.ids
    assert few.labels is not None
    assert few.values[:, 0].tolist() == few.labels.tolist() == [int(name) for name in few.ids]
    assert len(load_samples(tmp_path / "a.npz", LoadOptions(limit=1000))) == 100
    with pytest.raises(LoadError, match="at least 2"):
        load_samples(tmp_path / "a.npz", LoadOptions(limit=1))


def test_resize(tmp_path: Path) -> None:
    """Images in arrays are cropped to the wanted shape and resized; the notes say so."""
    np.save(tmp_path / "a.npy", PIXELS)
    samples = load_samples(tmp_path / "a.npy", LoadOptions(resize=(4, 4)))
    assert samples.shape == (3, 4, 4)
    assert any("resized to (4, 4)" in note for note in samples.notes)


def test_a_range_as_told(tmp_path: Path) -> None:
    """Values in an unusual range are read with the range that the user names."""
    np.save(tmp_path / "a.npy", PIXELS.astype(np.float32) * 10)
    samples = load_samples(tmp_path / "a.npy", LoadOptions(output_range=(0.0, 2550.0)))
    np.testing.assert_array_equal(samples.values, PIXELS)


def test_errors_name_the_file(tmp_path: Path) -> None:
    """A message about the content says which file it is about."""
    np.save(tmp_path / "a.npy", np.full((3, 2), np.nan))
    with pytest.raises(LoadError, match=r"a\.npy: the samples hold 6 NaN"):
        load_samples(tmp_path / "a.npy")
