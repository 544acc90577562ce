"""Losses that a training logged, from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from gancheck.errors import LoadError

STEP = "step"
_STEPS = ("step", "global_step", "iteration", "iter", "it", "kimg", "epoch", "")
_MOST_ROWS, _MOST_COLUMNS = 500, 12
_LARGEST = 64 << 20  # bytes


def read_losses(path: Path) -> Mapping[str, tuple[float, ...]]:
    """Read the columns of numbers of a CSV file with a heading.

    Returns:
        Columns by name, ``step`` first; long ones thinned to 500 rows, which are kept as they are.
        Cells that hold no number are NaN.

    Raises:
        LoadError: It cannot be read, has no column of steps, or nothing beside it.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise LoadError(f"{path} has more than {_LARGEST >> 20} MiB", "Thin it out.")
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LoadError(f"cannot read {path}: {error}") from error
    if len(rows) < 2:
        raise LoadError(f"{path} holds no rows under a heading", _HINT)
    return _columns([name.strip() for name in rows[0]], rows[1:], path)


def _columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], path: Path
) -> Mapping[str, tuple[float, ...]]:
    lower = [name.lower() for name in names]
    at = next((lower.index(word) for word in _STEPS if word in lower), None)
    if at is None:
        raise LoadError(f"{path} has no column of steps; it has {', '.join(names)}", _HINT)
    table = [
        [_number(row[col]) if col < len(row) else math.nan for row in rows]
        for col in range(len(names))
    ]
    kept = [row for row in range(len(rows)) if math.isfinite(table[at][row])]
    kept = kept[:: max(1, -(-len(kept) // _MOST_ROWS))]
    order = sorted(kept, key=lambda row: table[at][row])
    found = {STEP: tuple(table[at][row] for row in order)}
    for col, name in enumerate(names):
        values = tuple(table[col][row] for row in order)
        if col != at and name and name != STEP and any(map(math.isfinite, values)):
            found[name] = values
        if len(found) > _MOST_COLUMNS:
            break
    if len(found) < 2:
        raise LoadError(f"{path} has no numbers beside its steps", _HINT)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


_HINT = "Expected a heading such as step,loss_d,loss_g and a row of numbers for each step."
