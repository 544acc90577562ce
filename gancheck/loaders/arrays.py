"""Samples in arrays: ``.npz``, ``.npy``, and tensors in torch files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError
from gancheck.images import center_crop, resize
from gancheck.loaders.arrayfile import read_array, read_arrays
from gancheck.loaders.hashing import hash_file
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
    """Samples and labels as they lie in the file."""

    values: AnyArray
    labels: AnyArray | None = None


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
        return make_samples(_read(path, kind), Source(path, kind), options)


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
    labels = None if raw.labels is None else canonical_labels(raw.labels, len(raw.values))
    values = raw.values
    ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if options.limit is not None and options.limit < len(values):
        rows = choose_rows(len(values), options)
        notes = (f"A random {len(rows)} of {len(values)} samples were read.",)
        values, labels = values[rows], None if labels is None else labels[rows]
        ids = tuple(str(row) for row in rows)
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
        sha256=hash_file(source.path),
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


def _read(path: Path, kind: str) -> RawSamples:
    if kind == "npy":
        return RawSamples(read_array(path))
    found = read_arrays(path, lambda names: _chosen(names, path))
    key = next(key for key in SAMPLE_KEYS if key in found)
    label = next((key for key in LABEL_KEYS if key in found), None)
    return RawSamples(found[key], found[label] if label else None)


def _chosen(names: list[str], path: Path) -> list[str]:
    """Choose samples and labels among the arrays of an archive."""
    key = next((key for key in SAMPLE_KEYS if key in names), None)
    if key is None:
        raise LoadError(
            f"{path} holds the arrays {', '.join(names[:12])}, none of which is named as samples",
            f"Name it {' or '.join(SAMPLE_KEYS)}; labels are named {' or '.join(LABEL_KEYS)}.",
        )
    return [key, *[name for name in LABEL_KEYS if name in names][:1]]
