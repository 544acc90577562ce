"""Student's t distribution, for errors that were estimated from few groups."""

from __future__ import annotations

import math
from functools import cache

_STEPS = 200
_WIDEST = 1e9


@cache
def student_t(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t distribution.

    Args:
        probability: Between 0.5 and 1.
        degrees: Degrees of freedom, at least 1.

    Raises:
        ValueError: An argument is out of range.
    """
    if not 0.5 <= probability < 1 or degrees < 1:
        raise ValueError(f"no t quantile at {probability} with {degrees} degrees of freedom")
    low, high = 0.0, _WIDEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _below(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(t: float, degrees: int) -> float:
    """Return P(T <= t) for t >= 0: a finite sum for whole degrees (Abramowitz and Stegun 26.7.3-4).

    The terms are products of cos(theta)^2, with theta = atan(t / sqrt(degrees)).
    """
    theta = math.atan2(t, math.sqrt(degrees))
    square = math.cos(theta) ** 2
    odd = degrees % 2
    term = math.cos(theta) if odd else 1.0
    total = 0.0
    for k in range(1 + odd, degrees, 2):
        total += term
        term *= square * k / (k + 1)
    inside = 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total
    return 0.5 + inside / 2
