"""What a model file holds, read without running it: names, shapes and types of its tensors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from gancheck.errors import GancheckError
from gancheck.loaders.archive import read_archive
from gancheck.loaders.checkpoint import state_of
from gancheck.loaders.inert import Inert
from gancheck.loaders.pickles import read_pickle
from gancheck.loaders.restored import StoredTensor
from gancheck.loaders.tensorfile import read_tensors

_BIGGEST = 3
_MOST_DEPTH = 24
# The numbers that torch.export writes for types.
_EXPORTED_TYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32",
    8: "float64", 12: "bool", 13: "bfloat16",
}  # fmt: skip


@dataclass(frozen=True)
class TensorFact:
    """One tensor: its name, shape and type."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def count(self) -> int:
        """Numbers that it holds."""
        found = 1
        for side in self.shape:
            found *= side
        return found


@dataclass(frozen=True)
class Inventory:
    """All tensors of a file."""

    tensors: tuple[TensorFact, ...]

    @property
    def parameters(self) -> int:
        """Numbers in all tensors together."""
        return sum(tensor.count for tensor in self.tensors)

    @property
    def dtypes(self) -> dict[str, int]:
        """How many tensors there are of each type, the commonest first."""
        names = [tensor.dtype for tensor in self.tensors]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def biggest(self) -> tuple[TensorFact, ...]:
        """The few largest tensors."""
        return tuple(sorted(self.tensors, key=lambda tensor: -tensor.count)[:_BIGGEST])


def take_inventory(path: Path, kind: str) -> Inventory | None:
    """List the tensors of a file of a kind that `sniff` names; None where they cannot be told.

    Nothing of the file is run. What the file says of itself may be wrong in a hostile one: this
    is for people to look at, and nothing is decided by it.
    """
    read = _READERS.get(kind)
    if read is None:
        return None
    try:
        tensors = tuple(read(path))
    except (GancheckError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Inventory(tensors) if tensors else None


def _torch_zip(path: Path) -> Iterator[TensorFact]:
    return _walk(read_tensors(path, "torch-zip"), ())


def _torch_legacy(path: Path) -> Iterator[TensorFact]:
    return _walk(read_tensors(path, "torch-legacy"), ())


def _safetensors(path: Path) -> Iterator[TensorFact]:
    return _walk(read_tensors(path, "safetensors"), ())


def _walk(item: object, keys: tuple[str, ...]) -> Iterator[TensorFact]:
    import torch

    if isinstance(item, torch.Tensor):
        yield TensorFact(".".join(keys), tuple(item.shape), str(item.dtype).removeprefix("torch."))
    elif len(keys) > _MOST_DEPTH:
        return
    elif isinstance(item, Inert):
        yield from _walk(state_of(item) if item.is_module else item.attributes, keys)
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from _walk(value, (*keys, str(key)))
    elif isinstance(item, (list, tuple)):
        for index, value in enumerate(item):
            yield from _walk(value, (*keys, str(index)))


def _onnx(path: Path) -> Iterator[TensorFact]:
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    for item in model.graph.initializer:
        kind = onnx.TensorProto.DataType.Name(item.data_type).lower()
        kind = {"float": "float32", "double": "float64"}.get(kind, kind)
        yield TensorFact(item.name, tuple(item.dims), kind)


def _exported(path: Path) -> Iterator[TensorFact]:
    content = _entry(path, "/data/weights/model_weights_config.json")
    for name, entry in json.loads(content)["config"].items():
        meta = entry["tensor_meta"]
        shape = tuple(int(side["as_int"]) for side in meta["sizes"])
        yield TensorFact(name, shape, _EXPORTED_TYPES.get(meta["dtype"], "other"))


def _torchscript(path: Path) -> Iterator[TensorFact]:
    program, _ = read_pickle(BytesIO(_entry(path, "/data.pkl")), path)
    return _attributes(program, ())


def _entry(path: Path, suffix: str) -> bytes:
    (content,) = read_archive(path).named(suffix).values()
    return content


def _attributes(item: object, keys: tuple[str, ...]) -> Iterator[TensorFact]:
    if isinstance(item, StoredTensor):
        yield TensorFact(".".join(keys), tuple(item.size), item.storage.dtype)
    elif isinstance(item, Inert) and len(keys) < _MOST_DEPTH:
        for key, value in item.attributes.items():
            yield from _attributes(value, (*keys, str(key)))


_READERS = {
    "torch-zip": _torch_zip,
    "torch-legacy": _torch_legacy,
    "safetensors": _safetensors,
    "onnx": _onnx,
    "exported": _exported,
    "torchscript": _torchscript,
}
