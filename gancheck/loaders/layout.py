"""Bring arrays of samples into the canonical layout: (n, c, h, w) uint8 or (n, d) float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import AmbiguousError, LoadError
from gancheck.images import to_uint8
from gancheck.loaders.ranges import infer_range

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

CHANNELS = (1, 3)
LAYOUTS = "Expected (N, H, W), (N, H, W, C), (N, C, H, W) with C 1 or 3, or vectors (N, d)."


@dataclass(frozen=True)
class Canonical:
    """Samples in the canonical layout, and sentences on how they got there."""

    values: AnyArray
    notes: tuple[str, ...]


def canonical(values: AnyArray, output_range: tuple[float, float] | None = None) -> Canonical:
    """Reorder axes and scale pixels to 0..255.

    Raises:
        LoadError: The array cannot be samples: wrong axes, too few, NaN, or an unclear range.
        AmbiguousError: Both the second and the last axis could be the channels.
    """
    values = _as_numbers(values)
    if values.ndim < 2 or values.ndim > 4 or 0 in values.shape[1:]:
        raise LoadError(f"an array of shape {values.shape} holds no samples", LAYOUTS)
    if len(values) < 2:
        raise LoadError(f"{len(values)} samples are too few to judge: at least 2 are needed")
    if values.ndim == 2:
        return Canonical(np.ascontiguousarray(values, dtype=np.float32), ())
    planes, notes = _channels_first(values)
    if planes.dtype == np.uint8:
        return Canonical(np.ascontiguousarray(planes), notes)
    if output_range is None:
        output_range, note = infer_range(planes)
        notes = (*notes, note)
    return Canonical(to_uint8(planes.astype(np.float32), output_range), notes)


def canonical_labels(labels: AnyArray, rows: int) -> IntArray:
    """Return labels (n,) int64 from (n,), (n, 1) or one-hot (n, k).

    Raises:
        LoadError: They are not one whole number for each sample.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not bool(np.all(np.sort(labels, axis=1)[:, -2:] == (0, 1))):
            raise LoadError(f"labels of shape {labels.shape} are not one-hot")
        labels = labels.argmax(axis=1)
    labels = labels.reshape(-1)
    if len(labels) != rows:
        raise LoadError(f"there are {len(labels)} labels for {rows} samples")
    if labels.dtype.kind not in "iufb" or not bool(np.all(labels == np.rint(labels))):
        raise LoadError(f"labels have to be whole numbers, got {labels.dtype}")
    return labels.astype(np.int64)


def _as_numbers(values: AnyArray) -> AnyArray:
    if values.dtype.kind not in "biuf":
        raise LoadError(f"samples have to be numbers, got an array of {values.dtype}")
    if values.dtype.kind == "f":
        broken = int(np.count_nonzero(~np.isfinite(values)))
        if broken:
            raise LoadError(f"the samples hold {broken} NaN or infinite values of {values.size}")
    return values


def _channels_first(values: AnyArray) -> tuple[AnyArray, tuple[str, ...]]:
    if values.ndim == 3:
        return values[:, None], ()
    if values.shape[3] == 4 and values.shape[1] not in CHANNELS:
        return values[..., :3].transpose(0, 3, 1, 2), ("The fourth channel (alpha) was dropped.",)
    first, last = values.shape[1] in CHANNELS, values.shape[3] in CHANNELS
    if not (first or last):
        raise LoadError(f"no axis of {values.shape} is 1 or 3 channels long", LAYOUTS)
    if first and last:
        first = _prefer_first(values.shape)
    return (values, ()) if first else (values.transpose(0, 3, 1, 2), ())


def _prefer_first(shape: tuple[int, ...]) -> bool:
    """Decide by which reading makes the pictures square."""
    square_first, square_last = shape[2] == shape[3], shape[1] == shape[2]
    if square_first == square_last:
        raise AmbiguousError(
            f"in an array of shape {shape} both the second and the last axis may be the channels",
            "Save the samples as (N, H, W) or with sides longer than 3.",
        )
    return square_first
