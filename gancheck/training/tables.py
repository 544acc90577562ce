"""Features of a whole data set in a file: written as they come, then seen through a mapping.

A file holds the features, the row number and the hash of each sample, and ends in what it should
hold and a checksum: a part of a file, or a damaged one, is never taken for the whole. Files that
are kept are named by everything that shaped them; those that are not have no name at all, so that
nothing is left of them when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.atomic import begin
from gancheck.cache import ENVIRONMENT, MOST_BYTES, features_folder, prune
from gancheck.errors import OutputError
from gancheck.reference import HASH_BYTES

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray, FloatArray, IntArray

_SUFFIX = ".features"
_MARK = b"gancheck"
_FACTS_MOST = 1 << 12
_FLOAT, _ROW = 4, 8
_PIECE = 16 << 20  # bytes copied or checked at once
_SCATTERED = 32  # rows read through a mapping at once: each may bring two megabytes along


class Chunk(NamedTuple):
    """Some samples: features (n, d) float32, row numbers (n,) int64, hashes (n, 16) uint8."""

    features: FloatArray
    rows: IntArray
    hashes: AnyArray


@dataclass(frozen=True, eq=False)
class Table:
    """The distinct samples of one input, through a view.

    Attributes:
        features: (n, d) float32, read-only where they lie in a file.
        rows: (n,) int64 row number of each in the input.
        hashes: (n, 16) uint8, of the content of each.
        total: Samples in the input, repeated ones counted.
    """

    features: FloatArray
    rows: IntArray
    hashes: AnyArray
    total: int

    def __len__(self) -> int:
        return len(self.features)

    def without(self, dropped: AnyArray) -> Table:
        """Leave rows out: (n,) bool; what stays is written to a file without a name."""
        if not dropped.any():
            return self
        kept = np.flatnonzero(~dropped)
        rows, hashes = self.rows[kept], self.hashes[kept]
        if not len(kept):
            empty = np.empty((0, self.features.shape[1]), dtype=np.float32)
            return Table(empty, rows, hashes, self.total)
        size = max(1, _PIECE // (_FLOAT * self.features.shape[1]))
        pieces = (kept[at : at + size] for at in range(0, len(kept), size))
        chunks = (
            Chunk(take(self.features, piece), self.rows[piece], self.hashes[piece])
            for piece in pieces
        )
        return write(chunks, len(kept), None)._replaced(total=self.total)

    def _replaced(self, *, total: int) -> Table:
        return Table(self.features, self.rows, self.hashes, total)


def blocks(features: FloatArray, size: int) -> Iterator[FloatArray]:
    """Yield features so many rows at a time; what lies in a file leaves memory after its turn."""
    for at in range(0, len(features), size):
        yield features[at : at + size]
        _release(features)


def take(features: FloatArray, rows: IntArray) -> FloatArray:
    """Return the features at the given row numbers; what came along with them leaves memory."""
    chosen = np.empty((len(rows), features.shape[1]), dtype=np.float32)
    order = np.argsort(rows, kind="stable")
    for at in range(0, len(rows), _SCATTERED):
        places = order[at : at + _SCATTERED]
        chosen[places] = features[rows[places]]
        _release(features)
    return chosen


def first_seen(hashes: AnyArray, seen: set[bytes]) -> IntArray:
    """Return the rows whose hash is new, and remember those."""
    fresh = []
    for row, content in enumerate(hashes):
        key = content.tobytes()
        if key not in seen:
            seen.add(key)
            fresh.append(row)
    return np.asarray(fresh, dtype=np.int64)


def find(key: str) -> Table | None:
    """Return what was kept under a key, None when nothing whole was."""
    path = features_folder() / (key + _SUFFIX)
    try:
        with path.open("rb") as file:
            table = _checked(file)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return table


def write(chunks: Iterable[Chunk], count: int, key: str | None) -> Table:
    """Write features to a file as they come, and map it.

    Args:
        chunks: The samples, in order; one at least.
        count: How many there are at most.
        key: What to keep them under; None keeps nothing. Features that are too large are not kept,
            and neither are those that the cache cannot take.

    Raises:
        OutputError: There is no room for them.
    """
    rest = iter(chunks)
    first = next(rest)
    wanted = count * (_FLOAT * first.features.shape[1] + _ROW + HASH_BYTES)
    file, part = _target(wanted, key)
    try:
        with file:
            table = _written(file, chain([first], rest), count)
        if part is not None:
            with contextlib.suppress(OSError):  # the mapping outlives the name
                part.replace(part.with_name(f"{key}{_SUFFIX}"))
                prune(part.parent, _SUFFIX, MOST_BYTES)
        return table
    except OSError as error:
        raise OutputError(
            f"features could not be written: {error.strerror or error}",
            f"{ENVIRONMENT} names another folder for them.",
        ) from error
    finally:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _target(wanted: int, key: str | None) -> tuple[IO[bytes], Path | None]:
    """Open a file with room for so many bytes: one in the cache, or one without a name."""
    places = [Path(tempfile.gettempdir())]
    if key is not None:
        # First, for folders of temporary files often lie in memory.
        places.insert(0, features_folder())
        with contextlib.suppress(OSError):
            places[0].mkdir(parents=True, exist_ok=True)
    for place in places:
        with contextlib.suppress(OSError):
            if shutil.disk_usage(place).free < wanted:
                continue
            if key is not None and place is places[0] and wanted <= MOST_BYTES:
                return begin(place / f"{key}{_SUFFIX}")
            return tempfile.TemporaryFile(dir=place), None
    raise OutputError(
        f"the features of a data set take {wanted / 2**30:.1f} GiB, and there is no room for "
        f"them in {' or '.join(map(str, places))}",
        f"{ENVIRONMENT} or TMPDIR names another folder for them.",
    )


def _written(file: IO[bytes], chunks: Iterable[Chunk], total: int) -> Table:
    rows: list[IntArray] = []
    hashes: list[AnyArray] = []
    check = dims = 0
    for chunk in chunks:
        content = np.ascontiguousarray(chunk.features, dtype=np.float32)
        check, dims = zlib.crc32(content.data, check), content.shape[1]
        file.write(content.data)
        rows.append(chunk.rows)
        hashes.append(chunk.hashes)
    named = np.concatenate(rows).astype(np.int64), np.concatenate(hashes)
    for array in named:
        check = zlib.crc32(array.data, check)
        file.write(array.data)
    facts = {"count": len(named[0]), "dims": dims, "total": total, "check": check}
    trailer = json.dumps(facts).encode()
    file.write(trailer + len(trailer).to_bytes(8, "little") + _MARK)
    file.flush()
    os.fsync(file.fileno())
    return Table(_mapped(file, len(named[0]), dims), *named, total)


def _checked(file: IO[bytes]) -> Table:
    """Read a file, and the whole of it, to be sure of its content.

    Raises:
        ValueError: It is not what it should be.
        KeyError: It does not say what it holds.
    """
    facts, end = _facts(file)
    count, dims = int(facts["count"]), int(facts["dims"])
    file.seek(count * dims * _FLOAT)
    rows = np.frombuffer(file.read(count * _ROW), dtype=np.int64)
    hashes = np.frombuffer(file.read(count * HASH_BYTES), dtype=np.uint8)
    if file.tell() != end or min(count, dims) < 1:
        raise ValueError("a file of another length")
    features = _mapped(file, count, dims)
    check = 0
    for block in blocks(features, max(1, _PIECE // (dims * _FLOAT))):
        check = zlib.crc32(block.data, check)
    check = zlib.crc32(hashes.data, zlib.crc32(rows.data, check))
    if check != facts["check"]:
        raise ValueError("a damaged file")
    return Table(features, rows, hashes.reshape(count, HASH_BYTES), int(facts["total"]))


def _facts(file: IO[bytes]) -> tuple[JSON, int]:
    """Read what a file says of itself, and where that begins."""
    size = file.seek(0, os.SEEK_END)
    closing = _ROW + len(_MARK)
    file.seek(max(0, size - closing))
    length, mark = int.from_bytes(file.read(_ROW), "little"), file.read()
    end = size - closing - length
    if mark != _MARK or not 0 < length < _FACTS_MOST or end < 0:
        raise ValueError("a part of a file")
    file.seek(end)
    return json.loads(file.read(length)), end


def _mapped(file: IO[bytes], count: int, dims: int) -> FloatArray:
    mapping = mmap.mmap(file.fileno(), count * dims * _FLOAT, access=mmap.ACCESS_READ)
    return np.frombuffer(mapping, dtype=np.float32).reshape(count, dims)


def _release(features: AnyArray) -> None:
    """Give back the memory of what was read through a mapping; it can be read again."""
    base: object = features
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)
