"""How a map stretches the space around points, from its outputs alone.

Derivatives are central differences, in units of one standard deviation of each input. Everything
that follows from them goes through Gram matrices ``J J^T`` over the inputs, (d, d): eigenvalues
are squared singular values, and the eigenvectors of their mean over many points are the directions
that move the output most and least on average (active subspaces, Constantine 2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray

    Run: TypeAlias = Callable[[FloatArray], FloatArray]
    """Maps latents (n, d) to outputs (n, m)."""

STEP = 0.02
"""Standard deviations on each side: float32 rounding and curvature both stay below 0.1%."""
_LONGEST = 0.25  # for outputs of half precision
_TINY = 0.003
_BENT = 6  # a second difference has six times the variance of a rounding error
_CLEAR = 4.0
_FLOOR = 1e-6  # of the largest singular value: below lies rounding
_ROUGH = 0.5


@dataclass(frozen=True)
class Grams:
    """What the derivatives of a map are at some points.

    Attributes:
        each: (points, d, d) products ``J J^T`` of the derivatives (d, m) along each input.
        outputs: Output coordinates m.
    """

    each: FloatArray
    outputs: int

    @cached_property
    def singular_values(self) -> FloatArray:
        """Singular values at each point, (points, d), the largest first."""
        values = np.linalg.eigvalsh(self.each)[:, ::-1]
        return np.asarray(np.sqrt(np.maximum(values, 0.0)))

    @cached_property
    def activity(self) -> tuple[FloatArray, FloatArray]:
        """Root mean square change of an output per standard deviation, and the directions.

        Both (d,) and the columns of (d, d) are ordered from the least active direction on.
        """
        values, vectors = np.linalg.eigh(self.each.mean(axis=0))
        return np.sqrt(np.maximum(values, 0.0) / self.outputs), vectors

    def effective_ranks(self) -> FloatArray:
        """Return the effective rank at each point, (points,)."""
        return np.array([participation(row**2) for row in self.singular_values])

    def effective_rank(self) -> float:
        """Return the effective rank of the mean over all points."""
        return participation(self.activity[0] ** 2)

    def log_conditions(self) -> FloatArray:
        """Return log10 of the largest over the smallest singular value at each point, at most 6.

        A map into fewer coordinates than it has inputs has as many singular values as outputs.
        """
        values = self.singular_values[:, : self.outputs]
        largest = np.maximum(values[:, 0], 1e-300)
        return np.asarray(-np.log10(np.maximum(values[:, -1] / largest, _FLOOR)))


def participation(variances: FloatArray) -> float:
    """Return how many equal variances are as spread out as these: (sum v)^2 / sum v^2.

    It is 0 where all of them are 0.
    """
    total = float(np.sum(variances))
    return total**2 / float(np.sum(np.square(variances))) if total > 0 else 0.0


def derivatives(run: Run, point: FloatArray, units: FloatArray, step: float) -> FloatArray:
    """Return the central differences of a map at one point.

    Args:
        run: The map.
        point: (d,) where.
        units: (d,) standard deviation of each input.
        step: How far to go on each side, in standard deviations.

    Returns:
        (d, m) float64 change of each output per standard deviation of each input.
    """
    moves = np.diag(step * units)
    found = run(np.concatenate([point + moves, point - moves])).astype(np.float64)
    return np.asarray((found[: len(moves)] - found[len(moves) :]) / (2 * step))


def gram(slopes: FloatArray) -> FloatArray:
    """Return ``J J^T`` of derivatives (d, m)."""
    return np.asarray(slopes @ slopes.T)


def is_rough(run: Run, points: FloatArray, units: FloatArray, step: float) -> bool:
    """Tell whether a small move changes the output as much as one ten times smaller.

    Then the output holds noise that follows the latent like a hash, or rounding, and differences
    over such steps measure that.

    Args:
        run: The map.
        points: (n, d) where to look.
        units: (d,) standard deviation of each input.
        step: The move, in standard deviations.
    """
    here = run(points)
    near, far = (_size(run(points + part * step * units) - here) for part in (0.1, 1.0))
    return bool(np.median(near) > _ROUGH * np.median(far) > 0)


def rounding(run: Run, points: FloatArray, units: FloatArray) -> float:
    """Return the root mean square rounding error of an output, median over points.

    Second differences over so small a move hold next to nothing else.

    Args:
        run: The map.
        points: (n, d) where to look.
        units: (d,) standard deviation of each input.
    """
    here = run(points).astype(np.float64)
    bend = run(points + _TINY * units) + run(points - _TINY * units) - 2 * here
    each = np.sqrt(np.mean(bend**2, axis=1) / _BENT)
    return float(np.median(each))


def step_against(error: float, hidden: float) -> tuple[float, float]:
    """Choose a step whose differences do not drown in rounding errors.

    Args:
        error: Root mean square rounding error of an output.
        hidden: Root mean square change per standard deviation that has to be told from none.

    Returns:
        The step, and the change that can be told from none: larger where rounding is too coarse.
    """
    step = float(np.clip(_CLEAR * error / (math.sqrt(2) * max(hidden, 1e-300)), STEP, _LONGEST))
    return step, max(hidden, _CLEAR * error / (math.sqrt(2) * step))


def count_hidden(run: Run, grams: Grams, draws: FloatArray, hidden: float) -> tuple[int, float]:
    """Count the directions along which one standard deviation changes less than is seen.

    Those that the derivatives name are tried: all of them are drawn anew at once, and what that
    changes has to stay below what so many unseen directions may add up to. If it does not, half
    as many, the least active ones, are tried.

    Args:
        run: The map.
        grams: Its derivatives.
        draws: (2 n, d) inputs in standard deviations; the second half lends its components.
        hidden: Root mean square change of an output that nobody sees.

    Returns:
        The number of directions, and the root mean square change when all of them are drawn anew.
    """
    activity, vectors = grams.activity
    count = int((activity < hidden).sum())
    here, there = np.split(draws, 2)
    before = run(here)
    while count:
        basis = vectors[:, :count]
        change = run(here + (there - here) @ basis @ basis.T) - before
        size = float(np.sqrt(np.mean(np.square(change, dtype=np.float64))))
        if size <= hidden * np.sqrt(2 * count):
            return count, size
        count //= 2
    return 0, 0.0


def median_interval(values: FloatArray) -> tuple[float, float, float]:
    """Return the median of independent values with its 95% interval from their order."""
    from scipy.stats import binom

    ranked = np.sort(values)
    n = len(ranked)
    below = int(binom.ppf(0.025, n, 0.5))
    low, high = ranked[max(0, below - 1)], ranked[min(n - below, n - 1)]
    return float(np.median(ranked)), float(low), float(high)


def _size(change: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(change.astype(np.float64), axis=1))
