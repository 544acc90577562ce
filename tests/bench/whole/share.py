"""One whole run, as its own report times it, and as a watch around its kernels does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from gancheck import gcref
from gancheck.embedders import canvas
from gancheck.loaders import LoadOptions, load
from gancheck.neighbors.tiles import Scan
from gancheck.pipeline import diagnose
from gancheck.prepare import INDEPENDENT_MOST, prepare, read_reference
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Settings, Silence
from gancheck.types import SampleSet

HEADINGS = ("run", "kernels", "generator", "embedder", "distances", "seen from outside")
_KERNELS = ("generator", "embedder", "distances")
_OTHER_SEED = 99
_PREFIX = "kernel "


@dataclass(frozen=True)
class Spent:
    """Where the time of a run went.

    Attributes:
        title: What was run.
        total: Seconds of wall time.
        kernels: Seconds of each kernel, by the report.
        outside: Seconds of generator, embedder and tiles of distances, by a watch around them.
        stages: Seconds of each stage.
    """

    title: str
    total: float
    kernels: dict[str, float]
    outside: float
    stages: dict[str, float]

    @property
    def share(self) -> float:
        """Share of kernels in the whole."""
        return sum(self.kernels.values()) / self.total


def prepared(model: Path, n: int, folder: Path) -> Path:
    """Prepare a reference that the generator drew itself, with other latents.

    Raises:
        TypeError: The file holds samples.
    """
    generator = load(model, LoadOptions())
    if isinstance(generator, SampleSet):
        raise TypeError("expected a generator")
    apart = min(INDEPENDENT_MOST, n // 2)
    values = Sampler(generator).draw(n + apart, seed=_OTHER_SEED).values
    np.savez(folder / "reference.npz", images=values.transpose(0, 2, 3, 1))
    settings = Settings(cache=False)
    known = read_reference(folder / "reference.npz", settings, scored_most=n)
    file = folder / f"{model.stem}.gcref"
    file.write_bytes(gcref.to_bytes(prepare(known, settings, Clock(Silence()))))
    return file


def diagnosed(title: str, model: Path, reference: Path, n: int) -> Spent:
    """Diagnose once, and read where the time went."""
    start = time.perf_counter()
    with _watch() as seen:
        report = diagnose(model, reference, Settings(samples=n, cache=False))
    total = time.perf_counter() - start
    kernels = {name: float(report.timings.get(_PREFIX + name, 0.0)) for name in _KERNELS}
    stages = {
        name: float(seconds)
        for name, seconds in report.timings.items()
        if not name.startswith(_PREFIX) and name != "total"
    }
    return Spent(title, total, kernels, sum(seen), stages)


@contextmanager
def _watch() -> Iterator[list[float]]:
    """Time generator calls, embedder calls and scans from outside: the report may be wrong."""
    seen: list[float] = []

    def timed(original: Any) -> Any:
        def run(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(*given, **named)
            finally:
                seen.append(time.perf_counter() - start)

        return run

    with ExitStack() as stack:
        for owner, name in ((Sampler, "_call"), (canvas, "_seen"), (Scan, "show")):
            stack.enter_context(patch.object(owner, name, timed(getattr(owner, name))))
        yield seen


def row(spent: Spent) -> tuple[str, ...]:
    """Return one line of the table: shares of wall time."""
    each = (f"{spent.kernels[name] / spent.total:.0%}" for name in _KERNELS)
    return spent.title, f"{spent.share:.1%}", *each, f"{spent.outside / spent.total:.0%}"
