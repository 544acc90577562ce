"""How full nearest-neighbour balls are when two laws are equal: exact, whatever the law."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_TABLE_POINTS = 400


def expected_share(counted: FloatArray, n: int, k: int) -> FloatArray:
    """Return the expected filling of a ball, E[min(C, k)] / k, when both laws are equal.

    A ball reaches to the k-th neighbour among n - 1 others of its own side, so the mass in it is
    Beta(k, n - k) and the count C of ``counted`` points of the other side is beta-binomial.

    Args:
        counted: (m,) whole numbers of points on the other side.
        n: Points on the ball's own side.
        k: Neighbours that span the ball.
    """
    from scipy.special import betaln, gammaln

    counted = np.asarray(counted, dtype=np.float64)
    missing = np.zeros_like(counted)
    for hits in range(k):
        possible = counted >= hits
        size = np.where(possible, counted, hits)
        log_choose = gammaln(size + 1) - gammaln(hits + 1) - gammaln(size - hits + 1)
        log_mass = betaln(k + hits, n - k + size - hits) - betaln(k, n - k)
        missing += np.where(possible, (k - hits) * np.exp(log_choose + log_mass), 0.0)
    return np.asarray(1.0 - missing / k)


def calibrated(filling: FloatArray, n: int, m: int, k: int) -> FloatArray:
    """Turn mean ball fillings into the shares of m points that equal laws would need for them."""
    fillings, shares = _table(n, m, k)
    return np.asarray(np.interp(filling, fillings, shares))


@lru_cache(maxsize=256)
def _table(n: int, m: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Tabulate expected fillings up to twice the other side's size, and their shares of it."""
    counted = np.unique(np.linspace(0, 2 * m, _TABLE_POINTS).round())
    return expected_share(counted, n, k), counted / m
