"""DCGANs that enlarge pictures by repeating pixels, then convolve: no transposed convolutions.

A dense layer draws a small picture of many channels; each later block doubles its side. The
numbers that a `torch.nn.Sequential` leaves out say where activations and doublings may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

from gancheck.loaders.architectures.interface import ARCHITECTURES, Proposal
from gancheck.loaders.architectures.layers import (
    Layer,
    checked,
    filled,
    gaps,
    layers_of,
    normalised,
)
from gancheck.loaders.architectures.parts import (
    EPSILONS,
    USUAL_EPSILON,
    activation,
    activations,
    describe,
)

if TYPE_CHECKING:
    import torch

_MOST_GAPS = 12
_MOST_DOUBTS = 3  # places where there may be an activation or a doubling
_LARGEST = 512


class _Between(NamedTuple):
    """What lies between two layers with weights."""

    active: bool
    doubles: bool


class _Choice(NamedTuple):
    """What the weights do not tell of one network."""

    betweens: tuple[_Between, ...]
    activation: str
    epsilons: tuple[float, float]  # of a first BatchNorm layer before any convolution; of others


@dataclass(frozen=True)
class Upsampling:
    """A dense layer, then convolutions with doublings between them."""

    name: str = "upsampling"

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield the network with each usual activation and epsilon, and each order of layers."""
        layers = layers_of(state)
        dense = [layer for layer in layers if _is_dense(layer)]
        rest = [layer for layer in layers if not _is_dense(layer)]
        if len(dense) != 1 or not _is_stack(rest):
            return
        channels, side = _opening(dense[0], rest[0])
        if side * side * channels != dense[0].shape[0]:
            return
        for choice in _choices(rest):
            final = side * 2 ** sum(between.doubles for between in choice.betweens)
            if side < final <= _LARGEST:
                yield Proposal(
                    _build(dense[0], rest, (channels, side), choice),
                    f"a DCGAN of doublings and convolutions with {_parts(choice)} that draws "
                    f"{rest[-1].shape[0]} x {final} x {final}",
                    "No statistic shows what follows the last BatchNorm layer: the same "
                    "activation, and tanh at the end were assumed.",
                    latent_shape=(dense[0].shape[1],),
                )


ARCHITECTURES.register("upsampling")(Upsampling())


def _is_dense(layer: Layer) -> bool:
    return layer.is_linear and len(layer.shape) == 2 and layer.adds_to(layer.shape[0])


def _is_stack(rest: list[Layer]) -> bool:
    if len(rest) < 3 or rest[-1].is_norm or rest[-1].shape[:1] not in ((1,), (3,)):
        return False
    width = None
    for layer in rest:
        if not layer.is_norm and not _is_odd(layer):
            return False
        inputs = layer.shape[0] if layer.is_norm else layer.shape[1]
        if inputs != (width or inputs):
            return False
        width = layer.shape[0]
    return True


def _is_odd(layer: Layer) -> bool:
    if not layer.is_linear or len(layer.shape) != 4 or not layer.adds_to(layer.shape[0]):
        return False
    return layer.shape[2] == layer.shape[3] and layer.shape[2] % 2 == 1


def _opening(dense: Layer, first: Layer) -> tuple[int, int]:
    """Return the channels and the side of the picture that the dense layer draws."""
    channels = first.shape[0] if first.is_norm else first.shape[1]
    return channels, isqrt(dense.shape[0] // channels)


def _choices(rest: list[Layer]) -> Iterator[_Choice]:
    told = gaps(rest)
    if told is None or max(told) > 2 or sum(told) > _MOST_GAPS:
        return
    if told[:-1].count(1) > _MOST_DOUBTS:
        return
    active, doubles = _Between(active=True, doubles=False), _Between(active=False, doubles=True)
    ways = {0: [_Between(active=False, doubles=False)], 1: [active, doubles]}
    possible = [ways.get(gap, [_Between(active=True, doubles=True)]) for gap in told]
    if told[-1] == 1:
        possible[-1] = [active]
    epsilons = [(both, both) for both in EPSILONS]
    epsilons += [(USUAL_EPSILON, other) for other in EPSILONS[1:]] if rest[0].is_norm else []
    for pair, betweens in product(epsilons, product(*possible)):
        for name in activations(checked(rest, [between.active for between in betweens])):
            yield _Choice(betweens, name, pair)


def _parts(choice: _Choice) -> str:
    first, others = choice.epsilons
    words = describe(choice.activation, others)
    return words if first == others else f"{words} behind the first"


def _build(
    dense: Layer, rest: list[Layer], opening: tuple[int, int], choice: _Choice
) -> torch.nn.Sequential:
    from torch import nn

    channels, side = opening
    children = [
        filled(nn.Linear, dense, dense.shape[1], dense.shape[0]),
        nn.Unflatten(1, (channels, side, side)),
    ]
    none = _Between(active=False, doubles=False)
    for number, (layer, between) in enumerate(zip(rest, (*choice.betweens, none), strict=True)):
        if layer.is_norm:
            children.append(normalised(nn.BatchNorm2d, layer, choice.epsilons[number > 0]))
        else:
            outputs, inputs, kernel, _ = layer.shape
            padding = kernel // 2
            children.append(filled(nn.Conv2d, layer, inputs, outputs, kernel, padding=padding))
        children += [activation(choice.activation)] if between.active else []
        children += [nn.Upsample(scale_factor=2)] if between.doubles else []
    return nn.Sequential(*children, nn.Tanh())
