"""A report read back: ``report.json`` into the diagnosis that it was written from.

Nothing here needs torch or numpy, so that whatever only looks at a report starts at once. A report
may come from anybody: sizes, nesting, numbers and words are checked before anything uses them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from gancheck import __version__
from gancheck.errors import LoadError
from gancheck.plain import MisfitError, from_json
from gancheck.types import JSON, SCHEMA_VERSION, Diagnosis, Interval, Score, Tails

LARGEST = 64 * 2**20
"""Bytes of the largest report that is read; one with all its pictures has a few million."""

DEEPEST = 64
"""Levels of lists and objects inside each other; the contract needs eight."""

_DIGITS = 18  # of the longest whole number
_LONGEST_TIME = 1e9  # seconds
_DERIVED = "cut_mass"  # repeated from the scores at the top of the contract
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Stored:
    """A report as it was found.

    Attributes:
        diagnosis: What it says.
        name: The file it came from, for people.
        size: Its size in bytes.
        left_out: Places of keys that this version does not know, such as ``findings[].audience``.
    """

    diagnosis: Diagnosis
    name: str
    size: int
    left_out: tuple[str, ...] = ()


def read(path: str | Path) -> Diagnosis:
    """Read a report from a file.

    Raises:
        LoadError: It cannot be read, is no report, or not one that this version understands.
    """
    return load(path).diagnosis


def load(path: str | Path) -> Stored:
    """Read a report from a file, with its size and what was left out.

    Raises:
        LoadError: As for `read`.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise LoadError(f"{path} is a folder; expected a report", _GIVE) from None
    except FileNotFoundError:
        raise LoadError(f"{path} does not exist", _GIVE) from None
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot read {path}: {error}") from error
    return decoded(content, str(path))


def decoded(content: bytes, name: str) -> Stored:
    """Read a report from the bytes of a file that is called ``name`` in messages.

    Raises:
        LoadError: As for `read`.
    """
    if len(content) > LARGEST:
        raise LoadError(f"{name} has more than {LARGEST >> 20} MiB; no report is that large", _GIVE)
    contract = _contract(_parsed(content, name), name)
    try:
        diagnosis, left_out = _built(contract)
    except MisfitError as error:
        raise LoadError(
            f"{name} is no report as gancheck writes it: {error}", _newer(contract)
        ) from error
    return Stored(diagnosis, name, len(content), left_out)


def as_stored(diagnosis: Diagnosis) -> Diagnosis:
    """Return the diagnosis as it comes back from its own JSON: numbers rounded, the rest the same.

    What is rendered from this is rendered alike from the file. Where a plugin put something into
    the diagnosis that the contract has no room for, it is returned as it is.
    """
    try:
        return _built(_readable(diagnosis.to_dict()))[0]
    except MisfitError:
        return diagnosis


def _built(contract: Mapping[str, JSON]) -> tuple[Diagnosis, tuple[str, ...]]:
    known = {key: value for key, value in contract.items() if key != _DERIVED}
    diagnosis, left_out = from_json(Diagnosis, known)
    _require_sense(diagnosis)
    return _with_open_ends(diagnosis), left_out


def _require_sense(diagnosis: Diagnosis) -> None:
    for at, mode in enumerate(diagnosis.modes):
        for share in (mode.reference_share, mode.sample_share, mode.low, mode.high):
            if not -1e-6 <= share <= 1 + 1e-6:
                raise MisfitError(f"modes[{at}] holds {share:g}, expected shares of 0 to 1")
    for seconds in diagnosis.timings.values():
        if not 0 <= seconds <= _LONGEST_TIME:
            raise MisfitError(f"timings holds {seconds:g}, expected seconds")


def _with_open_ends(diagnosis: Diagnosis) -> Diagnosis:
    """Read the null at one end of an interval as what it was: no bound on that side."""
    scores = {name: _with_open_score(score) for name, score in diagnosis.scores.items()}
    findings = tuple(
        replace(finding, interval=Interval(*_ends(*finding.interval)))
        if finding.interval is not None
        else finding
        for finding in diagnosis.findings
    )
    return replace(diagnosis, scores=scores, findings=findings)


def _with_open_score(score: Score) -> Score:
    low, high = _ends(score.low, score.high)
    tails = score.tails
    if tails is not None:
        tails = Tails(Interval(*_ends(*tails.at_95)), Interval(*_ends(*tails.at_99)))
    return replace(score, low=low, high=high, tails=tails)


def _ends(low: float, high: float) -> tuple[float, float]:
    if math.isnan(low) and math.isnan(high):
        return low, high
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


def _parsed(content: bytes, name: str) -> JSON:
    if not content.strip():
        raise LoadError(f"{name} is empty; expected a report", _GIVE)
    try:
        found = json.loads(
            content, parse_float=_finite, parse_int=_whole, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        raise _not_json(error, name) from error
    except UnicodeDecodeError as error:
        raise LoadError(f"{name} is no text; expected a report", _GIVE) from error
    except ValueError as error:
        raise LoadError(f"{name} is not JSON: {error}", _GIVE) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    if _deeper_than(DEEPEST, found):
        raise _too_deep(name)
    return _readable(found) if _SURROGATE.search(content) else found


def _contract(found: JSON, name: str) -> Mapping[str, JSON]:
    """Return the contract, if it is one and of our schema."""
    if not isinstance(found, dict) or "schema" not in found or "versions" not in found:
        raise LoadError(f"{name} is JSON, but no report of gancheck", _GIVE)
    if "verdict" not in found and "slice" in found:
        raise LoadError(
            f"{name} is a look at a latent space (gancheck cuts), not a diagnosis", _GIVE
        )
    schema = found["schema"]
    if schema != SCHEMA_VERSION or isinstance(schema, bool):
        shown = schema if isinstance(schema, int) else "of no known kind"
        raise LoadError(
            f"{name} has schema {shown}; this version reads schema {SCHEMA_VERSION}",
            _newer(found) or "Run gancheck diagnose again.",
        )
    return found


def _not_json(error: json.JSONDecodeError, name: str) -> LoadError:
    text = error.doc.strip()
    if text[:9].lower() == "<!doctype":
        return LoadError(f"{name} is a page, not JSON", "Give the .json that stands beside it.")
    if text.startswith("{") and (
        error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg
    ):
        return LoadError(f"{name} is cut off after {len(error.doc):,} characters", _GIVE)
    at = f"line {error.lineno}, column {error.colno}"
    return LoadError(f"{name} is not JSON: {error.msg} ({at})", _GIVE)


def _too_deep(name: str) -> LoadError:
    return LoadError(f"{name} is nested too deeply for a report", _GIVE)


def _newer(contract: Mapping[str, JSON]) -> str | None:
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


def _readable(value: JSON) -> JSON:
    """Write halves of characters, which undecodable file names leave, as what can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return value


_GIVE = "Give the .json that gancheck diagnose wrote."
