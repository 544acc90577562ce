"""Laws whose overlap with the reference is known, drawn anew for every gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray

MODES = 10
_APART = 8.0


@dataclass(frozen=True)
class World:
    """A reference and a generator.

    Attributes:
        name: Name of the row.
        n: Samples on each side.
        truth: Overlap of both laws.
        draw: Makes reference and samples from a random stream.
    """

    name: str
    n: int
    truth: float
    draw: Callable[[np.random.Generator], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Change:
    """A reference, a baseline and a candidate.

    Attributes:
        name: Name of the row.
        n: Samples on each side.
        truth: Overlap of the candidate less that of the baseline.
        draw: Makes reference, samples of the baseline and of the candidate.
    """

    name: str
    n: int
    truth: float
    draw: Callable[[np.random.Generator], tuple[FloatArray, FloatArray, FloatArray]]


def modes(d: int) -> FloatArray:
    """Return the middles of ten modes far apart, (10, d)."""
    if d == 2:
        angle = 2 * np.pi * np.arange(MODES) / MODES
        return 30 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _APART * np.random.default_rng(0).standard_normal((MODES, d))


def drawn(
    rng: np.random.Generator, n: int, d: int, shares: Sequence[float] | None = None
) -> FloatArray:
    """Draw n points of ten unit Gaussians with these shares."""
    middles, which = modes(d), rng.choice(MODES, n, p=shares)
    return np.asarray(middles[which] + rng.standard_normal((n, d)), dtype=np.float32)


def kept(count: int) -> list[float]:
    """Return equal shares of the first modes, none of the others."""
    return [1 / count if mode < count else 0.0 for mode in range(MODES)]


def dropped(count: int, d: int, n: int) -> World:
    """Drop all but some of ten modes."""

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return drawn(rng, n, d), drawn(rng, n, d, kept(count))

    return World(f"{count} of {MODES} modes, d = {d}", n, count / MODES, draw)


def junk(share: float, d: int, n: int) -> World:
    """Draw a share of the samples far from the reference, which is one Gaussian."""

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        reference, samples = (rng.standard_normal((n, d)).astype(np.float32) for _ in range(2))
        samples[rng.random(n) < share] += 30
        return reference, samples

    return World(f"{share:.0%} junk, d = {d}", n, 1 - share, draw)


def halving(d: int, n: int) -> World:
    """Draw mode after mode half as often as the one before."""
    shares = np.array([2.0 ** -min(mode + 1, MODES - 1) for mode in range(MODES)])
    truth = float(np.minimum(shares, 1 / MODES).sum())

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return drawn(rng, n, d), drawn(rng, n, d, shares.tolist())

    return World(f"shares 1/2, 1/4, .., d = {d}", n, truth, draw)


def retrained(count: int, d: int, n: int) -> Change:
    """Train again: the same law, other samples for the same latents, the same reference."""

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        return drawn(rng, n, d), drawn(rng, n, d, kept(count)), drawn(rng, n, d, kept(count))

    return Change(f"{count} of {MODES} modes before and after, d = {d}", n, 0.0, draw)


def tuned(lost: float, d: int, n: int) -> Change:
    """Tune: most latents draw what they drew, some that drew one mode now draw another."""

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        reference, middles = drawn(rng, n, d), modes(d)
        which = rng.choice(MODES, n)
        noise = rng.standard_normal((n, d))
        moved = which.copy()
        moved[(which == 0) & (rng.random(n) < MODES * lost)] = 1
        before, after = ((middles[at] + noise).astype(np.float32) for at in (which, moved))
        return reference, before, after

    return Change(f"{lost:.0%} moved to another mode, same latents, d = {d}", n, -lost, draw)


N = 1000
WORLDS = (
    dropped(8, 8, N),
    dropped(5, 16, N),
    dropped(9, 2, N),
    dropped(8, 64, 2 * N),
    junk(0.2, 16, N),
    halving(16, N),
)
CHANGES = (retrained(8, 8, N), tuned(0.1, 8, N))
