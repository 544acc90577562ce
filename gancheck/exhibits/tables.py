"""Exhibits that are read row by row."""

from __future__ import annotations

from collections.abc import Sequence

from gancheck.types import JSON, Exhibit


def table(
    title: str,
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[JSON]],
    *,
    note: str = "",
) -> Exhibit:
    """Show rows of texts and numbers, the worst first.

    Args:
        title: A short heading.
        caption: How to read it.
        columns: Names of the columns.
        rows: One cell for each column; None where there is nothing to say.
        note: What stands under the table, such as what was left out.
    """
    payload = {"columns": list(columns), "rows": [list(row) for row in rows], "note": note}
    return Exhibit("table", title, caption, payload)
