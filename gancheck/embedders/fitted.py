"""The default view of images: a small network fitted on an independent part of the reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gancheck.devices import fetched
from gancheck.embedders import EMBEDDERS, contrast, network
from gancheck.embedders.augment import Invariances
from gancheck.embedders.canvas import batches, digest, require_images, require_shape, resized, shown
from gancheck.embedders.contrast import Lesson, Recipe, Weights
from gancheck.embedders.interface import Material
from gancheck.errors import ShapeError

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray, SampleSet

MIN_INDEPENDENT = 400
"""Fewer images than this teach a view too little."""
_MOST = 20_000  # more images than a fit of usual length looks at
_SIDES = (28, 32)
_BATCH = 512
_SHAPE = "shape"


@EMBEDDERS.register("fitted")
@dataclass(frozen=True)
class Fitted:
    """Compares images by what tells them apart, and ignores what was agreed not to matter.

    A small network is fitted to recognise each image of an independent part of the reference under
    small rotations, enlargements, shifts, blur and noise, and to tell its labels apart where it has
    any. Loss of fidelity of that kind is then not mistaken for loss of variety. Colour images are
    looked at twice, with their colours and without, so that colours do not drown out shapes. The
    part it is fitted on must never be scored: a view that has seen one side treats identical laws
    as different.

    Attributes:
        invariances: What is ignored, and how far.
        recipe: Length and settings of the fit.
    """

    invariances: Invariances = field(default_factory=Invariances)
    recipe: Recipe = field(default_factory=Recipe)
    argument: ClassVar[str] = ""

    def prepare(self, material: Material) -> FittedView:
        """Fit the network.

        Raises:
            ShapeError: The samples are vectors, or there are too few independent images.
        """
        require_images(material.samples.values, "fitted")
        apart = material.independent
        if apart is None or len(apart) < MIN_INDEPENDENT:
            raise ShapeError(
                f"embedder 'fitted' needs {MIN_INDEPENDENT} images to learn from that are not "
                f"scored, and there are {0 if apart is None else len(apart)}",
                "Give a larger reference, or use --embedder pixels.",
            )
        require_shape(apart.values, material.samples.shape, "fitted")
        weights = contrast.fit(
            _lesson(apart, material.device),
            self.recipe,
            self.invariances,
            seed=material.seed,
            progress=material.progress,
        )
        return FittedView(apart.shape, weights)

    def restore(self, content: bytes, device: str) -> FittedView:
        """Read what `FittedView.to_bytes` wrote."""
        return FittedView.from_bytes(content, device)


@dataclass(frozen=True, eq=False)
class FittedView:
    """Images of one shape as a fitted network sees them: directions, (n, dims) of length one."""

    shape: tuple[int, ...]
    weights: Weights = field(repr=False)
    tolerant: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Name, size looked at and number of features."""
        height, width = viewing_size(self.shape)
        return f"fitted ({width}x{height} px, {len(self.weights['head.bias'])} features)"

    @cached_property
    def sha256(self) -> str:
        """Hash of the shape and of the fitted weights."""
        return digest(self.name, self.to_bytes())

    def __call__(self, values: AnyArray) -> FloatArray:
        """Map (n, c, h, w) images on the 0..255 scale to (n, dims) float32 of length one."""
        require_shape(values, self.shape, "fitted")
        out = np.empty((len(values), len(self.weights["head.bias"])), dtype=np.float32)
        for rows, features in shown(values, _BATCH, self._batch, device=self._device):
            out[rows] = features
        return out

    def _batch(self, values: AnyArray) -> FloatArray:
        import torch
        from torch.nn import functional

        with torch.inference_mode():
            images = _scaled(values, viewing_size(self.shape), self._device)
            features = network.forward(images, self.weights)
            parts = network.directions(features, network.heads(self.weights))
            return fetched(functional.normalize(parts.flatten(1)))

    @property
    def _device(self) -> str:
        return str(self.weights["head.bias"].device)

    def to_bytes(self) -> bytes:
        """Write shape and weights as a safetensors file; equal views give equal bytes."""
        from safetensors.torch import save

        tensors = {key: weight.cpu().contiguous() for key, weight in self.weights.items()}
        return save(tensors, metadata={_SHAPE: json.dumps(self.shape)})

    @classmethod
    def from_bytes(cls, content: bytes, device: str = "cpu") -> FittedView:
        """Read what `to_bytes` wrote; the content cannot carry code."""
        from safetensors.torch import load

        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        shape = tuple(json.loads(header["__metadata__"][_SHAPE]))
        return cls(shape, {key: weight.to(device) for key, weight in load(content).items()})


def viewing_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width at which images of shape (c, h, w) are looked at."""
    longer = max(shape[1:])
    scale = min(max(longer, _SIDES[0]), _SIDES[1]) / longer
    return max(1, round(shape[1] * scale)), max(1, round(shape[2] * scale))


def _lesson(apart: SampleSet, device: str) -> Lesson:
    """Spread a choice evenly over more images than a fit can use, and number their labels."""
    import torch

    rows = np.linspace(0, len(apart) - 1, min(_MOST, len(apart))).round().astype(np.int64)
    images = _scaled(apart.values[rows], viewing_size(apart.shape), device)
    if apart.labels is None:
        return Lesson(images)
    numbered = np.unique(apart.labels[rows], return_inverse=True)[1]
    return Lesson(images, torch.from_numpy(numbered.astype(np.int64)).to(device))


def _scaled(values: AnyArray, size: tuple[int, int], device: str) -> torch.Tensor:
    """Bring (n, c, h, w) images on the 0..255 scale to a size and to 0..1."""
    import torch

    parts = (part for _, part in batches(values, _BATCH))
    return torch.cat([resized(part, *size, device) / 255.0 for part in parts])
