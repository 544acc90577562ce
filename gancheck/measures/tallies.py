"""What one pass over the distances across two sets says, by all ranks of a crew where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.crew import current, spans
from gancheck.crew.devices import here
from gancheck.measures.membership import Members, some_of
from gancheck.neighbors import Counting, Neighbors, Question, Scan, Tile
from gancheck.neighbors.searching import merged, nothing, shifted
from gancheck.neighbors.sharing import pays
from gancheck.neighbors.tiles import forgot

if TYPE_CHECKING:
    import torch

    from gancheck.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Tally:
    """Which of m points lie in n balls.

    Attributes:
        held: (n,) points in each ball.
        around: (m,) balls around each point.
        of_balls: The points in some of the balls.
        of_points: The balls around some of the points.
    """

    held: IntArray
    around: IntArray
    of_balls: Members
    of_points: Members

    @classmethod
    def empty(cls, balls: int, points: int) -> Tally:
        """Begin with nothing."""
        return cls(
            np.zeros(balls, dtype=np.int64),
            np.zeros(points, dtype=np.int64),
            Members(some_of(balls), balls),
            Members(some_of(points), points, points=True),
        )

    def add(self, other: Tally) -> None:
        """Add what another part of the pass found."""
        self.held[:] += other.held
        self.around[:] += other.around
        self.of_balls.absorb(other.of_balls)
        self.of_points.absorb(other.of_points)

    def add_counts(self, counting: Counting, balls: slice, points: slice) -> None:
        """Add counts of some balls and points; who lies where was noted already."""
        self.held[balls] += counting.held
        self.around[points] += counting.around

    def noted(self, balls: int, points: int) -> tuple[_From, _From]:
        """Return what notes pairs of balls and points that are numbered from these on."""
        return _From(self.of_balls, balls, points), _From(self.of_points, balls, points)


@dataclass(frozen=True)
class _From:
    """Numbers balls and points as in the whole."""

    members: Members
    balls: int
    points: int

    def add(self, rows: IntArray, columns: IntArray) -> None:
        """Note pairs of a ball and a point inside."""
        self.members.add(rows + self.balls, columns + self.points)

    def add_all(self, tile: Tile, inside: torch.Tensor) -> None:
        """Note a tile with many pairs."""
        rows, columns = _moved(tile.rows, self.balls), _moved(tile.columns, self.points)
        self.members.add_all(replace(tile, rows=rows, columns=columns), inside)

    def forget(self) -> bool:
        """Start over, if the members can."""
        return forgot(self.members)


def _moved(rows: slice, by: int) -> slice:
    return slice(rows.start + by, rows.stop + by)


@dataclass(frozen=True)
class Across:
    """Two sets, and balls around the points of both.

    Attributes:
        reference: (n, d).
        samples: (m, d).
        radii: For each set of balls around the reference, (n,).
        back: (m,) radii of balls around the samples; None for none.
        k: Neighbours of each point in the other set; 0 for none.
        device: Torch device.
        budget: Bytes of the pass, see `Scan`.
    """

    reference: FloatArray
    samples: FloatArray
    radii: tuple[FloatArray, ...]
    back: FloatArray | None
    k: int
    device: str
    budget: int | None = None


@dataclass(frozen=True, eq=False)
class Crossed:
    """What a pass across two sets found.

    Attributes:
        drawn: The samples in the balls around the reference, for each set of balls.
        known: The reference in the balls around the samples, where there are some.
        there: The nearest samples of each reference point.
        back: The nearest reference points of each sample.
    """

    drawn: tuple[Tally, ...]
    known: Tally
    there: Neighbors
    back: Neighbors


def cross(across: Across) -> Crossed:
    """Make the pass, by rows of the reference where there is a crew."""
    n = len(across.reference)
    if not pays(across.reference, across.samples):
        return _crossed(across, slice(0, n), n)
    rows = spans(n, current().size)
    common = replace(across, reference=across.reference[:0], radii=()), n
    shares = [
        (own, across.reference[own], tuple(radii[own] for radii in across.radii)) for own in rows
    ]
    return _together(current().run(_cross_share, common, shares), rows, across.k)


def _cross_share(
    common: tuple[Across, int], share: tuple[slice, FloatArray, tuple[FloatArray, ...]]
) -> Crossed:
    across, n = common
    rows, reference, radii = share
    device = here(across.device)
    return _crossed(replace(across, reference=reference, radii=radii, device=device), rows, n)


def _crossed(across: Across, rows: slice, n: int) -> Crossed:
    """Make the pass for some rows of a reference of n."""
    reference, samples, device = across.reference, across.samples, across.device
    m, everything = len(samples), slice(0, len(samples))
    drawn = tuple(Tally.empty(n, m) for _ in across.radii)
    known = Tally.empty(m, n)
    counted = [
        Counting(reference, samples, radii, device, tally.noted(rows.start, 0))
        for tally, radii in zip(drawn, across.radii, strict=True)
    ]
    turned = []
    if across.back is not None:
        noted = known.noted(0, rows.start)
        turned = [Counting(samples, reference, across.back, device, noted)]
    there = Question(reference, samples, across.k, None, device, across.budget)
    back = replace(there, queries=samples, points=reference, k=min(across.k, len(reference)))
    seen = (there.watch(), back.watch()) if across.k else ()
    scan = Scan(reference, samples, None, device, across.budget)
    scan.show([*counted, *seen[:1]], [*turned, *seen[1:]])
    for tally, counting in zip(drawn, counted, strict=True):
        tally.add_counts(counting, rows, everything)
    for counting in turned:
        known.add_counts(counting, everything, rows)
    if not seen:
        return Crossed(drawn, known, nothing(len(reference)), nothing(m))
    return Crossed(drawn, known, there.answer(seen[0]), back.answer(seen[1]))


def _together(parts: Sequence[Crossed], rows: Sequence[slice], k: int) -> Crossed:
    whole = parts[0]
    back = whole.back
    for own, part in zip(rows[1:], parts[1:], strict=True):
        for tally, other in zip(whole.drawn, part.drawn, strict=True):
            tally.add(other)
        whole.known.add(part.known)
        back = merged(back, shifted(part.back, own.start), k)
    there = Neighbors(
        np.concatenate([part.there.distances for part in parts]),
        np.concatenate([part.there.indices for part in parts]),
    )
    return Crossed(whole.drawn, whole.known, there, back)
