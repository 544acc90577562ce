"""Small references and what they need to be prepared: for the tests of files, cache and views."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analyzers.studies import blob_map, normal
from gancheck.prepare import prepare, read_reference
from gancheck.reference import PreparedReference, Reference
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Settings, Silence

if TYPE_CHECKING:
    from gancheck.types import AnyArray

IMAGES = Settings(embedder="pixels")
VECTORS = Settings()


def blobs(n: int, seed: int) -> AnyArray:
    """Draw n grey images of 12 x 12 pixels, one soft disc each."""
    return Sampler(blob_map()).draw(n, seed).values


def blob_file(folder: Path, n: int = 720, seed: int = 1) -> Path:
    """Write labelled images to a file: the bright ones and the others."""
    images = blobs(n, seed)[:, 0]
    path = folder / "blobs.npz"
    np.savez(path, images=images, labels=images.max(axis=(1, 2)) > 150)
    return path


def vector_file(folder: Path, n: int = 720, seed: int = 1) -> Path:
    """Write vectors of length five to a file."""
    path = folder / "vectors.npz"
    np.savez(path, samples=normal(n, 5, seed))
    return path


def read(path: Path, settings: Settings, channels: int | None = None) -> Reference:
    """Read a reference whole."""
    return read_reference(path, settings, scored_most=10_000, channels=channels)


def prepared(path: Path, settings: Settings) -> PreparedReference:
    """Read and prepare a reference, as the command does."""
    return prepare(read(path, settings), settings, Clock(Silence()))


def without_samples(known: PreparedReference) -> PreparedReference:
    """Take the images away, as a file does."""
    parts = known.reference
    bare = dataclasses.replace(
        parts,
        scored=parts.scored.with_samples(None),
        independent=parts.independent.with_samples(None),
    )
    return dataclasses.replace(known, reference=bare)
