"""ONNX graphs, run by onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import LoadError
from gancheck.loaders.audit import LayerFit, fit_layer
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.network import Argument, Network, plan_call
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed
from gancheck.types import Generator

if TYPE_CHECKING:
    import onnx
    import onnxruntime

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
        """Check the graph, start a session and probe it."""
        expect_generator(path, self.name, options)
        _check(path)
        session = _session(path, options.device)
        network = _describe(session, path, options)
        return make_generator(network, Source(path, self.name), options)


LOADERS.register("onnx")(OnnxGraph())


def _check(path: Path) -> None:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        onnx.checker.check_model(str(path))
    except (onnx.checker.ValidationError, DecodeError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"{path} is not a valid ONNX file: {reason}") from error


def _session(source: Path | bytes, device: str) -> onnxruntime.InferenceSession:
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
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


def _describe(session: onnxruntime.InferenceSession, path: Path, options: LoadOptions) -> Network:
    inputs = {item.name: item for item in session.get_inputs()}
    arguments = [_argument(item) for item in inputs.values()]
    plan, notes = plan_call(arguments, conditional=True)
    shapes = {item.name: item.shape for item in arguments}
    latent = shapes[plan.latent] or ()
    known = tuple(side for side in latent if side is not None)
    label = shapes[plan.label] if plan.label else None
    batch = _batch(inputs[plan.latent].shape)
    types = {name: _numpy_type(item.type) for name, item in inputs.items()}
    note = f"The file fixes the batch size at {batch}; it is run once for each such batch."
    return Network(
        forward=_forward(session, plan.names, types),
        plan=plan,
        latent_shapes=(known,) if known and len(known) == len(latent) else (),
        classes=label[0] if plan.label_style == "onehot" and label else _rows(path, plan.label),
        dtype=_FLOATS.get(inputs[plan.latent].type, "float32"),
        batch=batch,
        fits=_audit(path, plan.names, types),
        notes=(*notes, *([note] if batch else [])),
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


def _rows(path: Path, label: str | None) -> int | None:
    """Read the number of classes from the table that a Gather looks labels up in."""
    import onnx

    if label is None:
        return None
    model = onnx.load(str(path), load_external_data=False)
    tables = _initializers(model)
    for node in model.graph.node:
        if node.op_type == "Gather" and node.input[0] in tables:
            shape = tables[node.input[0]].dims
            if len(shape) == 2:
                return int(shape[0])
    return None


def _audit(
    path: Path, names: tuple[str, ...], types: dict[str, str]
) -> Callable[[tuple[object, ...]], list[LayerFit]] | None:
    """Prepare a graph that also returns what its BatchNormalization nodes see.

    Exporters often fold these nodes into their neighbours; then there is nothing to audit.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    tables = _initializers(model)
    nodes = [
        node
        for node in model.graph.node
        if node.op_type == "BatchNormalization" and {node.input[3], node.input[4]} <= set(tables)
    ]
    external = any(item.data_location == onnx.TensorProto.EXTERNAL for item in tables.values())
    if not nodes or external:
        return None
    known = {item.name for item in (*model.graph.output, *model.graph.input)}
    for name in dict.fromkeys(node.input[0] for node in nodes):
        if name not in known:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = _session(model.SerializeToString(), "cpu")
    outputs = [item.name for item in session.get_outputs()]
    forward = _forward(session, names, types)

    def fits(inputs: tuple[object, ...]) -> list[LayerFit]:
        import torch

        seen: Any = dict(zip(outputs, forward(inputs), strict=True))  # type: ignore[call-overload]
        found = []
        for number, node in enumerate(nodes, start=1):
            mean, variance = (onnx.numpy_helper.to_array(tables[node.input[i]]) for i in (3, 4))
            if node.input[0] in seen:
                memory = (torch.from_numpy(mean.copy()), torch.from_numpy(variance.copy()))
                found.append(fit_layer(f"BatchNorm layer {number}", seen[node.input[0]], *memory))
        return [fit for fit in found if fit is not None]

    return fits
