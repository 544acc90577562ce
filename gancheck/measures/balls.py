"""How full nearest-neighbour balls of one set are of points of another, and how surely.

The filling of the balls around one side's points, counted in the other side's points, is turned
into an overlap by `calibration`. Its error comes from leaving out single points, whose effect on
every ball is known exactly without counting anew, and from counting random halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.calibration import calibrated
from gancheck.neighbors import Neighbors, nearest, nearest_both_ways

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_STEP = 0.02  # over which the slope of the calibration is taken


@dataclass(frozen=True)
class Balls:
    """Balls around the points of one side, filled by the points of the other.

    Attributes:
        own: Neighbours of each point among its own side, itself left out; (n, L) with L > k.
        other: Its neighbours on the other side.
        others: Points on the other side, m.
        k: Neighbours that span a ball.
    """

    own: Neighbors
    other: Neighbors
    others: int
    k: int

    @property
    def total(self) -> int:
        """Points on the ball's own side, n."""
        return len(self.own.indices)

    @property
    def overlap(self) -> float:
        """The calibrated mean filling: 1 for equal laws, more where the other side crowds."""
        filling = float(self._filled(self.k).mean()) / self.k
        return calibrated(filling, self.total, self.others, self.k)

    def overlap_of(self, alive: AnyArray, others_alive: AnyArray, k: int) -> float:
        """Return the overlap among the points that are alive: (n,) and (m,) booleans."""
        own = alive[self.own.indices[alive]]
        other = others_alive[self.other.indices[alive]]
        kth = np.argmax(own.cumsum(axis=1, dtype=np.int16) >= k, axis=1)
        kth = np.where(own.sum(axis=1) >= k, kth, own.shape[1] - 1)
        radius = np.take_along_axis(self.own.distances[alive], kth[:, None], axis=1)
        counts = ((self.other.distances[alive] <= radius) & other).sum(axis=1)
        filling = float(np.minimum(counts, k).mean()) / k
        return calibrated(filling, len(radius), int(others_alive.sum()), k)

    def effects(self) -> tuple[FloatArray, FloatArray]:
        """Return what leaving out each point does to the overlap, on average nothing.

        Returns:
            (n,) effects of the ball's own side and (m,) of the other.
        """
        n, k = self.total, self.k
        within = self.other.distances <= self.own.distances[:, k - 1 : k]
        counts = within.sum(axis=1)
        filled = np.minimum(counts, k)
        own = -filled.astype(np.float64)
        grown = (self._filled(k + 1) - self._filled(k - 1)) / 2
        np.add.at(own, self.own.indices[:, :k], grown[:, None])
        felt = np.where(counts < k, 1.0, np.where(counts == k, 0.5, 0.0))
        lost = np.broadcast_to(felt[:, None], within.shape)[within]
        other = -np.bincount(self.other.indices[within], lost, minlength=self.others)
        slope = self._slope(float(filled.mean()) / k) / k
        return slope * (own - own.mean()) / (n - 1), slope * (other - other.mean()) / n

    def _filled(self, spanning: int) -> AnyArray:
        """Count the other side's points in balls of that many neighbours, up to k; (n,)."""
        radius = self.own.distances[:, spanning - 1 : spanning]
        return np.asarray(np.minimum((self.other.distances <= radius).sum(axis=1), self.k))

    def _slope(self, filling: float) -> float:
        """Return how fast the overlap rises with the filling."""
        low, high = max(0.0, filling - _STEP), min(1.0, filling + _STEP)
        ends = [calibrated(at, self.total, self.others, self.k) for at in (low, high)]
        return (ends[1] - ends[0]) / (high - low)


def both_sides(
    reference: FloatArray, samples: FloatArray, k: int, device: str
) -> tuple[Balls, Balls]:
    """Span balls around the points of both sides, with neighbours enough to halve the sides."""
    reach = k + round(6 * np.sqrt(k)) + 4  # so that k / 2 neighbours are found in any half

    n, m = len(reference), len(samples)
    across = nearest_both_ways(reference, samples, (min(reach, m), min(reach, n)), device=device)

    def balls(own: FloatArray, other: Neighbors, others: int) -> Balls:
        inside = nearest(own, own, min(reach, len(own) - 1), exclude_self=True, device=device)
        return Balls(inside, other, others, k)

    return balls(reference, across[0], m), balls(samples, across[1], n)
