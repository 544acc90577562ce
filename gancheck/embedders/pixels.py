"""Pixels, projected on the axes along which images of the reference vary most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gancheck.embedders import EMBEDDERS
from gancheck.embedders.canvas import (
    batches,
    digest,
    require_images,
    require_shape,
    resized,
    shown,
    within,
)
from gancheck.embedders.interface import ENOUGH_INDEPENDENT, Material
from gancheck.packed import pack, unpack

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_BATCH = 1024
_MARK = "pixels"


@EMBEDDERS.register("pixels")
@dataclass(frozen=True)
class Pixels:
    """Compares images by their pixels: no network, no weights, nothing ignored on purpose.

    Images are shrunk with an anti-aliasing filter, flattened and projected on the principal axes
    of an independent part of the reference; where that has fewer than 200 images, of the pool of
    both sides, in equal numbers and without telling them apart. Axes fitted on the scored
    reference would make identical laws read as different. Axes are not whitened.

    Attributes:
        dims: Number of principal axes kept, at most.
        side: Longer side of the images compared, in pixels; smaller images stay as they are.
    """

    dims: int = 32
    side: int = 32
    argument: ClassVar[str] = ""

    def prepare(self, material: Material) -> Projected:
        """Find the principal axes.

        Raises:
            ShapeError: The samples are vectors, or there is neither an independent part that is
                large enough nor a pool.
        """
        require_images(material.samples.values, "pixels")
        source = material.to_learn_from("pixels", ENOUGH_INDEPENDENT)
        require_shape(source, material.samples.shape, "pixels")
        _, height, width = material.samples.shape
        size = within(height, width, self.side)
        mean, axes = principal_axes(flattened(source, size), self.dims)
        return Projected(material.samples.shape, size, mean, axes)

    def restore(self, content: bytes, device: str) -> Projected:
        """Read what `Projected.to_bytes` wrote; it runs on the CPU whatever the device.

        Raises:
            LoadError: The content is damaged.
        """
        return Projected.from_bytes(content)


@dataclass(frozen=True, eq=False)
class Projected:
    """Images of one shape, shrunk to ``size``, projected on ``axes`` (p, dims) around ``mean``."""

    shape: tuple[int, ...]
    size: tuple[int, int]
    mean: FloatArray
    axes: FloatArray

    @property
    def name(self) -> str:
        """Name, size compared and number of axes."""
        height, width = self.size
        return f"pixels ({width}x{height} px, {self.axes.shape[1]} principal axes)"

    @property
    def sha256(self) -> str:
        """Hash of the size and of the fitted axes."""
        return digest(self.name, self.mean, self.axes)

    def __call__(self, values: AnyArray) -> FloatArray:
        """Project (n, c, h, w) images on the 0..255 scale to (n, dims) float32."""
        require_shape(values, self.shape, "pixels")
        out = np.empty((len(values), self.axes.shape[1]), dtype=np.float32)
        for rows, features in shown(values, _BATCH, self._batch):
            out[rows] = features
        return out

    def _batch(self, values: AnyArray) -> FloatArray:
        return np.asarray((flattened(values, self.size) - self.mean) @ self.axes)

    def to_bytes(self) -> bytes:
        """Write sizes, mean and axes as a safetensors file; equal views give equal bytes."""
        facts = {"shape": list(self.shape), "size": list(self.size)}
        return pack({"mean": self.mean, "axes": self.axes}, facts, _MARK)

    @classmethod
    def from_bytes(cls, content: bytes) -> Projected:
        """Read what `to_bytes` wrote.

        Raises:
            LoadError: The content is damaged.
        """
        arrays, facts = unpack(content, _MARK, "a stored view 'pixels'")
        height, width = facts["size"]
        return cls(tuple(facts["shape"]), (height, width), arrays["mean"], arrays["axes"])


def flattened(values: AnyArray, size: tuple[int, int]) -> FloatArray:
    """Resize (n, c, h, w) images on the 0..255 scale and flatten them to (n, p) in 0..1."""
    out = np.empty((len(values), values.shape[1] * size[0] * size[1]), dtype=np.float32)
    for rows, part in batches(values, _BATCH):
        out[rows] = resized(part, *size).flatten(1).numpy() / 255.0
    return out


def principal_axes(rows: FloatArray, dims: int) -> tuple[FloatArray, FloatArray]:
    """Return the mean (p,) of (n, p) rows and their leading principal axes (p, dims), float32.

    Solved to machine precision from a fixed start, so that equal pools give equal axes; each axis
    points where its largest coordinate is positive. Rows that span less than ``dims`` dimensions
    give fewer axes. Rows that are all the same have no principal axes: any others will do.
    """
    from sklearn.decomposition import PCA

    if not np.ptp(rows, axis=0).any():
        drawn = np.random.default_rng(0).standard_normal((rows.shape[1], min(dims, rows.shape[1])))
        return rows[0].copy(), np.ascontiguousarray(np.linalg.qr(drawn)[0], dtype=np.float32)
    most = min(rows.shape[0] - 1, rows.shape[1])
    solver = "arpack" if dims < most else "full"  # a full decomposition of 3072 pixels takes 25 s
    fit = PCA(max(1, min(dims, most)), svd_solver=solver, random_state=0).fit(rows)
    # In one layout, or a view that was stored and read again would round differently.
    axes = np.ascontiguousarray(fit.components_.T, dtype=np.float32)
    return fit.mean_.astype(np.float32), axes
