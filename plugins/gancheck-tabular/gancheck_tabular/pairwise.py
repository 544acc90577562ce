"""Pairs of columns: which associations of the reference the samples lost or made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import (
    ANALYZERS,
    Condition,
    Evidence,
    Exhibit,
    Finding,
    Interval,
    NotAvailable,
    Score,
    Severity,
    Study,
    heatmap,
    table,
)

from gancheck_tabular.association import Associated, associations
from gancheck_tabular.cells import signed
from gancheck_tabular.pair_pictures import pair_picture
from gancheck_tabular.sides import Sides, halves, ranks

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray

_ROUNDS = 40
_MOST_COLUMNS = 60
_MOST_ROWS = 5000
_SHOWN = 20
_DRAWN = 2
_SIDE = 480  # pixels of the picture of all pairs: a page smooths smaller ones
_LEVEL = 0.95


@ANALYZERS.register("table_pairs")
@dataclass(frozen=True)
class TablePairs:
    """Compares the association of each pair of columns with that in the reference.

    What it measures:
        Spearman's rank correlation of two columns of numbers, Cramer's V of two of categories
        (free of bias, after Bergsma), and the correlation ratio of ranks of one of each; how much
        each differs from the reference, at equal numbers of rows. A pair is off for certain when
        it differs by more than any pair does between two random parts of the reference, in 95 of
        100 splits: one limit for all pairs, so that one false alarm in twenty tables is all there
        is. ``pair_distance`` is the mean over all pairs.

    Why it matters:
        Columns that are right one by one and wrong together train models that are wrong. The
        plainest loss is independence: every column well drawn, and none knowing of another.

    When it misleads:
        One number for each pair sees no shape: a U is a correlation of zero. Sixty columns at most
        are looked at, in the order of their names.

    What to do:
        Look at the pairs that are named. Associations that are all weaker than they should be:
        train longer, or with larger batches. One that is missing: is it between a rare category
        and something else?

    References:
        Spearman 1904; Bergsma 2013 (Cramer's V without bias); Westfall and Young 1993 (one limit
        for the largest of many).
    """

    name = "table_pairs"

    warn_above: float = 0.1
    rounds: int = _ROUNDS

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the mean difference and a finding with the pairs that are off.

        Raises:
            NotAvailable: The samples are no table, or have but one column.
        """
        sides = Sides.of(study)
        places = list(range(len(sides.columns)))[:_MOST_COLUMNS]
        if len(places) < 2:
            raise NotAvailable("compares pairs of columns, and there is but one")
        ours, theirs = _numbered(sides, places)
        n = min(len(sides.samples), len(sides.reference) // 2, _MOST_ROWS)
        found = self._differences(ours, theirs, n, study.rng(self.name))
        yield found.score()
        yield self._judged(found, sides)

    def _differences(
        self, ours: Associated, theirs: Associated, n: int, rng: np.random.Generator
    ) -> _Found:
        """Compare equal numbers of rows, over and over."""
        seen, chance = [], []
        for _ in range(self.rounds):
            one, other = halves(len(theirs), n, rng)
            real = associations(theirs.take(one))
            drawn = associations(ours.take(rng.permutation(len(ours))[:n]))
            seen.append((drawn, real))
            chance.append(np.abs(real - associations(theirs.take(other))))
        samples, reference = (np.mean([pair[at] for pair in seen], axis=0) for at in (0, 1))
        return _Found(samples, reference, np.array(chance), n)

    def _judged(self, found: _Found, sides: Sides) -> Finding:
        off, limit = found.off, found.limit
        names = [column.name for column in sides.columns[: len(found.samples)]]
        score = found.score()
        rows, columns = np.triu_indices(len(names), 1)
        order = np.argsort(-found.gaps[rows, columns], kind="stable")
        worst = int(order[0])
        severity = Severity.NOTE if off else Severity.OK
        if score.low > self.warn_above:
            severity = Severity.WARN
        pair = f"{names[rows[worst]]!r} and {names[columns[worst]]!r}"
        gap = found.gaps[rows[worst], columns[worst]]
        return Finding(
            id="table_pairs.worst",
            analyzer=self.name,
            severity=severity,
            title=f"{off} of {len(rows)} associations of columns are off for certain, by up to "
            f"{gap:.2f} ({pair})"
            if off
            else f"all {len(rows)} associations of columns are as in the reference",
            detail=f"No pair differs by more than {limit:.2f} between two parts of the reference. "
            f"The mean difference is {score.value:.3f}, and {score.ceiling:.3f} between real rows.",
            condition=Condition.OFF_DISTRIBUTION,
            value=score.value,
            interval=Interval(score.low, score.high),
            limit=f"<= {self.warn_above:.2f}",
            exhibits=tuple(_shown(sides, found, names, (rows[order], columns[order]))),
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """Associations of c columns.

    Attributes:
        samples: (c, c) in the samples.
        reference: (c, c) in the reference.
        chance: (rounds, c, c) differences between two parts of the reference.
        n: Rows on each side.
    """

    samples: FloatArray
    reference: FloatArray
    chance: FloatArray
    n: int

    @property
    def gaps(self) -> FloatArray:
        """(c, c) differences."""
        return np.abs(self.samples - self.reference)

    @property
    def limit(self) -> float:
        """What the largest difference between real rows stays below in 95 of 100 splits."""
        return float(np.quantile(self.chance.max(axis=(1, 2)), _LEVEL))

    @property
    def off(self) -> int:
        """How many pairs differ by more."""
        return int((self.gaps > self.limit).sum()) // 2

    def score(self) -> Score:
        """Return the mean difference over all pairs."""
        upper = np.triu_indices(len(self.samples), 1)
        value = float(self.gaps[upper].mean())
        usual = self.chance[:, upper[0], upper[1]].mean(axis=1)
        spread = float(np.quantile(usual, _LEVEL))
        low, high = max(0.0, value - spread), value + spread
        return Score("pair_distance", value, low, high, spread, self.n)


def _numbered(sides: Sides, places: list[int]) -> tuple[Associated, Associated]:
    """Return both sides with words as numbers, and numbers as ranks over both."""
    ours, theirs, sizes = [], [], []
    cut = len(sides.reference)
    for place in places:
        if sides.columns[place].kind == "category":
            words = sides.word_numbers(place)
            theirs.append(words.reference.astype(np.float64))
            ours.append(words.samples.astype(np.float64))
            sizes.append(len(words.names))
            continue
        both = np.concatenate([sides.reference.numbers(place), sides.samples.numbers(place)])
        there = ~np.isnan(both)
        found = np.full(len(both), 0.5)
        found[there] = ranks(both[there])
        theirs.append(found[:cut])
        ours.append(found[cut:])
        sizes.append(0)
    kinds = tuple(sizes)
    return Associated(np.stack(ours, 1), kinds), Associated(np.stack(theirs, 1), kinds)


def _shown(
    sides: Sides, found: _Found, names: list[str], order: tuple[IntArray, IntArray]
) -> Iterator[Exhibit]:
    """List the pairs that are furthest off, draw all of them, and look into the worst."""
    pairs = list(zip(*order, strict=True))
    yield table(
        "Pairs of columns, the worst first",
        "How far apart the associations are, and what they are on both sides.",
        ("column", "column", "difference", "reference", "samples"),
        [
            (
                names[one],
                names[other],
                signed(found.gaps[one, other]),
                signed(found.reference[one, other]),
                signed(found.samples[one, other]),
            )
            for one, other in pairs[:_SHOWN]
        ],
        note=f"Differences above {found.limit:.2f} are certain.",
    )
    c = len(names)
    field = max(1, _SIDE // c)
    numbered = ", ".join(f"{place + 1} {name}" for place, name in enumerate(names))
    yield heatmap(
        "Differences of associations",
        f"Each field is a pair of columns: {numbered}.",
        np.kron(found.gaps, np.ones((field, field))),
        (0.5, c + 0.5, 0.5, c + 0.5),
        unit="difference",
        axes=("column", "column"),
    )
    for one, other in pairs[: min(_DRAWN, found.off)]:
        yield pair_picture(sides, int(one), int(other))
