"""Finding jumps of a map along lines, by secants and bisection: black box, no derivative.

A secant across an interval contains whatever jump lies inside it, however narrow, which a
derivative or a tiny step almost never hits. Halving the interval around a jump then tells a
discontinuity, whose size stays as the step shrinks, from a steep but continuous passage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gancheck.samplers.slices import Lines

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

Map: TypeAlias = Callable[["FloatArray"], "FloatArray"]

HALVINGS = 16
_RISE_HALVINGS = 12
_RATES = 6  # halvings whose decay gives the slope exponent


@dataclass(frozen=True)
class Secants:
    """Steps of a map along lines.

    Attributes:
        lengths: (lines, steps + 1) where each line was evaluated.
        jumps: (lines, steps) feature distance between neighbours on a line.
        step: (lines,) latent length of one step.
        features: (lines, steps + 1, dim) what the map gave there.
    """

    lengths: FloatArray
    jumps: FloatArray
    step: FloatArray
    features: FloatArray

    @property
    def slopes(self) -> FloatArray:
        """Feature distance per latent length, (lines, steps)."""
        return self.jumps / self.step[:, None]

    @property
    def total_length(self) -> float:
        """Latent length of all lines together."""
        return float(self.step.sum() * self.jumps.shape[1])


@dataclass(frozen=True)
class Jumps:
    """Jumps after bisection; every array has one entry per candidate.

    Attributes:
        line: Which line it lies on.
        length: Where on the line, in the middle of the last interval.
        size: Feature distance over the first interval.
        width: Latent length of the smallest interval that still holds half of it.
        exponent: 1 where the map is smooth, 0 at a discontinuity.
        slope: Steepest secant slope met on the way down.
    """

    line: IntArray
    length: FloatArray
    size: FloatArray
    width: FloatArray
    exponent: FloatArray
    slope: FloatArray


def walk(lines: Lines, run: Map, steps: int) -> Secants:
    """Evaluate a map at evenly spaced points of every line.

    Args:
        lines: Paths through the latent space.
        run: Maps latents (m, d) to features (m, dim).
        steps: Secants per line.
    """
    count = len(lines.starts)
    share = np.linspace(0.0, 1.0, steps + 1)
    lengths = lines.spans[:, :1] + share * (lines.spans[:, 1:] - lines.spans[:, :1])
    rows = np.repeat(np.arange(count), steps + 1)
    features = run(lines.at(rows, lengths.ravel())).reshape(count, steps + 1, -1)
    jumps = np.linalg.norm(np.diff(features, axis=1), axis=2)
    return Secants(lengths, jumps, (lines.spans[:, 1] - lines.spans[:, 0]) / steps, features)


def candidates(secants: Secants, *, contrast: float, least: float) -> tuple[IntArray, IntArray]:
    """Choose the steps worth bisecting: far steeper than usual, and large.

    No candidate is trimmed: the largest jumps are what is looked for.

    Args:
        secants: The steps.
        contrast: Least slope, as a multiple of the median slope.
        least: Least jump, in feature units.

    Returns:
        Line and step numbers.
    """
    slopes = secants.slopes
    steep = slopes > contrast * max(float(np.median(slopes)), 1e-12)
    line, step = np.nonzero(steep & (secants.jumps > least))
    return line, step


def bisect(
    lines: Lines,
    run: Map,
    secants: Secants,
    chosen: tuple[IntArray, IntArray],
    *,
    resolution: float = 0.0,
) -> Jumps:
    """Halve the interval around each candidate, keeping the half with the larger jump.

    Args:
        lines: Paths through the latent space.
        run: Maps latents (m, d) to features (m, dim).
        secants: Steps along the lines.
        chosen: Line and step number of each candidate.
        resolution: Feature distance that the arithmetic cannot tell from zero.
    """
    line, step = chosen
    if not len(line):
        none = np.empty(0)
        return Jumps(line, none, none, none, none, none)
    low, high = secants.lengths[line, step], secants.lengths[line, step + 1]
    left, right = run(lines.at(line, low)), run(lines.at(line, high))
    sizes, width = [np.linalg.norm(right - left, axis=1)], high - low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        between = run(lines.at(line, middle))
        first = np.linalg.norm(between - left, axis=1)
        second = np.linalg.norm(right - between, axis=1)
        go_left = first >= second
        low, high = np.where(go_left, low, middle), np.where(go_left, middle, high)
        left = np.where(go_left[:, None], left, between)
        right = np.where(go_left[:, None], between, right)
        sizes.append(np.maximum(first, second))
    ladder = np.stack(sizes)
    held = ladder >= ladder[0] / 2
    last = held.cumprod(axis=0).sum(axis=0) - 1
    steps_down = 0.5 ** np.arange(HALVINGS + 1)
    trusted = ladder > resolution
    slope = np.where(trusted, ladder / (width * steps_down[:, None]), 0.0).max(axis=0)
    return Jumps(line, (low + high) / 2, ladder[0], width * 0.5**last, _exponent(ladder), slope)


def rises(
    lines: Lines, run: Map, line: IntArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Find between which lengths a passage makes its jump: from a tenth of it to nine tenths.

    Args:
        lines: Paths through the latent space.
        run: Maps latents (m, d) to features (m, dim).
        line: (m,) line of each passage.
        low: (m,) length before it.
        high: (m,) length after it.

    Returns:
        Lengths (m,) at 10% and at 90% of the way from one end to the other, measured along the
        straight line between both in feature space.
    """
    if not len(line):
        return low, high
    before, after = run(lines.at(line, low)), run(lines.at(line, high))
    jump = after - before
    square = np.maximum((jump**2).sum(axis=1), 1e-30)

    def reach(share: float) -> FloatArray:
        left, right = low.copy(), high.copy()
        for _ in range(_RISE_HALVINGS):
            middle = (left + right) / 2
            done = ((run(lines.at(line, middle)) - before) * jump).sum(axis=1) / square
            left, right = (
                np.where(done < share, middle, left),
                np.where(done < share, right, middle),
            )
        return np.asarray((left + right) / 2)

    return reach(0.1), reach(0.9)


def _exponent(ladder: FloatArray) -> FloatArray:
    """Fit -log2(jump) against the number of halvings over the first ones: the decay per halving."""
    depth = np.arange(_RATES + 1) - _RATES / 2
    decay = -np.log2(np.maximum(ladder[: _RATES + 1], 1e-30))
    return np.asarray((depth @ decay) / (depth @ depth))
