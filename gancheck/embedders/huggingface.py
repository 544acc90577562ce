"""Vision models of the transformers library as a view: DINOv2, CLIP and most others.

What a model is fed: RGB (grey is repeated) at the size, scale, mean and standard deviation that its
own preprocessing ends in, read from the JSON beside its weights. Two things are ours: images are
resized with an anti-aliasing filter, and they are seen whole, squeezed where the shape differs,
where the original pipeline cuts the margins off.

What is taken from it, the first that it offers:

1. ``image_features`` or ``image_embeds``: the projected embedding of CLIP and its like,
2. ``pooler_output``: the class token of DINOv2, the pooled map of a convolutional network; unless
   the weights of the pooling layer are missing and would be random,
3. the mean of ``last_hidden_state`` over all places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gancheck.devices import fetched, is_out_of_memory, placed
from gancheck.embedders import EMBEDDERS
from gancheck.embedders.canvas import as_rgb, digest, require_images, resized, shown
from gancheck.embedders.interface import Material
from gancheck.embedders.vision_model import Intake, VisionModel, first_line, read_vision_model
from gancheck.errors import LoadError, ShapeError

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray

_PREPROCESSING = "1"  # raise it when anything between the pixels and the network changes
_BATCH_CPU, _BATCH_GPU = 16, 64

Network = Callable[["FloatArray"], "tuple[str, FloatArray]"]


@EMBEDDERS.register("huggingface")
@dataclass(frozen=True)
class HuggingFace:
    """Compares images by what a vision model of the transformers library makes of them.

    The model is a folder that ``save_pretrained`` wrote, or a name on the hub, which is downloaded
    once if it is not in the hub's cache. Only weights in safetensors are read, and code that comes
    with a model is never run.

    Attributes:
        source: Folder, or name such as ``facebook/dinov2-base``.
    """

    source: str
    argument: ClassVar[str] = "NAME|FOLDER"

    def prepare(self, material: Material) -> HuggingFaceView:
        """Load the model and try it on two samples; nothing is fitted.

        Raises:
            LoadError: The package transformers is missing, or there is no usable vision model.
            ShapeError: The samples are vectors, neither grey nor RGB, or the model fails on them.
        """
        few = material.samples.values[:2]
        require_images(few, "huggingface")
        as_rgb(few, "huggingface")
        model = read_vision_model(self.source)
        network = _network(model, material.device)
        output, _ = network(_fed(few, model.intake))
        batch = _BATCH_CPU if material.device == "cpu" else _BATCH_GPU
        view = HuggingFaceView(self.source, output, model.intake, model.sha256, network, batch)
        if not np.allclose(view(few), view(few), rtol=1e-3, atol=1e-4):
            raise LoadError(
                f"the model {self.source} says something else each time it sees the same image, "
                "as models do that hide parts of it at random; expected a fixed answer"
            )
        return view


@dataclass(frozen=True)
class HuggingFaceView:
    """Images as one output of a vision model."""

    source: str
    output: str
    intake: Intake
    weights: str
    network: Network = field(repr=False, compare=False)
    batch: int = field(default=_BATCH_CPU, compare=False)

    @property
    def name(self) -> str:
        """Name of the model, size at which it looks, and the output that is used."""
        height, width = self.intake.size
        return f"huggingface:{self.source} ({width}x{height} px, {self.output})"

    @property
    def sha256(self) -> str:
        """Hash of configuration, weights, preprocessing and output, wherever the model lies."""
        return digest(self.weights, repr(self.intake), self.output, _PREPROCESSING)

    def __call__(self, values: AnyArray) -> FloatArray:
        """Map (n, c, h, w) grey or RGB images on the 0..255 scale to (n, dim) float32.

        Raises:
            ShapeError: The model fails, or does not return one finite vector for each image.
        """
        require_images(values, "huggingface")
        if not len(values):
            raise ShapeError(f"embedder {self.name!r} was given no samples")
        return np.concatenate([found for _, found in shown(values, self.batch, self._batch)])

    def _batch(self, values: AnyArray) -> FloatArray:
        return self.network(_fed(values, self.intake))[1]


def _fed(values: AnyArray, intake: Intake) -> FloatArray:
    """Bring images to what a model is fed: (n, 3, height, width) float32."""
    pixels = resized(as_rgb(values, "huggingface"), *intake.size).numpy() * intake.rescale
    mean, std = (np.array(part, dtype=np.float32)[:, None, None] for part in intake[2:])
    fed: FloatArray = ((pixels - mean) / std).astype(np.float32)
    return fed


def _network(model: VisionModel, device: str) -> Network:
    """Return the model as a function from what it is fed to the output used and its values."""
    import torch

    network, kind = model.network.to(device), type(model.network).__name__

    def run(fed: FloatArray) -> tuple[str, FloatArray]:
        try:
            with torch.inference_mode():
                output, found = _seen(network, placed(fed, device), model.pools)
                features = fetched(found.float())
        except (RuntimeError, ValueError, TypeError, AttributeError) as error:
            if is_out_of_memory(error):
                raise
            raise ShapeError(f"the {kind} failed on {fed.shape}: {first_line(error)}") from error
        if features.ndim != 2 or len(features) != len(fed) or not np.isfinite(features).all():
            raise ShapeError(
                f"the {kind} returned {output} of the shape {features.shape} for {len(fed)} "
                "images; expected one finite vector for each"
            )
        return output, features

    return run


def _seen(network: Any, pixels: torch.Tensor, pools: bool) -> tuple[str, torch.Tensor]:
    """Return the name and the values, (n, d), of the first output that a model offers."""
    if hasattr(network, "get_image_features"):
        found = network.get_image_features(pixel_values=pixels)
        return "image_features", getattr(found, "pooler_output", found)
    found = network(pixel_values=pixels)
    if getattr(found, "image_embeds", None) is not None:
        return "image_embeds", found.image_embeds
    if pools and getattr(found, "pooler_output", None) is not None:
        return "pooler_output", found.pooler_output.flatten(1)
    hidden = found.last_hidden_state
    mean = hidden.mean(dim=1) if hidden.ndim == 3 else hidden.flatten(2).mean(dim=2)
    return "mean of last_hidden_state", mean
