"""EfficientNet-Lite0: the same features from torch and onnxruntime, for any image."""

from __future__ import annotations

import numpy as np
import pytest
from embedder_samples import blobs, material

from gancheck.embedders import create, lite0
from gancheck.embedders.efficientnet import (
    EfficientNet,
    load_network,
    onnx_network,
    torch_network,
    viewing_side,
    weights_file,
)
from gancheck.errors import ShapeError


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def weights() -> dict[str, lite0.Weights]:
    """The folded weights of the installed package."""
    import torch

    state = torch.load(weights_file(), weights_only=True)
    return lite0.fold({key: tensor.numpy() for key, tensor in state.items()})


@pytest.mark.parametrize("size", [(64, 64), (45, 70)])
def test_onnx_equals_torch(
    weights: dict[str, lite0.Weights], size: tuple[int, int], rng: np.random.Generator
) -> None:
    """Both renderings of the plan agree, also where SAME padding is uneven."""
    images = rng.normal(0, 1, (2, 3, *size)).astype(np.float32)
    by_onnx, by_torch = onnx_network(weights)(images), torch_network(weights, "cpu")(images)
    assert by_onnx.shape == (2, 1280)
    np.testing.assert_allclose(by_onnx, by_torch, atol=1e-4)


def test_folding_keeps_batch_normalisation(rng: np.random.Generator) -> None:
    """A folded convolution equals the convolution followed by torch's own normalisation."""
    import torch
    from torch.nn import functional

    state = torch.load(weights_file(), weights_only=True)
    images = torch.from_numpy(rng.normal(0, 1, (1, 3, 16, 16)).astype(np.float32))
    plain = functional.conv2d(
        functional.pad(images, (0, 1, 0, 1)), state["_conv_stem.weight"], None, 2
    )
    mean, variance = state["_bn0.running_mean"], state["_bn0.running_var"]
    expected = functional.batch_norm(
        plain, mean, variance, state["_bn0.weight"], state["_bn0.bias"], eps=1e-3
    )
    folded = lite0.fold({key: tensor.numpy() for key, tensor in state.items()})["_conv_stem"]
    kernel, bias = torch.from_numpy(folded.kernel), torch.from_numpy(folded.bias)
    found = functional.conv2d(functional.pad(images, (0, 1, 0, 1)), kernel, bias, 2)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-4)


def test_the_network_has_the_published_size(weights: dict[str, lite0.Weights]) -> None:
    """Without its classifier Lite0 has 3.35 million weights and 49 convolutions."""
    assert len(weights) == 49
    kernels = sum(part.kernel.size for part in weights.values())
    assert 3.3e6 < kernels + sum(part.bias.size for part in weights.values()) < 3.4e6


@pytest.mark.parametrize(
    ("shape", "side"),
    [((1, 28, 28), 96), ((3, 96, 64), 96), ((3, 97, 64), 128), ((3, 512, 9), 224)],
)
def test_viewing_side(shape: tuple[int, ...], side: int) -> None:
    """The smallest of three sides that holds the image, and 224 above."""
    assert viewing_side(shape) == side


def test_grey_is_repeated_to_rgb(rng: np.random.Generator) -> None:
    """A grey image and the same image as RGB have the same features."""
    grey = blobs(9, 28, 1, rng)
    view = create("efficientnet").prepare(material(grey))
    np.testing.assert_allclose(view(grey), view(np.repeat(grey, 3, axis=1)), atol=1e-6)
    assert view.name == "efficientnet (96 px)"


def test_batches_and_floats(rng: np.random.Generator) -> None:
    """Batch mates do not matter, floats are taken unrounded, other content moves the features."""
    images = blobs(11, 28, 3, rng)
    view = create("efficientnet").prepare(material(images))
    features = view(images)
    assert features.dtype == np.float32
    np.testing.assert_allclose(view(images[9:10]), features[9:10], atol=1e-5)
    assert np.abs(view(images.astype(np.float32) + np.float32(0.4)) - features).max() > 1e-3
    assert np.linalg.norm(features[0] - features[1]) > 1.0


def test_settings_are_hashed(rng: np.random.Generator) -> None:
    """Another viewing side is another view; the same one has the same hash."""
    given = material(blobs(4, 28, 1, rng))
    default = EfficientNet().prepare(given)
    assert default.sha256 == EfficientNet(side=96).prepare(given).sha256
    assert default.sha256 != EfficientNet(side=128).prepare(given).sha256


def test_other_samples_are_refused() -> None:
    """Vectors and images with two channels cannot be looked at."""
    with pytest.raises(ShapeError, match="looks at images"):
        create("efficientnet").prepare(material(np.zeros((4, 7), dtype=np.float32)))
    with pytest.raises(ShapeError, match="2 channels"):
        create("efficientnet").prepare(material(np.zeros((4, 2, 8, 8), dtype=np.uint8)))


def test_the_cpu_runs_onnxruntime() -> None:
    """On a CPU the loaded network comes from onnxruntime, not from torch."""
    assert "onnx_network" in getattr(load_network(weights_file(), "cpu"), "__qualname__", "")
