"""The DCGAN family: transposed convolutions that double the side, BatchNorm between them.

Radford, Metz, Chintala: "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", 2016. The latent is a picture of one pixel that the first layer opens to
k x k; each later layer has a 4 x 4 kernel and doubles the side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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

_SLOPES = (0.0, 0.2)  # of the negative side of hidden activations: ReLU, LeakyReLU
_LEAST_CONVOLUTIONS = 3  # with two, no BatchNorm layer lies behind an activation


@dataclass(frozen=True)
class Dcgan:
    """Any width, any number of doublings, one or three channels."""

    name: str = "dcgan"

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield the network with ReLU and with LeakyReLU(0.2), tanh at the end of both."""
        layers = layers_of(state)
        if not _is_stack(layers):
            return
        for slope in _SLOPES:
            network = _build(layers, slope)
            if load_positionally(network, layers):
                activation = f"LeakyReLU({slope})" if slope else "ReLU"
                yield Proposal(
                    network,
                    f"a DCGAN with {activation} inside; tanh at the end and doubling in the last "
                    "layer are the family's convention and cannot be checked",
                )


ARCHITECTURES.register("dcgan")(Dcgan())


def _is_stack(layers: list[Layer]) -> bool:
    convolutions, norms = layers[0::2], layers[1::2]
    if len(convolutions) < _LEAST_CONVOLUTIONS or len(convolutions) != len(norms) + 1:
        return False
    if not all(len(layer.shape) == 4 for layer in convolutions):
        return False
    if not all(layer.is_norm for layer in norms):
        return False
    chained = all(
        before.shape[1] == norm.shape[0] == after.shape[0]
        for before, norm, after in zip(convolutions, norms, convolutions[1:], strict=False)
    )
    square = all(layer.shape[2] == layer.shape[3] for layer in convolutions)
    doubling = all(layer.shape[2] == 4 for layer in convolutions[1:])
    return chained and square and doubling and convolutions[-1].shape[1] in (1, 3)


def _build(layers: list[Layer], slope: float) -> torch.nn.Sequential:
    from torch import nn

    children: list[nn.Module] = []
    for index, layer in enumerate(layers):
        if layer.is_norm:
            children += [nn.BatchNorm2d(layer.shape[0]), _activation(slope)]
            continue
        inputs, outputs, kernel, _ = layer.shape
        stride, padding = (2, 1) if index else (1, 0)
        bias = "bias" in layer.tensors
        children.append(nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=bias))
    return nn.Sequential(*children, nn.Tanh())


def _activation(slope: float) -> torch.nn.Module:
    from torch import nn

    return nn.LeakyReLU(slope) if slope else nn.ReLU()
