"""Rows of the reference that turn up among the samples, and how near the others come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from gancheck.api import (
    ANALYZERS,
    Condition,
    Evidence,
    Exhibit,
    Finding,
    Interval,
    Severity,
    Study,
    poisson_interval,
    share_ratio_interval,
    share_ratio_p_values,
    table,
)

from gancheck_tabular.cells import cells_of
from gancheck_tabular.encoding import Table
from gancheck_tabular.sides import Sides

if TYPE_CHECKING:
    from gancheck.api import IntArray

_ROWS = 12
_CELLS = 8


@ANALYZERS.register("table_rows")
@dataclass(frozen=True)
class TableRows:
    """Looks for rows that were copied, cell by cell, from rows that occur once.

    What it measures:
        Rows of the reference that occur once are marked, and counted if some sample equals them in
        every cell; the same is done with independent real rows. Those can only coincide.
        More marked rows among the samples than among real rows, by an exact test of two counts,
        are copies. Each marked row counts once, so that a synthesizer that has collapsed onto few
        rows is not taken for a copier.

    Why it matters:
        A synthetic table is often made so that nobody's row has to be published. One in a hundred
        rows that is a real person's is a leak, whatever the averages say.

    When it misleads:
        Where all columns have few values, honest rows coincide all the time, and copies hide among
        them: the number of coincidences is given. A copy with one cell changed is not found here;
        ``memorization`` looks for those, and needs --holdout to prove them. Real rows that belong
        to one person each occur several times if persons do: those are not marked.

    What to do:
        Look at the rows. Few rows of training data and many epochs are the usual cause; train
        shorter, with more rows, or with differential privacy.

    References:
        Fisher 1935; Stadler et al. 2022 and Giomi et al. 2023 on what synthetic tables give away.
    """

    name = "table_rows"

    warn_p_up_to: float = 0.01
    least_excess: float = 0.001

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield one finding with the rows that were copied.

        Raises:
            NotAvailable: The samples are no table, or there is no reference.
        """
        sides = Sides.of(study)
        found = _Coincidences.of(sides)
        excess = max(0.0, found.hits / found.n - found.base_hits / found.base_n)
        proven = found.p_value <= self.warn_p_up_to
        severity = Severity.OK
        if proven:
            severity = Severity.WARN if excess >= self.least_excess else Severity.NOTE
        yield Finding(
            id="table_rows.copies",
            analyzer=self.name,
            severity=severity,
            title=f"{found.hits:,} rows of the reference are copied by {found.n:,} samples, "
            f"{found.expected:,.0f} would coincide (p = {found.p_value:.2g})"
            if proven
            else f"{found.hits:,} single rows of the reference turn up among {found.n:,} samples, "
            f"{found.expected:,.0f} would coincide",
            detail=" ".join(_details(found, excess)),
            condition=Condition.MEMORIZATION,
            value=excess,
            interval=found.interval,
            limit=f"<= {self.least_excess:.3f}",
            exhibits=tuple(_shown(sides.scored, found)) if proven else (),
        )


class _Coincidences(NamedTuple):
    """Single rows of the scored reference that other rows equal.

    Attributes:
        hits: How many of them the samples equal.
        n: Samples looked at.
        base_hits: How many of them independent real rows equal.
        base_n: Independent real rows.
        rows: Row number of each that the samples equal.
        samples: Row number of the first sample that equals it.
        marked: How many rows of the scored reference occur once.
    """

    hits: int
    n: int
    base_hits: int
    base_n: int
    rows: IntArray
    samples: IntArray
    marked: int

    @classmethod
    def of(cls, sides: Sides) -> _Coincidences:
        """Compare samples and independent rows with the scored rows.

        Of more rows, fewer are the first to hit a marked row: unequal numbers only hide copies.
        """
        contents = [_contents(one) for one in (sides.scored, sides.samples, sides.independent)]
        scored, samples, real = contents
        _, first, counts = np.unique(scored, return_index=True, return_counts=True)
        single = {scored[row]: int(row) for row in first[counts == 1]}
        ours, theirs = (
            {content: at for at, content in reversed(list(enumerate(side)))}
            for side in (samples, real)
        )
        equal = sorted((single[content], ours[content]) for content in ours if content in single)
        rows = np.array([pair[0] for pair in equal], dtype=np.int64)
        which = np.array([pair[1] for pair in equal], dtype=np.int64)
        base = sum(content in single for content in theirs)
        sizes = len(samples), len(real)
        return cls(len(equal), sizes[0], base, sizes[1], rows, which, len(single))

    @property
    def expected(self) -> float:
        """Coincidences that as many real rows have."""
        return self.base_hits * self.n / self.base_n

    @property
    def p_value(self) -> float:
        """Chance of as many or more, were all of them coincidences."""
        sides = np.array([self.hits]), self.n, np.array([self.base_hits]), self.base_n
        return float(share_ratio_p_values(*sides, 1.0, below=False)[0])

    @property
    def interval(self) -> Interval:
        """95% interval of the excess, as a share of the samples."""
        if not self.base_hits:
            low, high = poisson_interval(self.hits)
            return Interval(low / self.n, min(1.0, high / self.n))
        ratio = share_ratio_interval(self.hits, self.n, self.base_hits, self.base_n)
        base = self.base_hits / self.base_n
        return Interval(max(0.0, (ratio.low - 1) * base), min(1.0, max(0.0, ratio.high - 1) * base))


def _contents(rows: Table) -> list[bytes]:
    """Return the content of each row, with one zero."""
    plain = np.ascontiguousarray(np.asarray(rows.values, dtype=np.float32) + np.float32(0))
    return [row.tobytes() for row in plain]


def _details(found: _Coincidences, excess: float) -> Iterator[str]:
    yield (
        f"{found.marked:,} scored rows of the reference occur once. Of {found.base_n:,} "
        f"independent real rows, {found.base_hits:,} equal one of them: "
        f"{found.base_hits / found.base_n:.1%}."
    )
    yield f"The samples have {excess:.2%} more than that."


def _shown(scored: Table, found: _Coincidences) -> Iterator[Exhibit]:
    """List the copied rows, as many cells as fit."""
    places = range(min(_CELLS, len(scored.columns)))
    rows = found.rows[:_ROWS]
    cells = [cells_of(scored, place, rows) for place in places]
    left = len(scored.columns) - len(places)
    notes = [f"{left} more columns are not shown."] if left else []
    notes += [f"{len(found.rows) - len(rows)} more rows."] if len(found.rows) > len(rows) else []
    yield table(
        "Rows that occur once, and turn up among the samples",
        "Each equals a sample in every cell. Some of them are coincidences.",
        ("sample", *(scored.columns[place].name for place in places)),
        [
            (str(int(sample)), *(column[at] for column in cells))
            for at, sample in enumerate(found.samples[:_ROWS])
        ],
        note=" ".join(notes),
    )
