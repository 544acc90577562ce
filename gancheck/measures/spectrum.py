"""In which directions two clouds of features differ, and what lies there.

The difference of two kernel covariances, in the manner of KEN and FINC (Zhang, Li and Farnia 2024):
with features f of a Gaussian kernel, the eigenvectors of ``E_B f f' - E_A f f'`` with the largest
eigenvalues are directions in which B has what A lacks, those with the smallest the other way round.
Random Fourier features (Rahimi and Recht 2007) make that a matrix of fixed size, and the directions
along which the pool of both sides varies most make it a small one. The kernel is as wide as the
median distance in the pool.

Chance makes eigenvalues too. What it makes is seen by exchanging which side is A and which is B,
block by block: between the blocks of all samples where the sides are independent, within pairs of
blocks where row i of both was drawn from the same latent. Neither the kernel nor the directions of
the pool know the sides, so the test is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.stats import proportion_interval
from gancheck.types import Interval

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_FREQUENCIES = 500
_KEPT = 100  # directions of the pool
_BLOCKS = 50
_EXCHANGES = 799
_LEAST = 2 * _BLOCKS
_LEVEL = 0.05
_MOST = 4  # directions of each sign
_TOP = 12
_PAIRS = 1000  # of rows, whose median distance within and between the sides sets the width


@dataclass(frozen=True)
class Carried:
    """The share of one side's samples that lies in a direction, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Direction:
    """One direction in which the sides differ beyond chance.

    Attributes:
        change: Its eigenvalue: how much more of the kernel's variance B has there than A.
        p_value: Chance of one as large anywhere, were the laws equal.
        a: Share of A's samples that lie there.
        b: Share of B's samples that lie there.
        rows: Rows with the largest projections, on the side that has more of it.
    """

    change: float
    p_value: float
    a: Carried
    b: Carried
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Spectrum:
    """How two clouds differ.

    Attributes:
        p_value: Of the largest eigenvalue of either sign.
        largest: Its size.
        chance: What 95% of the exchanges stay below.
        gained: Directions in which B has more, the largest first.
        lost: Directions in which A has more, the largest first.
        width: Of the kernel.
        n: Samples on each side.
        paired: Whether rows were exchanged within pairs.
    """

    p_value: float
    largest: float
    chance: float
    gained: tuple[Direction, ...]
    lost: tuple[Direction, ...]
    width: float
    n: int
    paired: bool


def differential_spectrum(
    a: FloatArray, b: FloatArray, *, paired: bool, seed: int = 0
) -> Spectrum | None:
    """Find the directions in which B has more than A, or less, beyond chance.

    Args:
        a: (n, d) features.
        b: (n, d) features.
        paired: Whether row i of both comes from the same latent.
        seed: Seed of frequencies and exchanges.

    Returns:
        The spectrum; None below 100 samples a side, and where all features are one point.

    Raises:
        ValueError: The sides differ in size.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if a.shape != b.shape:
        raise ValueError(f"need two sets of equal shape: {a.shape}, {b.shape}")
    rng = np.random.default_rng([seed, len(a), a.shape[1]])
    width = _median_distance(a, b, rng) if len(a) >= _LEAST else 0.0
    if not width > 0:
        return None
    with threadpool_limits(1):
        return _spectrum(_in_kernel(a, b, width, rng), width, rng, paired=paired)


def _spectrum(
    sides: tuple[FloatArray, FloatArray], width: float, rng: np.random.Generator, *, paired: bool
) -> Spectrum:
    blocks = _block_means(sides[0]), _block_means(sides[1])
    values, vectors = np.linalg.eigh((blocks[1] - blocks[0]).mean(axis=0))
    null = _exchanged(*blocks, rng, paired=paired)

    def beyond(value: float) -> float:
        return float(1 + np.count_nonzero(null >= value)) / (1 + len(null))

    def directions(order: IntArray) -> tuple[Direction, ...]:
        found = []
        for at in order[:_MOST]:
            chance = beyond(abs(float(values[at])))
            if chance > _LEVEL:
                break
            found.append(_direction(sides, vectors[:, at], float(values[at]), chance))
        return tuple(found)

    order = np.argsort(values, kind="stable")
    largest = float(max(abs(values[0]), abs(values[-1])))
    return Spectrum(
        p_value=beyond(largest),
        largest=largest,
        chance=float(np.quantile(null, 1 - _LEVEL)),
        gained=directions(order[::-1][: int((values > 0).sum())]),
        lost=directions(order[: int((values < 0).sum())]),
        width=width,
        n=len(sides[0]),
        paired=paired,
    )


def _median_distance(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> float:
    """Return the median distance of random samples, of one side or of two."""
    rows = rng.permutation(len(a))[: 2 * _PAIRS]
    half = len(rows) // 2
    pairs = [(one[rows[:half]], two[rows[half : 2 * half]]) for one in (a, b) for two in (a, b)]
    apart = [np.linalg.norm(one.astype(np.float64) - two, axis=1) for one, two in pairs]
    return float(np.median(np.concatenate(apart)))


def _in_kernel(
    a: FloatArray, b: FloatArray, width: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Map both sides to random Fourier features, turned to the main directions of the pool."""
    frequencies = rng.standard_normal((a.shape[1], _FREQUENCIES)).astype(np.float32)
    frequencies /= np.float32(width)
    middle = (a.mean(axis=0) + b.mean(axis=0)) / 2  # keeps the phases small in single precision

    def mapped(side: FloatArray) -> FloatArray:
        phases = (side - middle).astype(np.float32) @ frequencies
        waves = np.concatenate([np.cos(phases), np.sin(phases)], axis=1)
        return np.asarray(waves / np.float32(_FREQUENCIES**0.5))

    seen = mapped(a), mapped(b)
    pooled = sum((side.T @ side).astype(np.float64) for side in seen)
    _, vectors = np.linalg.eigh(pooled)
    main = vectors[:, -_KEPT:].astype(np.float32)
    return seen[0] @ main, seen[1] @ main


