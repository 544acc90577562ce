"""From the bytes of a report to plain JSON that is safe to look at: sizes, nesting, numbers.

A report may come from anybody. Nothing here needs torch or numpy.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from gancheck import __version__
from gancheck.errors import LoadError
from gancheck.types import JSON, SCHEMA_VERSION

LARGEST = 64 * 2**20
"""Bytes of the largest report that is read; one with all its pictures has a few million."""

DEEPEST = 64
"""Levels of lists and objects inside each other; the contract needs eight."""

GIVE = "Give the .json that gancheck diagnose wrote."
TRACE = "trace"
"""The ``kind`` of a report on many checkpoints; reports on one have none."""

_COMPARISON = "comparison"

_DIGITS = 18  # of the longest whole number
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def content_of(path: str | Path) -> bytes:
    """Read a file, no further than a report may go.

    Raises:
        LoadError: It cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST + 1)
    except IsADirectoryError:
        raise LoadError(f"{path} is a folder; expected a report", GIVE) from None
    except FileNotFoundError:
        raise LoadError(f"{path} does not exist", GIVE) from None
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot read {path}: {error}") from error


def parsed(content: bytes, name: str) -> JSON:
    """Read JSON of a file that is called ``name`` in messages.

    Raises:
        LoadError: It is too large, too deep, or no JSON.
    """
    if len(content) > LARGEST:
        raise LoadError(f"{name} has more than {LARGEST >> 20} MiB; no report is that large", GIVE)
    if not content.strip():
        raise LoadError(f"{name} is empty; expected a report", GIVE)
    try:
        found = json.loads(
            content, parse_float=_finite, parse_int=_whole, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        raise _not_json(error, name) from error
    except UnicodeDecodeError as error:
        raise LoadError(f"{name} is no text; expected a report", GIVE) from error
    except ValueError as error:
        raise LoadError(f"{name} is not JSON: {error}", GIVE) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    if _deeper_than(DEEPEST, found):
        raise _too_deep(name)
    return readable(found) if _SURROGATE.search(content) else found


def contract(found: JSON, name: str) -> Mapping[str, JSON]:
    """Return the contract, if it is one and of our schema.

    Raises:
        LoadError: It is not.
    """
    if not isinstance(found, dict) or "schema" not in found or "versions" not in found:
        raise LoadError(f"{name} is JSON, but no report of gancheck", GIVE)
    if "verdict" not in found and "slice" in found:
        raise LoadError(
            f"{name} is a look at a latent space (gancheck cuts), not a diagnosis", GIVE
        )
    if found.get("kind") == _COMPARISON:
        raise LoadError(f"{name} is a comparison (gancheck compare), not a diagnosis", GIVE)
    schema = found["schema"]
    if schema != SCHEMA_VERSION or isinstance(schema, bool):
        shown = schema if isinstance(schema, int) else "of no known kind"
        raise LoadError(
            f"{name} has schema {shown}; this version reads schema {SCHEMA_VERSION}",
            newer(found) or "Run gancheck diagnose again.",
        )
    return found


def _not_json(error: json.JSONDecodeError, name: str) -> LoadError:
    text = error.doc.strip()
    if text[:9].lower() == "<!doctype":
        return LoadError(f"{name} is a page, not JSON", "Give the .json that stands beside it.")
    if text.startswith("{") and (
        error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg
    ):
        return LoadError(f"{name} is cut off after {len(error.doc):,} characters", GIVE)
    at = f"line {error.lineno}, column {error.colno}"
    return LoadError(f"{name} is not JSON: {error.msg} ({at})", GIVE)


def _too_deep(name: str) -> LoadError:
    return LoadError(f"{name} is nested too deeply for a report", GIVE)


def newer(contract: Mapping[str, JSON]) -> str | None:
    """Name the version that wrote a report, where it says so."""
    versions = contract.get("versions")
    found = versions.get("gancheck") if isinstance(versions, Mapping) else None
    if not isinstance(found, str) or not re.fullmatch(r"[\w.+-]{1,30}", found):
        return None
    if found == __version__:
        return None
    return f"It was written by gancheck {found}: read it with that version, or diagnose again."


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > _DIGITS + 1:
        raise ValueError(f"the number {text[:20]} is too long")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"it holds {text}")


def _deeper_than(most: int, found: JSON) -> bool:
    level = [found]
    for _ in range(most):
        level = [item for one in level for item in _items(one)]
        if not level:
            return False
    return True


def _items(one: JSON) -> list[JSON]:
    """Return the lists and objects directly inside one."""
    inside = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return [item for item in inside if isinstance(item, (dict, list))]


def readable(value: JSON) -> JSON:
    """Write halves of characters, which undecodable file names leave, as what can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {readable(key): readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return value
