"""Healthy files to damage: small ones of every format, and how to read them."""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from corpus import formats
from corpus.layouts import rosinality, sequential
from corpus.networks import LATENT, Conditional, small
from fuzz import mutators
from fuzz.mutators import Mutator
from loaders.loader_models import Points

BLIND_SHARE = 0.35
DENSE = (torch.zeros(4, 5),)
LABELLED = (torch.zeros(4, LATENT), torch.zeros(4, dtype=torch.long))


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        seeds: Each writes a healthy file into a folder.
        aware: A mutator that knows the format, None where there is none.
        reader: ``load`` for `gancheck.loaders.load`, ``reference`` for prepared references.
        options: What the loader is told.
        share: How many files of it to make for each one asked for; reading some takes a second.
    """

    seeds: tuple[Callable[[Path], Path], ...]
    aware: Mutator | None = None
    reader: str = "load"
    options: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0


def _points() -> torch.nn.Module:
    return small(Points)


def _settings(at: Path) -> Path:
    payload = {
        "g": dict(_points().state_dict()),
        "args": argparse.Namespace(size=2, root=Path("x")),
        "loss": np.float64(0.5),
        "history": np.arange(4.0),
    }
    return formats.save_zip(payload, at / "settings.pt")


def _reference(at: Path) -> Path:
    from core.references import VECTORS, prepared, vector_file
    from gancheck.gcref import to_bytes

    path = at / "seed.gcref"
    path.write_bytes(to_bytes(prepared(vector_file(at, n=240), VECTORS)))
    return path


def _npz(at: Path) -> Path:
    path = at / "seed.npz"
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (6, 3, 8, 8), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(6))
    return path


def _deflated_npz(at: Path) -> Path:
    path = at / "deflated.npz"
    np.savez_compressed(path, samples=np.zeros((6, 4), dtype=np.float32))
    return path


def _npy(at: Path) -> Path:
    path = at / "seed.npy"
    np.save(path, np.linspace(0, 1, 24, dtype=np.float32).reshape(6, 4))
    return path


def _points_state() -> dict[str, torch.Tensor]:
    return dict(_points().state_dict())


ARCH = {"arch": "loaders.loader_models:Points"}
FORMATS: dict[str, Format] = {
    "torch-zip": Format(
        (
            lambda at: formats.save_zip(_points_state(), at / "bare.pt"),
            _settings,
            lambda at: formats.save_zip(small(Points), at / "module.pt"),
        ),
        mutators.mutate_zip,
        options=ARCH,
    ),
    "torch-zip-inferred": Format(
        (rosinality, lambda at: formats.save_zip(sequential(), at / "sequential.pt")),
        mutators.mutate_zip,
        share=0.1,
    ),
    "torch-legacy": Format(
        (
            lambda at: formats.save_legacy(_points_state(), at / "bare.pt"),
            lambda at: formats.save_legacy(small(Points), at / "module.pt"),
        ),
        options=ARCH,
    ),
    "safetensors": Format(
        (lambda at: formats.save_safetensors(_points_state(), at / "g.safetensors"),),
        mutators.mutate_safetensors,
        options=ARCH,
    ),
    "onnx": Format(
        (
            lambda at: formats.save_onnx(_points(), DENSE, at / "points.onnx"),
            lambda at: formats.save_onnx(small(Conditional), LABELLED, at / "cond.onnx"),
        ),
        mutators.mutate_onnx,
    ),
    "pt2": Format(
        (
            lambda at: formats.save_exported(_points(), DENSE, at / "points.pt2"),
            lambda at: formats.save_exported(small(Conditional), LABELLED, at / "cond.pt2"),
        ),
        mutators.mutate_zip,
    ),
    "torchscript": Format(
        (
            lambda at: formats.save_torchscript(_points(), DENSE, at / "traced.pt"),
            lambda at: formats.save_scripted(small(Conditional), at / "scripted.pt"),
            lambda at: formats.save_scripted(small(Points), at / "frozen.pt", freeze=True),
        ),
        mutators.mutate_zip,
    ),
    "npz": Format((_npz, _deflated_npz), mutators.mutate_zip),
    "npy": Format((_npy,), mutators.mutate_npy),
    "gcref": Format((_reference,), mutators.mutate_reference, reader="reference"),
}


def mutants(kind: Format, folder: Path, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files and how each was made, the same ones for the same seed."""
    originals = [make(folder).read_bytes() for make in kind.seeds]
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        content = rng.choice(originals)
        damage = _chosen(kind, rng)
        changed = damage(content, rng)
        yield f"{seed}/{number} {damage.__name__}", changed


def _chosen(kind: Format, rng: random.Random) -> Mutator:
    if kind.aware is None or rng.random() < BLIND_SHARE:
        return mutators.blind
    return kind.aware
