"""The loop that one would write by hand for each backend, and gancheck's, timed batch by batch."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from gancheck.samplers.batches import Sampler
    from gancheck.types import AnyArray, FloatArray, Generator, GeneratorSpec

Forward = Callable[[Tensor], Tensor]
Maker = Callable[[], torch.nn.Module]


def by_hand(backend: str, file: Path, make: Maker) -> dict[str, Forward]:
    """Open a file as its own library does; weights in both layouts of memory."""
    if backend == "ONNX":
        return {"as it is": _session(file)}
    if backend == "torch.export":
        return {"as it is": torch.export.load(str(file)).module()}
    if backend == "TorchScript":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return {"as it is": torch.jit.load(str(file)).eval()}  # type: ignore[no-untyped-call]
    plain, last = (make().eval() for _ in range(2))
    for module in (plain, last):
        module.load_state_dict(torch.load(file, weights_only=True))
    last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return {"as it is": plain, "channels last": last}


def _session(file: Path) -> Forward:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda latents: torch.from_numpy(session.run(None, {"z": latents.numpy()})[0])


@dataclass
class Times:
    """What each batch took at best, over all turns: seconds of CPU by place.

    The minimum of a whole run is hardly ever undisturbed on a busy machine; that of one batch is.

    Attributes:
        least: Least seconds of each batch, in order.
    """

    least: list[float] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds of all batches together."""
        return sum(self.least)

    def add(self, pieces: list[float]) -> None:
        """Take in one turn: the seconds of its batches, in order."""
        self.least = [min(pair) for pair in zip(self.least or pieces, pieces, strict=True)]


class Loop:
    """Latents in, 8-bit images out in one array: no checks, no labels, no progress.

    It runs batch by batch as far as it is told, so that its rival can take turns with it.

    Attributes:
        images: (n, c, h, w) uint8, filled as far as it came.
        pieces: Seconds of each batch so far.
    """

    def __init__(
        self, forward: Forward, latents: FloatArray, size: int, shape: tuple[int, ...]
    ) -> None:
        self._forward, self._latents, self._size, self._done = forward, latents, size, 0
        self.images = np.empty((len(latents), *shape), dtype=np.uint8)
        self.pieces: list[float] = []

    def run_to(self, row: int) -> None:
        """Draw batches until a row is there."""
        while self._done < min(row, len(self._latents)):
            rows = slice(self._done, self._done + self._size)
            start = time.process_time()
            with torch.inference_mode():
                raw = self._forward(torch.from_numpy(self._latents[rows]))
                grey = raw.add(1.0).mul_(127.5).round_().clamp_(0, 255)
                self.images[rows] = grey.to(torch.uint8).numpy()
            self.pieces.append(time.process_time() - start)
            self._done += self._size


@dataclass
class Timed:
    """A generator that tells how long its calls took, in seconds of CPU."""

    generator: Generator
    seconds: float = 0.0

    @property
    def spec(self) -> GeneratorSpec:
        """What is known of it."""
        return self.generator.spec

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Call it."""
        start = time.process_time()
        try:
            return self.generator(latents, labels)
        finally:
            self.seconds += time.process_time() - start


def drawn(sampler: Sampler, n: int, between: Callable[[int], None]) -> tuple[AnyArray, list[float]]:
    """Draw as gancheck does: seeded latents first, every output checked, progress told.

    Args:
        sampler: The generator and how to run it.
        n: How many samples.
        between: Called after each batch with the rows that are there; its time does not count.

    Returns:
        The images, and the seconds of each batch; what precedes the first counts with it.
    """
    pieces: list[float] = []
    start = time.process_time()

    def told(done: int, total: int) -> None:
        nonlocal start
        pieces.append(time.process_time() - start)
        between(done)
        start = time.process_time()

    values = dataclasses.replace(sampler, progress=told).draw(n, seed=0).values
    pieces[-1] += time.process_time() - start
    return values, pieces


def best_sizes(
    forwards: Mapping[str, Forward], latents: FloatArray, sizes: tuple[int, ...], keep: int
) -> list[tuple[str, int]]:
    """Return the ways to run a loop that do best on a few batches: whoever wrote it tuned it."""
    shape = tuple(next(iter(forwards.values()))(torch.from_numpy(latents[:2])).shape[1:])
    found: dict[tuple[str, int], Times] = {}
    for _ in range(3):
        for way, forward in forwards.items():
            for size in sizes:
                trial = Loop(forward, latents, size, shape)
                trial.run_to(len(latents))
                found.setdefault((way, size), Times()).add(trial.pieces)
    return sorted(found, key=lambda each: found[each].total)[:keep]
