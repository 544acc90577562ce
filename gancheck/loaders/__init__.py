"""Files in, generators or samples out; one module per format, chosen by content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gancheck.errors import LoadError, RefusedError
from gancheck.loaders.in_memory import InMemory
from gancheck.loaders.interface import LOADERS, Loader, LoadOptions
from gancheck.loaders.one_class import under_label
from gancheck.loaders.sniff import Sniffed, explain, sniff
from gancheck.types import Generator, SampleSet

__all__ = [
    "LOADERS",
    "InMemory",
    "LoadOptions",
    "Loader",
    "Sniffed",
    "load",
    "load_samples",
    "sniff",
]


_PROGRAMS = ("torchscript", "exported")


def load(path: str | Path | InMemory, options: LoadOptions | None = None) -> Generator | SampleSet:
    """Read a file or a folder as what its content says it is: a generator or samples.

    TorchScript and ``.pt2`` files hold programs: they are audited before they are run, and
    refused where the audit fails. ``trust`` lets those in all the same, in a child process with
    limits unless ``isolate`` is False. State dicts are read without running anything that came
    with them, and pickles are never executed. What is in memory already is run as it is.

    Raises:
        LoadError: The path does not exist, is damaged, or is of no known format.
        RefusedError: It could be read, and doing so is not safe.
        GeneratorError: The generator runs, and its output cannot be judged.
        ShapeError: The latents asked for do not fit the generator, it has no such class, or images
            differ in size.
        UsageError: One class is asked for, and there are no labels.

    Example:
        The ring of `gancheck.diagnose`, read back from a file:

        >>> import numpy
        >>> numpy.save("ring.npy", points.numpy())
        >>> samples = gancheck.load("ring.npy")
        >>> samples.values.shape
        (1000, 2)
    """
    options = options or LoadOptions()
    if isinstance(path, InMemory):
        return under_label(path.load(options), options.only_class)
    sniffed = sniff(Path(path))
    if options.isolate:
        return _load_isolated(sniffed, options)
    if options.isolate is False or not options.trust or sniffed.kind not in _PROGRAMS:
        return _load_here(sniffed, options)
    try:
        return _load_here(sniffed, replace(options, trust=False))
    except RefusedError:
        return _load_isolated(sniffed, options)


def load_samples(path: str | Path | InMemory, options: LoadOptions | None = None) -> SampleSet:
    """Read a folder of images or a file of arrays, and refuse generators.

    Raises:
        LoadError: There is nothing there, or it is a generator.
        ShapeError: Images differ in size.
    """
    loaded = load(path, replace(options or LoadOptions(), samples_only=True))
    if isinstance(loaded, SampleSet):
        return loaded
    raise LoadError(f"{path} is a generator ({loaded.spec.format}), where samples were expected")


def _load_here(sniffed: Sniffed, options: LoadOptions) -> Generator | SampleSet:
    _, loader = _loader_of(sniffed)
    return under_label(loader.load(sniffed.path, options), options.only_class)


def _loader_of(sniffed: Sniffed) -> tuple[str, Loader]:
    # Plugins come first: they know a format, where a built-in loader takes any folder.
    for name, loader in sorted(LOADERS, key=lambda pair: LOADERS.is_built_in(pair[0])):
        if loader.recognises(sniffed):
            return name, loader
    raise explain(sniffed)


def _load_isolated(sniffed: Sniffed, options: LoadOptions) -> Generator | SampleSet:
    from gancheck.loaders.isolated import load_isolated

    if sniffed.kind == "directory":
        name, _ = _loader_of(sniffed)
        if not LOADERS.is_built_in(name):
            raise LoadError(
                f"{sniffed.path} is a folder of the format {name}, and --isolate takes single "
                "files only",
                "Leave --isolate out; it then runs in gancheck's own process, with no limits.",
            )
    # Samples are no program; those that a child could read within its limits are read here.
    return load_isolated(sniffed.path, options) or _load_here(sniffed, options)
