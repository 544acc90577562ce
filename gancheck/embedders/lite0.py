"""EfficientNet-Lite0 without its classifier: one plan, run by torch or by onnxruntime.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019; the
lite variant has no squeeze-and-excitation, ReLU6 throughout, and fixed stem and head. Weights come
from TensorFlow: padding is TensorFlow's SAME, the epsilon of batch normalisation 0.001. Batch
normalisation is folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch
    from onnx import NodeProto, TensorProto

    from gancheck.types import AnyArray, FloatArray

DIMS = 1280
_EPSILON = 1e-3
_OPSET = 17
_IR_VERSION = 8
# repeats, stride of the first repeat, expansion; kernel sizes and widths are read off the weights
_STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))


class Weights(NamedTuple):
    """Kernel (out, in / groups, k, k) and bias (out,) of one folded convolution, float32."""

    kernel: FloatArray
    bias: FloatArray


@dataclass(frozen=True)
class Convolution:
    """One convolution of the plan.

    Attributes:
        key: Where its kernel lies in the file of weights.
        norm: Where its batch normalisation lies.
        stride: Step in both directions.
        depthwise: Whether every channel is filtered alone.
        clipped: Whether ReLU6 follows.
    """

    key: str
    norm: str
    stride: int = 1
    depthwise: bool = False
    clipped: bool = True


@dataclass(frozen=True)
class Block:
    """Convolutions in a row, and whether their input is added to what they return."""

    convolutions: tuple[Convolution, ...]
    residual: bool = False


def plan() -> Iterator[Block]:
    """List the blocks of the network from pixels to the last feature map."""
    yield Block((Convolution("_conv_stem", "_bn0", stride=2),))
    index = 0
    for repeats, first_stride, expansion in _STAGES:
        for repeat in range(repeats):
            yield _inverted_residual(
                f"_blocks.{index}", first_stride if repeat == 0 else 1, expansion, repeat > 0
            )
            index += 1
    yield Block((Convolution("_conv_head", "_bn1"),))


def _inverted_residual(at: str, stride: int, expansion: int, residual: bool) -> Block:
    expand = Convolution(f"{at}._expand_conv", f"{at}._bn0")
    depthwise = Convolution(f"{at}._depthwise_conv", f"{at}._bn1", stride=stride, depthwise=True)
    project = Convolution(f"{at}._project_conv", f"{at}._bn2", clipped=False)
    kept = (depthwise, project) if expansion == 1 else (expand, depthwise, project)
    return Block(kept, residual)


def fold(state: Mapping[str, AnyArray]) -> dict[str, Weights]:
    """Fold every batch normalisation into the convolution before it.

    Args:
        state: The network's state dict as arrays.
    """
    folded = {}
    for block in plan():
        for part in block.convolutions:
            variance = np.asarray(state[f"{part.norm}.running_var"], dtype=np.float64)
            gain = state[f"{part.norm}.weight"] / np.sqrt(variance + _EPSILON)
            kernel = state[f"{part.key}.weight"] * gain[:, None, None, None]
            bias = state[f"{part.norm}.bias"] - state[f"{part.norm}.running_mean"] * gain
            folded[part.key] = Weights(kernel.astype(np.float32), bias.astype(np.float32))
    return folded


def run_torch(
    images: torch.Tensor, tensors: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
) -> torch.Tensor:
    """Map normalised RGB images (n, 3, h, w) to features (n, 1280) with torch."""
    from torch.nn import functional

    value = images
    for block in plan():
        entered = value
        for part in block.convolutions:
            kernel, bias = tensors[part.key]
            groups = kernel.shape[0] if part.depthwise else 1
            value = _pad_same(value, kernel.shape[-1], part.stride)
            value = functional.conv2d(value, kernel, bias, part.stride, groups=groups)
            value = value.clamp(0.0, 6.0) if part.clipped else value
        value = entered + value if block.residual else value
    return value.mean(dim=(2, 3))


def _pad_same(value: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """Pad as TensorFlow does: as little as makes ceil(size / stride), the odd pixel at the end."""
    from torch.nn import functional

    pads: list[int] = []
    for size in (value.shape[3], value.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return functional.pad(value, pads)


def to_onnx(weights: Mapping[str, Weights]) -> bytes:
    """Write the network as an ONNX model: input ``images``, output ``features``.

    The graph is written node by node: it needs no tracing and takes any batch and image size.
    """
    from onnx import TensorProto, helper

    nodes = _nodes(weights)
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", DIMS])
    graph = helper.make_graph(nodes, "lite0", [images], [features], _constants(weights))
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
    return bytes(model.SerializeToString())


def _constants(weights: Mapping[str, Weights]) -> list[TensorProto]:
    from onnx import numpy_helper

    limits = {"zero": np.array(0, dtype=np.float32), "six": np.array(6, dtype=np.float32)}
    kernels = {f"{key}.kernel": part.kernel for key, part in weights.items()}
    biases = {f"{key}.bias": part.bias for key, part in weights.items()}
    arrays = {**limits, **kernels, **biases}
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _nodes(weights: Mapping[str, Weights]) -> list[NodeProto]:
    from onnx import helper

    nodes = []
    at = "images"
    for block in plan():
        entered = at
        for part in block.convolutions:
            nodes.append(_convolve(part, weights[part.key], at))
            at = part.key
            if part.clipped:
                nodes.append(helper.make_node("Clip", [at, "zero", "six"], [f"{at}.clip"]))
                at = f"{at}.clip"
        if block.residual:
            nodes.append(helper.make_node("Add", [entered, at], [f"{at}.sum"]))
            at = f"{at}.sum"
    nodes.append(helper.make_node("GlobalAveragePool", [at], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    return nodes


def _convolve(part: Convolution, weights: Weights, source: str) -> NodeProto:
    from onnx import helper

    return helper.make_node(
        "Conv",
        [source, f"{part.key}.kernel", f"{part.key}.bias"],
        [part.key],
        auto_pad="SAME_UPPER",
        kernel_shape=list(weights.kernel.shape[2:]),
        strides=[part.stride, part.stride],
        group=weights.kernel.shape[0] if part.depthwise else 1,
    )
