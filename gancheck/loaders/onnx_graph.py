"""ONNX graphs, run by onnxruntime."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError
from gancheck.loaders.batching import LayerInputs, fits_of, freed, rebatched
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.network import Argument, CallPlan, Network, plan_call
from gancheck.loaders.onnx_audit import is_external, read_onnx, tensors_of
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed
from gancheck.types import Generator

if TYPE_CHECKING:
    import onnx
    import onnxruntime
    import torch

    from gancheck.loaders.audit import LayerFit

_SILENT = 4  # what goes wrong is raised as well, and some calls are made to see whether it does
_LARGEST_ITEM = 8  # bytes of one value, at most
_MOST_EMBEDDED = 1 << 30
_FLOATS = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
_INTEGERS = {"tensor(int64)": "int64", "tensor(int32)": "int32"}


@dataclass(frozen=True)
class OnnxGraph:
    """Reads ONNX files, with or without their data beside them."""

    name: str = "onnx"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Files that begin like an ONNX message."""
        return sniffed.kind == "onnx"

    def load(self, path: Path, options: LoadOptions) -> Generator:
        """Look through the graph, start a session on the bytes that were looked through, probe it.

        Raises:
            RefusedError: It needs more than built-in operators and its own data.
            LoadError: It is damaged, or onnxruntime cannot run it.
        """
        expect_generator(path, self.name, options)
        network, model = open_graph(path, options)
        if network.batch is not None and model is not None:
            names = frozenset(set(network.plan.names) - set(network.plan.fixed))
            network = _freed(network, rebatched(model, names), path, options)
        elif network.batch is not None:
            note = f"The file fixes the batch size at {network.batch}; it is called batch by batch."
            network = replace(network, notes=(*network.notes, note))
        return make_generator(network, Source(path, self.name), options)


LOADERS.register("onnx")(OnnxGraph())


@dataclass(frozen=True)
class _Graph:
    """A model, and what a session reads it from: its bytes, or the file when data lie beside it."""

    model: onnx.ModelProto
    source: bytes | Path


def open_graph(path: Path, options: LoadOptions) -> tuple[Network, onnx.ModelProto | None]:
    """Audit a graph and start a session on what was audited.

    Returns:
        The network, and the model with all its data; None when data stay beside the file.

    Raises:
        RefusedError: It needs more than built-in operators and its own data.
        LoadError: It is damaged, or onnxruntime cannot run it.
    """
    model, whole = _with_data(read_onnx(path), path)
    network = _describe(_Graph(model, model.SerializeToString() if whole else path), options)
    return network, model if whole else None


def _with_data(model: onnx.ModelProto, path: Path) -> tuple[onnx.ModelProto, bool]:
    """Take data from outside the file into the model, unless that would be too large a message."""
    import onnx

    outside = [tensor for tensor in tensors_of(model) if is_external(tensor)]
    size = sum(math.prod(tensor.dims) * _LARGEST_ITEM for tensor in outside) + model.ByteSize()
    if size > _MOST_EMBEDDED:
        return model, not outside
    try:
        onnx.load_external_data_for_model(model, os.fspath(path.parent))
    except (onnx.checker.ValidationError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"{path} is not a valid ONNX file: {reason}") from error
    return model, True


def _freed(network: Network, model: onnx.ModelProto, path: Path, options: LoadOptions) -> Network:
    try:
        free = _describe(_Graph(model, model.SerializeToString()), options)
    except LoadError:  # a shape inside the graph holds on to the batch size
        free = network
    return freed(network, replace(free, batch=None), path, options)


def _session(source: Path | bytes, device: str) -> onnxruntime.InferenceSession:
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Idle threads would otherwise spin and take the cores from torch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _SILENT
    wanted = ["CPUExecutionProvider"]
    if device.startswith("cuda"):
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise LoadError(
                "the installed onnxruntime cannot use a GPU",
                "Use `--device cpu`, or install onnxruntime-gpu in its place.",
            )
        wanted.insert(0, "CUDAExecutionProvider")
    content = source if isinstance(source, bytes) else os.fspath(source)
    try:
        return onnxruntime.InferenceSession(content, options, providers=wanted)
    except Exception as error:  # the runtime has no common exception type
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"onnxruntime cannot run this ONNX file: {reason}") from error


