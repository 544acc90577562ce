"""Dense generators with BatchNorm: as written for first experiments on MNIST and on points.

A dense stack without BatchNorm is never rebuilt: nothing in it could refute a wrong activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from gancheck.loaders.architectures.interface import ARCHITECTURES, Proposal
from gancheck.loaders.architectures.layers import (
    Layer,
    activated,
    checked,
    filled,
    layers_of,
    normalised,
)
from gancheck.loaders.architectures.parts import EPSILONS, activation, activations, describe

if TYPE_CHECKING:
    import torch

_PICTURE = 64  # from this many outputs on, they are taken for pixels


@dataclass(frozen=True)
class Mlp:
    """Dense layers, some with BatchNorm before or behind the activation, one for all."""

    name: str = "mlp"

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield the network with each usual activation and epsilon."""
        layers = layers_of(state)
        if not _is_stack(layers):
            return
        ending = "tanh" if layers[-1].shape[0] >= _PICTURE else "nothing"
        for active in activated(layers):
            for epsilon, name in product(EPSILONS, activations(checked(layers, active))):
                yield Proposal(
                    _build(layers, active, (name, epsilon)),
                    f"a dense network with {describe(name, epsilon)}",
                    "No statistic shows what follows the last BatchNorm layer: the same "
                    f"activation, and {ending} at the end were assumed.",
                    latent_shape=(layers[0].shape[1],),
                )


ARCHITECTURES.register("mlp")(Mlp())


def _is_stack(layers: list[Layer]) -> bool:
    if len(layers) < 3 or layers[0].is_norm or layers[-1].is_norm:
        return False
    width = None
    for layer in layers:
        if not layer.is_norm and not _is_dense(layer):
            return False
        if layer.shape[-1] != (width or layer.shape[-1]):
            return False
        width = layer.shape[0]
    return True


def _is_dense(layer: Layer) -> bool:
    return layer.is_linear and len(layer.shape) == 2 and layer.adds_to(layer.shape[0])


def _build(
    layers: list[Layer], active: tuple[bool, ...], parts: tuple[str, float]
) -> torch.nn.Sequential:
    from torch import nn

    name, epsilon = parts
    children: list[nn.Module] = []
    for layer, follows in zip(layers, (*active, False), strict=True):
        if layer.is_norm:
            children.append(normalised(nn.BatchNorm1d, layer, epsilon))
        else:
            outputs, inputs = layer.shape
            children.append(filled(nn.Linear, layer, inputs, outputs))
        children += [activation(name)] if follows else []
    if layers[-1].shape[0] >= _PICTURE:
        children.append(nn.Tanh())
    return nn.Sequential(*children)
