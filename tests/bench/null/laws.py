"""What is compared with itself, and with itself less three tenths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import kept_share
from bench.accuracy.digits import SHIPPED, read
from bench.accuracy.gaussians import MODES, ten_modes

if TYPE_CHECKING:
    from gancheck.types import AnyArray

KEPT = 7
N = 2000


@dataclass(frozen=True)
class Pair:
    """A reference, of which gancheck sets a third aside, and samples; and their overlap."""

    reference: AnyArray
    samples: AnyArray
    truth: float


@dataclass(frozen=True)
class Law:
    """Where pairs come from.

    Attributes:
        name: Name of the row.
        view: What gancheck looks through, as in ``--embedder``.
        draw: Makes a pair from a random stream; when told so with the classes from 7 on dropped.
    """

    name: str
    view: str
    draw: Callable[[np.random.Generator, bool], Pair]


def _gaussians(d: int) -> Law:
    law = ten_modes(d)
    shares = np.where(np.arange(MODES) < KEPT, 1 / KEPT, 0.0)

    def draw(rng: np.random.Generator, dropped: bool) -> Pair:
        reference = law.draw(N + N // 2, rng)[0]
        samples = law.draw(N, rng, shares=shares if dropped else None)[0]
        return Pair(reference, samples, KEPT / MODES if dropped else 1.0)

    return Law(f"Gaussians d={d}", "vectors", draw)


def _digits() -> Law:
    def draw(rng: np.random.Generator, dropped: bool) -> Pair:
        images, labels = shipped_digits()
        rows = rng.permutation(len(images))
        half = len(rows) // 2
        known, other = rows[:half], rows[half:]
        if dropped:
            other = other[labels[other] < KEPT]
        samples = images[other[: half * 2 // 3]]
        return Pair(images[known], samples, kept_share(labels[known], KEPT) if dropped else 1.0)

    return Law("digits, pixels", "pixels", draw)


def shipped_digits() -> tuple[AnyArray, AnyArray]:
    """Return all shipped digits, (n, 1, 28, 28), and their labels."""
    parts = [read(SHIPPED / f"mnist_{name}.npz") for name in ("reference", "held_out")]
    images, labels = (np.concatenate(side) for side in zip(*parts, strict=True))
    return images, labels


LAWS = (_gaussians(2), _gaussians(16), _gaussians(64), _digits())
