"""A report on one model read back: ``report.json`` into the diagnosis that it was written from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gancheck.errors import LoadError
from gancheck.plain import MisfitError, from_json
from gancheck.stored.parsing import TRACE, content_of, contract, newer, parsed, readable
from gancheck.types import JSON, Diagnosis, Interval, Score, Tails

_LONGEST_TIME = 1e9  # seconds
_DERIVED = "cut_mass"  # repeated from the scores at the top of the contract


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
    return decoded(content_of(path), str(path))


def decoded(content: bytes, name: str) -> Stored:
    """Read a report from the bytes of a file that is called ``name`` in messages.

    Raises:
        LoadError: As for `read`.
    """
    return built(contract(parsed(content, name), name), name, len(content))


def built(found: Mapping[str, JSON], name: str, size: int) -> Stored:
    """Build the report from its contract.

    Raises:
        LoadError: As for `read`.
    """
    if found.get("kind") == TRACE:
        raise LoadError(
            f"{name} is a trace of many checkpoints (gancheck trace), not a diagnosis",
            "gancheck report shows it; gancheck diagnose looks at one checkpoint.",
        )
    try:
        diagnosis, left_out = _built(found)
    except MisfitError as error:
        raise LoadError(
            f"{name} is no report as gancheck writes it: {error}", newer(found)
        ) from error
    return Stored(diagnosis, name, size, left_out)


def as_stored(diagnosis: Diagnosis) -> Diagnosis:
    """Return the diagnosis as it comes back from its own JSON: numbers rounded, the rest the same.

    What is rendered from this is rendered alike from the file. Where a plugin put something into
    the diagnosis that the contract has no room for, it is returned as it is.
    """
    try:
        return _built(readable(diagnosis.to_dict()))[0]
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
    scores = {name: with_open_score(score) for name, score in diagnosis.scores.items()}
    findings = tuple(
        replace(finding, interval=Interval(*_ends(*finding.interval)))
        if finding.interval is not None
        else finding
        for finding in diagnosis.findings
    )
    return replace(diagnosis, scores=scores, findings=findings)


def with_open_score(score: Score) -> Score:
    """Read the null at one end of a score's intervals as what it was: no bound on that side."""
    low, high = _ends(score.low, score.high)
    tails = score.tails
    if tails is not None:
        tails = Tails(Interval(*_ends(*tails.at_95)), Interval(*_ends(*tails.at_99)))
    return replace(score, low=low, high=high, tails=tails)


def _ends(low: float, high: float) -> tuple[float, float]:
    if math.isnan(low) and math.isnan(high):
        return low, high
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high
