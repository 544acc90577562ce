"""Tell what a file is from its content; names and extensions are never trusted."""

from __future__ import annotations

import difflib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from gancheck.errors import LoadError, RefusedError
from gancheck.packed import REFERENCE, is_marked

EXPECTED = (
    "Expected a generator (TorchScript, torch.export .pt2, ONNX, state dict, safetensors) "
    "or samples (a folder of images, .npz, .npy, a tensor file)."
)
HEAD_BYTES = 4096
PREPARED = "prepared"
LEGACY_TORCH = bytes.fromhex("80028a0a6cfc9c46f9206aa85019")
_MAGIC = (
    (b"\x93NUMPY", "npy", "a numpy array"),
    (LEGACY_TORCH, "torch-legacy", "a torch file in the format of torch < 1.6"),
    (b"\x89HDF\r\n", "hdf5", "an HDF5 file (Keras weights?)"),
    (b"\x89PNG", "image", "a single PNG image"),
    (b"\xff\xd8\xff", "image", "a single JPEG image"),
    (b"\x1f\x8b", "gzip", "a gzip archive"),
    (b"\x80\x02", "pickle", "a Python pickle"),
    (b"\x80\x03", "pickle", "a Python pickle"),
    (b"\x80\x04", "pickle", "a Python pickle"),
    (b"\x80\x05", "pickle", "a Python pickle"),
)
_UNREAD_PROGRAMS = ("mobile", "old-torchscript", "old-exported")
_AFTER_IR_VERSION = tuple(bytes((tag,)) for tag in b"\x12\x1a\x22\x28\x32\x3a\x42\x72")


@dataclass(frozen=True)
class Sniffed:
    """What was seen of a file.

    Attributes:
        path: The file or folder.
        kind: One word: ``directory``, ``torchscript``, ``exported``, ``torch-zip``,
            ``torch-legacy``, ``safetensors``, ``onnx``, ``npz``, ``npy``, ``prepared`` for a
            prepared reference, or something that no built-in loader reads, such as ``text``.
        looks_like: The same in words, for messages.
        head: Its first bytes; empty for a folder.
        members: Names in the archive; empty for anything but a zip.
    """

    path: Path
    kind: str
    looks_like: str
    head: bytes = b""
    members: tuple[str, ...] = ()


def sniff(path: Path) -> Sniffed:
    """Look at a file's first bytes, and into it when it is a zip archive.

    Raises:
        LoadError: It does not exist, cannot be opened, or is a damaged archive.
    """
    if path.is_dir():
        return Sniffed(path, "directory", "a folder")
    if not path.exists():
        raise LoadError(f"{path} does not exist", _near_miss(path))
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise LoadError(f"{path} cannot be opened: {error.strerror}") from error
    if head.startswith(b"PK"):
        return _sniff_zip(path, head)
    kind, looks_like = _classify(path, head)
    return Sniffed(path, kind, looks_like, head)


def explain(sniffed: Sniffed) -> LoadError:
    """Say what was found where no loader recognises anything."""
    message = f"{sniffed.path} cannot be read: it looks like {sniffed.looks_like}"
    if sniffed.kind == "pickle":
        return RefusedError(
            f"{sniffed.path} is a Python pickle, and reading one runs code that came with it",
            "Load it with the code that wrote it and save generator.state_dict(), or export the "
            "generator with torch.export.save or torch.onnx.export.",
        )
    if sniffed.kind in _UNREAD_PROGRAMS:
        return RefusedError(
            f"{sniffed.path} is {sniffed.looks_like}, which nothing here can look through first",
            "Load it with the code that wrote it and export the generator with torch.export.save "
            "or torch.onnx.export.",
        )
    if sniffed.kind == PREPARED:
        return LoadError(
            f"{sniffed.path} is a prepared reference, where a generator or samples were expected",
            f"Pass it with --reference {sniffed.path}.",
        )
    if sniffed.kind == "lfs":
        return LoadError(message, "Fetch its content with `git lfs pull`.")
    if sniffed.kind == "image":
        return LoadError(message, "Give the folder that holds the images.")
    return LoadError(message, EXPECTED)


def _near_miss(path: Path) -> str | None:
    parent = path.parent
    if not parent.is_dir():
        return f"The folder {parent} does not exist either."
    names = [entry.name for entry in parent.iterdir()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {parent / close[0]}?" if close else None


def _classify(path: Path, head: bytes) -> tuple[str, str]:
    if not head:
        return "empty", "an empty file"
    if is_marked(head, REFERENCE):
        return PREPARED, "a prepared reference"
    if _is_safetensors(head):
        return "safetensors", "a safetensors file"
    for magic, kind, looks_like in _MAGIC:
        if head.startswith(magic):
            return kind, looks_like
    if _is_onnx(head):
        return "onnx", "an ONNX graph"
    if head[4:8] in (b"PTMF", b"ET12"):
        return "mobile", "a program of torch for mobile phones"
    if head[257:262] == b"ustar":
        return "tar", "a tar archive"
    return _classify_text(head) or ("unknown", f"no known format ({path.stat().st_size} bytes)")


def _is_safetensors(head: bytes) -> bool:
    # A length of 64 bits, then JSON; no real header is 4 GB long.
    return head[4:9] == b"\0\0\0\0{"


def _is_onnx(head: bytes) -> bool:
    # Protobuf field 1 (the version of the format, a small number), then any later field.
    start, version, following = head[:1], head[1:2], head[2:3]
    return start == b"\x08" and b"\0" < version < b"\x20" and following in _AFTER_IR_VERSION


def _classify_text(head: bytes) -> tuple[str, str] | None:
    try:
        # The cut may fall inside a character; four bytes are the longest one.
        text = head[:-4].decode("utf-8") if len(head) == HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text):
        return None
    if text.startswith("version https://git-lfs"):
        return "lfs", "a Git LFS pointer, not the file itself"
    if text.lstrip().lower().startswith(("<!doctype html", "<html")):
        return "html", "a web page, not the file it links to"
    return "text", "a text file"


def _sniff_zip(path: Path, head: bytes) -> Sniffed:
    try:
        with zipfile.ZipFile(path) as archive:
            members = tuple(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise LoadError(
            f"{path} is a truncated or damaged archive ({path.stat().st_size} bytes): {error}",
            "Copy or download it again.",
        ) from error
    if len(set(members)) != len(members):
        # Readers disagree on which of two entries counts, so what one checks another may not run.
        raise RefusedError(
            f"{path} is an archive with two entries of one name",
            "Load it with the code that wrote it and save generator.state_dict() anew.",
        )
    kind, looks_like = _classify_members(members)
    return Sniffed(path, kind, looks_like, head, members)


def _classify_members(members: tuple[str, ...]) -> tuple[str, str]:
    names = ["/" + name for name in members]

    def holds(suffix: str) -> bool:
        return any(name.endswith(suffix) for name in names)

    if holds("/models/model.json") or holds("/archive_format"):
        return "exported", "a program of torch.export"
    if holds("/serialized_exported_program.json"):
        return "old-exported", "a program of torch.export from an old version of torch"
    if holds("/constants.pkl") and any("/code/" in name for name in names):
        return "torchscript", "a TorchScript program"
    if holds("/model.json") and any("/tensors/" in name or "/code/" in name for name in names):
        return "old-torchscript", "a TorchScript program from a version of torch before 1.4"
    if holds("/data.pkl"):
        return "torch-zip", "a torch file"
    if names and all(name.endswith(".npy") for name in names):
        return "npz", "an archive of numpy arrays"
    return "zip", f"a zip archive of {len(names)} files that are no model"
