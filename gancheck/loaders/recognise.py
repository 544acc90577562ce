"""Rebuild a network from the names and shapes of its weights, if their statistics confirm it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import AmbiguousError, ShapeError
from gancheck.loaders.audit import (
    REBUILD,
    Bar,
    LayerFit,
    batchnorm_layers,
    fits_of_module,
    passes,
    residual,
    worst,
)
from gancheck.loaders.calls import find_call
from gancheck.loaders.edges import edges
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.laws import draw_latents
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Network
from gancheck.loaders.refusals import arch_line, contradicted, unknown

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.architectures import Proposal

_LAWS = ("normal", "uniform")
_GROSS = Bar(0.3, 2.0)  # a few rows are enough to see that a layer is beyond this
_FAR = 2.5  # times the residual of the best after these few rows: not worth a longer look
_POOR = 0.05  # residual that a true network exceeds early in training, or if channels rarely vary
_CLEARLY = 1.3  # times the residual of the best, and another network is refuted
_NOISE = 0.008  # residual that a true network may have by the chance of the draw
_ALIKE = 0.05  # relative difference of samples: LeakyReLU(0.01) is that close to ReLU
_TORN = 2.5  # edges that differ from their neighbours by this factor were not trained
_COMPARED = 64
_ROWS = (32, 512)
_DENSE = 8  # times as many for dense networks, which see each latent at one place only
_SCREENED = 64
_VALUES = 1 << 22  # of the largest layer, over all latents of an audit
_HUGE = 1 << 22  # of the largest layer for one latent: no network of these families


@dataclass(frozen=True)
class _Trial:
    """A rebuilt network, and how its BatchNorm layers like it under its best latent law."""

    proposal: Proposal
    law: str
    latent_shape: tuple[int, ...]
    rows: int
    fits: tuple[LayerFit, ...] = ()

    @property
    def residual(self) -> float:
        return residual(self.fits)

    @property
    def believed(self) -> bool:
        """Whether its layers agree well enough to take it for the network that was trained."""
        judged = len(self.fits) == len(batchnorm_layers(self.proposal.network))
        return judged and passes(self.fits, REBUILD) and self.residual < 2 * _POOR

    def draw(self, rows: int) -> torch.Tensor:
        """Draw samples, equal latents in each trial of the same latents."""
        import torch

        latents = draw_latents(self.law, rows, self.latent_shape, 0)
        with torch.inference_mode():
            samples: torch.Tensor = self.proposal.network(latents)
        return samples


def recognise(
    state: Mapping[str, torch.Tensor], path: Path, options: LoadOptions, notes: tuple[str, ...]
) -> Network:
    """Rebuild the network from names and shapes, and believe it only if the audit singles it out.

    Raises:
        LoadError: The weights are of no known family.
        RefusedError: Their own statistics contradict every network of the family.
        AmbiguousError: The statistics cannot tell networks apart that draw differently.
        ShapeError: The network draws samples of another shape than was told.
    """
    state = {name: _plain(tensor) for name, tensor in state.items()}
    proposals = list(_proposals(state))
    if not proposals:
        raise unknown(state, path)
    screened = [_screen(proposal, path, options) for proposal in proposals]
    trials = [_audit(trial, options) for trial in _likely(screened)]
    if not any(trial.believed for trial in trials):
        nearest = _nearest(trials or screened)
        raise contradicted(path, nearest.proposal, nearest.fits, nearest.law)
    trial, apart = _choose(trials, path, options)
    return describe_module(trial.proposal.network, options, (*notes, _note(trial, apart)))


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    import torch

    if tensor.layout is torch.strided and tensor.is_floating_point():
        return tensor.detach().float()
    return tensor


def _proposals(state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
    from gancheck.loaders.architectures import ARCHITECTURES

    for _, family in ARCHITECTURES:
        yield from family.propose(state)


def _screen(proposal: Proposal, path: Path, options: LoadOptions) -> _Trial:
    """Run a few latents, no further than to the first layer that is far off."""
    proposal.network.eval().requires_grad_(False)
    shape = proposal.latent_shape
    if shape is None:
        described = describe_module(proposal.network, replace(options, device="cpu"))
        shape = find_call(described, path, options).latent_shape
    laws = dict.fromkeys(law for law in (options.latent_law, *_LAWS) if law is not None)
    rows = _rows(proposal.network, shape)
    trials = [_Trial(proposal, law, shape, rows) for law in laws]
    return _nearest([_run(trial, options.seed, _GROSS) for trial in trials])


def _likely(screened: Sequence[_Trial]) -> list[_Trial]:
    whole = [trial for trial in screened if trial.fits and trial.fits[-1].within(_GROSS)]
    limit = _FAR * max(min((trial.residual for trial in whole), default=0.0), _NOISE)
    return [trial for trial in whole if trial.residual <= limit]


def _audit(trial: _Trial, options: LoadOptions) -> _Trial:
    return _run(trial, options.seed, None)


def _run(trial: _Trial, seed: int, stop: Bar | None) -> _Trial:
    if trial.rows == 0:
        return trial
    network = _head(trial.proposal.network)
    rows = trial.rows if stop is None else min(trial.rows, _SCREENED)
    latents = draw_latents(trial.law, rows, trial.latent_shape, seed)

    def call() -> None:
        step = max(_SCREENED, trial.rows // 4)
        for start in range(0, rows, step):
            network(latents[start : start + step])

    return replace(trial, fits=tuple(fits_of_module(network, call, stop)))


def _head(network: torch.nn.Module) -> torch.nn.Module:
    """Leave out what follows the last BatchNorm layer: it costs most and shows nothing."""
    from torch import nn

    if not isinstance(network, nn.Sequential):
        return network
    names = [name.partition(".")[0] for name, _ in batchnorm_layers(network)]
    last = max((list(dict(network.named_children())).index(name) for name in names), default=0)
    return network[: last + 1]


def _rows(network: torch.nn.Module, shape: tuple[int, ...]) -> int:
    """Return how many latents to look at: fewer where layers are large, none where too large."""
    import torch

    largest = [1]

    def look(_: object, inputs: object, output: torch.Tensor) -> None:
        largest.append(output.numel())

    handles = [layer.register_forward_hook(look) for layer in network.modules()]
    with torch.inference_mode():
        network(torch.zeros(1, *shape))
    for handle in handles:
        handle.remove()
    if max(largest) > _HUGE:
        return 0
    spatial = any(weight.ndim > 2 for weight in network.parameters())
    most = _ROWS[1] if spatial else _DENSE * _ROWS[1]
    return min(max(_VALUES // max(largest), _ROWS[0]), most)


def _nearest(trials: Sequence[_Trial]) -> _Trial:
    """Return the trial whose layers agree the longest, and of those the one that fits best."""
    return min(
        trials,
        key=lambda trial: (-sum(fit.within(_GROSS) for fit in trial.fits), trial.residual),
    )


def _choose(
    trials: list[_Trial], path: Path, options: LoadOptions
) -> tuple[_Trial, dict[str, float]]:
    """Return the network to take, and how far the samples of others that fit as well are off."""
    trials = _of_shape(trials, path, options.output_shape)
    best = min(trial.residual for trial in trials)
    limit = max((_CLEARLY if best < _POOR else _FAR) * best, _NOISE)
    rivals = [trial for trial in trials if trial.residual <= limit]
    likely = _usual(rivals)
    chosen = next((trial for trial in likely if trial.believed), likely[0])
    if not chosen.believed:
        raise contradicted(path, chosen.proposal, chosen.fits, chosen.law)
    samples = chosen.draw(_COMPARED)
    apart: dict[str, float] = {}
    for other in likely:
        difference = _difference(samples, other.draw(_COMPARED))
        if difference > _ALIKE:
            raise _ambiguous(path, chosen, other)
        if other is not chosen:
            apart[other.proposal.description] = difference
    if options.output_shape is None and edges(samples) > _TORN:
        _suspect_crop(path, chosen, rivals)
    return chosen, apart


def _usual(rivals: Sequence[_Trial]) -> list[_Trial]:
    """Leave out unusual networks that no statistic can tell from a usual one."""
    usual = {trial.residual for trial in rivals if trial.proposal.usual}
    return [t for t in rivals if t.proposal.usual or t.residual not in usual]


def _of_shape(trials: list[_Trial], path: Path, told: tuple[int, ...] | None) -> list[_Trial]:
    if told is None:
        return trials
    fitting = [trial for trial in trials if trial.draw(2)[0].numel() == prod(told)]
    if fitting:
        return fitting
    found = trials[0].proposal.description
    raise ShapeError(
        f"{path} was taken for {found}, whose samples are not {' x '.join(map(str, told))}",
        arch_line(path),
    )


def _difference(first: torch.Tensor, second: torch.Tensor) -> float:
    if first.shape != second.shape:
        return float("inf")
    return float((first - second).norm() / first.norm().clamp_min(1e-12))


def _suspect_crop(path: Path, chosen: _Trial, rivals: Sequence[_Trial]) -> None:
    """Refuse to choose where pictures have edges as if a smaller picture had been trained."""
    for other in rivals:
        if other.draw(2)[0].numel() < chosen.draw(2)[0].numel():
            raise _ambiguous(path, chosen, other)


def _ambiguous(path: Path, first: _Trial, second: _Trial) -> AmbiguousError:
    hint = arch_line(path)
    shapes = [tuple(trial.draw(2).shape[1:]) for trial in (first, second)]
    if shapes[0] != shapes[1]:
        told = " or ".join(f"`--output-shape {','.join(map(str, shape))}`" for shape in shapes)
        hint = f"Say which it is: {told}. Or name the code: {hint}"
    return AmbiguousError(
        f"{path} may be {first.proposal.description}, or {second.proposal.description}: the "
        "BatchNorm statistics agree with both",
        hint,
    )


def _note(trial: _Trial, apart: Mapping[str, float]) -> str:
    alike = "".join(
        f" They agree as well with {name}, whose samples are {difference:.1%} off."
        for name, difference in apart.items()
    )
    return (
        f"No architecture was given; the weights were taken for {trial.proposal.description}, "
        f"which their BatchNorm statistics agree with (the worst is {worst(trial.fits)})."
        f"{alike} {trial.proposal.assumed}".rstrip()
    )
