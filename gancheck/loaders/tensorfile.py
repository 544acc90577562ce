"""Read files of tensors without running anything that came with them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.archive import read_archive
from gancheck.loaders.pickles import read_pickle
from gancheck.loaders.restored import Storage
from gancheck.loaders.settling import settle

MOST_HEADER_BYTES = 10_000_000
_AGAIN = "Copy or download it again."
_ITEM_BYTES = {
    **dict.fromkeys(("uint8", "int8", "bool"), 1),
    **dict.fromkeys(("float16", "bfloat16", "int16"), 2),
    **dict.fromkeys(("float32", "int32"), 4),
    **dict.fromkeys(("float64", "int64", "complex64"), 8),
    "complex128": 16,
}
_LEGACY_PREFACE = 3  # pickles before the one that counts: a magic number, a version, the system


def read_tensors(path: Path, kind: str) -> Any:
    """Return what a torch or safetensors file holds, with every tensor on the CPU.

    Containers, numbers, text, arrays and tensors are made for real; objects of other classes
    become records of what they are made of, `gancheck.loaders.inert.Inert`.

    Raises:
        RefusedError: It calls functions, or claims tensors larger than what it stores.
        LoadError: It is damaged.
    """
    if kind == "safetensors":
        return _read_safetensors(path)
    return _read_legacy(path) if kind == "torch-legacy" else _read_zip(path)


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        with path.open("rb") as stream:
            header = int.from_bytes(stream.read(8), "little")
        if header > MOST_HEADER_BYTES:
            raise RefusedError(
                f"{path} has a header of {header} bytes, more than {MOST_HEADER_BYTES}",
                "Save it anew with safetensors.torch.save_file, its metadata left out.",
            )
        return load_file(str(path), device="cpu")
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise LoadError(f"{path} is a damaged safetensors file: {error}", _AGAIN) from error


def _read_zip(path: Path) -> Any:
    entries = dict(read_archive(path).entries)
    pickled = [name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickled) != 1:
        raise RefusedError(
            f"{path} holds {len(pickled)} pickles of the name data.pkl where torch writes one",
            "Load it with the code that wrote it and save generator.state_dict() anew.",
        )
    folder = pickled[0].removesuffix("data.pkl")
    payload, storages = read_pickle(BytesIO(entries.pop(pickled[0])), path)
    values: dict[str, bytes] = {}
    for key, storage in storages.items():
        name = f"{folder}data/{key}"
        if name not in entries:
            raise LoadError(f"{path} is a damaged torch file: {name} is missing", _AGAIN)
        _check_length(path, storage, len(entries[name]))
        values[key] = entries.pop(name)
    swapped = entries.get(f"{folder}byteorder", b"little") == b"big"
    return settle(payload, values, path, swapped=swapped)


def _read_legacy(path: Path) -> Any:
    stream = BytesIO(path.read_bytes())
    for _ in range(_LEGACY_PREFACE):
        read_pickle(stream, path)
    payload, storages = read_pickle(stream, path)
    keys, _ = read_pickle(stream, path)
    return settle(payload, _legacy_values(stream, keys, storages, path), path)


def _legacy_values(
    stream: BytesIO, keys: object, storages: Mapping[str, Storage], path: Path
) -> dict[str, bytes]:
    """Read the values after the pickles: of each storage its count, then as many numbers."""
    values: dict[str, bytes] = {}
    for key in keys if isinstance(keys, list) else []:
        storage = storages.get(str(key))
        if storage is None:
            raise LoadError(f"{path} is a damaged torch file: storage {key} is unused", _AGAIN)
        count = int.from_bytes(stream.read(8), "little", signed=True)
        if count != storage.count:
            raise LoadError(
                f"{path} is a damaged torch file: {count} values where {storage.count} belong",
                _AGAIN,
            )
        values[storage.key] = stream.read(count * _ITEM_BYTES[storage.dtype])
        _check_length(path, storage, len(values[storage.key]))
    missing = storages.keys() - values.keys()
    if missing:
        raise LoadError(f"{path} is a truncated torch file: {len(missing)} tensors lack", _AGAIN)
    return values


def _check_length(path: Path, storage: Storage, length: int) -> None:
    claimed = storage.count * _ITEM_BYTES[storage.dtype]
    if claimed != length:
        raise LoadError(
            f"{path} is a truncated or damaged torch file: a tensor claims {claimed} bytes, "
            f"and {length} are stored",
            _AGAIN,
        )
