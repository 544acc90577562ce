"""Which categories the samples have lost, and which they have made up."""

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
    Mode,
    NotAvailable,
    Severity,
    Study,
    bars,
    proportion_interval,
    reject_false_discoveries,
    share_ratio_p_values,
    table,
)

from gancheck_tabular.sides import Sides

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray, ModeStatus

_NAMED = 10
_ROWS = 40
_BARS = 24
_DRAWN = 3
_LEVEL = 0.05


class Category(NamedTuple):
    """One word of one column and how often both sides have it."""

    column: str
    word: str
    hits: int
    base_hits: int
    p_value: float
    status: ModeStatus


@ANALYZERS.register("table_categories")
@dataclass(frozen=True)
class TableCategories:
    """Looks for categories of a table that the samples have lost, and for made-up ones.

    What it measures:
        Every word of every column of categories, every number of a column with at most twelve
        different ones (others count as the nearest of those), and missing. A category is lost when
        its share is shown to be below a quarter of that in the reference: an exact conditional test
        of two counts, with 5% false discoveries over all categories of all columns together. Made
        up are words that the reference does not have; how many new words honest rows would bring is
        told by those that the reference has once (Good and Turing).

    Why it matters:
        Rare categories are the first that a synthesizer loses, and averages over columns never
        show it: a class of 1% that is gone moves no distance, and ruins whatever is trained on the
        synthetic table.

    When it misleads:
        A category that is unseen is not yet lost: with n samples and none of it, its true share
        may be up to 3/n (the rule of three). How many are too rare to tell is said. The reference
        must be a random part of what the synthesizer was trained on.

    What to do:
        Train longer, weigh rare categories up or sample them on purpose (CTGAN draws its
        conditions by log-frequency for that reason), or draw more samples and look again.

    References:
        Hanley and Lippman-Hand 1983 (rule of three); Good 1953 (unseen words); Benjamini and
        Hochberg 1995; Xu et al. 2019 (CTGAN).
    """

    name = "table_categories"

    lost_below: float = 0.25
    fail_lost_share: float = 0.05
    warn_new_above: float = 0.01

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield what was lost and what was made up.

        Raises:
            NotAvailable: The samples are no table, or no column holds categories.
        """
        sides = Sides.of(study)
        places = [at for at in range(len(sides.columns)) if sides.has_words(at)]
        if not places:
            raise NotAvailable("needs a column of categories; all of them hold numbers")
        found = self._judged(sides, places)
        yield self._lost(sides, found)
        yield self._made_up(sides, places)

    def _judged(self, sides: Sides, places: list[int]) -> list[Category]:
        """Test all categories of the reference together."""
        rows: list[tuple[str, str, int, int]] = []
        for place in places:
            words = sides.word_numbers(place)
            base, hits = words.counts()
            rows += [
                (sides.columns[place].name, words.names[at], int(hits[at]), int(base[at]))
                for at in np.flatnonzero(base)
            ]
        hits, base = (np.array([row[at] for row in rows]) for at in (2, 3))
        lost, p_values = self._tested(sides, hits, base, self.lost_below, below=True)
        thin, _ = self._tested(sides, hits, base, 0.5, below=True)
        thick, _ = self._tested(sides, hits, base, 2.0, below=False)
        return [
            Category(*row, float(p), _status(a, b, c))
            for row, p, a, b, c in zip(rows, p_values, lost, thin, thick, strict=True)
        ]

    def _tested(
        self, sides: Sides, hits: IntArray, base: IntArray, ratio: float, *, below: bool
    ) -> tuple[FloatArray, FloatArray]:
        sizes = len(sides.samples), len(sides.reference)
        p_values = share_ratio_p_values(hits, sizes[0], base, sizes[1], ratio, below=below)
        return reject_false_discoveries(p_values, _LEVEL), p_values

    def _lost(self, sides: Sides, found: list[Category]) -> Finding:
        n, base_n = len(sides.samples), len(sides.reference)
        lost = sorted((one for one in found if one.status == "missing"), key=_by_share)
        share = max(_lost_of_columns(lost, base_n).values(), default=0.0)
        severity = Severity.OK
        if lost:
            severity = Severity.FAIL if share >= self.fail_lost_share else Severity.WARN
        named = ", ".join(f"{one.column} = {one.word}" for one in lost[:_NAMED])
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        return Finding(
            id="table_categories.lost",
            analyzer=self.name,
            severity=severity,
            title=f"{len(lost)} of {len(found)} categories are never or hardly ever drawn: "
            f"{named}{more}"
            if lost
            else f"none of {len(found)} categories is shown to be lost",
            detail=" ".join(self._details(found, lost, share, (n, base_n))),
            condition=Condition.MISSING_MODES,
            value=float(len(lost)),
            limit="<= 0",
            exhibits=tuple(_shown(found, n, base_n)),
        )

    def _details(
        self, found: list[Category], lost: list[Category], share: float, sizes: tuple[int, int]
    ) -> Iterator[str]:
        n, base_n = sizes
        if lost:
            yield f"In one column they hold {share:.1%} of the reference."
        unseen = [one for one in found if one.hits == 0 and one.status != "missing"]
        base = np.array([one.base_hits for one in found])
        # Zero hits are significant from here on, were this the only test.
        needed = base_n / self.lost_below * np.expm1(-np.log(_LEVEL) / base)
        rare = int((needed > n).sum())
        if unseen:
            named = ", ".join(f"{one.column} = {one.word}" for one in unseen[:_NAMED])
            yield (
                f"{len(unseen)} are unseen without being shown to be lost ({named}): with {n:,} "
                f"rows and none of it, a share of up to {3 / n:.2%} is possible."
            )
        if rare:
            yield f"{rare} are too rare to be called lost with {n:,} rows (--samples)."

    def _made_up(self, sides: Sides, places: list[int]) -> Finding:
        worded = [place for place in places if sides.columns[place].kind == "category"]
        found = [new for place in worded if (new := _new_words(sides, place)) is not None]
        worst = max(found, key=lambda new: new.interval.low - new.honest, default=None)
        if worst is None:
            return Finding(
                id="table_categories.made_up",
                analyzer=self.name,
                severity=Severity.OK,
                title="no row has a word that the reference has not",
                condition=Condition.OFF_DISTRIBUTION,
                value=0.0,
                limit=f"<= {self.warn_new_above:.3f}",
            )
        limit = worst.honest + self.warn_new_above
        return Finding(
            id="table_categories.made_up",
            analyzer=self.name,
            severity=Severity.WARN if worst.interval.low > limit else Severity.OK,
            title=f"{worst.share:.1%} of the rows have a word in {worst.column!r} that the "
            f"reference has not: {', '.join(map(repr, worst.words))}",
            detail=f"Honest rows would bring new words in up to {worst.honest:.1%} of the rows.",
            condition=Condition.OFF_DISTRIBUTION,
            value=worst.share,
            interval=worst.interval,
            limit=f"<= {limit:.3f}",
        )


class _New(NamedTuple):
    """Words of one column that the reference does not have."""

    column: str
    words: tuple[str, ...]
    share: float
    interval: Interval
    honest: float


def _new_words(sides: Sides, place: int) -> _New | None:
    """Count the rows with a new word; None where there is none."""
    words = sides.word_numbers(place)
    base, hits = words.counts()
    fresh = np.where(base == 0, hits, 0)
    count, n = int(fresh.sum()), len(sides.samples)
    if not count:
        return None
    honest = proportion_interval(int((base == 1).sum()), int(base.sum())).high
    most = np.argsort(-fresh, kind="stable")[:3]
    named = tuple(words.names[at] for at in most if fresh[at])
    interval = proportion_interval(count, n)
    return _New(sides.columns[place].name, named, count / n, interval, honest)


def _status(lost: bool, thin: bool, thick: bool) -> ModeStatus:
    if lost:
        return "missing"
    return "under" if thin else "over" if thick else "ok"


def _by_share(one: Category) -> int:
    return -one.base_hits


def _lost_of_columns(lost: list[Category], base_n: int) -> dict[str, float]:
    """Return the share of the reference that each column lost."""
    shares: dict[str, float] = {}
    for one in lost:
        shares[one.column] = shares.get(one.column, 0.0) + one.base_hits / base_n
    return shares


def _shown(found: list[Category], n: int, base_n: int) -> Iterator[Exhibit]:
    """Show the worst categories in rows, and the shares in the worst columns."""
    order = ("missing", "over", "under", "ok")
    worst = sorted(found, key=lambda one: (order.index(one.status), one.p_value))
    yield table(
        "Categories, the worst first",
        "Shares in the reference and in the samples; p is that of a share of at least a quarter "
        "of the reference's.",
        ("column", "category", "reference", "samples", "p", "status"),
        [
            (
                one.column,
                one.word,
                f"{one.base_hits / base_n:.2%}",
                f"{one.hits / n:.2%}",
                f"{one.p_value:.2g}",
                one.status,
            )
            for one in worst[:_ROWS]
        ],
        note=f"{len(found) - _ROWS} more are not shown." if len(found) > _ROWS else "",
    )
    columns = list(dict.fromkeys(one.column for one in worst))
    for column in columns[:_DRAWN]:
        rows = sorted((one for one in found if one.column == column), key=_by_share)
        yield bars(
            f"Share of each category of {column}",
            "Reference above, samples below, with the 95% interval of the samples.",
            [_bar(number, one, n, base_n) for number, one in enumerate(rows[:_BARS])],
        )


def _bar(number: int, one: Category, n: int, base_n: int) -> Mode:
    between = proportion_interval(one.hits, n)
    return Mode(number, one.word, one.base_hits / base_n, one.hits / n, *between, one.status)
