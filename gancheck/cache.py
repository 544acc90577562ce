"""Prepared references kept between runs, found again by all that shaped them.

Features of whole data sets lie beside them, see `gancheck.training.tables`, and so do measured
checkpoints, see `gancheck.tracing.keeping`.

The cache is never trusted: what cannot be read is prepared again. It is never needed either: a
disk that is full or read-only costs time, not a run. Several runs may use it at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gancheck import __version__
from gancheck.atomic import PART, sweep, write_whole
from gancheck.errors import GancheckError

if TYPE_CHECKING:
    from gancheck.reference import PreparedReference
    from gancheck.types import JSON

ENVIRONMENT = "GANCHECK_CACHE_DIR"
"""Environment variable that names another folder for the cache."""
MOST_BYTES = 2 * 2**30
"""Size of each kind of content above which what was not used for longest is removed."""
REFERENCES, FEATURES, TRACES = "references", "features", "traces"
_SUFFIXES = {REFERENCES: ".gcref", FEATURES: ".features", TRACES: ".checkpoint"}
_KEY = "[0-9a-f]{64}"
# What turns files into pixels, and pixels into features.
_PACKAGES = ("torch", "numpy", "pillow", "scipy", "scikit-learn", "onnxruntime")


class Entry(NamedTuple):
    """One file of the cache: where it is, its bytes, and when it was last used, in seconds."""

    path: Path
    size: int
    used: float


@dataclass(frozen=True)
class Contents:
    """What the cache holds of one kind.

    Attributes:
        kind: ``references``, ``features`` or ``traces``.
        folder: Where they lie; it need not exist.
        count: How many there are.
        size: Bytes they take.
        oldest: When the one that was not used for longest was used, in seconds since 1970; None
            without any.
        limit: Bytes they may take.
    """

    kind: str
    folder: Path
    count: int
    size: int
    oldest: float | None
    limit: int = MOST_BYTES


def folder() -> Path:
    """Return the folder of cached references; it need not exist."""
    return root() / REFERENCES


def features_folder() -> Path:
    """Return the folder of cached features of whole data sets; it need not exist."""
    return root() / FEATURES


def traces_folder() -> Path:
    """Return the folder of measured checkpoints; it need not exist."""
    return root() / TRACES


def suffix_of(kind: str) -> str:
    """Return the ending of files of a kind."""
    return _SUFFIXES[kind]


def root() -> Path:
    """Return the folder of the whole cache; it need not exist."""
    given = os.environ.get(ENVIRONMENT)
    if given:
        return Path(given)
    from platformdirs import user_cache_path

    return user_cache_path("gancheck", appauthor=False)


def key_of(shaped_by: Mapping[str, JSON]) -> str:
    """Name what follows from these facts, from this code and from the libraries under it."""
    facts = {
        **shaped_by,
        "gancheck": __version__,
        "code": _code(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def find(key: str, device: str, embedder: str) -> PreparedReference | None:
    """Return what was stored under a key for a main view, None when nothing readable was."""
    from gancheck.gcref import read

    path = folder() / (key + _SUFFIXES[REFERENCES])
    try:
        if not path.is_file():
            return None
        found = read(path, device, embedder=embedder)
    except (GancheckError, OSError):
        return None
    with suppress(OSError):
        os.utime(path)
    return found


def store(key: str, prepared: PreparedReference) -> str | None:
    """Keep a prepared reference; the oldest are removed when there are too many.

    Returns:
        A sentence for the report when it could not be kept, else None.
    """
    from gancheck.gcref import to_bytes

    place = folder()
    try:
        content = to_bytes(prepared)
    except GancheckError:
        return None  # a view that cannot be restored is fitted in each run
    if len(content) > MOST_BYTES:
        return None  # it would push out everything else, and then itself
    suffix = _SUFFIXES[REFERENCES]
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / (key + suffix), content)
    except OSError as error:
        return (
            f"The prepared reference could not be kept in {place} ({error.strerror or error}): "
            f"the next run prepares it again ({ENVIRONMENT} names another folder)."
        )
    prune(place, suffix, MOST_BYTES)
    return None


def prune(place: Path, suffix: str, most: int) -> None:
    """Remove the files of a folder that were not used for longest, until the rest fit.

    What a dead run left half-written goes as well. Other runs may remove the same files, and what
    cannot be removed stays.

    Args:
        place: The folder.
        suffix: Ending of the files; others are left alone.
        most: Bytes that may stay.
    """
    sweep(_named(place, rf"\.{_KEY}{re.escape(suffix)}\..+{re.escape(PART)}"))
    kept = 0
    for entry in sorted(_entries(place, suffix), key=lambda entry: -entry.used):
        kept += entry.size
        if kept > most:
            with suppress(OSError):
                entry.path.unlink(missing_ok=True)


def contents() -> tuple[Contents, ...]:
    """Tell what the cache holds, by kind."""
    return tuple(
        _sum(kind, root() / kind, list(_entries(root() / kind, suffix)))
        for kind, suffix in _SUFFIXES.items()
    )


def clear() -> tuple[Contents, ...]:
    """Remove what gancheck wrote, and nothing else; tell what was removed, by kind.

    Raises:
        OSError: A file cannot be removed.
    """
    removed = []
    for kind, suffix in _SUFFIXES.items():
        place = root() / kind
        prune(place, suffix, MOST_BYTES)
        entries = list(_entries(place, suffix))
        for entry in entries:
            entry.path.unlink(missing_ok=True)
        removed.append(_sum(kind, place, entries))
    return tuple(removed)


def _sum(kind: str, place: Path, entries: list[Entry]) -> Contents:
    size = sum(entry.size for entry in entries)
    return Contents(kind, place, len(entries), size, min((e.used for e in entries), default=None))


def _entries(place: Path, suffix: str) -> Iterator[Entry]:
    """Yield the whole files of a folder that gancheck wrote; a link is none of them."""
    for path in _named(place, _KEY + re.escape(suffix)):
        with suppress(OSError):
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield Entry(path, about.st_size, about.st_mtime)


def _named(place: Path, pattern: str) -> Iterator[Path]:
    with suppress(OSError):
        for path in place.iterdir():
            if re.fullmatch(pattern, path.name):
                yield path


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def _code() -> str:
    """Hash the source of this package: whoever changes it must not be shown older results."""
    root = Path(__file__).resolve().parent
    total = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
