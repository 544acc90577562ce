"""Look through an ONNX graph before a runtime does: operators, outside data, and claimed sizes."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from gancheck.errors import LoadError, RefusedError

if TYPE_CHECKING:
    import onnx

MOST_BYTES = (1 << 31) - 1  # what a protobuf message can be
_MOST_VALUES = 1 << 31
_MOST_STEPS = 200_000
# Operators that every onnxruntime has built in. Some of its own load further files.
_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "com.microsoft"))
_LOADS_FILES = frozenset(("EPContext", "PythonOp", "PythonOpGrad", "TorchEmbedding"))
_GROWS = {"ConstantOfShape": 0, "Expand": 1, "RandomNormal": -1, "RandomUniform": -1}
_ITEM_BYTES = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 1),
    **dict.fromkeys((4, 5, 10, 16), 2),
    **dict.fromkeys((1, 6, 12), 4),
    **dict.fromkeys((7, 11, 13, 14), 8),
    15: 16,
}
_REEXPORT = "Export it again with torch.onnx.export and external_data=False."


def read_onnx(path: Path) -> onnx.ModelProto:
    """Read a graph, leaving data outside the file alone, and check that it is well-formed.

    Raises:
        RefusedError: It holds or claims something that no generator needs.
        LoadError: It is damaged.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if path.stat().st_size > MOST_BYTES:
        raise RefusedError(
            f"{path} is larger than 2 GiB, which no ONNX message can be",
            "Export it again with external_data=True, which keeps the weights in a file beside it.",
        )
    try:
        model: onnx.ModelProto = onnx.load_model_from_string(path.read_bytes())
        audit_onnx(model, path)
        onnx.checker.check_model(os.fspath(path))
    except (onnx.checker.ValidationError, DecodeError, ValueError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"{path} is not a valid ONNX file: {reason}") from error
    return model


def audit_onnx(model: onnx.ModelProto, path: Path) -> None:
    """Refuse a graph that needs more than built-in operators and its own data.

    Raises:
        RefusedError: It holds or claims something that no generator needs.
        LoadError: Data outside the file is missing or too short.
    """
    local = {(function.domain, function.name): function for function in model.functions}
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in _walk(nodes):
            _check_operator(node, local, path)
    _check_growth(model, local, path)
    for tensor in tensors_of(model):
        _check_tensor(tensor, path)
    for graph in _graphs(model):
        if graph.sparse_initializer:
            raise _refusal(path, "a sparse tensor", "Export it again with dense weights.")
        _check_claims(graph, path)


def is_external(tensor: onnx.TensorProto) -> bool:
    """Tell whether a tensor's values lie in another file."""
    return bool(tensor.data_location == 1)


