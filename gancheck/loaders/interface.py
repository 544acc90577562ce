"""What a loader is, what it may be told, and the registry that plugins add formats to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gancheck.errors import LoadError
from gancheck.registry import Registry
from gancheck.types import JSON, Generator, SampleSet

if TYPE_CHECKING:
    from gancheck.loaders.sniff import Sniffed


@dataclass(frozen=True)
class LoadOptions:
    """What the user says about a file that the file may not say itself.

    Attributes:
        arch: ``module:Class`` or ``file.py:name``, a callable that returns a ``torch.nn.Module``.
        arch_args: Keyword arguments of that callable; settings of its own for a plugin's loader.
        key: Which part of a nested checkpoint is the generator, such as ``g_ema``.
        latent_dim: Length of one latent; None infers it.
        latent_law: ``normal``, ``uniform``, ``sphere``, ``module:function``, or one of them times
            a factor, such as ``normal:0.7``; None infers it.
        output_range: Values that stand for black and white; None infers them.
        classes: Number of classes of a conditional generator; None infers it.
        device: Where the generator runs: ``cpu``, ``cuda``, ``cuda:1``.
        seed: Seed of everything drawn while loading.
        limit: Keep at most that many samples, a seeded random subset; None keeps all.
        resize: Height and width to crop and resize images to; None keeps them.
        samples_only: Refuse generators, before anything of them is run.
        trust: Run TorchScript and .pt2 programs whose audit failed; never unpickles anything.
        isolate: Load and run the generator in a child process with limits; None does so for
            programs that only ``trust`` lets in.
        output_shape: Shape of one sample, such as (1, 28, 28), for outputs that come flat.
        truncation: Value of the network's truncation input; None leaves it at 1.
        only_class: Draw under this label only; the generator then counts as one without labels.
        label_table: File of an array (classes, k) whose row y is fed for label y, for networks
            that take a vector for each class.
    """

    arch: str | None = None
    arch_args: Mapping[str, JSON] = field(default_factory=dict)
    key: str | None = None
    latent_dim: int | None = None
    latent_law: str | None = None
    output_range: tuple[float, float] | None = None
    classes: int | None = None
    device: str = "cpu"
    seed: int = 0
    limit: int | None = None
    resize: tuple[int, int] | None = None
    samples_only: bool = False
    trust: bool = False
    isolate: bool | None = None
    output_shape: tuple[int, ...] | None = None
    truncation: float | None = None
    only_class: int | None = None
    label_table: str | Path | None = None


class Loader(Protocol):
    """Reads one format."""

    @property
    def name(self) -> str:
        """Name in the report, such as ``torchscript``."""

    def recognises(self, sniffed: Sniffed) -> bool:
        """Tell from what was seen of the content whether this loader can read it."""

    def load(self, path: Path, options: LoadOptions) -> Generator | SampleSet:
        """Read the file or folder.

        Raises:
            LoadError: It is damaged, or lacks something only the user can supply.
        """


LOADERS: Registry[Loader] = Registry("loader", "gancheck.loaders")


def expect_generator(path: Path, format_name: str, options: LoadOptions) -> None:
    """Refuse a generator where samples were expected, or where its device is missing.

    Raises:
        LoadError: The options ask for samples only, or for a device that is not there.
    """
    if options.samples_only:
        raise LoadError(
            f"{path} is a generator ({format_name}), where samples were expected",
            "Give a folder of images, or an .npz, .npy or tensor file of samples.",
        )
    _check_device(options.device)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(
            f"device {device!r} cannot be used: {reason}", "`--device cpu` always works."
        ) from error
