"""Layers read off the names and shapes of weights, and put to work again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_NORM = frozenset({"weight", "bias", "running_mean", "running_var"})
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Layer:
    """The tensors of one layer by their short names: ``weight``, ``bias``, ``running_mean``."""

    name: str
    tensors: Mapping[str, torch.Tensor]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight; empty without one."""
        weight = self.tensors.get("weight")
        return () if weight is None else tuple(weight.shape)

    @property
    def is_norm(self) -> bool:
        """Whether this is a BatchNorm layer with statistics, scale and shift."""
        names = set(self.tensors) - {_COUNTER}
        if names != _NORM or len(self.shape) != 1 or self.shape == (0,):
            return False
        tensors = [self.tensors[name] for name in sorted(_NORM)]
        return all(_is_plain(t) and tuple(t.shape) == self.shape for t in tensors)

    @property
    def is_linear(self) -> bool:
        """Whether this is a dense layer or a convolution, with or without a bias."""
        if len(self.shape) not in (2, 4) or min(self.shape) < 1:
            return False
        if set(self.tensors) not in ({"weight"}, {"weight", "bias"}):
            return False
        return all(_is_plain(tensor) for tensor in self.tensors.values())

    def adds_to(self, outputs: int) -> bool:
        """Whether it adds no bias, or one of so many outputs."""
        bias = self.tensors.get("bias")
        return bias is None or tuple(bias.shape) == (outputs,)


def layers_of(state: Mapping[str, torch.Tensor]) -> list[Layer]:
    """Group tensors by layer, in the order of a `torch.nn.Sequential` where numbers tell it.

    The order of names is otherwise kept as it is: safetensors files sort them, torch files keep
    the order in which layers were made.
    """
    layers: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        prefix, _, short = name.rpartition(".")
        layers.setdefault(prefix, {})[short] = tensor
    groups: dict[str, list[str]] = {}
    for name in layers:
        first = name.partition(".")[0]
        groups.setdefault("" if first.isdigit() else first, []).append(name)
    for names in groups.values():
        if all(name.rpartition(".")[2].isdigit() for name in names):
            names.sort(key=_natural)
    return [Layer(name, layers[name]) for names in groups.values() for name in names]


def gaps(layers: Sequence[Layer]) -> list[int] | None:
    """Return how many layers without weights lie behind each layer but the last.

    A `torch.nn.Sequential` numbers all its layers, so the numbers that are missing tell. None
    where names tell nothing: other names, several blocks, or activations that are no layers.
    """
    split = [layer.name.rpartition(".") for layer in layers]
    if len({prefix for prefix, _, _ in split}) > 1 or not all(n.isdigit() for _, _, n in split):
        return None
    numbers = [int(number) for _, _, number in split]
    found = [after - before - 1 for before, after in pairwise(numbers)]
    return found if any(found) and min(found) >= 0 else None


def activated(layers: Sequence[Layer]) -> Iterable[tuple[bool, ...]]:
    """Return the ways in which activations may follow the layers, the last layer left out.

    Where names do not tell, activations follow either each BatchNorm layer, or come before it.
    """
    told = gaps(layers)
    if told is not None:
        return [tuple(gap > 0 for gap in told)]
    behind = tuple(not after.is_norm for _, after in pairwise(layers))
    before = tuple(not layer.is_norm for layer, _ in pairwise(layers))
    return dict.fromkeys((behind, before))


def checked(layers: Sequence[Layer], active: Sequence[bool]) -> int:
    """Count the BatchNorm layers that lie behind an activation, so that they can refute it."""
    norms = (number for number, layer in enumerate(layers) if layer.is_norm)
    return sum(any(active[:number]) for number in norms)


def filled(
    make: Callable[..., torch.nn.Module], layer: Layer, *sizes: int, **more: object
) -> torch.nn.Module:
    """Return a layer that uses the weights of the file as they are, without a copy."""
    module = make(*sizes, bias="bias" in layer.tensors, **more, device="meta")
    module.load_state_dict(dict(layer.tensors), assign=True)
    return module


def normalised(make: Callable[..., torch.nn.Module], layer: Layer, eps: float) -> torch.nn.Module:
    """Return a BatchNorm layer with the weights and statistics of the file."""
    module = make(layer.shape[0], eps=eps)
    module.load_state_dict({name: layer.tensors[name] for name in _NORM}, strict=False)
    return module


def _is_plain(tensor: torch.Tensor) -> bool:
    import torch

    return tensor.layout is torch.strided and tensor.is_floating_point()


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[._]", name)]
