"""A classifier whose classes are the known modes: read from a file, and asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import GeneratorError, LoadError, ShapeError
from gancheck.loaders.audited import Role, batches, open_audited
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.network import Network
from gancheck.measures.captured import LEAST_POSTERIOR, Captured, captured_by

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_EXPORT = "Export it with torch.onnx.export, torch.export.save or torch.jit.trace."
_ROLE = Role(
    "classifier of the modes",
    f"`--modes` takes mode centres (.npz, .npy) or a classifier. {_EXPORT}",
)
_ROWS = 256  # always as many, for layers that look at the whole batch
_BYTES = 1 << 28  # of inputs at once
_TRIED = 2
_SUM = 1e-3  # how far the probabilities of a sample may be from 1 together
_MOST_MODES = 100_000


@dataclass(frozen=True)
class Classifier:
    """A classifier, ready to be asked.

    Attributes:
        network: What is run.
        shape: Shape of the subject's own samples.
        classes: Number of its classes.
        pictures: Pictures in each sample that are classified one by one; their classes combine.
        value_range: Values of black and white that it is shown; None shows vectors as they are.
        path: The file it came from.
        sha256: Hash of the file, hexadecimal.
    """

    network: Network
    shape: tuple[int, ...]
    classes: int = 0
    pictures: int = 1
    value_range: tuple[float, float] | None = None
    path: str = ""
    sha256: str = ""

    @property
    def count(self) -> int:
        """Number of modes: combinations of classes."""
        return int(self.classes**self.pictures)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Numbers of the classes, such as ``7``, or ``3-1-4`` for three pictures."""
        each = product(range(self.classes), repeat=self.pictures)
        return tuple("-".join(map(str, classes)) for classes in each)

    @property
    def condition(self) -> str:
        """When a sample is of high quality, in words."""
        return f"of one class with a probability of at least {LEAST_POSTERIOR:g}"

    def captured(self, values: AnyArray, seed: int) -> Captured:
        """Assign samples to its classes; see `posteriors` and `captured_by`."""
        return captured_by(self.posteriors(values), seed=seed)

    def posteriors(self, values: AnyArray) -> FloatArray:
        """Return the probability of each class: (n, m), or (n, pictures, m) for several pictures.

        Outputs that are probabilities in every sample are taken as they are, all others are logits
        or their like.

        Args:
            values: (n, ...) samples; images on the scale 0..255.

        Raises:
            ShapeError: It does not take such samples.
            GeneratorError: It returns NaN or infinite values.
        """
        outputs = [
            self.outputs(values[rows])[:count] for rows, count in batches(*self._sizes(values))
        ]
        found = np.concatenate(outputs)
        if not np.isfinite(found).all():
            raise GeneratorError(f"the classifier {self.path} returned NaN or infinite values")
        return found if _are_probabilities(found) else _softmax(found)

    def _sizes(self, values: AnyArray) -> tuple[int, int]:
        """Return how many samples there are, and how many go into one call."""
        whole = max(1, _BYTES // (4 * int(np.prod(self.shape))))
        size = self.network.batch or max(self.network.smallest_batch, min(_ROWS, whole))
        return len(values), size

    def outputs(self, values: AnyArray) -> FloatArray:
        """Return what it says of one batch, as it stands in its file.

        Raises:
            ShapeError: It does not take such samples, or returns no numbers of classes.
        """
        shown = self._shown(values)
        if self.pictures == 1:
            return _outputs(self.network, shown, self.path)
        parts = [shown[:, channel : channel + 1] for channel in range(self.pictures)]
        return np.stack([_outputs(self.network, part, self.path) for part in parts], axis=1)

    def _shown(self, values: AnyArray) -> FloatArray:
        """Return samples as the generator returns them, in the range of the classifier."""
        given = np.asarray(values, dtype=np.float32)
        if len(self.shape) == 3 and given.shape[1] != self.shape[0]:
            given = given[:, : self.shape[0]]  # grey samples beside a colour reference
        if self.value_range is None:
            return given
        low, high = self.value_range
        return np.asarray(low + given / np.float32(255) * np.float32(high - low))


def open_classifier(
    path: Path, shape: tuple[int, ...], value_range: tuple[float, float] | None, device: str
) -> Classifier:
    """Read a classifier, and find out how samples of a shape are shown to it.

    Where it does not take samples of several channels, but single channels of them, each channel
    is a picture of its own.

    Raises:
        LoadError: It is damaged, no network that can be read, or asks for labels.
        RefusedError: It is a program that is more than tensor maths.
        ShapeError: It does not take such samples, or has too many combinations of classes.
    """
    network = open_audited(path, LoadOptions(device=device), _ROLE)
    if network.plan.label is not None:
        raise LoadError(f"{path} asks for labels, where a classifier of samples was expected")
    images = len(shape) == 3
    made = Classifier(network, shape, 0, 1, value_range if images else None, str(path))
    tried = np.zeros((made.network.batch or max(_TRIED, network.smallest_batch), *shape))
    try:
        found = made.outputs(tried)
    except ShapeError:
        if not images or shape[0] == 1:
            raise
        made = replace(made, pictures=shape[0])
        found = _stacked(made, tried)
    made = replace(made, classes=found.shape[-1], sha256=hash_file(path))
    if made.count > _MOST_MODES:
        raise ShapeError(
            f"{path} tells {made.classes} classes in each of {made.pictures} channels: "
            f"{made.count:,} modes, more than {_MOST_MODES:,}"
        )
    return made


def _stacked(made: Classifier, tried: FloatArray) -> FloatArray:
    try:
        return made.outputs(tried)
    except ShapeError as error:
        raise ShapeError(
            f"the classifier {made.path} takes neither samples of shape {made.shape} nor single "
            f"channels of them: {error.message.partition(': ')[2]}",
            error.hint,
        ) from error


def _outputs(network: Network, values: FloatArray, path: str) -> FloatArray:
    """Run one batch, and return its numbers for each class, (n, m)."""
    import torch

    try:
        with torch.inference_mode():
            found = network.run(torch.as_tensor(np.ascontiguousarray(values, np.float32)), None)
    except Exception as error:  # the network is foreign code and may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ShapeError(
            f"the classifier {path} does not take samples of shape {values.shape[1:]}: {reason}",
            "It has to take what the generator returns, or single channels of it.",
        ) from error
    return _for_each_class(found, len(values), path)


def _for_each_class(found: Any, n: int, path: str) -> FloatArray:
    """Take the numbers of the classes out of what came back."""
    import torch

    given = list(found.values()) if isinstance(found, dict) else found
    parts = given if isinstance(given, (list, tuple)) else [given]
    shapes = [tuple(part.shape) for part in parts if isinstance(part, torch.Tensor)]
    for part in parts:
        if not isinstance(part, torch.Tensor) or part.ndim < 2 or len(part) != n:
            continue
        if part.shape[1] > 1 and part.numel() == n * part.shape[1]:
            return np.asarray(part.detach().float().reshape(n, -1).cpu().numpy())
    raise ShapeError(
        f"the classifier {path} returned {shapes or 'nothing'} for {n} samples, expected logits or "
        "probabilities (n, classes)",
        "Wrap it in a module that returns these alone.",
    )


def _are_probabilities(found: FloatArray) -> bool:
    return bool(found.min() >= 0 and np.abs(found.sum(axis=-1) - 1).max() <= _SUM)


def _softmax(logits: FloatArray) -> FloatArray:
    from scipy.special import softmax

    return np.asarray(softmax(logits, axis=-1))
