"""The discriminator that a generator was trained against: read from a file, and asked.

Files are read by the same rules as generators: programs are audited first, weights are read
without running anything that came with them. Programs whose audit fails are not run at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.errors import GeneratorError, LoadError, ShapeError
from gancheck.loaders.arch import build, fill
from gancheck.loaders.audited import Role, batches, open_audited
from gancheck.loaders.checkpoint import Weights, find_weights
from gancheck.loaders.hashing import hash_file
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.module import describe_module
from gancheck.loaders.network import Network
from gancheck.loaders.sniff import sniff
from gancheck.loaders.tensorfile import read_tensors

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

_ROWS = 64  # always as many, for layers that look at the whole batch
_NAMES = ("D", "netD", "discriminator", "disc", "critic", "d")
_ARCH = (
    "Name its code: `--discriminator-arch module:Class` or file.py:name, or export it with "
    "torch.onnx.export."
)
_ROLE = Role("discriminator", _ARCH, "--discriminator-arch")


@dataclass(frozen=True)
class Critic:
    """A discriminator, ready to be asked.

    Attributes:
        network: What is run.
        path: The file it came from.
        sha256: Hash of the file, hexadecimal.
    """

    network: Network
    path: str = ""
    sha256: str = ""

    @property
    def conditional(self) -> bool:
        """Whether it asks for a label with each sample."""
        return self.network.plan.label is not None

    def __call__(self, values: FloatArray, labels: IntArray | None = None) -> FloatArray:
        """Return what it says of each sample, (n,) as it stands in its file.

        Networks that judge many places of an image are represented by their mean.

        Args:
            values: (n, ...) samples in the raw range of the generator's outputs.
            labels: (n,) their labels, for discriminators that ask for them.

        Raises:
            ShapeError: It does not take such samples, or returns no single number for each.
            GeneratorError: It returns NaN or infinite values.
        """
        size = self.network.batch or max(_ROWS, self.network.smallest_batch)
        said = [
            self._ask(values[rows], None if labels is None else labels[rows])[:count]
            for rows, count in batches(len(values), size)
        ]
        found = np.concatenate(said) if said else np.empty(0)
        if not np.isfinite(found).all():
            raise GeneratorError(f"the discriminator {self.path} returned NaN or infinite values")
        return found

    def _ask(self, values: FloatArray, labels: IntArray | None) -> FloatArray:
        import torch

        given = torch.as_tensor(np.ascontiguousarray(values, dtype=np.float32))
        known = None if labels is None else torch.as_tensor(labels)
        try:
            with torch.inference_mode():
                found = self.network.run(given, known)
        except Exception as error:  # the network is foreign code and may raise anything
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ShapeError(
                f"the discriminator {self.path} does not take samples of shape "
                f"{tuple(values.shape[1:])}: {reason}",
                "It has to take what the generator returns, in the same range.",
            ) from error
        return _one_each(found, len(values), self.path)


def open_critic(path: Path, arch: str | None, classes: int | None, device: str) -> Critic:
    """Read a discriminator: TorchScript, .pt2, ONNX, or weights with ``arch``.

    Args:
        path: The file.
        arch: ``module:Class`` or ``file.py:name``, for weights.
        classes: Number of classes of the generator, None when it takes no label.
        device: Where it runs.

    Raises:
        LoadError: It is damaged, no network, or weights without ``arch``.
        RefusedError: It is a program that is more than tensor maths.
    """
    options = LoadOptions(arch=arch, classes=classes, device=device)
    network = open_audited(path, options, _ROLE, _read_weights)
    if network.classes is None:
        network = replace(network, classes=classes)
    return Critic(network, str(path), hash_file(path))


def _read_weights(path: Path, options: LoadOptions) -> Network:
    payload = read_tensors(path, sniff(path).kind)
    if options.arch is None:
        raise LoadError(f"{path} holds weights without their network", _ARCH)
    module = build(options.arch, {})
    fill(module, _weights(payload, path).state, f"--discriminator-arch {options.arch}")
    return describe_module(module, options)


def _weights(payload: object, path: Path) -> Weights:
    """Take the part under one of the usual names of a discriminator, else the only one."""
    named = (_under(payload, path, name) for name in _NAMES)
    found = next((weights for weights in named if weights is not None), None)
    return found or find_weights(payload, path, None)[0]


def _under(payload: object, path: Path, name: str) -> Weights | None:
    try:
        return find_weights(payload, path, name)[0]
    except LoadError:
        return None


def _one_each(found: Any, n: int, path: str) -> FloatArray:
    """Take the one number for each sample out of what came back."""
    import torch

    given = list(found.values()) if isinstance(found, dict) else found
    parts = given if isinstance(given, (list, tuple)) else [given]
    shapes = []
    for part in parts:
        if not isinstance(part, torch.Tensor) or not len(part.shape) or len(part) != n:
            continue
        shapes.append(tuple(part.shape))
        single = part.ndim == 1 or part.shape[1] == 1
        if single:
            return np.asarray(part.float().reshape(n, -1).mean(dim=1).cpu().numpy())
    raise ShapeError(
        f"the discriminator {path} returned {shapes or 'nothing'} for {n} samples, expected one "
        "number for each",
        "Wrap it in a module that returns its judgement of real or generated only.",
    )
