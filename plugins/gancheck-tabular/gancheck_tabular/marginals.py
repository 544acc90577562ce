"""Each column by itself: how far its distribution is from that of the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import (
    ANALYZERS,
    Condition,
    Evidence,
    Finding,
    Interval,
    Score,
    Severity,
    Study,
    table,
)

from gancheck_tabular.column_pictures import distributions
from gancheck_tabular.sides import Sides, halves

if TYPE_CHECKING:
    from gancheck.api import Exhibit, FloatArray, IntArray

ROUNDS = 100
_SHOWN = 40
_DRAWN = 4
_LEVEL = 0.95


@ANALYZERS.register("table_columns")
@dataclass(frozen=True)
class TableColumns:
    """Compares the distribution of each column with that of the reference.

    What it measures:
        Kolmogorov and Smirnov's distance for columns of numbers, the total variation distance for
        categories and missing values: 0 where both sides agree, 1 where they share nothing. Both
        sides have the same number of rows. Beside each distance stands its ceiling: what two random
        parts of the reference of that size read at most, in 95 of 100 splits. ``column_distance``
        is the mean over the columns.

    Why it matters:
        A column that is off by 0.2 puts a fifth of the rows in the wrong place. This is the first
        thing that users of a synthetic table see, and the easiest to repair.

    When it misleads:
        Columns may all be right while their combinations are not: read it with the pairs and the
        diversity. By the triangle inequality a distance is off by at most what chance adds on both
        sides, which is about its ceiling: the intervals are that wide, and a little too wide.

    What to do:
        Look at the worst columns. Numbers with a heavy tail or a heap at one value need a
        transformation of their own; categories that are thin were learned too briefly.

    References:
        Kolmogorov 1933 and Smirnov 1948; Zhao et al. 2021 on how synthetic tables are compared.
    """

    name = "table_columns"

    warn_above: float = 0.2
    rounds: int = ROUNDS

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the mean distance and a finding with all columns.

        Raises:
            NotAvailable: The samples are no table.
        """
        sides = Sides.of(study)
        n = min(len(sides.samples), len(sides.reference) // 2)
        measured = [_Column.of(sides, place) for place in range(len(sides.columns))]
        seen, chance = self._distances(measured, n, study.rng(self.name))
        values, ceilings = seen.mean(axis=0), np.quantile(chance, _LEVEL, axis=0)
        mean, spread = float(values.mean()), float(np.quantile(chance.mean(axis=1), _LEVEL))
        yield Score(
            "column_distance",
            mean,
            max(0.0, mean - spread),
            min(1.0, mean + spread),
            spread,
            n,
        )
        yield self._judged(sides, measured, values, ceilings)

    def _distances(
        self, measured: list[_Column], n: int, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Return distances (rounds, columns) of the samples from a part, and of parts."""
        seen, chance = [], []
        for _ in range(self.rounds):
            one, other = halves(len(measured[0].reference), n, rng)
            drawn = rng.permutation(len(measured[0].samples))[:n]
            seen.append([column.distance(one, drawn) for column in measured])
            chance.append([column.spread(one, other) for column in measured])
        return np.array(seen), np.array(chance)

    def _judged(
        self, sides: Sides, measured: list[_Column], values: FloatArray, ceilings: FloatArray
    ) -> Finding:
        order = np.argsort(ceilings - values, kind="stable")
        worst = int(order[0])
        value, ceiling = float(values[worst]), float(ceilings[worst])
        low = max(0.0, value - ceiling)
        name = sides.columns[worst].name
        beyond = int((values > 2 * ceilings).sum())
        severity = Severity.NOTE if beyond else Severity.OK
        if low > self.warn_above:
            severity = Severity.WARN
        return Finding(
            id="table_columns.worst",
            analyzer=self.name,
            severity=severity,
            title=f"the column furthest off is {name!r}, by {value:.2f} where real rows read up to "
            f"{ceiling:.2f}",
            detail=f"{beyond} of {len(values)} columns are more than twice as far off as real rows "
            "ever are.",
            condition=Condition.OFF_DISTRIBUTION,
            value=value,
            interval=Interval(low, min(1.0, value + ceiling)),
            limit=f"<= {self.warn_above:.2f}",
            exhibits=tuple(_shown(sides, measured, (values, ceilings), order)),
        )


def _shown(
    sides: Sides,
    measured: list[_Column],
    distances: tuple[FloatArray, FloatArray],
    order: IntArray,
) -> Iterator[Exhibit]:
    """List the columns, and draw the worst ones of numbers; categories are drawn by their own."""
    values, ceilings = distances
    yield table(
        "Columns, the worst first",
        "Distance of the samples from the reference, 0 to 1, beside what real rows read against "
        "real rows.",
        ("column", "distance", "real rows, up to", "kind", "measured by"),
        [
            (
                sides.columns[at].name,
                f"{values[at]:.3f}",
                f"{ceilings[at]:.3f}",
                sides.columns[at].kind,
                measured[at].how,
            )
            for at in order[:_SHOWN]
        ],
        note=f"{len(order) - _SHOWN} more are not shown." if len(order) > _SHOWN else "",
    )
    numbers = [int(at) for at in order if measured[at].ordered]
    yield from distributions(sides, numbers[:_DRAWN])


@dataclass(frozen=True, eq=False)
class _Column:
    """One column of both sides, as numbers of words or as numbers of ranks.

    Attributes:
        reference: (n,) place of each reference row among the values of both sides.
        samples: (m,) the same for the samples.
        values: How many different values there are.
        ordered: Whether distances are between cumulative shares (Kolmogorov and Smirnov).
        missing: Place of missing values; None where there are none, or they are like a word.
    """

    reference: IntArray
    samples: IntArray
    values: int
    ordered: bool
    missing: int | None = None

    @classmethod
    def of(cls, sides: Sides, place: int) -> _Column:
        """Number the values of a column over both sides."""
        if sides.columns[place].kind == "category":
            words = sides.word_numbers(place)
            return cls(words.reference, words.samples, len(words.names), ordered=False)
        both = np.concatenate([sides.reference.numbers(place), sides.samples.numbers(place)])
        values, numbers = np.unique(both, return_inverse=True)
        flat, cut = numbers.reshape(-1), len(sides.reference)
        gone = len(values) - 1 if np.isnan(values[-1]) else None
        return cls(flat[:cut], flat[cut:], len(values), ordered=True, missing=gone)

    @property
    def how(self) -> str:
        """The distance, in words."""
        return "Kolmogorov-Smirnov" if self.ordered else "total variation"

    def distance(self, reference: IntArray, samples: IntArray) -> float:
        """Measure rows of the reference against rows of the samples."""
        return self._between(self.reference[reference], self.samples[samples])

    def spread(self, one: IntArray, other: IntArray) -> float:
        """Measure rows of the reference against others of it."""
        return self._between(self.reference[one], self.reference[other])

    def _between(self, one: IntArray, other: IntArray) -> float:
        left, right = (np.bincount(side, minlength=self.values) for side in (one, other))
        if not self.ordered:
            return float(np.abs(left / len(one) - right / len(other)).sum() / 2)
        gone = 0.0
        if self.missing is not None:
            gone = abs(left[-1] / len(one) - right[-1] / len(other))
            left, right = left[:-1], right[:-1]
        if not (left.sum() and right.sum()):
            return float(max(gone, left.sum() != right.sum()))
        steps = left.cumsum() / left.sum() - right.cumsum() / right.sum()
        return float(max(gone, np.abs(steps).max()))
