"""Read ``.npy`` and ``.npz`` files, believing no size before the file is known to hold it."""

from __future__ import annotations

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError, RefusedError

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

_PIECE = 4 << 20  # bytes held at once on the way to some rows of an archive
_READ = 1 << 20  # archives hold as much twice while they unpack it
_SMALL = 256 << 20  # nobody needs to be kept from unpacking that much
_MOST_GROWTH = 100  # above this, an array is one value over and over
_MOST_BYTES = 64 << 30
_LONGEST_HEADER = 1 << 16
_HINT = "Write it again: numpy.savez(path, samples=array), an array of numbers."
_DAMAGE = (
    *(ValueError, EOFError, OSError, KeyError, IndexError, TypeError, AttributeError),
    *(SyntaxError, tokenize.TokenError, RecursionError, OverflowError, MemoryError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class StoredArray:
    """An array in a file that holds as many bytes as it claims; nothing of it is in memory.

    Attributes:
        path: The ``.npy`` or ``.npz`` file.
        member: Name of its entry in the archive; None in a ``.npy`` file.
        shape: Shape of the array.
        dtype: Type of its values.
        fortran: Whether the first axis varies fastest; rows then lie scattered over the file.
        start: Bytes before the first value.
    """

    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int

    def __len__(self) -> int:
        return self.shape[0] if self.shape else 0

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return self.shape[1:]

    def whole(self) -> AnyArray:
        """Read all of it.

        Raises:
            LoadError: It is damaged, or the file is no longer there.
        """
        with _explained(self.path), self._opened() as stream:
            content = _filled(self.path, stream, prod(self.shape) * self.dtype.itemsize)
            return content.view(self.dtype).reshape(self.shape, order="F" if self.fortran else "C")

    def pieces(self, rows: int) -> Iterator[AnyArray]:
        """Yield it from the first row to the last, so many rows at a time.

        Only arrays in Fortran order are held in memory whole.

        Raises:
            LoadError: It is damaged, or the file is no longer there.
        """
        if self.fortran:
            everything = self.whole()
            yield from (everything[at : at + rows] for at in range(0, len(self), rows))
            return
        each = prod(self.row_shape) * self.dtype.itemsize
        with _explained(self.path), self._opened() as stream:
            for at in range(0, len(self), rows):
                count = min(rows, len(self) - at)
                content = _filled(self.path, stream, count * each)
                yield content.view(self.dtype).reshape(count, *self.row_shape)

    def take(self, rows: IntArray) -> AnyArray:
        """Read the rows of the given numbers, in that order.

        Raises:
            LoadError: It is damaged, or the file is no longer there.
        """
        if len(rows) == 0:
            return np.empty((0, *self.row_shape), self.dtype)
        if self.fortran or prod(self.row_shape) == 0:
            return self.whole()[rows]
        if self.member is not None:
            return self._passing(rows)
        return self._picked(rows)

    def _picked(self, rows: IntArray) -> AnyArray:
        """Read row by row; through a mapping each row would bring megabytes along."""
        each = prod(self.row_shape) * self.dtype.itemsize
        out = np.empty((len(rows), each), dtype=np.uint8)
        with _explained(self.path), self._opened() as stream:
            for place in np.argsort(rows, kind="stable"):
                stream.seek(self.start + int(rows[place]) * each)
                out[place] = _filled(self.path, stream, each)
        return out.view(self.dtype).reshape(len(rows), *self.row_shape)

    def _passing(self, rows: IntArray) -> AnyArray:
        """Collect rows while the array passes by: archives can only be read from the start."""
        wanted, place = np.unique(rows, return_inverse=True)
        each = max(1, prod(self.row_shape) * self.dtype.itemsize)
        size = max(1, _PIECE // each)
        found: list[AnyArray] = []
        for number, piece in enumerate(self.pieces(size)):
            begin = number * size
            here = wanted[(wanted >= begin) & (wanted < begin + len(piece))]
            found.append(piece[here - begin])
            if begin + len(piece) > wanted[-1]:
                break
        return np.concatenate(found)[place.reshape(-1)]

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """Open the file at the first value."""
        if self.member is None:
            with self.path.open("rb") as stream:
                stream.seek(self.start)
                yield stream
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
            stream.read(self.start)
            yield stream


def open_array(path: Path) -> StoredArray:
    """Look at the array of a ``.npy`` file without reading it.

    Raises:
        RefusedError: It holds Python objects, which are pickles.
        LoadError: It is damaged, or claims more than it holds.
    """
    with _explained(path), path.open("rb") as stream:
        return _looked_at(path, None, stream, path.stat().st_size)


def open_arrays(path: Path, choose: Callable[[list[str]], list[str]]) -> Mapping[str, StoredArray]:
    """Look at arrays of a ``.npz`` file without reading them.

    Args:
        path: The file.
        choose: Chooses among the names of its arrays; only those are looked at.

    Raises:
        RefusedError: They hold Python objects, or the file is a bomb.
        LoadError: It is damaged, or claims more than it holds.
    """
    with _explained(path), zipfile.ZipFile(path) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        arrays = {}
        for name in choose(list(infos)):
            info = infos[name]
            _check_growth(path, info)
            with archive.open(info) as stream:
                arrays[name] = _looked_at(path, info.filename, stream, info.file_size)
        return arrays


def read_array(path: Path) -> AnyArray:
    """Return the array of a ``.npy`` file; see `open_array`."""
    return open_array(path).whole()


def read_arrays(path: Path, choose: Callable[[list[str]], list[str]]) -> Mapping[str, AnyArray]:
    """Return arrays of a ``.npz`` file; see `open_arrays`."""
    return {name: stored.whole() for name, stored in open_arrays(path, choose).items()}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"{path} is a damaged numpy file: {reason}", _HINT) from error


def _check_growth(path: Path, info: zipfile.ZipInfo) -> None:
    size = path.stat().st_size
    if info.compress_size > size or info.file_size > _MOST_BYTES:
        raise LoadError(
            f"{path} is a damaged numpy file: {info.filename[:80]} claims {info.file_size} bytes",
            _HINT,
        )
    if info.file_size > max(_SMALL, _MOST_GROWTH * info.compress_size):
        raise RefusedError(
            f"{path} unpacks {info.file_size / 2**20:.0f} MiB from {info.compress_size} bytes",
            _HINT,
        )


def _looked_at(path: Path, member: str | None, stream: IO[bytes], size: int) -> StoredArray:
    """Check that what the header claims can be there."""
    shape, fortran, dtype = _header(path, stream)
    if dtype.hasobject:
        raise RefusedError(
            f"{path} holds Python objects, and reading them runs code that came with them", _HINT
        )
    wanted = prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or wanted > size:
        raise LoadError(
            f"{path} is a damaged numpy file: it claims {wanted} bytes for shape {shape}, and "
            f"holds {size}",
            _HINT,
        )
    return StoredArray(path, member, shape, dtype, fortran and len(shape) > 1, stream.tell())


def _filled(path: Path, stream: IO[bytes], wanted: int) -> AnyArray:
    """Read so many bytes."""
    content = np.empty(wanted, dtype=np.uint8)
    got = 0
    while got < wanted:
        more = stream.readinto(content.data[got : got + _READ])  # type: ignore[attr-defined]
        if not more:
            raise LoadError(f"{path} is a truncated numpy file: {got} of {wanted} bytes", _HINT)
        got += more
    return content


def _header(path: Path, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    formats = np.lib.format
    version = formats.read_magic(stream)
    read = formats.read_array_header_1_0 if version == (1, 0) else formats.read_array_header_2_0
    length = stream.read(2 if version == (1, 0) else 4)
    size = int.from_bytes(length, "little")
    if size > _LONGEST_HEADER:
        raise LoadError(f"{path} is a damaged numpy file: a header of {size} bytes", _HINT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            return read(BytesIO(length + stream.read(size)))
    except (RecursionError, MemoryError):  # how Python's parser calls what is nested too deeply
        raise LoadError(f"{path} is a damaged numpy file: its header is odd", _HINT) from None
