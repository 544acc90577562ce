"""What a known architecture is, and the registry that plugins add more to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gancheck.registry import Registry

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Proposal:
    """One network that the weights fit, to be confirmed or refuted by its BatchNorm layers.

    Attributes:
        network: The network with the weights loaded.
        description: What it is, with everything that was assumed, for the report.
    """

    network: torch.nn.Module
    description: str


class Architecture(Protocol):
    """One family of generators."""

    @property
    def name(self) -> str:
        """Name of the family."""

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield every network of the family that uses all of these weights; none if none does."""


ARCHITECTURES: Registry[Architecture] = Registry("architecture", "gancheck.loaders.architectures")


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
        return len(self.shape) == 1 and {"bias", "running_mean", "running_var"} <= set(self.tensors)


def layers_of(state: Mapping[str, torch.Tensor]) -> list[Layer]:
    """Group tensors by layer, in the order of a `torch.nn.Sequential` where numbers tell it.

    The order of names is otherwise kept as it is: safetensors files sort them, torch files keep
    the order in which layers were made.
    """
    layers: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        prefix, _, short = name.rpartition(".")
        layers.setdefault(prefix, {})[short] = tensor
    names = list(layers)
    if all(name.rpartition(".")[2].isdigit() for name in names):
        names.sort(key=_natural)
    return [Layer(name, layers[name]) for name in names]


def load_positionally(network: torch.nn.Sequential, layers: list[Layer]) -> bool:
    """Fill the layers that have weights, in order; tell whether everything fitted."""
    own = [child for child in network if child.state_dict()]
    if len(own) != len(layers):
        return False
    for child, layer in zip(own, layers, strict=True):
        expected = {name: tuple(value.shape) for name, value in child.state_dict().items()}
        expected.pop("num_batches_tracked", None)
        given = {name: tuple(value.shape) for name, value in layer.tensors.items()}
        given.pop("num_batches_tracked", None)
        if expected != given:
            return False
        child.load_state_dict(dict(layer.tensors), strict=False)
    return True


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[._]", name)]
