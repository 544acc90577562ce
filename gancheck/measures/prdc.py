"""Precision, recall, density and coverage, and clipped density: means over points of one side.

A ball includes its surface (``<=``), so that identical and constant sets have defined values where
``<`` gives 0/0. Each mean comes with the error that the other side brings, whose points span the
balls or fill them: held fixed, it would make intervals a third too narrow. All of them together
take three passes: over the distances within each side, and over those across.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.membership import Members, some_of, steps_down, variance_of
from gancheck.measures.tallies import Across, Tally, cross
from gancheck.neighbors import Neighbors, count_listed, nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


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
    spanned, own = _Spanned.of(reference, k, device), _Spanned.of(samples, k, device)
    found = cross(Across(reference, samples, (spanned.radii,), own.radii, 0, device))
    return _means(_Balls(spanned, found.drawn[0]), _Balls(own, found.known))


def clipped_density(
    reference: FloatArray, samples: FloatArray, k: int, device: str = "cpu"
) -> Mean:
    """Return each sample's clipped density over the reference's own mean clipped density.

    A ball may reach no further than the median radius, so that outliers claim no space, and a
    sample in more than k balls counts like one in k (Salvy et al. 2025, "clipped density").

    Returns:
        (m,) contributions; their mean, capped at 1, is the clipped density.
    """
    spanned = _Spanned.of(reference, k, device).clipped
    found = cross(Across(reference, samples, (spanned.radii,), None, 0, device))
    return _clipped(_Balls(spanned, found.drawn[0]))


@dataclass(frozen=True, eq=False)
class Comparison:
    """All that distances within and across two sets say, from three passes over them.

    Attributes:
        means: What `prdc` returns, and ``clipped`` as of `clipped_density`.
        own: Neighbours of each reference point among the others, and of each sample; k of them,
            and one more where there is one.
        across: The k nearest samples of each reference point, and the reverse.
    """

    means: dict[str, Mean]
    own: tuple[Neighbors, Neighbors]
    across: tuple[Neighbors, Neighbors]


def compare(
    reference: FloatArray,
    samples: FloatArray,
    k: int,
    *,
    device: str = "cpu",
    budget: int | None = None,
) -> Comparison:
    """Compare two sets in every way at once.

    Args:
        reference: (n, d).
        samples: (m, d).
        k: Neighbours that span a ball, and that are listed.
        device: Torch device.
        budget: Bytes that each pass may take, see `gancheck.neighbors.nearest`.
    """
    spanned = _Spanned.of(reference, k, device, budget)
    own = _Spanned.of(samples, k, device, budget)
    radii = spanned.radii, spanned.clipped.radii
    found = cross(Across(reference, samples, radii, own.radii, k, device, budget))
    drawn, known = _Balls(spanned, found.drawn[0]), _Balls(own, found.known)
    clipped = _Balls(spanned.clipped, found.drawn[1])
    return Comparison(
        {**_means(drawn, known), "clipped": _clipped(clipped)},
        (spanned.own, own.own),
        (found.there, found.back),
    )


@dataclass(frozen=True, eq=False)
class _Spanned:
    """Balls around the points of one side.

    Attributes:
        centers: (n, d).
        own: Neighbours of each on its own side: k, and one more where there is one.
        radii: (n,).
        k: Neighbours that span a ball.
        device: Torch device.
    """

    centers: FloatArray
    own: Neighbors
    radii: FloatArray
    k: int
    device: str

    @classmethod
    def of(cls, centers: FloatArray, k: int, device: str, budget: int | None = None) -> _Spanned:
        reach = max(k, min(k + 1, len(centers) - 1))
        own = nearest(centers, centers, reach, exclude_self=True, device=device, budget=budget)
        return cls(centers, own, own.distances[:, k - 1], k, device)

    @property
    def clipped(self) -> _Spanned:
        """The same balls, none larger than the median one."""
        radii = np.minimum(self.radii, np.median(self.radii))
        return _Spanned(self.centers, self.own, radii, self.k, self.device)


@dataclass(frozen=True, eq=False)
class _Balls:
    """Balls, and what a pass found of other points in them."""

    spanned: _Spanned
    found: Tally

    @property
    def others(self) -> int:
        """How many other points there are."""
        return len(self.found.around)

    def variance(self, weights: FloatArray) -> float:
        """Return the variance that the balls bring to a mean over the points, weights (m,)."""
        summed = self.found.of_balls.summed(weights) / self.others
        return variance_of(summed, len(self.spanned.centers))

    def variance_from_points(self, weights: FloatArray) -> float:
        """Return the variance that the points bring to a mean over the balls, weights (n,)."""
        summed = self.found.of_points.summed(weights) / len(self.spanned.centers)
        return variance_of(summed, self.others)


def _means(drawn: _Balls, known: _Balls) -> dict[str, Mean]:
    """Return the published four from balls around the reference and around the samples."""
    k = drawn.spanned.k
    held, inside = drawn.found.held, drawn.found.around
    recalled = known.found.around

    def hit(counts: AnyArray) -> AnyArray:
        return np.asarray(counts > 0, dtype=np.float64)

    def dense(counts: AnyArray) -> AnyArray:
        return np.asarray(counts / k, dtype=np.float64)

    return {
        "precision": Mean(hit(inside), drawn.variance(steps_down(inside, hit))),
        "recall": Mean(hit(recalled), known.variance(steps_down(recalled, hit))),
        "density": Mean(dense(inside), drawn.variance(steps_down(inside, dense))),
        "coverage": Mean(hit(held), drawn.variance_from_points(steps_down(held, hit))),
    }


def _clipped(balls: _Balls) -> Mean:
    """Return the clipped density from clipped balls around the reference."""
    spanned, drawn, k = balls.spanned, balls.found.around, balls.spanned.k
    n = len(spanned.centers)
    own = Members(some_of(n), n)
    real = count_listed(spanned.own, spanned.centers, spanned.radii, noted=own)[1]

    def clipped(counts: AnyArray) -> AnyArray:
        return np.minimum(counts / k, 1)

    usual = max(float(clipped(real).mean()), 1e-12)
    each = clipped(drawn) / usual
    weights, rows = steps_down(real, clipped), some_of(n)
    taken = balls.found.of_balls.summed(steps_down(drawn, clipped))
    own_taken = own.summed(weights) + weights[rows]
    gone = own_taken + clipped(real[rows])  # its balls, and what it adds itself
    effects = taken / usual / balls.others - each.mean() / usual * gone / n
    return Mean(np.asarray(each), variance_of(effects, n))
