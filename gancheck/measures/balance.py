"""How well two sets of mode counts agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.types import Interval

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

BALANCED = 0.85
"""Overlap of the shares from which modes count as balanced."""
_DRAWS = 400
_FOLDED = 1.30  # makes the correction exact on average where shares are equal


def counted(modes: IntArray, count: int) -> IntArray:
    """Count the samples (n,) of each of so many modes; those of no clear mode, -1, are left out."""
    return np.asarray(np.bincount(modes[modes >= 0], minlength=count))


def mode_overlap(
    hits: IntArray, base_hits: IntArray, rng: np.random.Generator
) -> tuple[float, Interval]:
    """Estimate ``sum min(p_c, q_c) = 1 - sum |p_c - q_c| / 2``, the overlap of the shares.

    The plug-in sum is too small: two samples of one law never have equal counts. What chance adds
    to each difference is taken off; it is much where shares agree and nothing where a mode is
    plainly missing. The interval comes from redrawing both sides, and reaches down to what no
    such correction would give: many small differences cannot be told from chance.
    """
    n, base_n = int(hits.sum()), int(base_hits.sum())
    p, q = base_hits / base_n, hits / n
    chance = _added_by_chance(q - p, np.sqrt(p * (1 - p) / base_n + q * (1 - q) / n))
    plain = float(np.minimum(p, q).sum())
    value = min(1.0, plain + float(chance.sum()) / 2)
    margin = 1.96 * float(_overlaps(rng, q, n, p, base_n).std())
    return value, Interval(max(0.0, plain - margin), min(1.0, value + margin))


def _added_by_chance(gap: FloatArray, error: FloatArray) -> FloatArray:
    """Estimate how much larger the size of each measured gap is than that of the true gap.

    The size of a normal number is folded: its mean exceeds the size of the mean. The true gap is
    taken to be what is left of the measured one beyond its error.
    """
    from scipy.special import ndtr

    safe = np.maximum(error, 1e-12)
    z = np.sqrt(np.maximum(0.0, (gap / safe) ** 2 - 1))
    folded = np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) - 2 * z * ndtr(-z)
    return np.asarray(_FOLDED * error * folded)


def _overlaps(
    rng: np.random.Generator, q: FloatArray, n: int, p: FloatArray, base_n: int
) -> FloatArray:
    drawn = rng.multinomial(n, q, _DRAWS) / n
    base = rng.multinomial(base_n, p, _DRAWS) / base_n
    return np.asarray(np.minimum(drawn, base).sum(axis=1))
