"""Hashes that identify an input."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def hash_files(root: Path, files: Sequence[Path]) -> str:
    """Return the SHA-256 over the names, relative to a folder, and contents of some files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{hash_file(path)}\n".encode())
    return digest.hexdigest()
