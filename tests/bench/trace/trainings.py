"""Trainings with known truth: levels of diversity, and shares of modes, over checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

Shares = Callable[[np.random.Generator, int, "FloatArray"], "FloatArray"]
"""From a random stream, T and the reference's shares (m,) to those of the generator (T, m)."""

LAWS: Mapping[str, FloatArray] = {
    "2 even": np.full(2, 1 / 2),
    "10 even": np.full(10, 1 / 10),
    "20 even": np.full(20, 1 / 20),
    "8 halving": 0.5 ** np.arange(1, 9) / (0.5 ** np.arange(1, 9)).sum(),
    "100, Zipf": 1 / np.arange(1, 101) / (1 / np.arange(1, 101)).sum(),
}
_WARM = 50


def jitter(
    rng: np.random.Generator, count: int, sd: float, rho: float, *, heavy: bool
) -> FloatArray:
    """Return (count,) of an AR(1) sequence, normal or of Student's t with 3 degrees."""
    fresh = rng.standard_t(3, count + _WARM) / 3**0.5 if heavy else rng.normal(size=count + _WARM)
    found = np.zeros(count + _WARM)
    for at in range(1, count + _WARM):
        found[at] = rho * found[at - 1] + (1 - rho**2) ** 0.5 * fresh[at]
    return sd * found[_WARM:]


def healthy_level(rng: np.random.Generator, count: int, shape: str) -> FloatArray:
    """Return (count,) levels of diversity of a training that does not collapse."""
    if shape == "flat":
        return np.full(count, rng.uniform(0.5, 0.95))
    if shape == "rising":
        speed = count * rng.uniform(0.05, 0.4)
        return 0.1 + rng.uniform(0.4, 0.85) * (1 - np.exp(-np.arange(count) / speed))
    return np.linspace(0.1, 0.9, count)


def counts(rng: np.random.Generator, shares: FloatArray, n: int, kept: float) -> IntArray:
    """Draw (T, m) counts: latents keep their modes with a chance, as those of one training do."""
    held, found = rng.random(n), np.zeros(shares.shape, dtype=np.int64)
    for at, each in enumerate(shares):
        held = np.where(rng.random(n) >= kept, rng.random(n), held)
        modes = np.searchsorted(np.cumsum(each), held, side="right").clip(max=len(each) - 1)
        found[at] = np.bincount(modes, minlength=len(each))
    return found


def healthy(rng: np.random.Generator, count: int, law: FloatArray) -> FloatArray:
    """Draw what the reference holds, always."""
    return np.tile(law, (count, 1))


def static(rng: np.random.Generator, count: int, law: FloatArray) -> FloatArray:
    """Draw one mode and a tenth of everything, always."""
    return np.tile(0.9 * np.eye(len(law))[rng.integers(len(law))] + 0.1 * law, (count, 1))


def tie(rng: np.random.Generator, count: int, law: FloatArray) -> FloatArray:
    """Draw two modes in their proportion and a twentieth of everything."""
    pair = rng.choice(len(law), 2, replace=False)
    both = np.zeros(len(law))
    both[pair] = law[pair] / law[pair].sum()
    return np.tile(0.95 * both + 0.05 * law, (count, 1))


def swaying(rng: np.random.Generator, count: int, law: FloatArray) -> FloatArray:
    """Draw two modes that lead by turns, by a factor of 1.9: less than counts."""
    pair = rng.choice(len(law), 2, replace=False)
    found = np.zeros((count, len(law)))
    found[:, pair] = law[pair]
    found[:, pair[0]] *= np.where(np.arange(count) % 2, 1.9, 1 / 1.9)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def hopping(
    rng: np.random.Generator, count: int, law: FloatArray
) -> tuple[FloatArray, tuple[int, ...]]:
    """Move from mode to mode, staying for 2 to 6 checkpoints; return shares, and places in order.

    At every second move one checkpoint is half on its way.
    """
    rows: list[FloatArray] = []
    places: list[int] = []
    each = np.eye(len(law))
    while len(rows) < count:
        mode = int(rng.choice([at for at in range(len(law)) if places[-1:] != [at]]))
        stay, top, left = int(rng.integers(2, 7)), rng.uniform(0.6, 1), count - len(rows)
        stay = left if left < stay + 2 else stay
        if places and rng.random() < 0.5 and left > stay:
            way = rng.uniform(0.4, 0.6)
            rows.append(way * each[mode] + (1 - way) * each[places[-1]])
        places.append(mode)
        rows += [top * each[mode] + (1 - top) * law] * min(stay, count - len(rows))
    return np.array(rows), tuple(places)


QUIET: Mapping[str, Shares] = {
    "healthy": healthy,
    "one mode": static,
    "two modes, tied": tie,
    "two modes, swaying": swaying,
}
