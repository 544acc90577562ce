"""What one point's balls do to a score that counts who lies in them: half of its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_COLUMNS = 8192
_LOOKED_AT = 1000


def some_of(n: int) -> IntArray:
    """Return at most 1,000 of n rows, evenly spread: enough to tell how much balls differ."""
    return np.asarray(np.linspace(0, n - 1, min(n, _LOOKED_AT)).round(), dtype=np.int64)


def weight_inside(
    centers: FloatArray,
    points: FloatArray,
    radii: AnyArray,
    weights: FloatArray,
    device: str = "cpu",
) -> FloatArray:
    """Sum the weights of the points in each ball.

    Distances are those of the matrix form in float32: what lies on the very edge of a ball may be
    counted or not.

    Args:
        centers: (n, d) centres of the balls.
        points: (m, d).
        radii: (n, 1) radius of each ball, or (1, m) the radius that reaches each point.
        weights: (m, q) weights of the points.
        device: Torch device of the tiles.

    Returns:
        (n, q) float64.
    """
    import torch

    here = torch.as_tensor(centers, device=device)
    reach = np.broadcast_to(np.asarray(radii, dtype=np.float32), (len(centers), len(points)))
    total = np.zeros((len(centers), weights.shape[1]))
    for at in range(0, len(points), _COLUMNS):
        columns = slice(at, at + _COLUMNS)
        there = torch.as_tensor(points[columns], device=device)
        apart = torch.cdist(here, there, compute_mode="use_mm_for_euclid_dist")
        inside = apart <= torch.as_tensor(np.ascontiguousarray(reach[:, columns]), device=device)
        weighing = torch.as_tensor(weights[columns], dtype=torch.float32, device=device)
        total += (inside.to(torch.float32) @ weighing).cpu().numpy()
    return total


def steps_down(counts: IntArray, worth: Callable[[AnyArray], AnyArray]) -> FloatArray:
    """Return what one ball less, or half of it and half of one more, takes from each point.

    Args:
        counts: (m,) balls that hold each point, at least one where it matters.
        worth: What a point in so many balls adds to a score.

    Returns:
        (m,) central differences: at a kink, such as from no ball to one, half of the step.
    """
    fewer = np.maximum(counts - 1, 0)
    return np.asarray((worth(counts + 1) - worth(fewer)) / 2, dtype=np.float64)


def variance_of(effects: FloatArray, n: int) -> float:
    """Return the variance that n independent points bring, from the effects of some of them."""
    return n * float(np.var(effects))
