"""A trace as the text of its JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gancheck.types import Trace


def as_json(trace: Trace) -> str:
    """Return the JSON of a trace; `gancheck.stored` reads it back."""
    return json.dumps(trace.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
