"""Vectors as they are, every coordinate brought to the same spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gancheck.embedders import EMBEDDERS
from gancheck.embedders.canvas import digest, require_shape
from gancheck.embedders.interface import Material
from gancheck.errors import ShapeError
from gancheck.packed import pack, unpack

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_ENOUGH = 30  # fewer independent vectors scale worse than the pool does
_MARK = "vectors"
_CONSTANT = 1e-6  # a spread this small beside the values themselves is float32 rounding


@EMBEDDERS.register("vectors")
@dataclass(frozen=True)
class Vectors:
    """Compares vectors coordinate by coordinate, in units of each coordinate's spread.

    The spread is that of the independent part of the reference, else that of the pool. No
    dimension is dropped: a projection that suits the reference may hide what the samples lack.
    Coordinates that never vary keep their own units, so that leaving the constant still shows.
    """

    argument: ClassVar[str] = ""

    def prepare(self, material: Material) -> Standardised:
        """Measure centre and spread of every coordinate.

        Raises:
            ShapeError: The samples are images, or there is neither an independent part that is
                large enough nor a pool.
        """
        if material.samples.kind != "vector":
            raise ShapeError(
                f"embedder 'vectors' looks at vectors (n, d), and these samples are images of the "
                f"shape {material.samples.shape}",
                "Images are embedded with --embedder pixels or --embedder fitted.",
            )
        source = material.to_learn_from("vectors", _ENOUGH)
        require_shape(source, material.samples.shape, "vectors")
        return Standardised(*standardisation(source))

    def restore(self, content: bytes, device: str) -> Standardised:
        """Read what `Standardised.to_bytes` wrote; it runs on the CPU whatever the device.

        Raises:
            LoadError: The content is damaged.
        """
        return Standardised.from_bytes(content)


@dataclass(frozen=True, eq=False)
class Standardised:
    """Vectors minus ``centre``, divided by ``scale``; both (d,) float64."""

    centre: AnyArray
    scale: AnyArray
    name: str = "vectors"

    @property
    def sha256(self) -> str:
        """Hash of centre and scale."""
        return digest(self.name, self.centre, self.scale)

    def __call__(self, values: AnyArray) -> FloatArray:
        """Standardise (n, d) vectors to float32."""
        require_shape(values, self.centre.shape, self.name)
        return ((values - self.centre) / self.scale).astype(np.float32)

    def to_bytes(self) -> bytes:
        """Write centre and scale as a safetensors file; equal views give equal bytes."""
        return pack({"centre": self.centre, "scale": self.scale}, {}, _MARK)

    @classmethod
    def from_bytes(cls, content: bytes) -> Standardised:
        """Read what `to_bytes` wrote.

        Raises:
            LoadError: The content is damaged.
        """
        arrays, _ = unpack(content, _MARK, "a stored view 'vectors'")
        return cls(arrays["centre"], arrays["scale"])


def standardisation(values: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return mean and standard deviation of (n, d) values, with 1 where a coordinate is constant.

    Returns:
        Centre (d,) and scale (d,), float64.
    """
    rows = np.asarray(values, dtype=np.float64)
    spread = rows.std(axis=0)
    varies = spread > _CONSTANT * np.abs(rows).max(axis=0)
    return rows.mean(axis=0), np.where(varies, spread, 1.0)
