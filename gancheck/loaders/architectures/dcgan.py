"""The DCGAN family: transposed convolutions that double the side, BatchNorm between them.

Radford, Metz, Chintala: "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", 2016. The latent is a picture of one pixel that the first layer opens to
k x k; later layers mostly have a 4 x 4 kernel and double the side. Pictures of 28 pixels need
another kernel, stride or padding somewhere, and every tutorial has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
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
from gancheck.loaders.architectures.parts import COMMON, EPSILONS, activation, activations, describe
from gancheck.loaders.architectures.steps import Kernel, Path, Step, paths

if TYPE_CHECKING:
    import torch

_CONVOLUTIONS = (3, 12)  # with two, no BatchNorm layer lies behind an activation
_MOST_WAYS = 24


@dataclass(frozen=True)
class Dcgan:
    """Any width, any number of doublings, one or three channels."""

    name: str = "dcgan"

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield the network with each usual activation, epsilon and way to its last side."""
        layers = layers_of(state)
        if not _is_stack(layers):
            return
        ways = list(islice(_paths(layers), _MOST_WAYS))
        for active in activated(layers):
            names = activations(checked(layers, active))
            for epsilon, name, path in product(EPSILONS, names, ways):
                if not path.usual and name not in COMMON:
                    continue
                yield Proposal(
                    _build(layers, path, active, (name, epsilon)),
                    f"a DCGAN with {describe(name, epsilon)} that draws {_size(layers, path)}",
                    _assumed(path),
                    latent_shape=(layers[0].shape[0], 1, 1),
                    usual=path.usual,
                )


ARCHITECTURES.register("dcgan")(Dcgan())


def _is_stack(layers: list[Layer]) -> bool:
    count = sum(not layer.is_norm for layer in layers)
    if not _CONVOLUTIONS[0] <= count <= _CONVOLUTIONS[1]:
        return False
    if layers[0].is_norm or layers[-1].is_norm:
        return False
    channels = None
    for layer in layers:
        if not layer.is_norm and not _is_square(layer):
            return False
        if layer.shape[0] != (channels or layer.shape[0]):
            return False
        channels = layer.shape[0] if layer.is_norm else layer.shape[1]
    return channels in (1, 3)


def _is_square(layer: Layer) -> bool:
    if not layer.is_linear or len(layer.shape) != 4 or not layer.adds_to(layer.shape[1]):
        return False
    return layer.shape[2] == layer.shape[3]


def _paths(layers: list[Layer]) -> Iterator[Path]:
    shapes = [layer.shape for layer in layers if not layer.is_norm]
    kernels = [Kernel(shape[2], shape[0] == shape[1]) for shape in shapes]
    return paths(kernels, shapes[-1][1])


def _build(
    layers: list[Layer], path: Path, active: tuple[bool, ...], parts: tuple[str, float]
) -> torch.nn.Sequential:
    from torch import nn

    name, epsilon = parts
    steps = iter(path.steps)
    children: list[nn.Module] = []
    for layer, follows in zip(layers, (*active, False), strict=True):
        if layer.is_norm:
            children.append(normalised(nn.BatchNorm2d, layer, epsilon))
        else:
            children.append(_convolution(layer, next(steps)))
        children += [activation(name)] if follows else []
    return nn.Sequential(*children, nn.Tanh())


def _convolution(layer: Layer, step: Step) -> torch.nn.Module:
    from torch import nn

    first, second, kernel, _ = layer.shape
    if not step.transposed:
        return filled(nn.Conv2d, layer, second, first, kernel, padding=step.padding)
    return filled(
        nn.ConvTranspose2d,
        layer,
        first,
        second,
        kernel,
        stride=step.stride,
        padding=step.padding,
        output_padding=step.extra,
    )


def _size(layers: list[Layer], path: Path) -> str:
    size = f"{layers[-1].shape[1]} x {path.sides[-1]} x {path.sides[-1]}"
    return size if path.usual else f"{size} (sides {', '.join(map(str, path.sides))})"


def _assumed(path: Path) -> str:
    step = path.steps[-1]
    return (
        "No statistic shows what follows the last BatchNorm layer: the same activation, stride "
        f"{step.stride} and padding {step.padding}, and tanh at the end were assumed. "
        "`--output-shape` tells another size."
    )
