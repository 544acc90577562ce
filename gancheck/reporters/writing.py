"""Reports reach the disk whole or not at all, and never over something foreign."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from gancheck.atomic import parts_of, sweep, write_whole
from gancheck.errors import OutputError

_PAGE_MARK = '<meta name="generator" content="gancheck'
_TEXT_MARK = re.compile(r"gancheck \d+\.\d+")
_HEAD = 1024  # characters in which a page must have named its generator


def write(text: str | bytes, path: Path, *, force: bool) -> None:
    """Put a report in a file: an own report is replaced, anything else only with ``force``.

    Missing folders are made. The file is replaced in one step, so that a reader never sees half
    a report and an interrupted run leaves the old one.

    Args:
        text: The whole report, or the whole of another file.
        path: Where to; symbolic links are followed, devices are written to directly.
        force: Replace also what gancheck did not write.

    Raises:
        OutputError: The path is a folder, belongs to something else, or cannot be written.
    """
    require_writable(path, force=force)
    content = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(parts_of(target))  # of runs that were killed while they wrote it
        write_whole(target, content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def require_writable(path: Path, *, force: bool) -> None:
    """Refuse a path that a report must not go to; called before a long run as well as after it.

    Raises:
        OutputError: The path is a folder, belongs to something else, or cannot be read.
    """
    target = path.resolve()
    try:
        if target.is_dir():
            raise OutputError(f"{path} is a folder; expected the name of a file to write")
        if target.is_file() and not force and not is_report(target):
            raise OutputError(
                f"{path} exists and was not written by gancheck", "--force replaces it"
            )
        folder = next(parent for parent in target.parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError(f"cannot write {path}: {folder} is not a folder one can write to")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def is_report(path: Path) -> bool:
    """Tell whether gancheck wrote a file, or nobody wrote anything into it yet."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    if not text.strip() or _TEXT_MARK.match(text):
        return True
    return _PAGE_MARK in text[:_HEAD] or _is_contract(text)


def is_own_picture(path: Path) -> bool:
    """Tell whether a picture names gancheck as its maker."""
    try:
        return b"gancheck" in path.read_bytes()
    except OSError:
        return False


def _is_contract(text: str) -> bool:
    """Only our JSON has a schema, a verdict and the version of gancheck that reached it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or not {"schema", "verdict"} <= found.keys():
        return False
    versions = found.get("versions")
    return isinstance(versions, dict) and "gancheck" in versions
