"""Check assumptions about a generator against the statistics its BatchNorm layers remember.

Each BatchNorm layer keeps the mean and variance that its inputs had in training. A network that
is rebuilt and fed as it was in training sees such inputs again; a wrong activation, epsilon or
latent law shows as another mean or variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_DEAD = 1e-6  # of the largest variance in the layer
_KEPT = 0.9  # of the channels; the others hardly vary, so that chance rules them
_AT_ONCE = 1 << 20  # values taken to double precision at once


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
        residual: Root mean square of the shift and of half the logarithm of the ratio, each at
            most 1, over the nine tenths of channels where they are least: finer than the
            medians, to compare two assumptions by.
        channels: How many channels these are.
    """

    name: str
    shift: float
    ratio: float
    residual: float = 0.0
    channels: int = 1

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
    moments = Moments()
    moments.add(inputs)
    return moments.fit(name, mean, variance)


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


class Moments:
    """Counts, sums and sums of squares of each channel of one layer's inputs, batch by batch."""

    def __init__(self) -> None:
        self.count = 0
        self.total: torch.Tensor | None = None
        self.squares: torch.Tensor | None = None

    def add(self, inputs: torch.Tensor) -> None:
        """Take in the inputs (n, c, ...) of one call, a few rows at a time to save memory."""
        each = max(1, inputs[0].numel()) if len(inputs) else 1
        step = max(1, _AT_ONCE // each)
        for start in range(0, len(inputs), step):
            channels = inputs.detach()[start : start + step].double().transpose(0, 1).flatten(1)
            self.count += channels.shape[1]
            total, squares = channels.sum(dim=1), channels.square().sum(dim=1)
            self.total = total if self.total is None else self.total + total
            self.squares = squares if self.squares is None else self.squares + squares

    def fit(self, name: str, mean: torch.Tensor, variance: torch.Tensor) -> LayerFit | None:
        """Compare what was taken in with the remembered statistics (c,) of the layer.

        Channels that were constant in training are left out; None when no other channel exists.
        """
        if self.total is None or self.squares is None:
            return None
        mean, variance = mean.detach().double(), variance.detach().double()
        alive = variance > _DEAD * variance.max()
        if not bool(alive.any()):
            return None
        centre = self.total / self.count
        spread = (self.squares / self.count - centre.square()).clamp_min(0)
        shift = (centre - mean).abs()[alive] / variance[alive].sqrt()
        ratio = spread[alive] / variance[alive]
        stretch = ratio.clamp_min(_DEAD).log().abs() / 2
        squares = shift.clamp_max(1).square() + stretch.clamp_max(1).square()
        kept = max(1, int(_KEPT * len(squares)))
        residual = float((squares.sort().values[:kept].mean() / 2).sqrt())
        return LayerFit(name, float(shift.median()), float(ratio.median()), residual, kept)


def residual(fits: Sequence[LayerFit]) -> float:
    """Return the root mean square residual of all channels of all layers, infinite without any."""
    if not fits:
        return math.inf
    squares = sum(fit.channels * fit.residual**2 for fit in fits)
    return math.sqrt(squares / sum(fit.channels for fit in fits))


def fits_of_module(
    module: torch.nn.Module, call: Callable[[], object], stop: Bar | None = None
) -> list[LayerFit]:
    """Run a module and compare what each of its BatchNorm layers sees, in that order.

    Args:
        module: The network.
        call: Runs it, on one batch or on several.
        stop: End the run at the first layer beyond this bar, which is the last one returned.
    """
    import torch

    layers = {f"BatchNorm layer {name}": layer for name, layer in batchnorm_layers(module)}
    seen: dict[str, Moments] = {}

    def hook(name: str) -> Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], None]:
        def look(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            seen.setdefault(name, Moments()).add(inputs[0])
            fit = None if stop is None else _fit(name, layers[name], seen[name])
            if stop is not None and fit is not None and not fit.within(stop):
                raise _Enough

        return look

    handles = [layer.register_forward_pre_hook(hook(name)) for name, layer in layers.items()]
    try:
        with torch.no_grad(), suppress(_Enough):
            call()
    finally:
        for handle in handles:
            handle.remove()
    fits = (_fit(name, layers[name], moments) for name, moments in seen.items())
    return [fit for fit in fits if fit is not None]


class _Enough(Exception):  # noqa: N818 - ends a run early, is no error
    """A layer is beyond the bar; nothing after it matters."""


def _fit(name: str, layer: torch.nn.Module, moments: Moments) -> LayerFit | None:
    remembered = dict(layer.named_buffers(recurse=False))
    return moments.fit(name, remembered["running_mean"], remembered["running_var"])


def batchnorm_layers(module: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Return the BatchNorm layers that remember statistics, by name."""
    from torch.nn.modules.batchnorm import _BatchNorm

    layers = module.named_modules()
    return [(n, m) for n, m in layers if isinstance(m, _BatchNorm) and m.running_mean is not None]
