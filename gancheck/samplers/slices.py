"""Lines through the latent space that stay where the prior has its mass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.samplers.prior import draw_latents

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

LEAST_STEPS, MOST_STEPS = 4, 64
_UNIFORM_STEP = 0.05
_TRIAL_LINES = 64
REACH = 3.0  # standard deviations on each side of the centre of a normal prior


@dataclass(frozen=True)
class Lines:
    """Paths through the latent space, parameterised by length.

    Attributes:
        law: ``normal`` (straight lines), ``uniform`` (chords of the box) or ``sphere`` (great
            circles).
        starts: (lines, d) point of each path at length 0.
        directions: (lines, d) unit direction there.
        spans: (lines, 2) length at which each path begins and ends.
    """

    law: str
    starts: FloatArray
    directions: FloatArray
    spans: FloatArray

    def at(self, lines: AnyArray, lengths: FloatArray) -> FloatArray:
        """Return the latents (m, d) at given lengths along given lines, both (m,)."""
        start, direction = self.starts[lines], self.directions[lines]
        if self.law == "sphere":
            radius = np.linalg.norm(start, axis=1, keepdims=True)
            angle = lengths[:, None] / radius
            points = np.cos(angle) * start + np.sin(angle) * radius * direction
        else:
            points = start + lengths[:, None] * direction
        return np.asarray(points, dtype=np.float32)

    def headings(self, lines: AnyArray, lengths: FloatArray) -> FloatArray:
        """Return the unit direction (m, d) of given lines at given lengths, both (m,)."""
        start, direction = self.starts[lines], self.directions[lines]
        if self.law != "sphere":
            return np.asarray(direction)
        radius = np.linalg.norm(start, axis=1, keepdims=True)
        angle = lengths[:, None] / radius
        return np.asarray(np.cos(angle) * direction - np.sin(angle) * start / radius)

    def density(self, lines: AnyArray, lengths: FloatArray) -> FloatArray:
        """Return the prior's mass per latent length along given lines, both (m,).

        It adds up to 1 over each line. Averaged over lines, what it adds up to inside a set of
        latents is the mass of that set.
        """
        if self.law == "normal":
            inside = math.erf(REACH / math.sqrt(2))
            return np.asarray(np.exp(-(lengths**2) / 2) / math.sqrt(2 * math.pi) / inside)
        return np.asarray(1 / (self.spans[lines, 1] - self.spans[lines, 0]))


def random_lines(law: str, dimension: int, count: int, seed: int) -> Lines:
    """Draw lines through the mass of a prior.

    Normal: the point nearest to the origin is normal in the plane orthogonal to the line, so that
    the line with its own coordinate in -3..3 is spread like the prior. Uniform: a random point of
    the box and a random direction, clipped to the box. Sphere: random great circles.

    Args:
        law: Latent law of the generator.
        dimension: Latent coordinates d.
        count: Lines.
        seed: Seed of the run.

    Raises:
        NotAvailable: The law is one's own, and where its mass lies is not known.
    """
    rng = np.random.default_rng([seed, 3])
    starts = draw_latents(law, (dimension,), count, seed + 1).astype(np.float64)
    directions = rng.standard_normal((count, dimension))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    if law == "uniform":
        return Lines(law, starts, directions, _chords(starts, directions))
    if law not in ("normal", "sphere"):
        raise NotAvailable(f"lines through the latent law {law!r} are not defined")
    if law == "normal" or dimension > 1:
        along = (starts * directions).sum(axis=1, keepdims=True)
        if law == "normal":
            starts = starts - along * directions
        else:
            directions = directions - along * starts / (starts**2).sum(axis=1, keepdims=True)
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    half = np.pi * np.sqrt(dimension) if law == "sphere" else REACH
    return Lines(law, starts, directions, np.tile([-half, half], (count, 1)))


def lines_of_length(law: str, dimension: int, evaluations: int, seed: int) -> tuple[Lines, int]:
    """Draw lines for about so many evaluations, and return how many steps each of them takes.

    Chords of a box in many dimensions are short. There are more of them then, of fewer steps, so
    that a step stays about a tenth of a standard deviation and the total length does not shrink.

    Raises:
        NotAvailable: The law is one's own, and where its mass lies is not known.
    """
    if law != "uniform":
        return random_lines(law, dimension, evaluations // MOST_STEPS, seed), MOST_STEPS
    spans = random_lines(law, dimension, _TRIAL_LINES, seed).spans
    length = float((spans[:, 1] - spans[:, 0]).mean())
    steps = min(MOST_STEPS, max(LEAST_STEPS, round(length / _UNIFORM_STEP)))
    return random_lines(law, dimension, evaluations // steps, seed), steps


def _chords(starts: FloatArray, directions: FloatArray) -> FloatArray:
    """Return where each line enters and leaves the box [-1, 1]^d."""
    with np.errstate(divide="ignore"):
        one, other = (-1 - starts) / directions, (1 - starts) / directions
    return np.stack(
        [np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)], axis=1
    )
