"""How many dimensions points fill, from the distances to their nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors import nearest
from gancheck.stats import Z95, jackknife_se

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_NEAREST, _FARTHEST = 10, 20  # neighbours that the estimate is averaged over
_GROUPS = 20
_KEPT = 0.9  # of the ratios of two neighbours: the largest ones stray from the line
_LEAST = 100
_SHARED = 1.5  # points share neighbours, so that leaving some out shows too little of the spread


@dataclass(frozen=True)
class Dimension:
    """An estimate of the intrinsic dimension.

    Attributes:
        value: By the likelihood of the distances to the 10 to 20 nearest neighbours.
        low: Lower end of its 95% interval.
        high: Upper end of its 95% interval.
        two_nearest: By the ratio of the distances to the two nearest neighbours alone.
        n: Distinct points.
    """

    value: float
    low: float
    high: float
    two_nearest: float
    n: int


def intrinsic_dimension(points: FloatArray, device: str = "cpu") -> Dimension:
    """Estimate the dimension that points fill locally (Levina and Bickel 2004; Facco et al. 2017).

    Both estimates fall below the truth in many dimensions and with few points: compare them at
    the same number of points only. Points that repeat are counted once.

    Args:
        points: (n, d).
        device: Torch device for distances.

    Returns:
        The estimate; 0 when there are fewer than 100 distinct points.
    """
    distinct = np.unique(np.asarray(points, dtype=np.float32), axis=0)
    if len(distinct) < _LEAST:
        return Dimension(0.0, 0.0, 0.0, 0.0, len(distinct))
    found = nearest(distinct, distinct, _FARTHEST, exclude_self=True, device=device).distances
    logs = np.log(np.maximum(found.astype(np.float64), _smallest(found)))
    inverse = inverse_dimensions(logs)
    value = _inverted(inverse.mean())
    order = np.random.default_rng(len(distinct)).permutation(len(inverse))
    group = order % _GROUPS
    without = np.array([_inverted(inverse[group != one].mean()) for one in range(_GROUPS)])
    half = Z95 * _SHARED * jackknife_se(without)
    return Dimension(value, max(0.0, value - half), value + half, two_nearest(logs), len(distinct))


def inverse_dimensions(logs: FloatArray) -> FloatArray:
    """Return the inverse of the likeliest dimension at each point, mean over 10 to 20 neighbours.

    The inverse is what may be averaged over points (MacKay and Ghahramani 2005).

    Args:
        logs: (n, 20) logarithms of the distances, rising along each row.
    """
    sums = np.cumsum(logs, axis=1)
    counts = range(_NEAREST, _FARTHEST + 1)
    each = [logs[:, k - 1] - sums[:, k - 2] / (k - 1) for k in counts]
    return np.asarray(np.mean(each, axis=0))


def two_nearest(logs: FloatArray) -> float:
    """Fit the dimension to the ratios of the distances to the two nearest neighbours.

    For ratios mu, ``-log(1 - F(mu))`` is a line through the origin over ``log mu`` whose slope is
    the dimension.
    """
    ratios = np.sort(logs[:, 1] - logs[:, 0])
    kept = ratios[: int(_KEPT * len(ratios))]
    share = np.arange(1, len(kept) + 1) / (len(ratios) + 1)
    return _inverted(float(kept @ kept) / max(float(kept @ -np.log1p(-share)), 1e-300))


def _inverted(value: float) -> float:
    return 1 / float(value) if value > 1e-9 else 0.0


def _smallest(distances: FloatArray) -> float:
    """Return a distance that smaller ones are taken for: a millionth of the usual one."""
    return max(1e-6 * float(np.median(distances)), 1e-30)
