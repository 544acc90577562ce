"""Pictures of single columns: how the samples are spread, over how the reference is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import Exhibit, histogram

from gancheck_tabular.cells import day_of, share_of

if TYPE_CHECKING:
    from gancheck.api import FloatArray

    from gancheck_tabular.kinds import TableColumn
    from gancheck_tabular.sides import Sides

_BINS = 32
_TAIL = 0.005
_MOST_STEPS = 48
_LEAST_SPAN = 1.0  # exhibits hold edges to four decimals: columns of small numbers are scaled


def distributions(sides: Sides, places: Iterable[int]) -> Iterator[Exhibit]:
    """Draw columns of numbers or dates as two histograms; those without any value are left out."""
    for place in places:
        real, drawn = sides.reference.numbers(place), sides.samples.numbers(place)
        if not (np.isnan(real).all() or np.isnan(drawn).all()):
            yield _distribution(sides.columns[place], real, drawn)


def _distribution(column: TableColumn, real: FloatArray, drawn: FloatArray) -> Exhibit:
    edges = edges_of(real, drawn)
    start, unit, axis = _axis(column, edges)
    series = [
        (role, role, shares_in(values, edges))
        for role, values in (("reference", real), ("samples", drawn))
    ]
    return histogram(
        f"How {column.name} is spread",
        _caption(real, drawn),
        series,
        (edges - start) / unit,
        axes=(axis, "share of rows"),
    )


def edges_of(real: FloatArray, drawn: FloatArray) -> FloatArray:
    """Choose edges (bins + 1,) that hold all but half a per cent of each end of both sides.

    Few whole numbers get a bin each, so that none stands between two.
    """
    sides = [values[~np.isnan(values)] for values in (real, drawn)]
    ends = [np.quantile(values, [_TAIL, 1 - _TAIL]) for values in sides]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if bool((sides[0] % 1 == 0).all()) and high - low < _MOST_STEPS:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    room = 0.0 if high > low else max(0.5, abs(low) * 1e-3)
    return np.linspace(low - room, high + room, _BINS + 1)


def shares_in(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the share of all rows in each bin; values beyond count in the outermost ones."""
    there = values[~np.isnan(values)]
    counts, _ = np.histogram(np.clip(there, edges[0], edges[-1]), edges)
    return np.asarray(counts / len(values))


def _axis(column: TableColumn, edges: FloatArray) -> tuple[float, float, str]:
    """Return what is taken from edges, what they are divided by, and what the axis is called."""
    if column.kind == "date":
        start = float(np.floor(edges[0]))
        return start, 1.0, f"{column.name}, in days since {day_of(start)}"
    span = float(max(np.abs(edges).max(), edges[-1] - edges[0]))
    if span >= _LEAST_SPAN or span <= 0:
        return 0.0, 1.0, column.name
    unit = float(10.0 ** np.floor(np.log10(span)))
    return 0.0, unit, f"{column.name}, in units of {unit:g}"


def _caption(real: FloatArray, drawn: FloatArray) -> str:
    said = "Shares of all rows; what lies beyond is counted at the edges."
    gone = [float(np.isnan(values).mean()) for values in (real, drawn)]
    if not any(gone):
        return said
    return f"{said} Missing: {share_of(gone[0])} of the reference, {share_of(gone[1])} of samples."
