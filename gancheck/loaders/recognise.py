"""Rebuild a network from the names and shapes of its weights, if their statistics confirm it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders.audit import REBUILD, LayerFit, misfit, passes, worst
from gancheck.loaders.calls import find_call
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.latents import audit
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Network

if TYPE_CHECKING:
    import torch

_LAWS = ("normal", "uniform")
_CLEARLY = 2.0  # the second best network has to fit that much worse than the best
_NOISE = 0.15  # and worse than a true network may fit by the chance of the draw


@dataclass(frozen=True)
class _Trial:
    """A rebuilt network, and how its BatchNorm layers like it under the best latent law."""

    network: Network
    description: str
    fits: tuple[LayerFit, ...]

    @property
    def misfit(self) -> float:
        return misfit(self.fits)


def recognise(
    state: Mapping[str, torch.Tensor], path: Path, options: LoadOptions, notes: tuple[str, ...]
) -> Network:
    """Rebuild the network from names and shapes, and believe it only if the audit singles it out.

    Raises:
        LoadError: The weights are of no known family, or their own statistics contradict it.
        AmbiguousError: The statistics cannot tell two networks apart.
    """
    from gancheck.loaders.architectures import ARCHITECTURES

    trials: list[_Trial] = []
    for _, family in ARCHITECTURES:
        for proposal in family.propose(state):
            note = f"No architecture was given; the weights were taken for {proposal.description}."
            network = describe_module(proposal.network, options, (*notes, note))
            trials.append(_Trial(network, proposal.description, _audit(network, path, options)))
    trials.sort(key=lambda trial: trial.misfit)
    if not trials or not passes(trials[0].fits, REBUILD):
        raise _unknown(state, path, trials)
    if len(trials) > 1 and trials[1].misfit < max(_CLEARLY * trials[0].misfit, _NOISE):
        first, second = (trial.description.partition(";")[0] for trial in trials[:2])
        raise AmbiguousError(f"{path} may be {first}, or {second}", _arch_line(path))
    return trials[0].network


def _audit(network: Network, path: Path, options: LoadOptions) -> tuple[LayerFit, ...]:
    shape = find_call(network, path, options).latent_shape
    laws = _LAWS if options.latent_law is None else (options.latent_law,)
    trials = [audit(network, shape, law, options.seed) for law in laws]
    best = min(trials, key=misfit)
    return tuple(best)


def _unknown(state: Mapping[str, torch.Tensor], path: Path, trials: Sequence[_Trial]) -> LoadError:
    if trials:
        nearest = trials[0]
        found = worst(nearest.fits) if nearest.fits else "no BatchNorm layer remembers anything"
        return LoadError(
            f"{path} has the layers of {nearest.description.partition(';')[0]}, but its BatchNorm "
            f"statistics contradict that ({found}): the activations, the latent law or the "
            "statistics are others",
            _arch_line(path),
        )
    shapes = [f"{name} {tuple(tensor.shape)}" for name, tensor in state.items() if tensor.ndim > 1]
    listed = ", ".join(shapes[:4]) + (", ..." if len(shapes) > 4 else "")
    message = f"{path} holds {len(state)} tensors ({listed}) and no architecture to run them in"
    if _looks_like_judge(state):
        message += "; from many inputs to one output, they look like a discriminator's"
    return LoadError(message, _arch_line(path))


def _looks_like_judge(state: Mapping[str, torch.Tensor]) -> bool:
    shapes = [tuple(tensor.shape) for tensor in state.values() if tensor.ndim in (2, 4)]
    if len(shapes) < 2:
        return False
    first, last = shapes[0], shapes[-1]
    return last[0] == 1 and (first[1] in (1, 3) if len(first) == 4 else first[1] > first[0])


def _arch_line(path: Path) -> str:
    return (
        f"Name the code that builds it: `gancheck diagnose {path} --arch file.py:make_generator`."
    )
