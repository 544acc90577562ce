"""State dicts and checkpoints of torch, and safetensors files; also plain tensors of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.arch import build, fill
from gancheck.loaders.arrays import find_samples, make_samples
from gancheck.loaders.audit import REBUILD, misfit, passes, worst
from gancheck.loaders.calls import find_call
from gancheck.loaders.checkpoint import WRAPPER, Weights, find_weights
from gancheck.loaders.folding import fold
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.latents import audit
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Network
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.rebuild import rebuild
from gancheck.loaders.recognise import recognise
from gancheck.loaders.sniff import Sniffed, sniff
from gancheck.loaders.tensorfile import read_tensors
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    import torch

    State = Mapping[str, torch.Tensor]

_KINDS = {"torch-zip": "state-dict", "torch-legacy": "state-dict", "safetensors": "safetensors"}
_OLDEST_MEMBERS = tuple(
    f"{name}\0".encode() for name in ("sys_info", "pickle", "tensors", "storages")
)
_LAWS = ("normal", "uniform")


@dataclass(frozen=True)
class StateDict:
    """Reads weights without code: the architecture comes from the user, or is recognised."""

    name: str = "state-dict"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Files of tensors, the oldest kind of torch's among them."""
        return sniffed.kind in _KINDS or _is_oldest(sniffed)

    def load(self, path: Path, options: LoadOptions) -> Generator | SampleSet:
        """Read tensors, choose the generator's, and put them to work."""
        sniffed = sniff(path)
        if _is_oldest(sniffed):
            raise RefusedError(
                f"{path} is a torch file from before 2017 (a tar archive), which is only read by "
                "running what is in it",
                "Load it with a torch of its time and save it with torch.save(state_dict, ...).",
            )
        payload = read_tensors(path, sniffed.kind)
        source = Source(path, _KINDS[sniffed.kind])
        samples = find_samples(payload)
        if samples is not None:
            return make_samples(samples, Source(path, "tensors"), options)
        expect_generator(path, source.format, options)
        weights, notes = find_weights(payload, path, options.key)
        return make_generator(_network(weights, path, options, notes), source, options)


LOADERS.register("state-dict")(StateDict())


def _is_oldest(sniffed: Sniffed) -> bool:
    return sniffed.kind == "tar" and sniffed.head.startswith(_OLDEST_MEMBERS)


def _network(weights: Weights, path: Path, options: LoadOptions, notes: tuple[str, ...]) -> Network:
    if options.arch is not None:
        module = build(options.arch, options.arch_args)
        state, more = _fitting(module, weights.state)
        fill(module, state, f"--arch {options.arch}")
        return describe_module(module, options, (*notes, *more))
    if weights.module is None:
        state, more = fold(weights.state)
        return recognise(state, path, options, (*notes, *more))
    return _of_module(weights, path, options, notes)


def _fitting(module: torch.nn.Module, state: State) -> tuple[State, tuple[str, ...]]:
    """Return the weights under the names of the module: as they are, or with norms folded."""
    own = module.state_dict().keys()
    if state.keys() == own:
        return state, ()
    wrapped = {WRAPPER + name: tensor for name, tensor in state.items()}
    if wrapped.keys() == own:
        return wrapped, ()
    plain, notes = fold(state)
    return (plain, notes) if len(plain.keys() ^ own) < len(state.keys() ^ own) else (state, ())


def _of_module(
    weights: Weights, path: Path, options: LoadOptions, notes: tuple[str, ...]
) -> Network:
    """Rebuild a pickled module, or recognise its weights; ask for its code where both fail."""
    pickled = weights.module
    rebuilt = rebuild(pickled) if pickled is not None else None
    contradiction = ""
    if rebuilt is not None:
        network = describe_module(rebuilt.module, options, (*notes, rebuilt.note))
        contradiction = "" if rebuilt.exact else _contradiction(network, path, options)
        if not contradiction:
            return network
    state, more = fold(weights.state)
    try:
        return recognise(state, path, options, (*notes, *more))
    except LoadError as error:
        name = pickled.name if pickled is not None else ""
        module, _, short = name.rpartition(".")
        raise type(error)(
            f"{path} holds a pickled {name}, whose code is not in the file{contradiction}: "
            f"{error.message}",
            f"Name its code: `--arch {module}:{short}`, or --arch file.py:{short}.",
        ) from error


def _contradiction(network: Network, path: Path, options: LoadOptions) -> str:
    """Say what speaks against a rebuilt network, by what its BatchNorm layers remember."""
    shape = find_call(network, path, options).latent_shape
    laws = _LAWS if options.latent_law is None else (options.latent_law,)
    fits = min((audit(network, shape, law, options.seed) for law in laws), key=misfit)
    if passes(fits, REBUILD):
        return ""
    if not fits:
        return ", and without BatchNorm layers nothing could confirm a rebuilt one"
    return f", and its BatchNorm layers contradict a rebuilt one ({worst(fits)})"
