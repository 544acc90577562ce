"""Reports read back from their JSON, into what they were written from.

Nothing here needs torch or numpy, so that whatever only looks at a report starts at once. A report
may come from anybody: sizes, nesting, numbers and words are checked before anything uses them.
"""

from __future__ import annotations

from pathlib import Path

from gancheck.stored.diagnoses import Stored, as_stored, built, decoded, load, read
from gancheck.stored.parsing import DEEPEST, LARGEST, TRACE, content_of, contract, parsed
from gancheck.stored.traces import StoredTrace, built_trace, trace_as_stored

__all__ = [
    "DEEPEST",
    "LARGEST",
    "Stored",
    "StoredTrace",
    "as_stored",
    "decoded",
    "decoded_any",
    "load",
    "load_any",
    "read",
    "trace_as_stored",
]


def load_any(path: str | Path) -> Stored | StoredTrace:
    """Read a report of either kind from a file.

    Raises:
        LoadError: It cannot be read, is no report, or not one that this version understands.
    """
    return decoded_any(content_of(path), str(path))


def decoded_any(content: bytes, name: str) -> Stored | StoredTrace:
    """Read a report of either kind from the bytes of a file that is called ``name`` in messages.

    Raises:
        LoadError: As for `load_any`.
    """
    found = contract(parsed(content, name), name)
    if found.get("kind") == TRACE:
        return built_trace(found, name, len(content))
    return built(found, name, len(content))
