"""Two stored reports: whether they can be compared, and what they say of each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gancheck.comparing.modes import count_changes
from gancheck.comparing.nouns import Pairing, Side
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.comparing.nouns import ModeChange
    from gancheck.settings import Settings
    from gancheck.types import JSON, Diagnosis

_SAME = ("reference_sha256", "compared", "samples", "embedder_sha256", "strict_embedder_sha256")
_FLAGS = ("samples", "seed")
_SHOWN = 16  # characters of a hash that tell two files apart
_SAME_SHARE = 1e-4  # shares of the reference are written with six digits
_HINT = "gancheck report A B puts them side by side, without a verdict."
_UNKNOWN = "stored reports hold no samples"


def require_comparable(a: Diagnosis, b: Diagnosis) -> None:
    """Refuse reports that were not measured in the same way.

    Raises:
        UsageError: Naming the setting and both values.
    """
    for name in _SAME:
        here, there = a.settings.get(name), b.settings.get(name)
        if here != there:
            raise UsageError(
                f"A and B cannot be compared: {name} is {_text(here)} in A and {_text(there)} in B",
                _HINT,
            )


def require_settings(report: Diagnosis, settings: Settings) -> None:
    """Refuse a run that could not be compared with a report, before it begins.

    Raises:
        UsageError: Naming the flag.
    """
    for name in _FLAGS:
        asked, known = getattr(settings, name), report.settings.get(name)
        if known is not None and asked != known:
            raise UsageError(
                f"the report was made with {name} {_text(known)}, and this run has {_text(asked)}",
                f"Give --{name} {known}.",
            )


def side(letter: str, name: str, diagnosis: Diagnosis) -> Side:
    """Return a report as one side."""
    return Side(
        letter,
        name,
        diagnosis.subject,
        diagnosis.verdict,
        diagnosis.conditions,
        diagnosis.scores,
        diagnosis.warnings,
    )


def pairing(a: Diagnosis, b: Diagnosis) -> Pairing:
    """Say what two reports share: their reference, where it was split alike."""
    shared = bool(a.settings.get("reference_sha256")) and _same_split(a, b)
    return Pairing(latents=False, reference=shared, reason=_UNKNOWN)


def comparable_sides(a: Diagnosis, b: Diagnosis) -> tuple[Diagnosis, Diagnosis]:
    """Return both, without replicates where these are not of the same rows."""
    if _same_split(a, b):
        return a, b
    return _unpaired(a), _unpaired(b)


def mode_changes(a: Diagnosis, b: Diagnosis) -> tuple[ModeChange, ...] | None:
    """Compare the modes of two reports; None where they are not the same modes."""
    sizes = [_clear(one) for one in (a, b)]
    if not a.modes and not b.modes:
        return ()
    if len(a.modes) != len(b.modes) or None in sizes:
        return None
    for one, other in zip(a.modes, b.modes, strict=True):
        apart = abs(one.reference_share - other.reference_share)
        if one.label != other.label or apart > _SAME_SHARE:
            return None
    import numpy as np

    hits = [
        np.array([round(mode.sample_share * (n or 0)) for mode in diagnosis.modes])
        for diagnosis, n in zip((a, b), sizes, strict=True)
    ]
    shares = np.array([mode.reference_share for mode in a.modes])
    return count_changes(hits[0], hits[1], [mode.label for mode in a.modes], shares)


def warnings(a: Diagnosis, b: Diagnosis) -> Iterator[str]:
    """Say what two reports do not have in common, although it does not forbid to compare them."""
    if not _same_split(a, b):
        yield (
            "The seeds differ: the reference was split differently, and the errors of both runs "
            "are taken apart."
        )
    versions = [one.versions.get("gancheck", "") for one in (a, b)]
    if versions[0] != versions[1]:
        yield f"The reports were written by gancheck {versions[0]} and {versions[1]}."


def _same_split(a: Diagnosis, b: Diagnosis) -> bool:
    return a.settings.get("seed") == b.settings.get("seed")


def _unpaired(diagnosis: Diagnosis) -> Diagnosis:
    scores = {
        name: dataclasses.replace(score, replicates=None)
        for name, score in diagnosis.scores.items()
    }
    return dataclasses.replace(diagnosis, scores=scores)


def _clear(diagnosis: Diagnosis) -> int | None:
    """Return how many samples were clearly of one mode."""
    score = diagnosis.scores.get("effective_modes")
    return None if score is None else score.n


def _text(value: JSON) -> str:
    return "none" if value is None else str(value)[:_SHOWN]
