"""Cells as text: what stands in tables of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck_tabular.encoding import MISSING, Table

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray

    from gancheck_tabular.kinds import TableColumn


def cells_of(rows: Table, place: int, chosen: IntArray) -> list[str]:
    """Write the cells of one column in some rows."""
    column = rows.columns[place]
    if column.kind == "category":
        named = {0: MISSING, **column.words}
        return [named[int(code)] for code in rows.codes(place)[chosen]]
    return written(column, rows.numbers(place)[chosen])


def written(column: TableColumn, numbers: FloatArray | Sequence[float]) -> list[str]:
    """Write numbers or days since 1970 of a column; NaN is missing."""
    write = day_of if column.kind == "date" else "{:g}".format
    return [MISSING if np.isnan(number) else write(float(number)) for number in numbers]


def rounded(column: TableColumn, numbers: FloatArray | Sequence[float]) -> list[str]:
    """Write them to three figures, and whole above that; dates as dates."""
    if column.kind == "date":
        return written(column, numbers)
    return [f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}" for number in numbers]


def day_of(number: float) -> str:
    """Write days since 1970 as an ISO date."""
    return str(np.datetime64(int(np.floor(number)), "D"))


def share_of(share: float) -> str:
    """Write a share of 0..1 in per cent."""
    return f"{share:.1%}"


def signed(value: float) -> str:
    """Write a value to two decimals, without a sign where it rounds to nothing."""
    return f"{round(value, 2) + 0.0:.2f}"
