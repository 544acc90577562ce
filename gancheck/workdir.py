"""Samples that outlive the run that draws them: one that was stopped goes on where it stopped.

A folder holds a folder for each model, seed and way of drawing, named by what those are: samples of
another model are never met there. It holds ``manifest.json`` and blocks of consecutive samples,
written as they are drawn. A block is the bare array, uint8 or float32 in the order of C, which
numpy can map; its name says which samples it holds, and their checksum.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck import __version__
from gancheck.atomic import PART, sweep, write_whole
from gancheck.errors import OutputError
from gancheck.samplers.prior import draw_labels, draw_latents

if TYPE_CHECKING:
    from gancheck.samplers.batches import Sampler
    from gancheck.types import JSON, AnyArray, FloatArray

MANIFEST = "manifest.json"
_BLOCK = re.compile(r"(\d{9,})-(\d{9,})-([0-9a-f]{8})\.block")
_PART = re.compile(rf"\.({MANIFEST}|{_BLOCK.pattern})\..*{PART}")
_FORMAT = 1  # of the folder
_TRIED, _NUMBERS = 2, 64  # samples by which a generator is known again, and numbers of each
_TOLERANCE = 1e-4  # of the largest number; what another machine may round differently


@dataclass(frozen=True)
class Blocks:
    """Blocks of samples in a folder.

    Attributes:
        folder: Where they lie.
        dtype: Type of their numbers.
        shape: Shape of one sample.
        known: Files by the first sample, and by the one after the last.
    """

    folder: Path
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    known: Mapping[int, Mapping[int, Path]]

    def find(self, rows: slice, n: int) -> AnyArray | None:
        """Return samples from the first of the rows on, None where they have to be drawn.

        Only a block of just these rows will do, or a longer one: a shorter one was the end of a
        smaller run, and networks round a batch of another size differently.

        Args:
            rows: What would be drawn next.
            n: How many samples are wanted in all.
        """
        stored = self.known.get(rows.start, {})
        for stop in sorted(stored):
            if rows.stop <= stop <= n:
                found = self._read(stored[stop], stop - rows.start)
                if found is not None:
                    return found
        return None

    def keep(self, rows: slice, values: AnyArray) -> None:
        """Write the samples of some rows.

        Raises:
            OutputError: There is no room for them, or the folder has gone.
        """
        content = np.ascontiguousarray(values, dtype=self.dtype).tobytes()
        name = f"{rows.start:09}-{rows.stop:09}-{zlib.crc32(content):08x}.block"
        try:
            write_whole(self.folder / name, content, sync=False)  # a checksum tells as well
        except OSError as error:
            raise OutputError(
                f"samples cannot be written to {self.folder}: {error.strerror or error}",
                f"The first {rows.start:,} are there, and the same command goes on from them; "
                "--work-dir names another folder.",
            ) from error

    def _read(self, path: Path, count: int) -> AnyArray | None:
        """Read a block, None where it is not what its name says."""
        try:
            content = path.read_bytes()
        except OSError:
            return None
        named = _BLOCK.fullmatch(path.name)
        whole = len(content) == count * prod(self.shape) * self.dtype.itemsize
        if named is None or not whole or zlib.crc32(content) != int(named[3], 16):
            return None
        return np.frombuffer(content, dtype=self.dtype).reshape(count, *self.shape)


def open_blocks(
    work: Path | None, sampler: Sampler, seed: int, shares: FloatArray | None = None
) -> Blocks | None:
    """Open the blocks of a generator's samples, or begin them; None without a folder.

    The generator is tried on two latents: blocks that it did not draw, by the look of those two,
    are removed. So a change of code that no hash tells does not go unnoticed.

    Args:
        work: The folder that the user named.
        sampler: What draws the samples.
        seed: Seed of the samples.
        shares: (classes,) share of each label; None for even ones.

    Raises:
        OutputError: The folder cannot be made or written to.
    """
    if work is None:
        return None
    spec = sampler.generator.spec
    facts = _facts(sampler, seed, shares)
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    place = work / f"samples-{name}"
    tried = _tried(sampler, seed, shares)
    try:
        place.mkdir(parents=True, exist_ok=True)
        known = _known(place)
        if not _is_of(place / MANIFEST, facts, tried):
            for path in (path for stops in known.values() for path in stops.values()):
                path.unlink(missing_ok=True)
            known = {}
            text = json.dumps({**facts, "tried": tried.tolist()}, indent=1) + "\n"
            write_whole(place / MANIFEST, text.encode())
    except OSError as error:
        raise OutputError(
            f"--work-dir {work} cannot be used: {error.strerror or error}",
            "Name a folder that can be written to.",
        ) from error
    kind = np.dtype(np.uint8 if spec.output_range else np.float32)
    return Blocks(place, kind, spec.output_shape, known)


def _facts(sampler: Sampler, seed: int, shares: FloatArray | None) -> dict[str, JSON]:
    """Tell all that shapes the samples, as far as it has a name."""
    spec = sampler.generator.spec
    return {
        "format": _FORMAT,
        "gancheck": __version__,
        "model_sha256": spec.sha256,
        "model_format": spec.format,
        "call": spec.call,
        "seed": seed,
        "latent_law": spec.latent_law,
        "latent_shape": list(spec.latent_shape),
        "classes": spec.classes,
        "label_shares": None if shares is None else [float(share) for share in shares],
        "output_shape": list(spec.output_shape),
        "output_range": None if spec.output_range is None else list(spec.output_range),
        "device": sampler.device.partition(":")[0],
    }


def _tried(sampler: Sampler, seed: int, shares: FloatArray | None) -> FloatArray:
    """Return some numbers of the first samples; random numbers of torch stay where they are."""
    import torch

    spec = sampler.generator.spec
    latents = draw_latents(spec.latent_law, spec.latent_shape, _TRIED, seed)
    labels = None if spec.classes is None else draw_labels(spec.classes, _TRIED, seed, shares)
    devices = [] if sampler.device == "cpu" else [sampler.device]
    with torch.random.fork_rng(devices):
        drawn = sampler.outputs(latents, labels)
    return drawn.reshape(_TRIED, -1)[:, :_NUMBERS].astype(np.float64)


def _is_of(manifest: Path, facts: Mapping[str, JSON], tried: FloatArray) -> bool:
    """Tell whether a manifest is of this generator, to rounding."""
    try:
        found = json.loads(manifest.read_bytes())
        before = np.asarray(found.pop("tried"), dtype=np.float64)
    except (FileNotFoundError, ValueError, AttributeError, KeyError, TypeError):
        return False
    if found != facts or before.shape != tried.shape:
        return False
    largest = max(float(np.abs(tried).max()), 1e-9)
    return bool(np.abs(before - tried).max() <= _TOLERANCE * largest)


def _known(place: Path) -> dict[int, dict[int, Path]]:
    """List the blocks of a folder, and remove what dead runs left half-written in it."""
    known: dict[int, dict[int, Path]] = {}
    paths = list(place.iterdir())
    sweep(path for path in paths if _PART.fullmatch(path.name))
    for path in paths:
        if named := _BLOCK.fullmatch(path.name):
            known.setdefault(int(named[1]), {})[int(named[2])] = path
    return known
