"""Reports get mailed: the name of whoever ran it should not travel in every path."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TypeVar

from gancheck.reporters.wording import visible

T = TypeVar("T")


def printed(value: T) -> T | str:
    """Return a value as it stands on the page: no home directory, no character unseen.

    Markup was made of values that have been through here, and passes unchanged.
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return redact(visible(value))


def redact(value: T) -> T | str:
    """Write the home directory as ``~`` in text; anything else passes unchanged."""
    if not isinstance(value, str):
        return value
    pattern = _pattern(str(Path.home()))
    return type(value)(pattern.sub("~", value)) if pattern else value


@cache
def _pattern(home: str) -> re.Pattern[str] | None:
    if len(Path(home).parts) < 2:  # a home of "/" names nobody, and every path begins with it
        return None
    return re.compile(rf"(?<![\w.~-]){re.escape(home)}(?![\w.-])")
