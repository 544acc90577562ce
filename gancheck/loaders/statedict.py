"""State dicts and checkpoints of torch, and safetensors files; also plain tensors of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import AmbiguousError, LoadError
from gancheck.loaders.arch import build, fill
from gancheck.loaders.arrays import find_samples, make_samples
from gancheck.loaders.audit import REBUILD, LayerFit, misfit, passes, worst
from gancheck.loaders.calls import find_call
from gancheck.loaders.checkpoint import find_weights
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.latents import audit
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Network
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.sniff import Sniffed, sniff
from gancheck.loaders.tensorfile import read_tensors
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    import torch

_KINDS = {"torch-zip": "state-dict", "torch-legacy": "state-dict", "safetensors": "safetensors"}
_LAWS = ("normal", "uniform")
_CLEARLY = 2.0  # the second best network has to fit that much worse than the best
_NOISE = 0.15  # and worse than a true network may fit by the chance of the draw


@dataclass(frozen=True)
class StateDict:
    """Reads weights without code: the architecture comes from the user, or is recognised."""

    name: str = "state-dict"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Files of tensors."""
        return sniffed.kind in _KINDS

    def load(self, path: Path, options: LoadOptions) -> Generator | SampleSet:
        """Read tensors, choose the generator's, and put them to work."""
        kind = sniff(path).kind
        payload = read_tensors(path, kind)
        samples = find_samples(payload)
        if samples is not None:
            return make_samples(samples, Source(path, "tensors"), options)
        expect_generator(path, _KINDS[kind], options)
        weights, notes = find_weights(payload, path, options.key)
        if options.arch is not None:
            module = build(options.arch, options.arch_args)
            fill(module, weights.state, f"--arch {options.arch}")
            network = describe_module(module, options, notes)
        else:
            network = _recognise(weights.state, path, options, notes)
        return make_generator(network, Source(path, _KINDS[kind]), options)


LOADERS.register("state-dict")(StateDict())


@dataclass(frozen=True)
class _Trial:
    """A rebuilt network, and how its BatchNorm layers like it under the best latent law."""

    network: Network
    description: str
    fits: tuple[LayerFit, ...]

    @property
    def misfit(self) -> float:
        return misfit(self.fits)


def _recognise(
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
