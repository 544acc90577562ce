"""Networks from files: what they are fed is what the documentation says."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from embedder_samples import material
from onnx import TensorProto, helper, save
from torch import nn

from gancheck.embedders import create
from gancheck.errors import LoadError, ShapeError

if TYPE_CHECKING:
    from gancheck.types import AnyArray


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(7)


class Means(nn.Module):
    """Return the mean and the maximum of every channel."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, c, h, w) to (n, 2 c)."""
        return torch.cat([images.mean(dim=(2, 3)), images.amax(dim=(2, 3))], dim=1)


class Detector(nn.Module):
    """Return features only when asked for them, as the usual Inception file does."""

    def forward(self, img: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        """Map (n, 3, h, w) to (n, 3), or to one constant logit."""
        if return_features:
            return img.mean(dim=(2, 3))
        return torch.zeros(img.shape[0], 1)


class Scaled(nn.Module):
    """Double vectors."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Map (n, d) to (n, d)."""
        return rows * 2


class Unpooled(nn.Module):
    """Return a feature map instead of a vector."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, c, h, w) to itself."""
        return images


class NotANumber(nn.Module):
    """Return zero divided by zero."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (n, c, h, w) to (n, c) NaN."""
        return images.mean(dim=(2, 3)) * 0 / 0


def script(module: nn.Module, path: Path) -> str:
    """Save a module as TorchScript and return its path."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        torch.jit.script(module).save(str(path))  # type: ignore[no-untyped-call]
    return str(path)


def one_node_onnx(
    path: Path,
    shape: list[int | str],
    operator: str = "GlobalAveragePool",
    kind: int = TensorProto.FLOAT,
) -> str:
    """Save a network of one operator with a declared input shape and return its path."""
    graph = helper.make_graph(
        [helper.make_node(operator, ["images"], ["features"])],
        "network",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("features", kind, None)],
    )
    opset = helper.make_opsetid("", 17)
    save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return str(path)


@pytest.fixture
def images(rng: np.random.Generator) -> AnyArray:
    """Seventy small colour images: more than one batch."""
    return rng.integers(0, 256, (70, 3, 6, 5), dtype=np.uint8)


def test_torchscript_gets_images_in_0_to_1(images: AnyArray, tmp_path: Path) -> None:
    """Every batch arrives in 0..1 as it is, and the caller's images stay untouched."""
    view = create(f"torch:{script(Means(), tmp_path / 'means.pt')}").prepare(material(images))
    floats = images.astype(np.float32)
    features = view(floats)
    np.testing.assert_allclose(features[:, :3], images.mean(axis=(2, 3)) / 255, rtol=1e-4)
    np.testing.assert_allclose(features[:, 3:], images.max(axis=(2, 3)) / 255, rtol=1e-4)
    np.testing.assert_array_equal(floats, images)


def test_detectors_get_rgb_in_0_to_255(images: AnyArray, tmp_path: Path) -> None:
    """A file with return_features is asked for features of RGB images in 0..255."""
    grey = images[:, :1]
    path = script(Detector(), tmp_path / "detector.pt")
    features = create(f"torch:{path}").prepare(material(grey))(grey)
    assert features.shape == (70, 3)
    np.testing.assert_allclose(features[:, 2], grey[:, 0].mean(axis=(1, 2)), rtol=1e-4)


def test_vectors_arrive_as_they_are(rng: np.random.Generator, tmp_path: Path) -> None:
    """Vectors are neither scaled nor reshaped."""
    rows = rng.normal(0, 3, (8, 5)).astype(np.float32)
    view = create(f"torch:{script(Scaled(), tmp_path / 'scaled.pt')}").prepare(material(rows))
    np.testing.assert_allclose(view(rows), rows * 2, rtol=1e-6)


def test_onnx_gets_what_it_declares(images: AnyArray, tmp_path: Path) -> None:
    """Declared batch, channels and size are respected; trailing axes of length one are dropped."""
    grey = images[:, :1]
    path = one_node_onnx(tmp_path / "fixed.onnx", [4, 3, 12, 10])
    features = create(f"onnx:{path}").prepare(material(grey))(grey)
    assert features.shape == (70, 3)
    np.testing.assert_allclose(features[:, 0], features[:, 2], rtol=1e-5)
    np.testing.assert_allclose(features[:, 0], grey[:, 0].mean(axis=(1, 2)) / 255, atol=0.03)


def test_onnx_with_free_axes(images: AnyArray, tmp_path: Path) -> None:
    """Where nothing is declared, images arrive at their own size."""
    path = one_node_onnx(tmp_path / "free.onnx", ["n", "c", "h", "w"])
    features = create(f"onnx:{path}").prepare(material(images))(images)
    np.testing.assert_allclose(features, images.mean(axis=(2, 3)) / 255, rtol=1e-4)


def test_the_hash_is_of_the_file_not_of_its_place(images: AnyArray, tmp_path: Path) -> None:
    """A moved file is the same view; another network is another one."""
    first, second = Path(script(Means(), tmp_path / "a.pt")), tmp_path / "b.pt"
    second.write_bytes(first.read_bytes())
    given = material(images)
    one, two = (create(f"torch:{path}").prepare(given) for path in (first, second))
    other = create(f"torch:{script(Detector(), tmp_path / 'c.pt')}").prepare(given)
    assert one.sha256 == two.sha256
    assert one.sha256 != other.sha256
    assert one.name == f"torch:{first}"


@pytest.mark.parametrize(
    ("module", "message"), [(Unpooled(), r"expected one vector"), (NotANumber(), "not finite")]
)
def test_useless_output_is_refused(
    images: AnyArray, tmp_path: Path, module: nn.Module, message: str
) -> None:
    """Feature maps and values that are not finite are refused before anything is judged."""
    path = script(module, tmp_path / "module.pt")
    with pytest.raises(ShapeError, match=message):
        create(f"torch:{path}").prepare(material(images))


def test_networks_that_cannot_take_the_samples(images: AnyArray, tmp_path: Path) -> None:
    """A failure inside the network says what it was fed."""
    path = one_node_onnx(tmp_path / "two.onnx", ["n", 2, "h", "w"])
    with pytest.raises(ShapeError, match=r"failed on float32 \(2, 3, 6, 5\)"):
        create(f"onnx:{path}").prepare(material(images))


@pytest.mark.parametrize("kind", ["torch", "onnx"])
def test_unreadable_files(images: AnyArray, tmp_path: Path, kind: str) -> None:
    """Missing files and files of another format are named as such."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"not a network")
    with pytest.raises(LoadError, match="is not a"):
        create(f"{kind}:{broken}").prepare(material(images))
    with pytest.raises(LoadError, match="does not exist"):
        create(f"{kind}:{tmp_path / 'absent'}").prepare(material(images))


def test_onnx_with_another_input_type(images: AnyArray, tmp_path: Path) -> None:
    """Only float inputs are fed."""
    path = one_node_onnx(tmp_path / "whole.onnx", ["n", "d"], "Identity", TensorProto.INT64)
    with pytest.raises(LoadError, match="expected one float input"):
        create(f"onnx:{path}").prepare(material(images))
