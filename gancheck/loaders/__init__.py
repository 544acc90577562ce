"""Files in, generators or samples out; one module per format, chosen by content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gancheck.errors import LoadError
from gancheck.loaders.interface import LOADERS, Loader, LoadOptions
from gancheck.loaders.sniff import Sniffed, explain, sniff
from gancheck.types import Generator, SampleSet

__all__ = ["LOADERS", "LoadOptions", "Loader", "Sniffed", "load", "load_samples", "sniff"]


def load(path: Path, options: LoadOptions | None = None) -> Generator | SampleSet:
    """Read a file or a folder as what its content says it is: a generator or samples.

    TorchScript, ``.pt2`` and ONNX files hold programs, which are run; load only files whose
    source you trust. State dicts are read without running anything that came with them.

    Raises:
        LoadError: The path does not exist, is damaged, or is of no known format.
        GeneratorError: The generator runs, and its output cannot be judged.
        ShapeError: The latents asked for do not fit the generator, or images differ in size.
    """
    options = options or LoadOptions()
    sniffed = sniff(path)
    for _, loader in LOADERS:
        if loader.recognises(sniffed):
            return loader.load(path, options)
    raise explain(sniffed)


def load_samples(path: Path, options: LoadOptions | None = None) -> SampleSet:
    """Read a folder of images or a file of arrays, and refuse generators.

    Raises:
        LoadError: There is nothing there, or it is a generator.
        ShapeError: Images differ in size.
    """
    loaded = load(path, replace(options or LoadOptions(), samples_only=True))
    if isinstance(loaded, SampleSet):
        return loaded
    raise LoadError(f"{path} is a generator ({loaded.spec.format}), where samples were expected")
