"""Zip archives of models: checked as bytes, and handed on rebuilt from the bytes that were checked.

Readers of zip files disagree: on which of two entries of one name counts, on whether the local or
the central header is right. What one of them checked another may not run. So every entry is read
once, by one reader, and later readers see an archive that was written anew from it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from gancheck.errors import LoadError, RefusedError

MOST_BYTES = 8 << 30
MOST_GROWTH = 2.0  # torch stores tensors as they are; only source code is ever deflated
_MOST_ENTRIES = 200_000
_ENCRYPTED = 0x1
_SOURCE_SUFFIXES = (".py", ".debug_pkl")
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, KeyError),
    *(IndexError, RuntimeError, OverflowError, MemoryError),
)
_AGAIN = "Copy or download it again."


@dataclass(frozen=True)
class Archive:
    """An archive that was read whole and found unremarkable.

    Attributes:
        path: The file.
        entries: Content by full name, in the order of the file.
    """

    path: Path
    entries: Mapping[str, bytes]

    def named(self, suffix: str) -> dict[str, bytes]:
        """Return the entries whose name ends so, by name."""
        return {name: content for name, content in self.entries.items() if name.endswith(suffix)}

    def rebuilt(self) -> BytesIO:
        """Return a new archive of the same entries, stored and not deflated."""
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self.entries.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        buffer.seek(0)
        return buffer


def is_source(name: str) -> bool:
    """Tell entries that TorchScript deflates, its source code, from tensors."""
    return name.endswith(_SOURCE_SUFFIXES)


def read_archive(path: Path, may_deflate: Callable[[str], bool] = is_source) -> Archive:
    """Read every entry of a model's archive into memory.

    Args:
        path: A zip file.
        may_deflate: Tells by its name whether an entry may be compressed.

    Raises:
        RefusedError: It is built in a way that no honest writer of models uses: entries of one
            name twice, compressed or encrypted tensors, names that lead out of the archive, or
            more content than a file of its size holds.
        LoadError: It is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check(path, infos, may_deflate)
            return Archive(path, {info.filename: archive.read(info) for info in infos})
    except _DAMAGE as e:
        raise LoadError(f"{path} is a truncated or damaged archive: {e}", _AGAIN) from e


def _check(path: Path, infos: list[zipfile.ZipInfo], may_deflate: Callable[[str], bool]) -> None:
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise _refusal(path, "two entries of one name")
    if len(names) > _MOST_ENTRIES:
        raise _refusal(path, f"{len(names)} entries")
    for info in infos:
        found = _oddity(info, may_deflate)
        if found is not None:
            raise _refusal(path, f"{found} ({info.filename[:80]})")
    _check_size(path, infos)


def _oddity(info: zipfile.ZipInfo, may_deflate: Callable[[str], bool]) -> str | None:
    """Say what is odd about an entry, None for nothing."""
    parts = info.filename.replace("\\", "/").split("/")
    if info.flag_bits & _ENCRYPTED:
        return "an encrypted entry"
    if ".." in parts or not parts[0]:
        return "an entry that leads out of it"
    if info.compress_type == zipfile.ZIP_STORED:
        lies = info.compress_size != info.file_size
        return "an entry that is larger or smaller than it says" if lies else None
    if info.compress_type == zipfile.ZIP_DEFLATED and may_deflate(info.filename):
        return None
    return "a compressed tensor, which torch never writes"


def _check_size(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    size = path.stat().st_size
    total = sum(info.file_size for info in infos)
    if total > MOST_BYTES:
        raise _refusal(path, f"{total / 2**30:.1f} GiB of content, more than 8")
    if total > MOST_GROWTH * size + 2**20:
        raise _refusal(path, f"{total} bytes of content in a file of {size}")
    if sum(info.compress_size for info in infos) > size:
        raise _refusal(path, "entries that overlap")


def _refusal(path: Path, what: str) -> RefusedError:
    return RefusedError(
        f"{path} is an archive with {what}",
        "Load it with the code that wrote it and save generator.state_dict() anew.",
    )
