"""Read ``.npy`` and ``.npz`` files, believing no size before the file is known to hold it."""

from __future__ import annotations

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError, RefusedError

if TYPE_CHECKING:
    from gancheck.types import AnyArray

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


def read_array(path: Path) -> AnyArray:
    """Return the array of a ``.npy`` file.

    Raises:
        RefusedError: It holds Python objects, which are pickles.
        LoadError: It is damaged, or claims more than it holds.
    """
    with _explained(path), path.open("rb") as stream:
        return _read(path, stream, path.stat().st_size)


def read_arrays(path: Path, choose: Callable[[list[str]], list[str]]) -> Mapping[str, AnyArray]:
    """Return arrays of a ``.npz`` file.

    Args:
        path: The file.
        choose: Chooses among the names of its arrays; only those are read.

    Raises:
        RefusedError: They hold Python objects, or the file is a bomb.
        LoadError: It is damaged, or claims more than it holds.
    """
    with _explained(path), zipfile.ZipFile(path) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        arrays = {}
        for name in choose(list(infos)):
            _check_growth(path, infos[name])
            with archive.open(infos[name]) as stream:
                arrays[name] = _read(path, stream, infos[name].file_size)
        return arrays


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
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


def _read(path: Path, stream: IO[bytes], size: int) -> AnyArray:
    """Check that what the header claims is there, then read it."""
    shape, fortran, dtype = _header(path, stream)
    if dtype.hasobject:
        raise RefusedError(
            f"{path} holds Python objects, and reading them runs code that came with them", _HINT
        )
    count = prod(shape)
    wanted = count * dtype.itemsize
    if min(shape, default=0) < 0 or wanted > size:
        raise LoadError(
            f"{path} is a damaged numpy file: it claims {wanted} bytes for shape {shape}, and "
            f"holds {size}",
            _HINT,
        )
    content = np.empty(wanted, dtype=np.uint8)
    got = 0
    while got < wanted:
        more = stream.readinto(content.data[got:])  # type: ignore[attr-defined]
        if not more:
            raise LoadError(f"{path} is a truncated numpy file: {got} of {wanted} bytes", _HINT)
        got += more
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")


def _header(path: Path, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    formats = np.lib.format
    version = formats.read_magic(stream)
    read = formats.read_array_header_1_0 if version == (1, 0) else formats.read_array_header_2_0
    length = stream.read(2 if version == (1, 0) else 4)
    size = int.from_bytes(length, "little")
    if size > _LONGEST_HEADER:
        raise LoadError(f"{path} is a damaged numpy file: a header of {size} bytes", _HINT)
    try:
        return read(BytesIO(length + stream.read(size)))
    except (RecursionError, MemoryError):  # how Python's parser calls what is nested too deeply
        raise LoadError(f"{path} is a damaged numpy file: its header is odd", _HINT) from None
