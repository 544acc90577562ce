"""Dataclasses, enums and arrays into what JSON can hold, and back again."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from enum import Enum, IntEnum
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST_NUMBER = 1e100
LARGEST_COUNT = 2**53
_LONGEST = 40  # characters of a wrong value that a message shows
_MOST_WORDS = 4  # of those that would fit
_NUMBERED = re.compile(r"\[\d+\]")


def to_json(value: object) -> Any:
    """Turn dataclasses, enums, tuples and numpy values into what ``json`` can write.

    Ordered enums become their names, others their values. Numbers that JSON cannot hold (NaN,
    infinities) become None; floats keep six significant digits, so that rounding noise of the
    arithmetic does not show up as a difference.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.name if isinstance(value, IntEnum) else value.value
    if hasattr(value, "_asdict"):
        return to_json(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


class MisfitError(ValueError):
    """A value is not what its place asks for; the message names place, value and what would fit."""


def from_json(kind: type[T], value: object) -> tuple[T, tuple[str, ...]]:
    """Build a dataclass from what `to_json` made of it, as strictly as its annotations say.

    Where a number is required, null is one that JSON could not hold, and becomes NaN.

    Returns:
        The dataclass, and the places of keys that it has no field for, which are left out.

    Raises:
        MisfitError: A value is of another kind, a word is unknown, or a required key is missing.
    """
    reader = _Reader()
    return cast(T, reader.read(kind, value, "")), tuple(reader.unknown)


class _Reader:
    """Reads values by their annotations, and remembers keys that nothing asks for."""

    def __init__(self) -> None:
        self.unknown: dict[str, None] = {}

    def read(self, kind: Any, value: Any, where: str) -> Any:
        """Return the value as the annotation wants it."""
        if kind is Any:
            return value
        origin, inside = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self._optional(inside, value, where)
        if origin is Literal:
            return _word({one: one for one in inside}, value, where)
        if origin is tuple:
            return self._tuple(inside[0], value, where)
        if origin is Mapping:
            return self._mapping(inside[1], value, where)
        if origin is None and isinstance(kind, type):
            return self._plain(kind, value, where)
        raise TypeError(f"no way to read {kind!r} at {where}")

    def _plain(self, kind: type, value: Any, where: str) -> Any:
        if dataclasses.is_dataclass(kind):
            defaults = {f.name for f in dataclasses.fields(kind) if _has_default(f)}
            return kind(**self._fields(kind, defaults, value, where))
        if issubclass(kind, IntEnum):
            return _word(dict(kind.__members__), value, where)
        if issubclass(kind, Enum):
            return _word({one.value: one for one in kind}, value, where)
        if hasattr(kind, "_fields"):
            return kind(**self._fields(kind, set(), value, where))
        return _LEAVES[kind](value, where)

    def _optional(self, inside: tuple[Any, ...], value: Any, where: str) -> Any:
        if value is None:
            return None
        (kind,) = (one for one in inside if one is not type(None))
        return self.read(kind, value, where)

    def _tuple(self, kind: Any, value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise _misfit(where, value, "a list")
        return tuple(self.read(kind, one, f"{where}[{at}]") for at, one in enumerate(value))

    def _mapping(self, kind: Any, value: Any, where: str) -> dict[str, Any]:
        return {
            key: self.read(kind, one, _inside(where, key))
            for key, one in _object(value, where).items()
        }

    def _fields(self, kind: type, defaults: set[str], value: Any, where: str) -> dict[str, Any]:
        given = _object(value, where)
        hints = _hints(kind)
        missing = [name for name in hints if name not in given and name not in defaults]
        if missing:
            raise MisfitError(f"{_inside(where, missing[0])} is missing")
        for key in given:
            if key not in hints:
                self.unknown[_NUMBERED.sub("[]", _inside(where, key))] = None
        known = [name for name in hints if name in given]
        return {name: self.read(hints[name], given[name], _inside(where, name)) for name in known}


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = getattr(kind, "_fields", None) or [f.name for f in dataclasses.fields(kind)]
    return {name: hints[name] for name in names}


def _has_default(field: dataclasses.Field[Any]) -> bool:
    unset = dataclasses.MISSING
    return field.default is not unset or field.default_factory is not unset


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _misfit(where, value, "an object")
    return value


def _word(known: Mapping[Any, Any], value: Any, where: str) -> Any:
    if not isinstance(value, str) or value not in known:
        shown = [
            *map(str, list(known)[:_MOST_WORDS]),
            *(["..."] if len(known) > _MOST_WORDS else []),
        ]
        raise _misfit(where, value, f"one of {', '.join(shown)}")
    return known[value]


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _misfit(where, value, "text")
    return value


def _switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _misfit(where, value, "true or false")
    return value


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _misfit(where, value, "a whole number")
    if abs(value) > LARGEST_COUNT:
        raise _misfit(where, value, f"at most {LARGEST_COUNT}")
    return value


def _measure(value: Any, where: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _misfit(where, value, "a number")
    if math.isnan(value):
        return math.nan
    if abs(value) > LARGEST_NUMBER:
        raise _misfit(where, value, f"at most {LARGEST_NUMBER:g}")
    return float(value)


def _misfit(where: str, value: object, expected: str) -> MisfitError:
    return MisfitError(f"{where or 'the whole'} is {_shortly(value)}, expected {expected}")


def _inside(where: str, key: str) -> str:
    name = key if key.isidentifier() else _cut(repr(key))
    return f"{where}.{name}" if where else name


def _shortly(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "a list"
    return "an object" if isinstance(value, Mapping) else _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


_LEAVES = {str: _text, bool: _switch, int: _count, float: _measure}
