"""Movement of a collapse: which modes a generator sits on, checkpoint after checkpoint.

A mode leads a checkpoint when at least a fifth of the samples are in it beyond its share of the
reference, and it is shown to be drawn at least twice as often, relative to the reference, as all
others together. A generator hops from a place to another one when the first is shown to be drawn
at least twice as often as the second before, and the second at least twice as often as the first
after; in plain numbers or relative to the reference, the same on both sides. Both sides are tests
against a margin, and both have to hold (an intersection-union test: Berger 1982), so that a tie
that sways is no hop, nor is a generator that loses its place without taking another one.

Each statement "this mode is drawn twice as often as that one at this checkpoint" is an exact
conditional binomial test (`gancheck.stats.share_ratio_p_values`), and its p-value is multiplied by
the number of such statements about the whole trace: checkpoints x modes x modes x two ways to
compare (Bonferroni). So all of them hold together in 95% of traces, however the checkpoints depend
on each other, and whatever is read off them needs no further correction: not for the choice of the
mode, nor for that of the checkpoint. The shares of the reference are taken as known. An error in
them is the same before and after and cancels: a hop always shows that the ratio of two modes turned
by a factor of four.

Modes may be regions that k-means cut out of one connected cloud. A generator that drifts slowly
passes from one region to the next, and that is a hop too: the word means that the place changed,
not how fast. A place between two regions of which neither is drawn twice as often as the other is
not told apart from them, and belongs to the visit before. A mode that makes up half of the
reference leads only when it holds 70% of the samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.stats import proportion_interval, share_ratio_p_values
from gancheck.types import Interval

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

LEAST_EXCESS = 0.2
"""Share of the samples, beyond the reference's, that a mode holds at least when it leads.

