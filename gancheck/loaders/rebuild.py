"""Rebuild a pickled module from the attributes of its layers, without its code.

A pickle of a module holds each layer's class by name, its attributes and its weights. Layers of
torch itself mean what torch says; a `torch.nn.Sequential` of them runs them in order. The class of
a user says nothing without its code, so of these only wrappers around one such stack are rebuilt,
and only where the BatchNorm statistics confirm it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gancheck.loaders.checkpoint import children_of, state_of
from gancheck.loaders.folding import fold
from gancheck.loaders.inert import Inert

if TYPE_CHECKING:
    import torch

_LAYERS = "torch.nn.modules."
_TRANSPARENT = {
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
    "torch._dynamo.eval_frame.OptimizedModule": "_orig_mod",
    "torch.optim.swa_utils.AveragedModel": "module",
}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_KNOWN_HOOKS = frozenset(
    {"torch.nn.utils.spectral_norm.SpectralNorm", "torch.nn.utils.weight_norm.WeightNorm"}
)
_MOST_LAYERS = 2000
_LARGEST_NUMBER = 1 << 20
_LARGEST_STEP = 64  # of strides, paddings and scales: more would only blow outputs up
_STEPS = frozenset({"stride", "padding", "output_padding", "dilation", "scale_factor"})
_CONVOLUTION = (
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"),
    "padding_mode",
)
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
_POOL = ("kernel_size", "stride", "padding")
_DIMENSIONS = ("1d", "2d", "3d")
# The arguments of each class, which are also the attributes that it keeps.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Linear": ("in_features", "out_features"),
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine"),
    "PReLU": ("num_parameters",),
    "LeakyReLU": ("negative_slope",),
    "ELU": ("alpha",),
    "CELU": ("alpha",),
    "GELU": ("approximate",),
    "Hardtanh": ("min_val", "max_val"),
    "Softplus": ("beta", "threshold"),
    "Threshold": ("threshold", "value"),
    "Softmax": ("dim",),
    "Flatten": ("start_dim", "end_dim"),
    "Unflatten": ("dim", "unflattened_size"),
    "Upsample": ("size", "scale_factor", "mode", "align_corners"),
    "UpsamplingNearest2d": ("size", "scale_factor"),
    "UpsamplingBilinear2d": ("size", "scale_factor"),
    "PixelShuffle": ("upscale_factor",),
    "PixelUnshuffle": ("downscale_factor",),
    **dict.fromkeys(("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Tanh", "Sigmoid"), ()),
    **dict.fromkeys(("Hardswish", "Hardsigmoid", "LogSigmoid", "Softsign", "Identity"), ()),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"), ("p",)),
    **{f"Conv{end}": _CONVOLUTION for end in _DIMENSIONS},
    **{f"ConvTranspose{end}": (*_CONVOLUTION, "output_padding") for end in _DIMENSIONS},
    **{f"BatchNorm{end}": _NORM for end in _DIMENSIONS},
    **{f"InstanceNorm{end}": _NORM for end in _DIMENSIONS},
    **{f"AvgPool{end}": _POOL for end in _DIMENSIONS},
    **{f"MaxPool{end}": _POOL for end in _DIMENSIONS},
    **{f"AdaptiveAvgPool{end}": ("output_size",) for end in _DIMENSIONS},
    **{f"ZeroPad{end}": ("padding",) for end in _DIMENSIONS},
    **{f"ReflectionPad{end}": ("padding",) for end in _DIMENSIONS},
    **{f"ReplicationPad{end}": ("padding",) for end in _DIMENSIONS},
    **{f"ConstantPad{end}": ("padding", "value") for end in _DIMENSIONS},
}
_BIASED = ("Linear", "Conv")
_ENDINGS = frozenset({"Tanh", "Sigmoid", "Hardtanh", "Hardsigmoid"})
_SHAPERS = frozenset({"Flatten", "Unflatten", "Identity"})


@dataclass(frozen=True)
class Rebuilt:
    """A module of torch's own layers with the weights of a pickled one.

    Attributes:
        module: The module.
        exact: Whether it runs as the pickled one did; otherwise its class is a user's, and that it
            does no more than call its only child is an assumption.
        note: What was done, in a sentence.
    """

    module: torch.nn.Module
    exact: bool
    note: str


def rebuild(pickled: Inert) -> Rebuilt | None:
    """Rebuild a pickled module, None where its layers do not tell how they are run."""
    pickled = _unwrapped(pickled)
    stack, name = pickled, pickled.name
    exact = _is_stack(pickled) or _layer_name(pickled) is not None
    if not exact:
        children = children_of(pickled)
        if len(children) != 1 or not _is_bare(pickled):
            return None
        (stack,) = children.values()
        if not _is_stack(stack) or not _has_known_end(stack):
            return None
    module = _filled(stack)
    if module is None:
        return None
    note = f"A pickled {name} was rebuilt from the attributes of its layers; no code of it was run."
    if not exact:
        note += " Its class was taken to do no more than call its only child."
    return Rebuilt(module, exact, note)


def _unwrapped(pickled: Inert) -> Inert:
    for _ in range(len(_TRANSPARENT)):
        inner = children_of(pickled).get(_TRANSPARENT.get(pickled.name, ""))
        if inner is None:
            break
        pickled = inner
    return pickled


def _is_bare(pickled: Inert) -> bool:
    """Whether a module has no weights of its own, no hooks, and no other way to run."""
    own = pickled.attributes
    held = any(
        value is not None for group in ("_parameters", "_buffers") for value in _values(own, group)
    )
    return not held and "forward" not in own and all(not own.get(hook) for hook in _HOOKS)


def _values(own: Mapping[object, object], group: str) -> list[object]:
    named = own.get(group)
    return list(named.values()) if isinstance(named, Mapping) else []


def _is_stack(pickled: Inert) -> bool:
    return pickled.name == f"{_LAYERS}container.Sequential" and _is_bare(pickled)


def _layer_name(pickled: Inert) -> str | None:
    """Return the name of a layer of torch that can be made anew."""
    name = pickled.name.rpartition(".")[2]
    own = pickled.attributes
    if not pickled.name.startswith(_LAYERS) or name not in _ARGUMENTS or "forward" in own:
        return None
    for hook in _HOOKS:
        if not all(isinstance(h, Inert) and h.name in _KNOWN_HOOKS for h in _values(own, hook)):
            return None
    return name


def _leaves(stack: Inert, depth: int = 0) -> Iterator[Inert]:
    for child in children_of(stack).values():
        if _is_stack(child) and depth < 40:
            yield from _leaves(child, depth + 1)
        else:
            yield child


def _has_known_end(stack: Inert) -> bool:
    """Whether an activation ends the stack, so that a caller hardly adds another."""
    names = [child.name.rpartition(".")[2] for child in _leaves(stack)]
    while names and names[-1] in _SHAPERS:
        names.pop()
    return bool(names) and names[-1] in _ENDINGS


def _filled(stack: Inert) -> torch.nn.Module | None:
    """Make the layers without memory, then put the weights in as they are."""
    import torch

    budget = [_MOST_LAYERS]
    state, _ = fold(state_of(stack))
    try:
        with torch.device("meta"):
            module = _make(stack, budget, 0)
        if module is None:
            return None
        module.load_state_dict(state, strict=True, assign=True)
    except (RuntimeError, ValueError, TypeError, ZeroDivisionError, OverflowError, AssertionError):
        return None
    held = [*module.parameters(), *module.buffers()]
    return None if any(item.is_meta for item in held) else module


def _make(pickled: Inert, budget: list[int], depth: int) -> torch.nn.Module | None:
    from torch import nn

    budget[0] -= 1
    if budget[0] < 0 or depth > 40:
        return None
    if not _is_stack(pickled):
        return _make_layer(pickled)
    stack = nn.Sequential()
    for name, child in children_of(pickled).items():
        made = _make(child, budget, depth + 1)
        if made is None:
            return None
        stack.add_module(name, made)
    return stack


def _make_layer(pickled: Inert) -> torch.nn.Module | None:
    from torch import nn

    name = _layer_name(pickled)
    if name is None:
        return None
    own = pickled.attributes
    arguments = {key: own[key] for key in _ARGUMENTS[name] if key in own}
    if not all(_is_plain(value, key in _STEPS) for key, value in arguments.items()):
        return None
    if name.startswith(_BIASED):
        held = own.get("_parameters")
        arguments["bias"] = isinstance(held, Mapping) and held.get("bias") is not None
    layer: Any = getattr(nn, name)(**arguments)
    return layer if isinstance(layer, nn.Module) else None


def _is_plain(value: object, is_step: bool) -> bool:
    if isinstance(value, (tuple, list)):
        return len(value) <= 8 and all(_is_plain(part, is_step) for part in value)
    if isinstance(value, (int, float)):
        return abs(value) <= (_LARGEST_STEP if is_step else _LARGEST_NUMBER)
    return value is None or isinstance(value, str)
