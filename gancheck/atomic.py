"""Files that appear whole or not at all, and an end to what dead writers left half-written.

A file is written beside its place, under a name that starts with a dot and ends in ``.part``, and
takes its place in one step. Its writer holds a lock on it meanwhile, which the system takes away
when the writer dies: so whoever comes next can tell what is still being written from what nobody
will finish.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PART = ".part"
"""Ending of a file that is being written."""
_OLD_SECONDS = 86_400.0  # where there are no locks: nobody writes one file for a day
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)  # pipes, and file systems that know no such thing
_POSIX = os.name == "posix"
_BINARY: int = getattr(os, "O_BINARY", 0)
_NO_LINKS: int = getattr(os, "O_NOFOLLOW", 0)


def write_whole(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file in one step: readers see the old content or the new, never a part.

    Args:
        path: Where to; what is there is replaced.
        content: All of it.
        sync: Wait until the disk has it, so that it is whole after a power cut as well.

    Raises:
        OSError: It cannot be written; the old file is there, and nothing is left behind.
    """
    file, part = begin(path)
    try:
        with file:
            file.write(content)
            file.flush()
            if sync:
                _sync(file)
            if _POSIX:  # while it is locked; elsewhere nothing that is open can be moved
                part.replace(path)
        if not _POSIX:
            part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def begin(path: Path) -> tuple[IO[bytes], Path]:
    """Open a part of a file to be, for reading and writing, locked until it is closed.

    Whoever asks for it has to give it the name of the file, or to remove it.

    Raises:
        OSError: It cannot be made.
    """
    while True:
        part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PART}")
        number = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        _lock(number, wait=True)
        if os.fstat(number).st_nlink:
            return os.fdopen(number, "w+b"), part
        os.close(number)  # swept away before it was locked


def parts_of(path: Path) -> Iterator[Path]:
    """Yield what is there of the parts of one file."""
    with suppress(OSError):
        for entry in path.parent.iterdir():
            if entry.name.startswith(f".{path.name}.") and entry.name.endswith(PART):
                yield entry


def sweep(parts: Iterable[Path]) -> None:
    """Remove those parts whose writer is dead; what cannot be removed stays."""
    for part in parts:
        with suppress(OSError), _open(part) as number:
            held = _lock(number, wait=False)
            old = time.time() - os.fstat(number).st_mtime > _OLD_SECONDS
            if held or (held is None and old):
                part.unlink(missing_ok=True)


@contextmanager
def _open(part: Path) -> Iterator[int]:
    number = os.open(part, os.O_RDONLY | _NO_LINKS | _BINARY)
    try:
        yield number
    finally:
        os.close(number)


def _lock(number: int, *, wait: bool) -> bool | None:
    """Lock an open file; return whether it is ours now, None where there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems lock nothing
        return None
    return True


def _sync(file: IO[bytes]) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
