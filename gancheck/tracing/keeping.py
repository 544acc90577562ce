"""Checkpoints measured by an earlier trace, found again by all that shaped their rows."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.atomic import write_whole
from gancheck.cache import MOST_BYTES, TRACES, key_of, prune, suffix_of, traces_folder
from gancheck.loaders.hashing import hash_file
from gancheck.plain import MisfitError, from_json, to_json
from gancheck.settings import Settings
from gancheck.tracing.measuring import ANALYZED, Measured, Outlook
from gancheck.types import Checkpoint

if TYPE_CHECKING:
    from gancheck.reference import PreparedReference

_ROW = "row"


def key(path: Path, settings: Settings, prepared: PreparedReference | None) -> str | None:
    """Name what follows from a file, the settings and the reference; None for folders."""
    if not path.is_file():
        return None
    critic = settings.discriminator
    return key_of(
        {
            "file": hash_file(path),
            "name": str(path),
            "discriminator": None if critic is None else [str(critic), hash_file(critic)],
            "code": [_code_of(settings.load.arch), _code_of(settings.discriminator_arch)],
            "arch": [settings.load.arch, settings.discriminator_arch],
            "load": to_json(settings.load),
            "samples": settings.samples,
            "seed": settings.seed,
            "embedder": settings.embedder,
            "map": settings.map,
            "analyzers": list(ANALYZED),
            "reference": None if prepared is None else _facts(prepared),
        }
    )


def find(name: str) -> Measured | None:
    """Return what was kept under a key, None when nothing readable was."""
    path = traces_folder() / (name + suffix_of(TRACES))
    try:
        with np.load(path, allow_pickle=False) as stored:
            row = from_json(Checkpoint, json.loads(bytes(stored[_ROW])))[0]
            arrays = {one: stored[one] for one in stored.files if one not in (_ROW, "latents")}
            found = Measured(row, Outlook(**arrays, latents=str(stored["latents"])))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, MisfitError):
        return None
    with suppress(OSError):
        os.utime(path)
    return found


def keep(name: str, measured: Measured) -> None:
    """Keep a checkpoint; a disk that is full or read-only costs time later, not this run."""
    buffer = io.BytesIO()
    row = json.dumps(to_json(measured.checkpoint)).encode()
    arrays = {**vars(measured.outlook), _ROW: np.frombuffer(row, dtype=np.uint8)}
    np.savez(buffer, allow_pickle=False, **arrays)
    place = traces_folder()
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / (name + suffix_of(TRACES)), buffer.getvalue())
        prune(place, suffix_of(TRACES), MOST_BYTES)


def _facts(prepared: PreparedReference) -> list[object]:
    parts = prepared.reference
    return [
        parts.sha256,
        len(parts.scored),
        len(parts.independent),
        prepared.seed,
        prepared.main.embedding.sha256,
        prepared.strict.embedding.sha256,
    ]


def _code_of(arch: str | None) -> str | None:
    """Hash the file that a network's code is in; weights alone do not say what they are run by."""
    if arch is None:
        return None
    name = arch.rpartition(":")[0]
    path = Path(name) if name.endswith(".py") else None
    if path is None and name:
        with suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(name)
            path = Path(spec.origin) if spec is not None and spec.origin else None
    return hash_file(path) if path is not None and path.is_file() else None
