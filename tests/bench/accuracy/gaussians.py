"""Gaussians far apart, in few and in many dimensions: every truth is a closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import (
    FIDELITY,
    VARIETY,
    WELL,
    Case,
    Real,
    Scale,
    Subject,
    World,
    kept_share,
    stream,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

MODES = 10
_COLLAPSED = 0.01  # standard deviation left of a mode of standard deviation 1
_FAR = 300.0

Draw = Callable[[Real, np.random.Generator], Subject]


@dataclass(frozen=True)
class Mixture:
    """Unit Gaussians with equal shares around the rows of ``centres`` (modes, d)."""

    centres: FloatArray

    def draw(
        self, n: int, rng: np.random.Generator, *, shares: FloatArray | None = None, sd: float = 1
    ) -> tuple[FloatArray, IntArray]:
        """Draw n points and the mode of each."""
        modes = rng.choice(len(self.centres), n, p=shares)
        noise = sd * rng.standard_normal((n, self.centres.shape[1]))
        return (self.centres[modes] + noise).astype(np.float32), modes

    def real(self, scale: Scale, name: str) -> Real:
        """Draw both parts of the real samples."""
        rng = stream(scale.seed, name)
        reference, labels = self.draw(scale.reference, rng)
        held_out, other_labels = self.draw(scale.n, rng)
        return Real(reference, held_out, labels, other_labels, scale.n)

    def subject(
        self, truth: float | None, *, shares: FloatArray | None = None, sd: float = 1
    ) -> Draw:
        """Return what draws from the modes with other shares or another spread."""

        def draw(real: Real, rng: np.random.Generator) -> Subject:
            return Subject(self.draw(real.n, rng, shares=shares, sd=sd)[0], truth)

        return draw

    def kept(self, count: int) -> Draw:
        """Return what draws only from the first modes; the truth is their share."""
        shares = np.where(np.arange(MODES) < count, 1 / count, 0.0)

        def draw(real: Real, rng: np.random.Generator) -> Subject:
            return Subject(self.draw(real.n, rng, shares=shares)[0], kept_share(real.labels, count))

        return draw

    def repeated(self, times: int) -> Draw:
        """Return what draws each sample several times."""

        def draw(real: Real, rng: np.random.Generator) -> Subject:
            some = self.draw(-(-real.n // times), rng)[0]
            return Subject(rng.permutation(np.repeat(some, times, axis=0)[: real.n]), 1 / times)

        return draw

    def with_junk(self, share: float) -> Draw:
        """Return what draws a part of its samples far from everything."""

        def draw(real: Real, rng: np.random.Generator) -> Subject:
            samples = self.draw(real.n, rng)[0]
            junk = int(share * real.n)
            samples[:junk] = _FAR * rng.standard_normal((junk, samples.shape[1]))
            return Subject(rng.permutation(samples), 1 - share)

        return draw


def ten_modes(d: int) -> Mixture:
    """Return ten unit Gaussians far apart: on a circle in the plane, else in random places."""
    if d == 2:
        angle = 2 * np.pi * np.arange(MODES) / MODES
        return Mixture(30 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return Mixture(8 * np.random.default_rng(0).standard_normal((MODES, d)))


def halving() -> FloatArray:
    """Return shares of ten modes, each half of the one before."""
    shares = 0.5 ** np.arange(1, MODES + 1)
    return np.asarray(shares / shares.sum())


def _cases(law: Mixture, *, quick: bool) -> tuple[Case, ...]:
    uneven = float(np.minimum(halving(), 1 / MODES).sum())
    return (
        Case("same law", law.subject(1.0), sound=WELL),
        *(
            Case(f"{count} of 10 modes", law.kept(count), VARIETY, quick=quick and count == 5)
            for count in (9, 7, 5, 2)
        ),
        Case("shares 1/2, 1/4, ..", law.subject(uneven, shares=halving()), VARIETY),
        Case("modes shrunk to points", law.subject(0.0, sd=_COLLAPSED), VARIETY, quick=quick),
        Case("each sample 5 times", law.repeated(5), VARIETY),
        Case("10% junk", law.with_junk(0.1), FIDELITY),
        Case("30% junk", law.with_junk(0.3), FIDELITY),
    )


def _ten(d: int) -> World:
    law, name = ten_modes(d), f"Gaussians d={d}"
    return World(name, lambda scale: law.real(scale, name), _cases(law, quick=d == 16))


def _one(d: int) -> World:
    law, name = Mixture(np.zeros((1, d))), f"one Gaussian d={d}"
    cases = (
        Case("same law", law.subject(1.0), sound=WELL, quick=True),
        Case("shrunk to the mean", law.subject(0.0, sd=_COLLAPSED), VARIETY, quick=True),
    )
    return World(name, lambda scale: law.real(scale, name), cases)


WORLDS = (_ten(2), _ten(16), _ten(64), _one(64))
