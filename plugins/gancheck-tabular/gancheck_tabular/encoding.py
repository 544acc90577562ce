"""Rows of a table as vectors of float32, such that two tables agree without seeing each other.

A row of c columns, in the order of their names, becomes 2 c + 1 numbers. The first c are numbers
and dates themselves, and half of the code of a word; the next c tell which numbers are missing,
and hold the other half of the code. The last is a mark of the names and kinds of all columns, by
which tables with other columns are recognised wherever they turn up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from gancheck.api import LoadError, NotAvailable

from gancheck_tabular.kinds import Choices, TableColumn, kind_of

if TYPE_CHECKING:
    import pandas as pd
    from gancheck.api import AnyArray, FloatArray, IntArray, SampleSet

    from gancheck_tabular.kinds import Kind

MISSING = "(missing)"
_HALF = 1 << 24  # what float32 counts to without a gap
_EXACT = 1 << 24
_DAY = np.timedelta64(1, "D")
_NEARLY_ALL, _MANY = 0.5, 100


@dataclass(frozen=True, eq=False)
class Table:
    """Encoded rows and what their columns are.

    Attributes:
        values: (n, 2 c + 1) float32.
        columns: The c columns, in the order of their names.
        notes: What was inferred, in sentences.
    """

    values: AnyArray
    columns: tuple[TableColumn, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, samples: SampleSet) -> Table:
        """Return samples as the table they are.

        Raises:
            NotAvailable: They are not rows of a table.
        """
        columns = tuple(one for one in samples.columns if isinstance(one, TableColumn))
        if not columns:
            raise NotAvailable("looks at tables; these samples are not rows of one")
        return cls(samples.values, columns, samples.notes)

    def __len__(self) -> int:
        return len(self.values)

    def numbers(self, place: int) -> FloatArray:
        """Return a column of numbers or dates, (n,) float64 with NaN where they are missing."""
        found = np.asarray(self.values[:, place], dtype=np.float64)
        gone = np.asarray(self.values[:, len(self.columns) + place]) > 0
        return np.where(gone, np.nan, found)

    def codes(self, place: int) -> IntArray:
        """Return the codes of a column of words, (n,) int64; 0 where they are missing."""
        low = np.asarray(self.values[:, place], dtype=np.int64)
        high = np.asarray(self.values[:, len(self.columns) + place], dtype=np.int64)
        return np.asarray(high * _HALF + low)

    @cached_property
    def mark(self) -> int:
        """Number of the names and kinds of the columns."""
        return mark_of(self.columns)


def mark_of(columns: tuple[TableColumn, ...]) -> int:
    """Return the mark of names and kinds, a whole number that float32 holds."""
    said = "\0".join(f"{one.name}\1{one.kind}" for one in columns)
    return _digest(said, 3)


def code_of(word: str) -> int:
    """Return the code of a word, 1 .. 2^48 - 1: it depends on the word alone."""
    return max(1, _digest(word, 6))


def _digest(text: str, size: int) -> int:
    content = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=size).digest(), "little")


def encode(frame: pd.DataFrame, choices: Choices) -> Table:
    """Turn a table into vectors.

    Args:
        frame: One row for each sample.
        choices: What the user says about columns.

    Raises:
        LoadError: Two columns have one name, there is none at all, a column does not hold what
            was said of it, or it holds infinite values.
    """
    frame, notes = _named(frame)
    notes += choices.unknown_among(frame.columns)
    names = sorted(set(frame.columns) - set(choices.leave_out))
    if not names or not len(frame):
        raise LoadError("the table has no rows, or no columns that are looked at")
    columns, blocks = [], []
    for name in names:
        kind = choices.kinds.get(name) or kind_of(frame[name])
        column, block, doubts = _encoded(frame[name], name, kind)
        columns.append(column)
        blocks.append(block)
        notes += doubts
    found = tuple(columns)
    mark = np.full((len(frame), 1), mark_of(found), dtype=np.float32)
    values = np.hstack([*(block[:, :1] for block in blocks), *(b[:, 1:] for b in blocks), mark])
    return Table(values, found, (_told(found), *notes))


def words_of(series: pd.Series) -> pd.Series:
    """Write the values of a column as words; whole numbers without a point, None where missing."""

    def word(value: object) -> str:
        whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
        return str(int(value)) if whole else str(value).strip()  # type: ignore[call-overload]

    return series.astype(object).map(word, na_action="ignore")


def _named(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give columns names of text, and leave out an index that was written along."""
    frame = frame.rename(columns=str)
    twice = sorted(frame.columns[frame.columns.duplicated()])
    if twice:
        raise LoadError(f"the table has two columns called {twice[0]!r}", "Rename one of them.")
    first = str(frame.columns[0]) if len(frame.columns) else ""
    if first.startswith("Unnamed: 0") and list(frame[first]) == list(range(len(frame))):
        note = "The first column numbers the rows and has no name: it was left out."
        return frame.drop(columns=first), [note]
    return frame, []


