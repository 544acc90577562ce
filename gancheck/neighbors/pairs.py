"""Counting the pairs of a ball and a point in it, by all ranks of a crew where that pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors import sharing
from gancheck.neighbors.counting import Counting
from gancheck.neighbors.tiles import Scan

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray


def count_within(
    queries: FloatArray,
    points: FloatArray,
    radii: FloatArray | float,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
    budget: int | None = None,
) -> IntArray:
    """Count the points at most a radius away from each query: (n,) int64.

    Arguments are those of `count_pairs`, of which this is one half.
    """
    return count_pairs(
        queries, points, radii, exclude_self=exclude_self, device=device, budget=budget
    )[0]


def count_pairs(
    centers: FloatArray,
    points: FloatArray,
    radii: FloatArray | float,
    *,
    exclude_self: bool = False,
    device: str = "cpu",
    budget: int | None = None,
) -> tuple[IntArray, IntArray]:
    """Count the points in each ball, and the balls around each point, in one pass.

    The comparison is ``<=``. Pairs within float32 rounding of a radius are decided by direct
    differences.

    Args:
        centers: (n, d) centres of the balls.
        points: (m, d).
        radii: One radius, or (n,) one per ball.
        exclude_self: Centres and points are the same set, and row i is not in its own ball.
        device: Torch device of the tiles.
        budget: Bytes that the search may take, None for `gancheck.neighbors.BUDGET`.

    Returns:
        (n,) points per ball and (m,) balls per point, int64.
    """
    if sharing.pays(centers, points):
        others = None if exclude_self else points
        return sharing.counted_by_all(centers, others, radii, device, budget)
    counting = Counting(centers, points, radii, device)
    own = np.arange(len(centers)) if exclude_self else None
    Scan(centers, points, own, device, budget).show([counting])
    return counting.held, counting.around
