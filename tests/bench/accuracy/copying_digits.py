"""Look-up generators over real digits, some of whose samples are noisy copies of training digits.

The fitted view learns from 2,000 of the training digits, which stay training digits in every draw;
all other digits are dealt anew. So the rows also say whether a view may learn from digits that
take part in the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import stream
from bench.accuracy.copying import NEIGHBORS, Draw, Law, scales, twin_gaps
from bench.accuracy.digits import read
from bench.accuracy.lookup import noisy
from gancheck.embedders import Material, create
from gancheck.measures.copying import closeness
from gancheck.neighbors import Neighbors, nearest
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, Embedding, FloatArray, IntArray

SIDE, SAMPLES, LEARNED = 6000, 10_000, 2000
RUNS, FEW = 20, 5
VIEWS = ("pixels", "fitted")
_COPIES = ((0.005, 0.01), (0.005, 0.05), (0.02, 0.01), (0.02, 0.05), (0.1, 0.02))
_CLOSEST = 0.01


@dataclass(eq=False)
class Seen:
    """All digits through one view, and the honest part of each draw.

    Attributes:
        view: ``pixels`` or ``fitted``.
        images: (n, 1, h, w) uint8, at least 22,000.
        seed: Seed of the deals.
    """

    view: str
    images: AnyArray
    seed: int

    def __post_init__(self) -> None:
        self._honest: dict[int, Neighbors] = {}

    @cached_property
    def embedding(self) -> Embedding:
        """The view, learned from the first 2,000 of the shuffled digits."""
        learned = SampleSet(self.images[self.order[:LEARNED]], "digits", "made")
        return create(self.view).prepare(Material(learned, None, learned, self.seed))

    @cached_property
    def order(self) -> IntArray:
        """The digits in random order; the first 2,000 are learned from."""
        return stream(self.seed, "digits", "order").permutation(len(self.images))

    @cached_property
    def features(self) -> FloatArray:
        """All digits, in random order, through the view."""
        return self.embedding(self.images[self.order])

    def rows(self, run: int) -> tuple[IntArray, IntArray, IntArray]:
        """Deal rows of training digits, held-out digits and samples; equal for every law."""
        rest = stream(self.seed, "digits", "deal", str(run)).permutation(len(self.order) - LEARNED)
        rest, own = rest + LEARNED, SIDE - LEARNED
        training = np.concatenate([np.arange(LEARNED), rest[:own]])
        return training, rest[own : own + SIDE], rest[own + SIDE : own + SIDE + SAMPLES]

    def honest(self, run: int) -> Neighbors:
        """Find the neighbours of the honest samples of a run, once for all laws."""
        if run not in self._honest:
            training, held_out, samples = self.rows(run)
            pool = self.features[np.concatenate([training, held_out])]
            self._honest[run] = nearest(self.features[samples], pool, NEIGHBORS)
        return self._honest[run]

    def draw(self, share: float, sd: float, rng: np.random.Generator, run: int) -> Draw:
        """Replace a share of honest samples by copies of training digits, under noise."""
        training, held_out, others = self.rows(run)
        pool = self.features[np.concatenate([training, held_out])]
        samples, found = self.features[others], self.honest(run)
        count = round(share * len(samples))
        copied = np.arange(len(samples)) < count
        if count:
            source = self.order[rng.choice(training, count, replace=False)]
            samples[:count] = self.embedding(noisy(self.images[source], sd, rng))
            fresh = nearest(samples[:count], pool, NEIGHBORS)
            found = Neighbors(
                np.concatenate([fresh.distances, found.distances[count:]]),
                np.concatenate([fresh.indices, found.indices[count:]]),
            )
        return Draw(pool[: len(training)], pool[len(training) :], samples, copied, found)

    def scaled(self, factor: float, run: int) -> Draw:
        """Draw honest samples whose features are pulled to the mean, or pushed away from it."""
        training, held_out, others = self.rows(run)
        middle = self.features.mean(axis=0)
        samples = middle + np.float32(factor) * (self.features[others] - middle)
        copied = np.zeros(SAMPLES, dtype=bool)
        return Draw(self.features[training], self.features[held_out], samples, copied)

    def collapsed(self, rng: np.random.Generator, run: int) -> Draw:
        """Draw samples that are all the mean of the features, but for a thousandth of a spread."""
        training, held_out, _ = self.rows(run)
        middle, spread = self.features.mean(axis=0), self.features.std()
        noise = rng.standard_normal((SAMPLES, len(middle)), dtype=np.float32)
        samples = (middle + np.float32(1e-3 * spread) * noise).astype(np.float32)
        copied = np.zeros(SAMPLES, dtype=bool)
        return Draw(self.features[training], self.features[held_out], samples, copied)


def seen(path: Path, seed: int, views: Sequence[str] = VIEWS) -> list[Seen]:
    """Return the digits of an archive of at least 22,000, through each view.

    Raises:
        ValueError: There are too few digits.
    """
    images, _ = read(path)
    if len(images) < 2 * SIDE + SAMPLES:
        raise ValueError(f"{path} holds {len(images)} digits, and {2 * SIDE + SAMPLES} are needed")
    return [Seen(view, images, seed) for view in views]


def laws(seen: Seen) -> list[Law]:
    """Return the laws over the digits through a view."""
    view = f"digits, {seen.view}"

    def law(name: str, share: float, sd: float) -> Law:
        return Law(name, view, share, lambda rng, run: seen.draw(share, sd, rng, run), RUNS)

    return [
        law("other digits", 0.0, 0.0),
        *(law(f"{share:.1%} copies, noise {sd:.2f}", share, sd) for share, sd in _COPIES),
        Law("shrunken (x .8)", view, 0.0, lambda _, run: seen.scaled(0.8, run), FEW),
        Law("expanded (x 1.2)", view, 0.0, lambda _, run: seen.scaled(1.2, run), FEW),
        Law("collapsed onto the mean", view, 0.0, seen.collapsed, FEW),
    ]


def preferred(seen: Seen, runs: int) -> str:
    """Say how many of 1,000 points of each kind are the close twin of an honest sample.

    Close are the closest hundredth of all twins. A view that remembers what it learned from would
    draw samples to those digits.
    """
    counts = np.zeros(3)
    for run in range(runs):
        training, held_out, _ = seen.rows(run)
        pool, found = seen.features[np.concatenate([training, held_out])], seen.honest(run)
        near = closeness(found.distances, twin_gaps(pool, found), scales(pool)[0])
        twins = np.unique(found.indices[near >= np.quantile(near, 1 - _CLOSEST), 0])
        edges = [0, LEARNED, SIDE, 2 * SIDE]
        counts += np.histogram(twins, edges)[0] * 1000 / np.diff(edges)
    learned, training, held_out = counts / runs
    return (
        f"digits, {seen.view}: close twins among 1,000 training digits that the view learned from "
        f"{learned:.1f}, other training digits {training:.1f}, held-out digits {held_out:.1f}"
    )
