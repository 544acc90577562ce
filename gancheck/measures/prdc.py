"""Precision, recall, density and coverage, and clipped density: means over points of one side.

A ball includes its surface (``<=``), so that identical and constant sets have defined values where
``<`` gives 0/0. Each mean comes with the error that the other side brings, whose points span the
balls or fill them: held fixed, it would make intervals a third too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.membership import some_of, steps_down, variance_of, weight_inside
from gancheck.neighbors import count_pairs, nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray


@dataclass(frozen=True)
class Mean:
    """A score that is a mean over points.

    Attributes:
        each: What each point adds, (n,).
        beside: Variance of the mean that the other side's points bring.
    """

    each: FloatArray
    beside: float

    @property
    def se(self) -> float:
        """Standard error of the mean."""
        return float(np.sqrt(self.each.var() / len(self.each) + self.beside))


def prdc(
    reference: FloatArray, samples: FloatArray, k: int, device: str = "cpu"
) -> dict[str, Mean]:
    """Return precision, recall, density and coverage.

    Args:
        reference: (n, d).
        samples: (m, d); the published numbers assume m = n.
        k: Neighbours that span a ball: 3 in Kynkaanniemi et al. 2019, 5 in Naeem et al. 2020.
        device: Torch device.

    Returns:
        ``precision`` and ``density`` (m,), ``recall`` and ``coverage`` (n,). All are shares but
        the density, which is not bounded by 1.
    """
    wide = nearest(reference, reference, k, exclude_self=True, device=device).distances[:, -1]
    own = nearest(samples, samples, k, exclude_self=True, device=device).distances[:, -1]
    held, inside = count_pairs(reference, samples, wide, device=device)
    _, recalled = count_pairs(samples, reference, own, device=device)

    def hit(counts: AnyArray) -> AnyArray:
        return np.asarray(counts > 0, dtype=np.float64)

    def dense(counts: AnyArray) -> AnyArray:
        return np.asarray(counts / k, dtype=np.float64)

    drawn = _Inside(reference, samples, wide, device)
    known = _Inside(samples, reference, own, device)
    precise, filled = drawn.by_balls(steps_down(inside, hit), steps_down(inside, dense))
    recalling = known.by_balls(steps_down(recalled, hit))
    covering = drawn.by_points(steps_down(held, hit))
    return {
        "precision": Mean(hit(inside), precise),
        "recall": Mean(hit(recalled), recalling[0]),
        "density": Mean(dense(inside), filled),
        "coverage": Mean(hit(held), covering),
    }


def clipped_density(
    reference: FloatArray, samples: FloatArray, k: int, device: str = "cpu"
) -> Mean:
    """Return each sample's clipped density over the reference's own mean clipped density.

    A ball may reach no further than the median radius, so that outliers claim no space, and a
    sample in more than k balls counts like one in k (Salvy et al. 2025, "clipped density").

    Returns:
        (m,) contributions; their mean, capped at 1, is the clipped density.
    """
    own = nearest(reference, reference, k, exclude_self=True, device=device).distances[:, -1]
    radius = np.minimum(own, np.median(own))
    _, real = count_pairs(reference, reference, radius, exclude_self=True, device=device)
    _, drawn = count_pairs(reference, samples, radius, device=device)

    def clipped(counts: AnyArray) -> AnyArray:
        return np.minimum(counts / k, 1)

    usual = max(float(clipped(real).mean()), 1e-12)
    each = clipped(drawn) / usual
    rows = some_of(len(reference))
    taken = _Inside(reference, samples, radius, device).of_balls(rows, steps_down(drawn, clipped))
    own_taken = _Inside(reference, reference, radius, device).of_balls(
        rows, steps_down(real, clipped)
    )
    gone = own_taken[:, 0] + clipped(real[rows])  # its balls, and what it adds itself
    effects = taken[:, 0] / usual / len(samples) - each.mean() / usual * gone / len(reference)
    return Mean(np.asarray(each), variance_of(effects, len(reference)))


@dataclass(frozen=True)
class _Inside:
    """Balls around centers (n, d) of radii (n,), and the points (m, d) that may lie in them."""

    centers: FloatArray
    points: FloatArray
    radii: FloatArray
    device: str

    def of_balls(self, rows: IntArray, *weights: FloatArray) -> FloatArray:
        """Sum weights of points (m,) over some of the balls: (rows, weights)."""
        return weight_inside(
            self.centers[rows],
            self.points,
            self.radii[rows, None],
            np.stack(weights, axis=1),
            self.device,
        )

    def by_balls(self, *weights: FloatArray) -> list[float]:
        """Return the variance that the balls bring to means over the points, for each weight."""
        summed = self.of_balls(some_of(len(self.centers)), *weights) / len(self.points)
        return [variance_of(effects, len(self.centers)) for effects in summed.T]

    def by_points(self, weights: FloatArray) -> float:
        """Return the variance that the points bring to a mean over the balls, weights (n,)."""
        rows = some_of(len(self.points))
        summed = weight_inside(
            self.points[rows], self.centers, self.radii[None, :], weights[:, None], self.device
        )
        return variance_of(summed[:, 0] / len(self.centers), len(self.points))