A generator that draws everything sways too: relative to small shares that can be a factor of two,
but it moves a tenth of the samples rather than a fifth.
"""
LEAST_RATIO = 2.0
"""How many times as often as another mode, relative to the reference, a mode is drawn."""
LEAST_HOPS = 2
"""Hops that make it hopping: one alone is a collapse that found its place."""
_LEVEL = 0.05


@dataclass(frozen=True)
class Visit:
    """A stretch of checkpoints through which a generator stayed with one mode.

    Attributes:
        mode: The mode that leads, 0..m-1.
        first: Index of the first checkpoint that it leads.
        last: Index of the last one; those until the next visit have no leader.
        peak_share: Largest share of the samples that it held.
    """

    mode: int
    first: int
    last: int
    peak_share: float


@dataclass(frozen=True)
class Hop:
    """A change of place.

    Attributes:
        index: First checkpoint at the new place.
        source: The mode that was left.
        target: The mode that was reached.
        p_value: Of there being no such change, corrected for all statements about the trace.
    """

    index: int
    source: int
    target: int
    p_value: float


@dataclass(frozen=True)
class Hopping:
    """Where a collapsed generator was, and how often it moved.

    Attributes:
        visits: In order.
        hops: In order. Two visits without a hop between them are apart by checkpoints that are
            not low.
        intervals: Steps from one low checkpoint to the next that could have been a hop.
    """

    visits: tuple[Visit, ...]
    hops: tuple[Hop, ...]
    intervals: int

    @property
    def shown(self) -> bool:
        """Whether this is mode hopping: at least two hops while diversity was low."""
        return len(self.hops) >= LEAST_HOPS

    @property
    def places(self) -> tuple[int, ...]:
        """The visited modes in order; a mode that returns is there again."""
        return tuple(visit.mode for visit in self.visits)

    @property
    def rate(self) -> float | None:
        """Hops per interval between low checkpoints, 0..1; None without intervals."""
        return len(self.hops) / self.intervals if self.intervals else None

    @property
    def rate_interval(self) -> Interval | None:
        """The exact 95% interval of the rate, as if intervals were independent trials."""
        return proportion_interval(len(self.hops), self.intervals) if self.intervals else None

    @property
    def stay(self) -> float | None:
        """Mean number of checkpoints from an arrival to the next hop; None without hops."""
        arrivals = [visit.first for visit in self.visits]
        stays = [hop.index - max(at for at in arrivals if at < hop.index) for hop in self.hops]
        return float(np.mean(stays)) if stays else None

    @property
    def return_time(self) -> float | None:
        """Mean number of checkpoints from an arrival to the next at the same mode, or None."""
        seen: dict[int, int] = {}
        times = []
        for visit in self.visits:
            if visit.mode in seen:
                times.append(visit.first - seen[visit.mode])
            seen[visit.mode] = visit.first
        return float(np.mean(times)) if times else None


def hopping(hits: IntArray, base_hits: IntArray, low: AnyArray) -> Hopping:
    """Follow the leading mode through the checkpoints of a trace and test each change of place.

    Checkpoints without any counts (those that failed) are passed over. One that has counts and is
    not low ends the visit: what comes after it is another collapse, not a hop.

    Args:
        hits: (T, m) samples of each checkpoint in each mode; the same latents in all of them.
        base_hits: (m,) reference samples in each mode.
        low: (T,) booleans, whether diversity is low at a checkpoint.

    Returns:
        Visits, hops and what follows from them.

    Raises:
        ValueError: The shapes do not fit, or the reference has no counts.
    """
    hits, base_hits = np.asarray(hits, dtype=np.int64), np.asarray(base_hits, dtype=np.int64)
    low = np.asarray(low, dtype=bool)
    if hits.ndim != 2 or base_hits.shape != hits.shape[1:] or low.shape != hits.shape[:1]:
        raise ValueError(
            f"need (T, m), (m,) and (T,): {hits.shape}, {base_hits.shape}, {low.shape}"
        )
    if base_hits.sum() < 1:
        raise ValueError("need counts of the reference")
    counts = _Counts(hits, 2 * base_hits + 1)  # half a count more, where the reference has none
    runs = list(_low_runs(hits.sum(axis=1) > 0, low))
    walks = [_walk(counts, run) for run in runs]
    return Hopping(
        tuple(visit for visits, _ in walks for visit in visits),
        tuple(hop for _, hops in walks for hop in hops),
        sum(len(run) - 1 for run in runs),
    )


@dataclass(frozen=True, eq=False)
class _Counts:
    """Counts of a trace.

    Attributes:
        hits: (T, m) samples in each mode.
        base: (m,) whole numbers in proportion to the shares of the reference, all above 0.
    """

    hits: IntArray
    base: IntArray

    def leader(self, row: int) -> int | None:
        """Return the mode that leads a checkpoint, None where none does."""
        found, n = self.hits[row], int(self.hits[row].sum())
        excess = found / n - self.base / self.base.sum()
        mode = int(excess.argmax())
        if excess[mode] < LEAST_EXCESS:
            return None
        others = int(self.base.sum() - self.base[mode])
        p_value = self._corrected(found[mode], self.base[mode], n - found[mode], others)
        return mode if float(p_value) <= _LEVEL else None

    def moves(self, stayed: IntArray, row: int, left: int, reached: int) -> tuple[float, float]:
        """Test whether a generator moved from one mode to another.

        Args:
            stayed: Checkpoints at the first mode.
            row: The checkpoint at the second.
            left: The first mode.
            reached: The second.

        Returns:
            The corrected p-value of no such move; and that of the second mode not being drawn
            twice as often as the first now, whichever way they are compared.
        """
        moved, now = 1.0, 0.0
        for base in (self.base, np.ones_like(self.base)):
            after = self._corrected(
                self.hits[row, reached], base[reached], self.hits[row, left], base[left]
            )
            before = self._corrected(
                self.hits[stayed, left], base[left], self.hits[stayed, reached], base[reached]
            )
            moved = min(moved, max(float(after), float(before.min())))
            now = max(now, float(after))
        return moved, now

    def peak_share(self, rows: AnyArray, mode: int) -> float:
        """Return the largest share of a mode among some checkpoints."""
        return float((self.hits[rows, mode] / self.hits[rows].sum(axis=1)).max())

    def _corrected(self, one: AnyArray, base: int, two: AnyArray, other_base: int) -> FloatArray:
        """Test the ratio of two counts against that of known ones, times `LEAST_RATIO`."""
        checkpoints, modes = self.hits.shape
        # The known counts stand where the test has its numbers of trials: given the sum of both
        # counts, the first is binomial with odds of ratio * base : other base.
        raw = share_ratio_p_values(one, base, two, other_base, LEAST_RATIO, below=False)
        return np.asarray(np.minimum(1.0, 2 * raw * checkpoints * modes**2))


def _low_runs(counted: AnyArray, low: AnyArray) -> Iterator[IntArray]:
    """Yield the checkpoints of each stretch of low ones; those that failed are passed over."""
    rows = np.flatnonzero(counted)
    ends = np.flatnonzero(np.diff(low[rows].astype(np.int64))) + 1
    for run in np.split(rows, ends):
        if len(run) and low[run[0]]:
            yield run


def _walk(counts: _Counts, run: IntArray) -> tuple[list[Visit], list[Hop]]:
    """Follow the leader through a stretch of low checkpoints."""
    visits: list[Visit] = []
    hops: list[Hop] = []
    for row in map(int, run):
        mode = counts.leader(row)
        if mode is None:
            continue
        if not visits:
            visits.append(Visit(mode, row, row, 0.0))
            continue
        here = visits[-1]
        if mode == here.mode:
            visits[-1] = replace(here, last=row)
            continue
        moved, now = counts.moves(run[(run >= here.first) & (run < row)], row, here.mode, mode)
        if moved <= _LEVEL:
            hops.append(Hop(row, here.mode, mode, moved))
            visits.append(Visit(mode, row, row, 0.0))
        elif now <= _LEVEL:  # both led all the time, and now it is plain which one counts
            visits[-1] = replace(here, mode=mode, last=row)
    return [_with_peak(counts, visit, run) for visit in visits], hops


def _with_peak(counts: _Counts, visit: Visit, run: IntArray) -> Visit:
    rows = run[(run >= visit.first) & (run <= visit.last)]
    return replace(visit, peak_share=counts.peak_share(rows, visit.mode))
