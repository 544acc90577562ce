"""State dicts and checkpoints of torch, and safetensors files; also plain tensors of samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gancheck.loaders.arch import build, fill
from gancheck.loaders.arrays import find_samples, make_samples
from gancheck.loaders.checkpoint import find_weights
from gancheck.loaders.interface import LOADERS, LoadOptions, expect_generator
from gancheck.loaders.module import describe_module
from gancheck.loaders.probe import Source, make_generator
from gancheck.loaders.recognise import recognise
from gancheck.loaders.sniff import Sniffed, sniff
from gancheck.loaders.tensorfile import read_tensors
from gancheck.types import Generator, SampleSet

_KINDS = {"torch-zip": "state-dict", "torch-legacy": "state-dict", "safetensors": "safetensors"}


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
            network = recognise(weights.state, path, options, notes)
        return make_generator(network, Source(path, _KINDS[kind]), options)


LOADERS.register("state-dict")(StateDict())
