"""Pictures of pairs of columns: how one goes with the other, in the reference and in the samples.

Two columns of numbers are points by their ranks; a category beside numbers is a table of quartiles;
two categories are a table of shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import Exhibit, scatter, table

from gancheck_tabular.cells import rounded, share_of
from gancheck_tabular.sides import ranks

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray

    from gancheck_tabular.sides import Sides, Words

_POINTS = 600
_MOST_ROWS, _MOST_COLUMNS = 12, 5
_NONE = "-"


def pair_picture(sides: Sides, one: int, other: int) -> Exhibit:
    """Draw a pair of columns by their places."""
    worded = [sides.columns[place].kind == "category" for place in (one, other)]
    if all(worded):
        return _shares(sides, one, other)
    if any(worded):
        return _quartiles(sides, *((one, other) if worded[0] else (other, one)))
    return _points(sides, one, other)


def _points(sides: Sides, one: int, other: int) -> Exhibit:
    names = [sides.columns[place].name for place in (one, other)]
    columns = [_ranked(sides, place) for place in (one, other)]
    series = [
        (role, role, spaced(np.stack([columns[0][at], columns[1][at]], axis=1)))
        for at, role in enumerate(("reference", "samples"))
    ]
    return scatter(
        f"{names[0]} and {names[1]}",
        "Rows by the ranks of both values, the lowest at 0 and the highest at 1: where the points "
        "of one side make no band or corner, its two columns know nothing of each other.",
        series,
        axes=(f"{names[0]}, rank", f"{names[1]}, rank"),
    )


def _ranked(sides: Sides, place: int) -> tuple[FloatArray, FloatArray]:
    """Return ranks of reference and samples over both, NaN where they are missing."""
    real, drawn = sides.reference.numbers(place), sides.samples.numbers(place)
    both = np.concatenate([real, drawn])
    there = ~np.isnan(both)
    both[there] = ranks(both[there])
    return both[: len(real)], both[len(real) :]


def spaced(points: FloatArray) -> FloatArray:
    """Keep rows (m, 2) without missing values, at most 600 of them, whatever their order was."""
    there = points[~np.isnan(points).any(axis=1)]
    turned = there[np.lexsort((there[:, 1], there[:, 0]))]
    kept = np.linspace(0, len(turned) - 1, min(_POINTS, len(turned))).astype(int)
    return np.asarray(turned[kept])


def _quartiles(sides: Sides, worded: int, numbered: int) -> Exhibit:
    words, column = sides.word_numbers(worded), sides.columns[numbered]
    name = sides.columns[worded].name
    sided = (
        (words.reference, sides.reference.numbers(numbered)),
        (words.samples, sides.samples.numbers(numbered)),
    )

    def spread(at: int) -> list[str]:
        found = [numbers[(which == at) & ~np.isnan(numbers)] for which, numbers in sided]
        quartiles = [np.quantile(each, [0.25, 0.5, 0.75]) if len(each) else [] for each in found]
        return [" / ".join(rounded(column, each)) or _NONE for each in quartiles]

    kept = most_frequent(words, _MOST_ROWS)
    return table(
        f"{column.name} by {name}",
        f"Quartiles of {column.name}: a quarter of the rows lies below the first, half below the "
        "second, three quarters below the third.",
        (name, "reference", "samples"),
        [[words.names[at], *spread(int(at))] for at in kept],
        note=_left_out(words, kept),
    )


def _shares(sides: Sides, one: int, other: int) -> Exhibit:
    rows, columns = sides.word_numbers(one), sides.word_numbers(other)
    down, across = most_frequent(rows, _MOST_ROWS), most_frequent(columns, _MOST_COLUMNS)
    sided = ((rows.reference, columns.reference), (rows.samples, columns.samples))

    def shares(at: int) -> list[str]:
        picked = [along[which == at] for which, along in sided]
        return [
            " | ".join(
                share_of(float((each == word).mean())) if len(each) else _NONE for each in picked
            )
            for word in across
        ]

    names = [sides.columns[place].name for place in (one, other)]
    notes = (_left_out(rows, down), _left_out(columns, across))
    return table(
        f"{names[1]} by {names[0]}",
        f"Of the rows with each value of {names[0]}, the share with each value of {names[1]}: "
        "reference | samples.",
        (names[0], *(columns.names[at] for at in across)),
        [[rows.names[at], *shares(int(at))] for at in down],
        note=" ".join(filter(None, notes)),
    )


def most_frequent(words: Words, most: int) -> IntArray:
    """Return the numbers of the words that the reference has most often, the first ones first."""
    base, _ = words.counts()
    order = np.argsort(-base, kind="stable")[:most]
    return np.asarray(order[base[order] > 0])


def _left_out(words: Words, kept: IntArray) -> str:
    base, _ = words.counts()
    left = int((base > 0).sum()) - len(kept)
    return f"{left} rarer values are not shown." if left else ""
