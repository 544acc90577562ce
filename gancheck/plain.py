"""Dataclasses, enums and arrays into what JSON can hold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum, IntEnum
from typing import Any


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
