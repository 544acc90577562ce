"""Check assumptions about a generator against the statistics its BatchNorm layers remember.

Each BatchNorm layer keeps the mean and variance that its inputs had in training. A network that
is rebuilt and fed as it was in training sees such inputs again; a wrong activation, epsilon or
latent law shows as another mean or variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_DEAD = 1e-6  # of the largest variance in the layer


@dataclass(frozen=True)
class Bar:
    """How much a layer may differ: the shift, and the factor of the variance either way."""

    shift: float
    factor: float


DOUBT = Bar(0.1, 1.4)  # beyond this, assumptions are doubted
REBUILD = Bar(0.05, 1.25)  # within this, a rebuilt network is believed


@dataclass(frozen=True)
class LayerFit:
    """How well the inputs of one BatchNorm layer match what it remembers.

    Attributes:
        name: Name of the layer.
        shift: Median over channels of |mean - remembered mean| / remembered deviation.
        ratio: Median over channels of variance / remembered variance.
    """

    name: str
    shift: float
    ratio: float

    def within(self, bar: Bar) -> bool:
        """Whether the inputs could be those of training."""
        return self.shift < bar.shift and 1 / bar.factor <= self.ratio <= bar.factor

    @property
    def misfit(self) -> float:
        """Distance from perfect agreement; 1 is where doubt begins."""
        stretch = abs(math.log(max(self.ratio, 1e-9))) / math.log(DOUBT.factor)
        return math.hypot(self.shift / DOUBT.shift, stretch)

    def __str__(self) -> str:
        return f"{self.name}: mean off by {self.shift:.2f} deviations, variance x {self.ratio:.2f}"


def fit_layer(
    name: str, inputs: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor
) -> LayerFit | None:
    """Compare the inputs (n, c, ...) of one layer with its remembered statistics (c,).

    Channels that were constant in training are left out; None when no other channel exists.
    """
    channels = inputs.detach().double().transpose(0, 1).flatten(1)
    mean, variance = mean.detach().double(), variance.detach().double()
    alive = variance > _DEAD * variance.max()
    if not bool(alive.any()):
        return None
    shift = (channels.mean(dim=1) - mean).abs()[alive] / variance[alive].sqrt()
    ratio = channels.var(dim=1, correction=0)[alive] / variance[alive]
    return LayerFit(name, float(shift.median()), float(ratio.median()))


def passes(fits: Sequence[LayerFit], bar: Bar = DOUBT) -> bool:
    """Whether there are layers to judge by, and all of them agree."""
    return bool(fits) and all(fit.within(bar) for fit in fits)


def worst(fits: Sequence[LayerFit]) -> LayerFit:
    """Return the layer that agrees least."""
    return max(fits, key=lambda fit: fit.misfit)


def misfit(fits: Sequence[LayerFit]) -> float:
    """Return the root mean square misfit of the layers, infinite without any."""
    if not fits:
        return math.inf
    return math.sqrt(sum(fit.misfit**2 for fit in fits) / len(fits))


def fits_of_module(module: torch.nn.Module, call: Callable[[], object]) -> list[LayerFit]:
    """Run a module once and compare what each of its BatchNorm layers sees, in that order."""
    import torch

    fits: list[LayerFit] = []

    def hook(name: str) -> Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], None]:
        def look(layer: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            mean, variance = layer.running_mean, layer.running_var
            if isinstance(mean, torch.Tensor) and isinstance(variance, torch.Tensor):
                fit = fit_layer(name, inputs[0], mean, variance)
                fits.extend([fit] if fit else [])

        return look

    handles = [
        layer.register_forward_pre_hook(hook(f"BatchNorm layer {name}"))
        for name, layer in batchnorm_layers(module)
    ]
    try:
        with torch.no_grad():
            call()
    finally:
        for handle in handles:
            handle.remove()
    return fits


def batchnorm_layers(module: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Return the BatchNorm layers that remember statistics, by name."""
    from torch.nn.modules.batchnorm import _BatchNorm

    layers = module.named_modules()
    return [(n, m) for n, m in layers if isinstance(m, _BatchNorm) and m.running_mean is not None]
