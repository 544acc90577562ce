"""Against an earlier report: what must be the same, and the error of a difference."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gancheck.errors import UsageError
from gancheck.gate.bounds import TWO_SIDED, Bounds, score_bounds
from gancheck.gate.catalogue import SCORES
from gancheck.gate.quantiles import student_t
from gancheck.gate.words import one_line
from gancheck.types import JSON, Diagnosis, Interval, Replicates, Score

_ALWAYS = ("samples", "compared", "seed", "embedder_sha256", "reference_sha256")
_WITH: Mapping[str, tuple[str, ...]] = {
    "memorization": ("holdout_sha256", "training_sha256"),
    "discriminator": ("discriminator_sha256",),
    "known_modes": ("modes_sha256", "modes_sd", "modes_range"),
}
_SHOWN = 16  # characters of a hash that tell two files apart
_LEAST_SHARE = 0.25
_DEGREES = 50  # of freedom of an error from splits: its square varies by a fifth


class Difference(NamedTuple):
    """A score minus that of the baseline.

    Attributes:
        value: Below zero where something was lost.
        bounds: One-sided bounds; None where one of the scores has none that are strict enough.
        paired: Whether the error is that of the difference itself, not of two runs apart.
    """

    value: float
    bounds: Bounds | None
    paired: bool


def require_comparable(new: Diagnosis, old: Diagnosis, names: Sequence[str]) -> None:
    """Refuse a baseline whose scores of these names were not measured in the same way.

    Raises:
        UsageError: Naming the field, both values and what to do.
    """
    for field in _fields(new, old, names):
        found, expected = (one.settings.get(field) for one in (new, old))
        if found != expected:
            raise _incomparable(field, found, expected)
    for name in names:
        if name not in new.scores or name not in old.scores:
            continue
        found, expected = (one.scores[name].version for one in (new, old))
        if found != expected:
            raise _incomparable(f"version of {name}", found, expected)


def difference(new: Score, old: Score, confidence: float) -> Difference:
    """Return what became of a score, with one-sided bounds.

    Where both scores were computed from the same halves of the rows, the error is that of the
    paired difference; otherwise the errors of both runs are combined by their squares.
    """
    value = new.value - old.value
    se = paired_error(new.replicates, old.replicates)
    if se is not None:
        half = student_t(confidence, _DEGREES) * se
        return Difference(value, Bounds(Interval(value - half, value + half), confidence), True)
    return Difference(value, _unpaired(new, old, confidence), False)


def paired_error(new: Replicates | None, old: Replicates | None) -> float | None:
    """Return the standard error of a difference, None where the halves do not correspond.

    As `gancheck.stats.split_se` of the differences, here without arrays.
    """
    if new is None or old is None:
        return None
    first, second = _differences(new.first, old.first), _differences(new.second, old.second)
    if len(first) < 2 or len(first) != len(second):
        return None
    pairs = list(zip(first, second, strict=True))
    between = statistics.fmean(((one - other) / 2) ** 2 for one, other in pairs)
    among = statistics.pvariance([(one + other) / 2 for one, other in pairs])
    return math.sqrt(max(between - among, _LEAST_SHARE * between))


def _differences(new: Sequence[float], old: Sequence[float]) -> list[float]:
    """Subtract pairwise; nothing where the sides do not correspond."""
    if len(new) != len(old):
        return []
    found = [one - other for one, other in zip(new, old, strict=True)]
    return found if all(math.isfinite(one) for one in found) else []


def _unpaired(new: Score, old: Score, confidence: float) -> Bounds | None:
    both = [score_bounds(score, confidence) for score in (new, old)]
    if {one.confidence for one in both if one} == {confidence, TWO_SIDED}:
        both = [score_bounds(score, TWO_SIDED) for score in (new, old)]
    here, there = both
    if here is None or there is None:
        return None
    value = new.value - old.value
    below = math.hypot(new.value - here.interval.low, there.interval.high - old.value)
    above = math.hypot(here.interval.high - new.value, old.value - there.interval.low)
    known = here.confidence if here.confidence is not None else there.confidence
    return Bounds(Interval(value - below, value + above), known)


def _fields(new: Diagnosis, old: Diagnosis, names: Sequence[str]) -> Iterator[str]:
    yield from _ALWAYS
    if any(_is_strict(one, name) for one in (new, old) for name in names):
        yield "strict_embedder_sha256"
    analyzers = {SCORES[name].analyzer for name in names if name in SCORES}
    for analyzer in sorted(analyzers):
        yield from _WITH.get(analyzer, ())


def _is_strict(diagnosis: Diagnosis, name: str) -> bool:
    """Tell whether a score was measured in the strict view, and that is not the main one."""
    score = diagnosis.scores.get(name)
    strict = diagnosis.settings.get("strict_embedder")
    if score is None or score.view is None or strict is None:
        return False
    return score.view == str(strict) and strict != diagnosis.settings.get("embedder")


def _incomparable(field: str, found: JSON, expected: JSON) -> UsageError:
    remedy = "Make the baseline anew, with the same settings: gancheck baseline MODEL."
    if field == "reference_sha256":
        remedy = (
            "Use the same reference in both runs, best a prepared one (gancheck prepare), or make "
            "the baseline anew: gancheck baseline MODEL."
        )
    if field in ("samples", "seed"):
        remedy = f"Run with --{field} {_shown(expected)}, or make the baseline anew."
    return UsageError(
        f"this run and its baseline cannot be compared: {field} is {_shown(found)}, and "
        f"{_shown(expected)} in the baseline",
        remedy,
    )


def _shown(value: JSON) -> str:
    return "none" if value is None else one_line(str(value), _SHOWN)