def tensors_of(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor of a model: weights and constants, in subgraphs and functions too."""
    for graph in _graphs(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in _walk(nodes):
            for attribute in node.attribute:
                yield from attribute.tensors
                if attribute.HasField("t"):
                    yield attribute.t
                if attribute.HasField("sparse_tensor"):
                    yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def _walk(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for graph in _subgraphs(node):
            yield from _walk(graph.node)


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        yield from attribute.graphs
        if attribute.HasField("g"):
            yield attribute.g


def _graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    yield model.graph
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in _walk(nodes):
            yield from _subgraphs(node)


def _check_operator(node: onnx.NodeProto, local: dict[tuple[str, str], object], path: Path) -> None:
    if (node.domain, node.op_type) in local:
        return
    if node.domain not in _DOMAINS or node.op_type in _LOADS_FILES:
        raise _refusal(
            path,
            f"an operator that is not built into onnxruntime, {node.domain}.{node.op_type}",
            "Export it again with operators of ONNX alone, or as a .pt2 file.",
        )


def _check_growth(model: onnx.ModelProto, local: dict[tuple[str, str], object], path: Path) -> None:
    """Refuse functions that contain themselves, or unfold into far too many steps."""
    bodies = {(item.domain, item.name): item.node for item in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def steps(nodes: Iterable[onnx.NodeProto], within: tuple[tuple[str, str], ...]) -> int:
        total = 0
        for node in _walk(nodes):
            key = (node.domain, node.op_type)
            if key in within:
                raise _refusal(path, f"a function that calls itself, {node.op_type}", _REEXPORT)
            if key in bodies and key not in sizes:
                sizes[key] = steps(bodies[key], (*within, key))
            total += sizes.get(key, 1)
        return total

    if steps(model.graph.node, ()) > _MOST_STEPS or any(n > _MOST_STEPS for n in sizes.values()):
        raise _refusal(path, f"more than {_MOST_STEPS} steps", _REEXPORT)


def _check_tensor(tensor: onnx.TensorProto, path: Path) -> None:
    item_bytes = _ITEM_BYTES.get(tensor.data_type)
    if tensor.data_type == 8:  # texts have no fixed size
        return
    if item_bytes is None or min(tensor.dims, default=0) < 0:
        raise _refusal(path, f"a tensor of unknown type or size, {tensor.name}", _REEXPORT)
    count = math.prod(tensor.dims)
    if is_external(tensor):
        _check_outside(tensor, path, count * item_bytes)
        return
    stored = len(tensor.raw_data) // item_bytes if tensor.raw_data else _typed_values(tensor)
    if stored < count:
        raise _refusal(
            path,
            f"a tensor that claims {count} values and holds {stored}, {tensor.name}",
            _REEXPORT,
        )


def _typed_values(tensor: onnx.TensorProto) -> int:
    fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.uint64_data)
    return max(len(tensor.double_data), *(len(field) for field in fields))


def _check_outside(tensor: onnx.TensorProto, path: Path, needed: int) -> None:
    told = {entry.key: entry.value for entry in tensor.external_data}
    location = told.get("location", "")
    outside = _outside_file(location, path)
    try:
        offset = int(told.get("offset") or 0)
        length = int(told.get("length") or needed)
    except ValueError as error:
        raise _refusal(
            path, f"data at an offset that is no number, {location}", _REEXPORT
        ) from error
    if not outside.exists():
        raise LoadError(
            f"{path} keeps its weights in {location}, which is not beside it",
            f"Copy {location} into {path.parent}, or export again with external_data=False.",
        )
    size = outside.stat().st_size
    if min(offset, length) < 0 or length < needed or offset + length > size:
        raise LoadError(
            f"{path} is damaged: {tensor.name} needs {needed} bytes of {location}, "
            f"which has {size}",
            _REEXPORT,
        )


def _outside_file(location: str, path: Path) -> Path:
    """Return the file beside the graph that a tensor names, if it is one."""
    parts = PurePosixPath(location).parts
    windows = PureWindowsPath(location)
    if not parts or location.startswith("/") or windows.drive or windows.root or "\\" in location:
        raise _refusal(path, f"data at a place that is not beside it, {location!r}", _REEXPORT)
    if ".." in parts or "\0" in location:
        raise _refusal(path, f"data outside its folder, {location!r}", _REEXPORT)
    at = path.parent
    for part in parts:
        at = at / part
        if at.is_symlink():
            raise _refusal(path, f"data behind a symbolic link, {location!r}", _REEXPORT)
    if at.exists():
        found = at.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _refusal(path, f"data in something that is no file, {location!r}", _REEXPORT)
        if found.st_nlink > 1:
            raise _refusal(
                path,
                f"data in a file with another name elsewhere (a hard link), {location!r}",
                f"Copy it: `cp {location} copy && mv copy {location}`.",
            )
    return at


def _check_claims(graph: onnx.GraphProto, path: Path) -> None:
    """Refuse tensors that small constants blow up; the runtime would build them while loading."""
    import onnx

    shapes = {item.name: item for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    shapes[node.output[0]] = attribute.t
        place = _GROWS.get(node.op_type)
        sides: list[int] = []
        if place == -1:
            sides = [side for item in node.attribute if item.name == "shape" for side in item.ints]
        elif place is not None and len(node.input) > place:
            shape = shapes.get(node.input[place])
            if shape is not None and not is_external(shape) and shape.data_type == 7:
                sides = [int(side) for side in onnx.numpy_helper.to_array(shape).reshape(-1)]
        if math.prod(max(side, 1) for side in sides) > _MOST_VALUES:
            raise _refusal(path, f"a tensor of {sides} values made by {node.op_type}", _REEXPORT)


def _refusal(path: Path, what: str, hint: str) -> RefusedError:
    return RefusedError(f"{path} is an ONNX graph with {what}", hint)