def _encoded(series: pd.Series, name: str, kind: Kind) -> tuple[TableColumn, AnyArray, list[str]]:
    """Return a column, its two coordinates (n, 2) float32, and what is doubtful about it."""
    if kind == "category":
        return _words(series, name)
    numbers = _days(series, name) if kind == "date" else _numbers(series, name)
    if np.isinf(numbers).any() or (np.abs(numbers) > np.finfo(np.float32).max).any():
        raise LoadError(
            f"column {name!r} holds values that are infinite or beyond float32",
            f'Leave it out: {{"leave_out": ["{name}"]}} in columns.json.',
        )
    gone = np.isnan(numbers)
    block = np.stack([np.where(gone, 0.0, numbers), gone], axis=1).astype(np.float32)
    whole = (numbers[~gone] % 1 == 0).all() and (np.abs(numbers[~gone]) > _EXACT).any()
    note = f"Column {name!r} holds whole numbers above 2^24, which are rounded to 24 bits."
    return TableColumn(name, kind), block, [note] if whole else []


def _numbers(series: pd.Series, name: str) -> FloatArray:
    import pandas as pd

    try:
        return np.asarray(pd.to_numeric(series).astype("Float64").to_numpy(np.float64, np.nan))
    except (ValueError, TypeError) as error:
        raise LoadError(
            f"column {name!r} was said to hold numbers, and does not: {error}",
            f'Say {{"kinds": {{"{name}": "category"}}}} in columns.json.',
        ) from error


def _days(series: pd.Series, name: str) -> FloatArray:
    import pandas as pd

    try:
        moments = pd.to_datetime(series, format="ISO8601", utc=True).dt.tz_localize(None)
    except (ValueError, TypeError, AttributeError) as error:
        raise LoadError(
            f"column {name!r} was said to hold dates, and does not: {error}",
            "Write them like 2024-12-31.",
        ) from error
    stamps = moments.to_numpy("datetime64[ns]")
    days = (stamps - np.datetime64(0, "ns")) / _DAY
    return np.where(np.isnat(stamps), np.nan, days)


def _words(series: pd.Series, name: str) -> tuple[TableColumn, AnyArray, list[str]]:
    words = words_of(series)
    known = sorted(set(words.dropna()))
    codes = {word: code_of(word) for word in known}
    if len(set(codes.values())) < len(codes):
        raise LoadError(f"two words of column {name!r} have one code", "Rename one of them.")
    found = np.asarray(words.map(codes).fillna(0).to_numpy(), dtype=np.int64)
    block = np.stack([found % _HALF, found // _HALF], axis=1).astype(np.float32)
    note = (
        f"Nearly every value of column {name!r} is another: names or numbers of rows say nothing "
        "of a law, and are better left out."
    )
    many = len(known) > max(_MANY, _NEARLY_ALL * len(found))
    column = TableColumn(name, "category", {code: word for word, code in codes.items()})
    return column, block, [note] if many else []


def _told(columns: tuple[TableColumn, ...]) -> str:
    """Say which column was taken for what."""
    parts = []
    for kind, one, several in (
        ("number", "number", "numbers"),
        ("category", "category", "categories"),
        ("date", "date", "dates"),
    ):
        names = [column.name for column in columns if column.kind == kind]
        if names:
            parts.append(f"{len(names)} {several if len(names) > 1 else one} ({', '.join(names)})")
    return f"Columns were taken for {', '.join(parts)}; `columns.json` says otherwise."