def _block_means(side: FloatArray) -> FloatArray:
    """Return ``mean f f'`` of each of 50 blocks of equal size, (50, k, k); a rest is left out."""
    each = len(side) // _BLOCKS
    blocks = side[: each * _BLOCKS].reshape(_BLOCKS, each, -1)
    return np.stack([(block.T @ block).astype(np.float64) / each for block in blocks])


def _exchanged(
    a: FloatArray, b: FloatArray, rng: np.random.Generator, *, paired: bool
) -> FloatArray:
    """Return the largest eigenvalue, of either sign, of each exchange of the sides of blocks."""
    count, side = len(a), a.shape[1]
    every = np.concatenate([a, b]).reshape(2 * count, -1)
    found = np.empty(_EXCHANGES)
    for at in range(_EXCHANGES):
        if paired:
            signs = rng.choice([-1.0, 1.0], count)
            signs = np.concatenate([-signs, signs])
        else:
            signs = np.where(rng.permutation(2 * count) < count, -1.0, 1.0)
        values = np.linalg.eigvalsh((signs @ every / count).reshape(side, side))
        found[at] = max(abs(values[0]), abs(values[-1]))
    return found


def _direction(
    sides: tuple[FloatArray, FloatArray], vector: FloatArray, change: float, p_value: float
) -> Direction:
    projected = [side @ vector for side in sides]
    more, less = (projected[1], projected[0]) if change > 0 else (projected[0], projected[1])
    sign = 1.0 if float((more**3).sum()) >= 0 else -1.0
    more, less = sign * more, sign * less
    threshold = _threshold(more[::2], less[::2])
    counted = [_carried(sign * one[1::2] >= threshold) for one in projected]
    top = np.argsort(-more, kind="stable")[:_TOP]
    return Direction(change, p_value, counted[0], counted[1], tuple(int(row) for row in top))


def _threshold(more: FloatArray, less: FloatArray) -> float:
    """Return the projection above which one side stands out most against the counts of both.

    It is found on every other row; the shares are counted on the rows in between.
    """
    places = np.sort(np.concatenate([more, less]))
    above = [
        len(side) - np.searchsorted(np.sort(side), places, side="left") for side in (more, less)
    ]
    excess = (above[0] - above[1]) / np.sqrt(above[0] + above[1])
    return float(places[int(np.argmax(excess))])


def _carried(inside: AnyArray) -> Carried:
    hits = int(np.count_nonzero(inside))
    interval: Interval = proportion_interval(hits, len(inside))
    return Carried(hits / len(inside), interval.low, interval.high)
