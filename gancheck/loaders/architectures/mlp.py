"""Dense generators with BatchNorm: as written for first experiments on MNIST and on points.

A dense stack without BatchNorm is never rebuilt: nothing in it could refute a wrong activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from gancheck.loaders.architectures.interface import (
    ARCHITECTURES,
    Layer,
    Proposal,
    layers_of,
    load_positionally,
)

if TYPE_CHECKING:
    import torch

_SLOPES = (0.0, 0.2)
_EPSILONS = (1e-5, 0.8)  # torch's own, and the second argument that many copied as a momentum
_PICTURE = 64  # from this many outputs on, they are taken for pixels


@dataclass(frozen=True)
class Mlp:
    """Dense layers, some followed by BatchNorm, one activation throughout."""

    name: str = "mlp"

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield the network with each usual activation and epsilon."""
        layers = layers_of(state)
        if not _is_stack(layers):
            return
        for slope, epsilon in product(_SLOPES, _EPSILONS):
            network = _build(layers, slope, epsilon)
            if load_positionally(network, layers):
                activation = f"LeakyReLU({slope})" if slope else "ReLU"
                ending = "tanh" if isinstance(network[-1], _tanh()) else "nothing"
                yield Proposal(
                    network,
                    f"a dense network with {activation} inside and a BatchNorm epsilon of "
                    f"{epsilon:g}; {ending} at the end is a guess that cannot be checked",
                )


ARCHITECTURES.register("mlp")(Mlp())


def _is_stack(layers: list[Layer]) -> bool:
    dense = [layer for layer in layers if len(layer.shape) == 2]
    norms = [number for number, layer in enumerate(layers) if layer.is_norm]
    if len(dense) + len(norms) != len(layers) or len(dense) < 2 or not norms:
        return False
    # A BatchNorm layer behind an activation is what can refute that activation.
    if layers[0].is_norm or layers[-1].is_norm or max(norms) < 2:
        return False
    width = dense[0].shape[1]
    for layer in layers:
        if width != layer.shape[-1]:
            return False
        width = layer.shape[0]
    return True


def _build(layers: list[Layer], slope: float, epsilon: float) -> torch.nn.Sequential:
    from torch import nn

    children: list[nn.Module] = []
    for index, layer in enumerate(layers):
        if layer.is_norm:
            children.append(nn.BatchNorm1d(layer.shape[0], eps=epsilon))
        else:
            outputs, inputs = layer.shape
            children.append(nn.Linear(inputs, outputs, bias="bias" in layer.tensors))
        last = index + 1 == len(layers)
        if not last and not layers[index + 1].is_norm:
            children.append(nn.LeakyReLU(slope) if slope else nn.ReLU())
    if layers[-1].shape[0] >= _PICTURE:
        children.append(nn.Tanh())
    return nn.Sequential(*children)


def _tanh() -> type:
    from torch import nn

    return nn.Tanh
