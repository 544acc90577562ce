"""What a run depends on besides its files, and who hears how it is getting on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from gancheck.devices import kernel_seconds
from gancheck.errors import UsageError
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.mode_files import ModeOptions

MapKind: TypeAlias = Literal["umap", "pca", "none"]
LabelShares: TypeAlias = Literal["auto", "reference", "uniform"]


@dataclass(frozen=True)
class Settings:
    """What a run depends on besides its files.

    Attributes:
        samples: Samples to draw, or to take from a set.
        seed: Seed of everything random.
        embedder: Main view, as in ``--embedder``.
        batch_size: Rows per call of the generator; None chooses.
        max_memory: Bytes that samples, reference and features may take; None for no limit.
        cache: Whether prepared references, and features of training and held-out sets, are kept
            between runs, and used again.
        load: How to read the model, the device to run on, and a size for images from disk.
        discriminator: File of the discriminator that the generator was trained against.
        discriminator_arch: Network of its weights, as in ``--discriminator-arch``.
        holdout: Real samples that the generator was not trained on; the reference is then what it
            was trained on.
        map: How the map is laid out: ``umap``, ``pca`` or ``none``.
        work_dir: Folder that samples are kept in as they are drawn, so that a run that was stopped
            goes on from there; None keeps none.
        labels: Proportions that labels are drawn in: those of the reference, where its labels are
            the generator's classes (``auto``) or else not at all (``reference``), or ``uniform``.
        modes: File of modes that are known beforehand: their centres, or a classifier of them.
        modes_sd: Standard deviation of modes around their centres; None takes that of the file.
        modes_range: Values of black and white that the classifier was trained on; None takes those
            of the generator.

    Example:
        >>> import dataclasses
        >>> first = gancheck.Settings(samples=5_000)
        >>> again = dataclasses.replace(first, seed=1)
        >>> again.samples, again.seed, again.device
        (5000, 1, 'cpu')
    """

    samples: int = 10_000
    seed: int = 0
    embedder: str = "auto"
    batch_size: int | None = None
    max_memory: int | None = None
    cache: bool = True
    load: LoadOptions = field(default_factory=LoadOptions)
    discriminator: Path | None = None
    discriminator_arch: str | None = None
    holdout: Path | None = None
    map: MapKind = "umap"
    work_dir: Path | None = None
    labels: LabelShares = "auto"
    modes: Path | None = None
    modes_sd: float | None = None
    modes_range: tuple[float, float] | None = None

    @property
    def mode_options(self) -> ModeOptions | None:
        """What is said about known modes; None without any.

        Raises:
            UsageError: Something is said about them, and there are none.
        """
        if self.modes is not None:
            return ModeOptions(self.modes, self.modes_sd, self.modes_range, self.device)
        for flag, given in (("--modes-sd", self.modes_sd), ("--modes-range", self.modes_range)):
            if given is not None:
                raise UsageError(
                    f"{flag} goes with --modes", "Add `--modes FILE`, or leave it out."
                )
        return None

    @property
    def device(self) -> str:
        """Torch device of generator, embedder and distances."""
        return self.load.device

    @property
    def only_class(self) -> int | None:
        """The one class that is judged; None judges all of them."""
        return self.load.only_class


class Listener(Protocol):
    """Hears how a run is getting on."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def progress(self, done: int, total: int) -> None:
        """The current stage has come that far."""


class Silence:
    """A listener that does nothing."""

    def stage(self, name: str) -> None:
        """Ignore it."""

    def progress(self, done: int, total: int) -> None:
        """Ignore it."""


class Clock:
    """Times the stages of a run and announces them to a listener."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._stages: dict[str, float] = {}
        self._start, self._earlier, self._end = time.perf_counter(), kernel_seconds(), 0.0

    @property
    def timings(self) -> dict[str, float]:
        """Seconds of each stage, of the kernels in all of them, and of the run so far.

        Kernels are ``kernel generator``, ``kernel embedder`` and ``kernel distances``; the run,
        ``total``, ends with its last stage.
        """
        kernels = {
            f"kernel {name}": seconds - self._earlier.get(name, 0.0)
            for name, seconds in kernel_seconds().items()
            if seconds > self._earlier.get(name, 0.0)
        }
        return {**self._stages, **kernels, "total": self._end}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside; a stage entered twice adds up."""
        self.listener.stage(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            end = time.perf_counter()
            self._stages[name] = self._stages.get(name, 0.0) + end - start
            self._end = end - self._start
