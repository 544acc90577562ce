"""One backend: gancheck's sampler and the best bare loop, in turns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.sampling import networks
from bench.sampling.loops import Loop, Maker, Timed, Times, best_sizes, by_hand, drawn
from gancheck.loaders import LoadOptions, load
from gancheck.samplers.batches import Sampler
from gancheck.types import SampleSet

HEADINGS = (
    "backend",
    "of the best bare loop",
    "in the generator",
    "rows per call",
    "the loop's",
    "apart by at most",
)
_KEPT = 2
_TUNED_ON = 128


@dataclass(frozen=True)
class Contest:
    """What is run.

    Attributes:
        backend: Name of the backend.
        file: The generator.
        make: Builds its network, for weights alone.
        n: Samples in each turn.
        turns: How often each side runs.
        sizes: Batch sizes that the bare loop tries.
    """

    backend: str
    file: Path
    make: Maker
    n: int
    turns: int
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """What was found.

    Attributes:
        backend: Name of the backend.
        share: Throughput of the sampler over that of the best bare loop.
        inside: Share of the sampler's time that the generator itself took.
        rows: Rows per call of the sampler.
        best: How the best bare loop ran: layout and rows per call.
        apart: Largest difference between both sides' images, in grey levels.
    """

    backend: str
    share: float
    inside: float
    rows: int
    best: tuple[str, int]
    apart: int


def run(contest: Contest) -> Result:
    """Let both sides draw the same samples in turns.

    Raises:
        TypeError: The file holds samples.
    """
    arch = f"{networks.__file__}:{contest.make.__name__}"
    weights = contest.backend == "weights"
    generator = load(contest.file, LoadOptions(arch=arch if weights else None))
    if isinstance(generator, SampleSet):
        raise TypeError("expected a generator")
    timed = Timed(generator)
    sampler, shape = Sampler(timed), generator.spec.output_shape
    latents = sampler.draw(contest.n, seed=0).latents
    if latents is None:
        raise TypeError("expected latents")
    forwards = by_hand(contest.backend, contest.file, contest.make)
    ways = best_sizes(forwards, latents[:_TUNED_ON], contest.sizes, _KEPT)
    ours, bare = Times(), {way: Times() for way in ways}
    inside, apart, rows = 0.0, 0, 0
    for _ in range(contest.turns):
        rivals = {way: Loop(forwards[way[0]], latents, way[1], shape) for way in ways}
        timed.seconds = 0.0
        images, pieces = drawn(sampler, contest.n, partial(_run_all, rivals))
        ours.add(pieces)
        inside = max(inside, timed.seconds / sum(pieces))
        rows = -(-contest.n // len(pieces))
        for way, each in rivals.items():
            bare[way].add(each.pieces)
            apart = max(apart, int(np.abs(images.astype(int) - each.images).max()))
    best = min(bare, key=lambda way: bare[way].total)
    share = bare[best].total / ours.total
    return Result(contest.backend, share, inside, rows, best, apart)


def _run_all(rivals: dict[tuple[str, int], Loop], row: int) -> None:
    for each in rivals.values():
        each.run_to(row)


def row(result: Result) -> tuple[str, ...]:
    """Return one line of the table."""
    layout, size = result.best
    return (
        result.backend,
        f"{result.share:.1%}",
        f"{result.inside:.1%}",
        f"{result.rows}",
        f"{size}, {layout}",
        f"{result.apart} of 255",
    )
