"""Samples and reference as tables, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import NotAvailable, Study

from gancheck_tabular.encoding import MISSING, Table

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray

    from gancheck_tabular.kinds import TableColumn

LEAST = 100
_FEW_VALUES = 12


@dataclass(frozen=True, eq=False)
class Sides:
    """What is judged and what it is compared with.

    Attributes:
        samples: The rows that are judged.
        scored: Reference rows that no view was fitted on.
        independent: The other reference rows.
        reference: Both together.
    """

    samples: Table
    scored: Table
    independent: Table
    reference: Table

    @classmethod
    def of(cls, study: Study) -> Sides:
        """Return both sides of a study.

        Raises:
            NotAvailable: The samples are not rows of a table, there is no reference, only a
                prepared one that does not hold its rows, or there are too few rows.
        """
        samples = Table.of(study.samples)
        scored, apart = (
            Table.of(part.given()) for part in (study.reference.scored, study.reference.independent)
        )
        both = Table(np.concatenate([scored.values, apart.values]), scored.columns)
        if min(len(samples), len(both)) < LEAST:
            raise NotAvailable(
                f"compares at least {LEAST} rows on each side, got {len(samples)} and {len(both)}"
            )
        return cls(samples, scored, apart, both)

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns of both."""
        return self.scored.columns

    def has_words(self, place: int) -> bool:
        """Tell whether a column is one of words, or of so few numbers that each is like one."""
        if self.columns[place].kind == "category":
            return True
        found = self.reference.numbers(place)
        return len(np.unique(found[~np.isnan(found)])) <= _FEW_VALUES

    def word_numbers(self, place: int) -> Words:
        """Number the words of a column; few numbers are words, and others count as the nearest."""
        if self.columns[place].kind != "category":
            return self._levels(place)
        raw = [side.codes(place) for side in (self.reference, self.samples)]
        codes, numbers = np.unique(np.concatenate(raw), return_inverse=True)
        ours, theirs = (side.columns[place].words for side in (self.samples, self.scored))
        known = {0: MISSING, **theirs, **ours}
        flat, cut = numbers.reshape(-1), len(self.reference)
        return Words(tuple(known[int(code)] for code in codes), flat[:cut], flat[cut:])

    def _levels(self, place: int) -> Words:
        real, drawn = self.reference.numbers(place), self.samples.numbers(place)
        levels = np.unique(real[~np.isnan(real)])
        between = (levels[1:] + levels[:-1]) / 2

        def numbered(values: FloatArray) -> IntArray:
            return np.where(np.isnan(values), len(levels), np.searchsorted(between, values))

        names = (*(f"{level:g}" for level in levels), MISSING)
        return Words(names, numbered(real), numbered(drawn))


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one column.

    Attributes:
        names: (k,) words of either side.
        reference: (n,) number of the word in each reference row.
        samples: (m,) the same for the samples.
    """

    names: tuple[str, ...]
    reference: IntArray
    samples: IntArray

    def counts(self) -> tuple[IntArray, IntArray]:
        """Return how often the reference and the samples have each word, both (k,)."""
        k = len(self.names)
        return np.bincount(self.reference, minlength=k), np.bincount(self.samples, minlength=k)


def halves(n: int, size: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return the row numbers of two random parts of n rows that share none, both (size,)."""
    order = rng.permutation(n)
    return order[:size], order[size : 2 * size]


def ranks(numbers: FloatArray) -> FloatArray:
    """Return the middle rank of each of (n,) numbers, 0..1."""
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(numbers)
    return np.asarray(middle[place.reshape(-1)])
