"""What lies in no file: a module, a function from latents to samples, arrays of samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gancheck.errors import LoadError, UsageError
from gancheck.loaders.interface import LoadOptions
from gancheck.types import Generator, SampleSet

if TYPE_CHECKING:
    import torch

    from gancheck.loaders.arrays import RawSamples
    from gancheck.types import AnyArray

    Array: TypeAlias = AnyArray | torch.Tensor
    Samples: TypeAlias = str | Path | SampleSet | Array | tuple[Array, Array] | Mapping[str, Array]
    """A path; samples; or samples and labels, as a pair or by name."""
    Model: TypeAlias = Callable[..., object] | Samples
    """A module, a function from latents to samples, or samples."""

_ONLY_FILES = ("arch", "arch_args", "key", "isolate", "trust")


@dataclass(frozen=True, eq=False)
class InMemory:
    """Something to diagnose, or to compare with, that lies in no file.

    Attributes:
        value: A module, a function from latents to samples, a generator that was loaded, or
            samples.
    """

    value: object

    def __str__(self) -> str:
        if isinstance(self.value, SampleSet):
            return self.value.origin
        if isinstance(self.value, Generator):
            return self.value.spec.origin
        name = _name(self.value) if callable(self.value) else _described(self.value)
        return f"{name} (in memory)"

    def load(self, options: LoadOptions) -> Generator | SampleSet:
        """Turn it into a generator, or into samples.

        Raises:
            UsageError: The options are about files.
            LoadError: Something cannot be inferred; the hint names the option that tells it.
            ShapeError: The options contradict it.
            GeneratorError: The outputs are not finite.
        """
        _require_no_file(options)
        value = self.value
        if isinstance(value, SampleSet):
            return _thinned(value, options)
        if isinstance(value, Generator):
            return value
        if callable(value):
            from gancheck.loaders.called import make_called

            return make_called(str(self), value, options)
        return _samples(str(self), value, options)


def located(given: object) -> Path | InMemory:
    """Tell files from what is in memory.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(given, str):
        return Path(given)
    if isinstance(given, (Path, InMemory)):
        return given
    if isinstance(given, type):
        raise UsageError(
            f"expected a model, got the class {given.__name__}", "Give an instance of it."
        )
    if not callable(given) and not isinstance(given, SampleSet):
        _pair(given)
    return InMemory(given)


def guarded(subject: Path | InMemory, seed: int) -> AbstractContextManager[None]:
    """Leave what is in memory as it was found, and all random numbers; files need no guard."""
    if isinstance(subject, Path):
        return nullcontext()
    from gancheck.loaders.borrowed import left_as_found

    return left_as_found(subject.value, seed)


def _require_no_file(options: LoadOptions) -> None:
    for name in _ONLY_FILES:
        if getattr(options, name):
            raise UsageError(
                f"LoadOptions({name}=...) is about files, and what was given is in memory",
                "Leave it out, or give the path of a file.",
            )


def _name(function: Callable[..., object]) -> str:
    from torch import nn

    from gancheck.loaders.borrowed import unwrapped

    if isinstance(function, nn.Module):
        module = unwrapped(function)
        return str(getattr(module, "original_name", type(module).__name__))
    named = getattr(function, "func", function)
    name = str(getattr(named, "__name__", type(named).__name__))
    return "function" if name == "<lambda>" else name


def _described(value: object) -> str:
    shape = "x".join(str(side) for side in _pair(value)[0].shape)
    return f"array of {shape}"


def _pair(value: object) -> tuple[Any, Any]:
    """Return the arrays of samples and labels; None for labels where there are none.

    Raises:
        UsageError: It is nothing that could be samples.
        LoadError: It holds several arrays, none of which is named as samples.
    """
    import numpy as np
    import torch

    from gancheck.loaders.arrays import LABEL_KEYS, SAMPLE_KEYS

    arrays = (np.ndarray, torch.Tensor)
    if isinstance(value, arrays):
        return value, None
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(x, arrays) for x in value):
        return value
    if not isinstance(value, Mapping):
        raise UsageError(
            f"expected a model or samples, got {type(value).__name__}",
            "Give a path, a torch.nn.Module, a function from latents to samples, an array of "
            "samples, or a pair of samples and labels.",
        )
    found = [
        next((value[key] for key in keys if key in value), None)
        for keys in (SAMPLE_KEYS, LABEL_KEYS)
    ]
    if not isinstance(found[0], arrays):
        raise LoadError(
            f"the arrays {', '.join(map(str, value))} are not named as samples",
            f"Name them {' or '.join(SAMPLE_KEYS)}, and labels {' or '.join(LABEL_KEYS)}.",
        )
    return found[0], found[1]


def _samples(name: str, value: object, options: LoadOptions) -> SampleSet:
    from gancheck.loaders.arrays import RawSamples, make_samples
    from gancheck.loaders.called import FORMAT
    from gancheck.loaders.probe import Source

    values, labels = _pair(value)
    raw = RawSamples(_to_numpy(values), None if labels is None else _to_numpy(labels))
    return make_samples(raw, Source(Path(name), FORMAT, known_sha256=_hash(raw)), options)


def _to_numpy(array: Any) -> AnyArray:
    import numpy as np
    import torch

    if isinstance(array, torch.Tensor):
        plain = array.detach().cpu()
        return np.asarray((plain.float() if plain.is_floating_point() else plain).numpy())
    return np.asarray(array)


def _hash(raw: RawSamples) -> str:
    import numpy as np

    digest = hashlib.sha256()
    for part in (raw.read(), raw.labels):
        if part is not None:
            digest.update(f"{part.dtype}\0{part.shape}\n".encode())
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _thinned(samples: SampleSet, options: LoadOptions) -> SampleSet:
    from gancheck.loaders.arrays import choose_rows

    if options.limit is None or options.limit >= len(samples):
        return samples
    return samples.take(choose_rows(len(samples), options))
