"""Samples in arrays: ``.npz``, ``.npy``, and tensors in torch files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError
from gancheck.images import center_crop, resize
from gancheck.loaders.arrayfile import StoredArray, open_array, open_arrays
from gancheck.loaders.interface import LOADERS, LoadOptions
from gancheck.loaders.layout import canonical, canonical_labels
from gancheck.loaders.probe import Source
from gancheck.loaders.sniff import Sniffed, sniff
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray

SAMPLE_KEYS = ("images", "samples", "arr_0")
LABEL_KEYS = ("labels", "y")


@dataclass(frozen=True)
class RawSamples:
    """Samples and labels as they lie in the file; the samples may not have been read yet."""

    values: AnyArray | StoredArray
    labels: AnyArray | None = None

    def __len__(self) -> int:
        return self.values.shape[0] if self.values.shape else 0

    def read(self, rows: AnyArray | None = None) -> AnyArray:
        """Return all samples, or those at the given row numbers."""
        if isinstance(self.values, StoredArray):
            return self.values.whole() if rows is None else self.values.take(rows)
        return self.values if rows is None else self.values[rows]

    def pieces(self, rows: int) -> Iterator[AnyArray]:
        """Yield all samples, so many at a time."""
        if isinstance(self.values, StoredArray):
            yield from self.values.pieces(rows)
            return
        yield from (self.values[at : at + rows] for at in range(0, len(self), rows))


@dataclass(frozen=True)
class Arrays:
    """Reads numpy files; pickled objects in them are refused."""

    name: str = "arrays"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Numpy arrays, alone or in an archive."""
        return sniffed.kind in ("npy", "npz")

    def load(self, path: Path, options: LoadOptions) -> SampleSet:
        """Read the samples, and labels where there are any."""
        kind = sniff(path).kind
        return make_samples(open_raw(path, kind), Source(path, kind), options)


LOADERS.register("arrays")(Arrays())


def find_samples(payload: object) -> RawSamples | None:
    """Return the samples in the content of a tensor file, None when it holds something else."""
    import torch

    arrays = (torch.Tensor, np.ndarray)
    if isinstance(payload, arrays):
        return RawSamples(_to_numpy(payload))
    if not isinstance(payload, Mapping):
        return None
    key = next((k for k in SAMPLE_KEYS if isinstance(payload.get(k), arrays)), None)
    if key is None:
        return None
    label = next((k for k in LABEL_KEYS if isinstance(payload.get(k), arrays)), None)
    return RawSamples(_to_numpy(payload[key]), _to_numpy(payload[label]) if label else None)


def make_samples(raw: RawSamples, source: Source, options: LoadOptions) -> SampleSet:
    """Bring samples into the canonical layout, thinned and resized as the options ask.

    Raises:
        LoadError: They cannot be samples; see `gancheck.loaders.layout`.
    """
    count = len(raw)
    labels = None if raw.labels is None else canonical_labels(raw.labels, count)
    ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows = None
    if options.limit is not None and options.limit < count:
        rows = choose_rows(count, options)
        notes = (f"A random {len(rows)} of {count} samples were read.",)
        labels = None if labels is None else labels[rows]
        ids = tuple(str(row) for row in rows)
    values = raw.read(rows)
    try:
        plain = canonical(values, options.output_range)
    except LoadError as error:
        raise type(error)(f"{source.path}: {error.message}", error.hint) from error
    values = plain.values
    if options.resize is not None and values.ndim == 4:
        values = fit_size(values, options.resize)
        notes = (*notes, f"Images were cropped and resized to {options.resize}.")
    return SampleSet(
        values=values,
        origin=str(source.path),
        format=source.format,
        labels=labels,
        ids=ids,
        sha256=source.sha256,
        notes=(*notes, *plain.notes),
    )


def choose_rows(count: int, options: LoadOptions) -> AnyArray:
    """Return a seeded random subset of row numbers, ascending, at most ``options.limit`` long."""
    if options.limit is None or options.limit >= count:
        return np.arange(count)
    if options.limit < 2:
        raise LoadError(f"a limit of {options.limit} leaves too few samples: at least 2 are needed")
    rng = np.random.default_rng(options.seed)
    return np.sort(rng.choice(count, options.limit, replace=False))


def fit_size(images: AnyArray, size: tuple[int, int]) -> AnyArray:
    """Crop (n, c, h, w) images to the shape of (height, width) and resize them to it."""
    height, width = size
    return resize(center_crop(images, width / height), height, width)


def _to_numpy(tensor: Any) -> AnyArray:
    plain = tensor.detach().cpu()
    array: AnyArray = (plain.float() if plain.is_floating_point() else plain).numpy()
    return array


def open_raw(path: Path, kind: str) -> RawSamples:
    """Look at the samples of an ``npy`` or ``npz`` file, and read their labels.

    Raises:
        LoadError: It is damaged, or holds no array that is named as samples.
    """
    if kind == "npy":
        return RawSamples(open_array(path))
    found = open_arrays(path, lambda names: _chosen(names, path))
    key = next(key for key in SAMPLE_KEYS if key in found)
    label = next((key for key in LABEL_KEYS if key in found), None)
    return RawSamples(found[key], found[label].whole() if label else None)


def _chosen(names: list[str], path: Path) -> list[str]:
    """Choose samples and labels among the arrays of an archive."""
    key = next((key for key in SAMPLE_KEYS if key in names), None)
    if key is None:
        raise LoadError(
            f"{path} holds the arrays {', '.join(names[:12])}, none of which is named as samples",
            f"Name it {' or '.join(SAMPLE_KEYS)}; labels are named {' or '.join(LABEL_KEYS)}.",
        )
    return [key, *[name for name in LABEL_KEYS if name in names][:1]]
