"""Prepared references kept between runs, found again by all that shaped them.

Features of whole data sets lie beside them, see `gancheck.training.tables`.

The cache is never trusted: what cannot be read is prepared again. It is never needed either: a
disk that is full or read-only costs time, not a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck import __version__
from gancheck.errors import GancheckError
from gancheck.gcref import FORMAT, read, to_bytes
from gancheck.reference import PreparedReference

if TYPE_CHECKING:
    from gancheck.types import JSON

ENVIRONMENT = "GANCHECK_CACHE_DIR"
"""Environment variable that names another folder for the cache."""
MOST_BYTES = 2 * 2**30
"""Size of the cache above which the references that were not used for longest are removed."""
PART = ".part"
"""Ending of a file that is being written; its name starts with a dot."""
_SUFFIX = ".gcref"


def folder() -> Path:
    """Return the folder of cached references; it need not exist."""
    given = os.environ.get(ENVIRONMENT)
    if given:
        return Path(given) / "references"
    from platformdirs import user_cache_path

    return user_cache_path("gancheck", appauthor=False) / "references"


def features_folder() -> Path:
    """Return the folder of cached features of whole data sets; it need not exist."""
    return folder().parent / "features"


def key_of(shaped_by: Mapping[str, JSON]) -> str:
    """Name what follows from these facts, from this code and from this version of torch."""
    import torch

    facts = {
        **shaped_by,
        "format": FORMAT,
        "gancheck": __version__,
        "code": _code(),
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def find(key: str, device: str, embedder: str) -> PreparedReference | None:
    """Return what was stored under a key for a main view, None when nothing readable was."""
    path = folder() / (key + _SUFFIX)
    try:
        if not path.is_file():
            return None
        found = read(path, device, embedder=embedder)
    except (GancheckError, OSError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return found


def store(key: str, prepared: PreparedReference) -> str | None:
    """Keep a prepared reference; the oldest are removed when there are too many.

    Returns:
        A sentence for the report when it could not be kept, else None.
    """
    place = folder()
    try:
        content = to_bytes(prepared)
    except GancheckError:
        return None  # a view that cannot be restored is fitted in each run
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / (key + _SUFFIX), content)
        prune(place, _SUFFIX, MOST_BYTES)
    except OSError as error:
        return (
            f"The prepared reference could not be kept in {place} ({error.strerror or error}): "
            f"the next run prepares it again ({ENVIRONMENT} names another folder)."
        )
    return None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: readers see the old content or the new, never a part.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def prune(place: Path, suffix: str, most: int) -> None:
    """Remove the files of a folder that were not used for longest, until the rest fit.

    What an interrupted run left half-written counts as well. Other runs may remove the same files.
    """
    files: list[tuple[os.stat_result, Path]] = []
    for file in (*place.glob("*" + suffix), *place.glob(".*" + PART)):
        with contextlib.suppress(FileNotFoundError):
            files.append((file.stat(), file))
    kept = 0
    for about, file in sorted(files, key=lambda each: -each[0].st_mtime_ns):
        kept += about.st_size
        if kept > most:
            file.unlink(missing_ok=True)


@cache
def _code() -> str:
    """Hash the source of this package: whoever changes it must not be shown older results."""
    root = Path(__file__).resolve().parent
    total = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
