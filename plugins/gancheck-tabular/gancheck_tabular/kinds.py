"""What the columns of a table hold, and what the user may say about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from gancheck.api import LoadError, UsageError

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal["number", "category", "date"]
KINDS: tuple[str, ...] = get_args(Kind)
SIDECAR = "columns.json"
_KEYS = ("kinds", "label", "leave_out")
_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_HINT = 'Write it like {"label": "species", "leave_out": ["id"], "kinds": {"zip": "category"}}.'


@dataclass(frozen=True)
class TableColumn:
    """One column of a table.

    Attributes:
        name: Its name.
        kind: ``number``, ``category`` or ``date``.
        words: The word that each code of a category stands for.
    """

    name: str
    kind: Kind
    words: Mapping[int, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Choices:
    """What the user says about columns; all else is inferred.

    Attributes:
        label: Column whose words are the modes; None lets gancheck find clusters.
        leave_out: Columns that are not looked at.
        kinds: Kind of columns by name.
    """

    label: str | None = None
    leave_out: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    @classmethod
    def beside(cls, path: Path) -> tuple[Choices, str]:
        """Read ``TABLE.columns.json``, else ``columns.json`` in the folder of a table.

        Returns:
            The choices, and the name of the file; empty without one.

        Raises:
            LoadError: It is not what it should be.
        """
        for place in (path.with_name(f"{path.name}.{SIDECAR}"), path.with_name(SIDECAR)):
            if place.is_file():
                return cls._read(place), place.name
        return cls(), ""

    @classmethod
    def _read(cls, path: Path) -> Choices:
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise LoadError(f"{path} cannot be read as JSON: {error}", _HINT) from error
        if not isinstance(said, dict) or not set(said) <= set(_KEYS):
            raise LoadError(f"{path} may hold {', '.join(_KEYS)}, and nothing else", _HINT)
        return cls.of(said.get("label"), said.get("leave_out", []), said.get("kinds", {}))

    @classmethod
    def of(cls, label: object, leave_out: object, kinds: object) -> Choices:
        """Check what came from outside.

        Raises:
            UsageError: It is not what it should be.
        """
        if not (label is None or isinstance(label, str)):
            raise UsageError(f"label is the name of one column, got {label!r}", _HINT)
        if not isinstance(leave_out, (list, tuple)) or not all(
            isinstance(name, str) for name in leave_out
        ):
            raise UsageError(f"leave_out is a list of columns, got {leave_out!r}", _HINT)
        if not isinstance(kinds, Mapping) or not set(kinds.values()) <= set(KINDS):
            raise UsageError(f"kinds are {', '.join(KINDS)} by column, got {kinds!r}", _HINT)
        return cls(label, tuple(leave_out), cast("Mapping[str, Kind]", dict(kinds)))

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that something is said about."""
        label = () if self.label is None else (self.label,)
        return tuple(dict.fromkeys((*label, *self.leave_out, *self.kinds)))

    def require_known(self, names: Iterable[str]) -> None:
        """Refuse choices about columns that are not there.

        Raises:
            UsageError: Naming them.
        """
        there = list(map(str, names))
        unknown = sorted(set(self.named) - set(there))
        if unknown:
            raise UsageError(
                f"there is no column {', '.join(map(repr, unknown))}",
                f"The table has: {', '.join(there)}.",
            )

    def unknown_among(self, names: Iterable[str]) -> list[str]:
        """Say which columns are spoken of that a table does not have: the other one may."""
        there = set(map(str, names))
        return [
            f"No column is called {name!r} here: what was said of it has no effect."
            for name in (*self.leave_out, *self.kinds)
            if name not in there
        ]


def kind_of(series: pd.Series) -> Kind:
    """Infer what a column holds from its values alone.

    Text is a category unless all of it is dates; truth values are a category; all else is numbers.
    A column without a single value counts as numbers.
    """
    import pandas as pd
    from pandas.api import types

    if types.is_bool_dtype(series.dtype) or isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    if types.is_datetime64_any_dtype(series.dtype):
        return "date"
    if types.is_numeric_dtype(series.dtype):
        return "number"
    there = series.dropna()
    if there.empty:
        return "number"
    if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in there):
        return "number"
    text = there.astype(str)
    return "date" if bool(text.str.fullmatch(_DATE).all()) else "category"