def _describe(graph: _Graph, options: LoadOptions) -> Network:
    session = _session(graph.source, options.device)
    try:
        inputs = {item.name: item for item in session.get_inputs()}
        arguments = [_argument(item) for item in inputs.values()]
    except UnicodeDecodeError as error:
        raise LoadError(f"the inputs of this ONNX file have broken names: {error}") from error
    plan, notes = plan_call(arguments, conditional=True, fed=options.label_table is not None)
    shapes = {item.name: item.shape for item in arguments}
    latent = shapes[plan.latent] or ()
    known = tuple(side for side in latent if side is not None)
    label = shapes[plan.label] if plan.label else None
    batch = _batch(inputs[plan.latent].shape)
    types = {name: _numpy_type(item.type) for name, item in inputs.items()}
    return Network(
        forward=_forward(session, plan.names, types),
        plan=plan,
        latent_shapes=(known,) if known and len(known) == len(latent) else (),
        classes=label[0]
        if plan.label_style == "onehot" and label
        else _rows(graph.model, plan.label),
        dtype=_FLOATS.get(inputs[plan.latent].type, "float32"),
        batch=batch,
        fits=_audit(graph, plan, types),
        notes=tuple(notes),
        backend=f"onnxruntime, {session.get_providers()[0].removesuffix('ExecutionProvider')}",
    )


def _argument(item: Any) -> Argument:
    if item.type in _INTEGERS and item.shape:
        return Argument(item.name, "index")
    if item.type in _FLOATS and len(item.shape) < 2:
        return Argument(item.name, "scalar")
    shape = tuple(side if isinstance(side, int) else None for side in item.shape[1:])
    return Argument(item.name, "tensor" if item.type in _FLOATS else "other", shape)


def _batch(shape: list[object]) -> int | None:
    return shape[0] if isinstance(shape[0], int) else None


def _numpy_type(name: str) -> str:
    return _FLOATS.get(name) or _INTEGERS.get(name) or "float32"


def _forward(
    session: onnxruntime.InferenceSession, names: tuple[str, ...], types: dict[str, str]
) -> Callable[[tuple[object, ...]], object]:
    ranks = {item.name: len(item.shape) for item in session.get_inputs()}

    def forward(inputs: tuple[object, ...]) -> object:
        import torch

        feed = {}
        for name, value in zip(names, inputs, strict=True):
            plain = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
            array = np.asarray(plain, dtype=types[name])
            feed[name] = array.reshape([1] * ranks[name]) if array.ndim == 0 else array
        outputs = [torch.from_numpy(array) for array in session.run(None, feed)]
        return outputs[0] if len(outputs) == 1 else outputs

    return forward


def _initializers(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {item.name: item for item in model.graph.initializer}


def _rows(model: onnx.ModelProto, label: str | None) -> int | None:
    """Read the number of classes from the table that a Gather looks labels up in."""
    if label is None:
        return None
    tables = _initializers(model)
    for node in model.graph.node:
        if node.op_type == "Gather" and node.input[0] in tables:
            shape = tables[node.input[0]].dims
            if len(shape) == 2:
                return int(shape[0])
    return None


def _audit(
    graph: _Graph, plan: CallPlan, types: dict[str, str]
) -> Callable[[tuple[object, ...]], list[LayerFit]] | None:
    """Prepare a graph that also returns what its BatchNormalization nodes see.

    Exporters often fold these nodes into their neighbours; then there is nothing to audit.
    """
    import onnx

    tables = _initializers(graph.model)
    nodes = [
        node
        for node in graph.model.graph.node
        if node.op_type == "BatchNormalization" and {node.input[3], node.input[4]} <= set(tables)
    ]
    if not nodes or isinstance(graph.source, Path):
        return None
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    known = {item.name for item in (*model.graph.output, *model.graph.input)}
    for name in dict.fromkeys(node.input[0] for node in nodes):
        if name not in known:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = _session(model.SerializeToString(), "cpu")
    outputs = [item.name for item in session.get_outputs()]
    forward = _forward(session, plan.names, types)

    def seen(inputs: tuple[object, ...]) -> list[LayerInputs]:
        values: Any = dict(zip(outputs, forward(inputs), strict=True))  # type: ignore[call-overload]
        return [
            (values[node.input[0]], _memory(tables[node.input[3]]), _memory(tables[node.input[4]]))
            for node in nodes
            if node.input[0] in values
        ]

    return fits_of(seen, plan)


def _memory(tensor: onnx.TensorProto) -> torch.Tensor:
    import onnx
    import torch

    return torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
