"""How full nearest-neighbour balls of one set are of points of another, in random halves.

The filling of the balls around one side's points, counted in the other side's points, is turned
into an overlap by `calibration`. Neighbours are found once; what any part of the points would have
scored by itself follows from their order, for hundreds of parts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.devices import kernel
from gancheck.measures.calibration import calibrated
from gancheck.neighbors import Neighbors, nearest, nearest_both_ways

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_BEYOND = np.iinfo(np.uint8).max  # own points nearer than a place that no list reaches
_PARTS = 100  # looked at together: what the counts take stays a few megabytes


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
        everyone = np.ones((self.total, 1), bool), np.ones((self.others, 1), bool)
        return float(self.overlaps(*everyone, np.array([self.k]))[0])

    def overlaps(self, alive: AnyArray, others_alive: AnyArray, spanning: IntArray) -> FloatArray:
        """Return the overlap among the points of each of S parts, as if there were no others.

        Args:
            alive: (n, S) booleans, which points of the own side are in a part.
            others_alive: (m, S) booleans, which points of the other side are.
            spanning: (S,) neighbours that span a ball in each part, at most k. A ball whose list of
                neighbours holds fewer of the part reaches as far as the list.
        """
        places, filled = self._places(), np.empty(len(spanning), np.int64)
        for parts in (slice(at, at + _PARTS) for at in range(0, len(spanning), _PARTS)):
            here = alive[:, parts]
            counts = self._counted(places, here, others_alive[:, parts], spanning[parts])
            filled[parts] = (np.minimum(counts, spanning[parts]) * here).sum(axis=0, dtype=np.int64)
        points, others = alive.sum(axis=0), others_alive.sum(axis=0)
        fillings = filled / points / spanning
        sizes, which = np.unique(np.stack([points, others, spanning]), axis=1, return_inverse=True)
        found = np.empty(len(fillings))
        for at, (n, m, k) in enumerate(sizes.T.tolist()):
            found[which == at] = calibrated(fillings[which == at], n, m, k)
        return found

    @kernel("distances")
    def _counted(
        self, places: IntArray, alive: AnyArray, others_alive: AnyArray, spanning: IntArray
    ) -> AnyArray:
        """Count the other side's living points in each ball: (n, S).

        Such a point is inside when fewer living own points are nearer than the ball has to hold.
        """
        own, others = alive.astype(np.uint8), others_alive.astype(np.uint8)
        reach, rows = self.own.indices.shape[1], np.arange(self.total)
        nearer = np.zeros((reach + 1, *own.shape), np.uint8)
        for place in range(reach):
            np.add(nearer[place], own[self.own.indices[:, place]], out=nearer[place + 1])
        nearer[reach] = _BEYOND
        limit = spanning.astype(np.uint8)
        counts = np.zeros(own.shape, np.uint8)
        for place in range(self.other.indices.shape[1]):
            inside = nearer[places[:, place], rows] < limit
            counts += others[self.other.indices[:, place]] * inside
        return counts

    def _places(self) -> IntArray:
        """Count the own neighbours that are strictly nearer than each of the other side's."""
        pairs = zip(self.own.distances, self.other.distances, strict=True)
        return np.stack([np.searchsorted(own, other) for own, other in pairs])


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
