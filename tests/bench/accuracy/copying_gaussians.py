"""Gaussian laws: copies among honest samples, and honest generators that look like copiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.copying import Draw, Law, judge_samples

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

N = 2000
NOISE = 0.05
"""Standard deviation of the noise on a copy, in every coordinate of a unit Gaussian."""
_REPEATED = 5  # every fifth training point has a near-duplicate
_FAINT = 1e-3
MANY = 200
"""Runs of the rows that say how often a false alarm is raised."""

Draws = Callable[[np.random.Generator, int], Draw]


def spread(d: int, sd: float, copies: float = 0.0, *, ratio: int = 1, n: int = N) -> Draws:
    """Return draws of a unit Gaussian; samples have another spread, and some are noisy copies.

    Args:
        d: Dimension.
        sd: Standard deviation of the honest samples.
        copies: Share of copies, of different training points.
        ratio: Training points for every held-out point.
        n: Held-out points; also samples.
    """

    def draw(rng: np.random.Generator, run: int) -> Draw:
        training, held_out = _normal(rng, ratio * n, d), _normal(rng, n, d)
        return with_copies(training, held_out, _normal(rng, n, d) * np.float32(sd), copies, rng)

    return draw


def collapsed(d: int, places: int, *, ratio: int = 1, n: int = N) -> Draws:
    """Return draws whose samples all lie within 1e-3 of the mean, or of a few new points.

    One place is the mean of the law.
    """

    def draw(rng: np.random.Generator, run: int) -> Draw:
        middles = _normal(rng, places, d) if places > 1 else np.zeros((1, d), np.float32)
        samples = middles[rng.integers(places, size=n)] + _FAINT * _ball(rng, n, d)
        sides = _normal(rng, ratio * n, d), _normal(rng, n, d)
        return Draw(*sides, samples.astype(np.float32), np.zeros(n, dtype=bool))

    return draw


def clustered(d: int, places: int, *, n: int = N) -> Draws:
    """Return draws whose samples are all different, in tight clusters around new points."""

    def draw(rng: np.random.Generator, run: int) -> Draw:
        middles = _normal(rng, places, d)
        samples = middles[rng.integers(places, size=n)] + np.float32(0.1) * _normal(rng, n, d)
        return Draw(_normal(rng, n, d), _normal(rng, n, d), samples, np.zeros(n, dtype=bool))

    return draw


def repeated(d: int, copies: float, *, n: int = N) -> Draws:
    """Return draws whose training points have near-duplicates that nobody removed."""

    def draw(rng: np.random.Generator, run: int) -> Draw:
        training, held_out = _normal(rng, n, d), _normal(rng, n, d)
        again = training[: n // _REPEATED] + _FAINT * _normal(rng, n // _REPEATED, d)
        training = np.concatenate([training, again.astype(np.float32)])
        return with_copies(training, held_out, _normal(rng, n, d), copies, rng)

    return draw


def with_copies(
    training: FloatArray,
    held_out: FloatArray,
    samples: FloatArray,
    share: float,
    rng: np.random.Generator,
) -> Draw:
    """Replace a share of the samples by noisy copies of different training points."""
    count = round(share * len(samples))
    source = rng.choice(len(training), size=count, replace=False)
    noise = np.float32(NOISE) * _normal(rng, count, training.shape[1])
    samples[:count] = training[source] + noise
    return Draw(training, held_out, samples, np.arange(len(samples)) < count)


def _normal(rng: np.random.Generator, n: int, d: int) -> FloatArray:
    return rng.standard_normal((n, d), dtype=np.float32)


def _ball(rng: np.random.Generator, n: int, d: int) -> AnyArray:
    """Draw points of the unit ball."""
    there = _normal(rng, n, d)
    inward = rng.random((n, 1)) ** (1 / d)
    return np.asarray(there / np.linalg.norm(there, axis=1, keepdims=True) * inward)


def _in(d: int) -> tuple[Law, ...]:
    view = f"d={d}"
    return (
        Law("same law", view, 0.0, spread(d, 1.0), MANY),
        Law("shrunken (sd .8)", view, 0.0, spread(d, 0.8), MANY),
        Law("expanded (sd 1.2)", view, 0.0, spread(d, 1.2), MANY),
        Law("0.5% copies", view, 0.005, spread(d, 1.0, 0.005)),
        Law("2% copies", view, 0.02, spread(d, 1.0, 0.02), 50),
        Law("10% copies", view, 0.1, spread(d, 1.0, 0.1)),
        Law("shrunken, 2% copies", view, 0.02, spread(d, 0.8, 0.02)),
        Law("expanded, 2% copies", view, 0.02, spread(d, 1.2, 0.02)),
        Law("collapsed onto the mean", view, 0.0, collapsed(d, 1)),
    )


LAWS = (
    *_in(16),
    Law("collapsed onto 20 new points", "d=16", 0.0, collapsed(16, 20)),
    Law("20 tight clusters", "d=16", 0.0, clustered(16, 20)),
    Law("200 tight clusters", "d=16", 0.0, clustered(16, 200)),
    Law("near-duplicates in training", "d=16", 0.0, repeated(16, 0.0)),
    Law("the same, 2% copies", "d=16", 0.02, repeated(16, 0.02)),
    Law("|T| = 6|H|, same law", "d=16", 0.0, spread(16, 1.0, ratio=6, n=1000)),
    Law("|T| = 6|H|, 10% copies", "d=16", 0.1, spread(16, 1.0, 0.1, ratio=6, n=1000)),
    Law(
        "the same, ratio per sample",
        "d=16",
        0.1,
        spread(16, 1.0, 0.1, ratio=6, n=1000),
        judge=judge_samples,
    ),
    *_in(64),
)
