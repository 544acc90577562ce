"""Every number and every word that this version can be asked for, and who yields it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gancheck.errors import UsageError
from gancheck.gate.limits import Limit, Rules
from gancheck.gate.words import one_line
from gancheck.types import Condition, Diagnosis, Verdict

_SHOWN = 100  # characters of a name that a message repeats
_LISTED = 40


class Entry(NamedTuple):
    """A number that reports hold.

    Attributes:
        analyzer: Who yields it.
        least: The lowest it can be.
        most: The highest it can be.
        up_to: Samples a side beyond which more of them do not narrow its interval; 0 where it does
            not depend on their number at all.
    """

    analyzer: str
    least: float
    most: float
    up_to: float = math.inf


def _share(analyzer: str, up_to: float = math.inf) -> Entry:
    return Entry(analyzer, 0.0, 1.0, up_to)


def _size(analyzer: str, up_to: float = math.inf) -> Entry:
    return Entry(analyzer, 0.0, math.inf, up_to)


SCORES: Mapping[str, Entry] = {
    "diversity": _share("coverage"),
    "overlap": _share("coverage"),
    "fidelity": _share("coverage"),
    "precision": _share("coverage"),
    "recall": _share("coverage"),
    "density": _size("coverage"),
    "coverage": _share("coverage"),
    "counted_modes": _size("modes"),
    "effective_modes": _size("modes"),
    "distinct_samples": _size("duplicates"),
    "vendi_ratio": _size("duplicates", 2000),
    "rke_ratio": _size("duplicates", 2000),
    "dimension_ratio": _size("duplicates", 2000),
    "memorization": _share("memorization"),
    "frechet": _size("distance"),
    "kernel": Entry("distance", -math.inf, math.inf, 5000),
    "wasserstein": _size("distance", 5000),
    "latent_share": _share("sensitivity", 0),
    "effective_rank": _size("sensitivity", 0),
    "log_condition": _size("sensitivity", 0),
    "idle_directions": _share("sensitivity", 0),
    "intrinsic_dimension": _size("sensitivity", 4000),
    "label_share": _share("conditional", 0),
    "label_fidelity": _share("conditional"),
    "worst_class_diversity": _share("conditional"),
    "cut_mass": _share("cuts", 0),
    "saturated_outputs": _share("discriminator"),
    "minimax_gradient": _share("discriminator"),
    "nonsaturating_gradient": _share("discriminator"),
    "jensen_shannon": Entry("discriminator", 0.0, math.log(2)),
    "modes_captured": _size("known_modes"),
    "high_quality": _share("known_modes"),
    "reverse_kl": _size("known_modes"),
    "known_effective_modes": _size("known_modes"),
}
"""The scores by their names."""

FINDINGS: Mapping[str, Entry] = {
    "audit.batch-mates": _size("audit", 0),
    "audit.constant": _size("audit", 0),
    "audit.internal-noise": _share("audit", 0),
    "audit.latent-law": _size("audit", 0),
    "audit.range": _share("audit", 0),
    "audit.statistics": _size("audit", 0),
    "conditional.classes": _share("conditional"),
    "conditional.diversity": _share("conditional"),
    "conditional.label": _share("conditional", 0),
    "conditional.latent": _share("conditional", 0),
    "conditional.obeyed": _share("conditional"),
    "coverage.diversity": _share("coverage"),
    "coverage.fidelity": _share("coverage"),
    "cuts.crossings": _share("cuts", 0),
    "discriminator.divergence": Entry("discriminator", 0.0, math.log(2)),
    "discriminator.overfit": _share("discriminator"),
    "discriminator.saturation": _share("discriminator"),
    "duplicates.rate": _share("duplicates"),
    "duplicates.support": _size("duplicates"),
    "known_modes.balance": _size("known_modes"),
    "known_modes.captured": _size("known_modes"),
    "known_modes.quality": _share("known_modes"),
    "memorization.copies": _share("memorization"),
    "memorization.flagged": _size("memorization"),
    "memorization.relabelling": _share("memorization"),
    "modes.balance": _share("modes"),
    "modes.missing": _size("modes"),
    "modes.power": _share("modes"),
    "sensitivity.batch": _size("sensitivity", 0),
    "sensitivity.dimension": _size("sensitivity", 4000),
    "sensitivity.directions": _share("sensitivity", 0),
    "sensitivity.latent": _share("sensitivity", 0),
    "sensitivity.noise": _size("sensitivity", 0),
    "view.ceiling": _share("view", 0),
    "view.noise": _share("view", 0),
    "view.rounding": _share("view", 0),
    "view.shift": _share("view", 0),
}
"""The findings with a number, by their ids."""

SEEKERS: Mapping[Condition, tuple[str, ...]] = {
    Condition.MISSING_MODES: ("modes.missing", "known_modes.captured"),
    Condition.IMBALANCED_MODES: ("modes.balance", "known_modes.balance"),
    Condition.WITHIN_MODE_COLLAPSE: ("coverage.diversity", "sensitivity.dimension"),
    Condition.FEW_DISTINCT_SAMPLES: ("duplicates.support",),
    Condition.OFF_DISTRIBUTION: ("coverage.fidelity", "known_modes.quality"),
    Condition.MEMORIZATION: ("memorization.copies",),
    Condition.IGNORED_LATENT: ("sensitivity.latent", "audit.constant"),
    Condition.LATENT_CUTS: ("cuts.crossings",),
    Condition.CLASS_COLLAPSE: ("conditional.classes",),
    Condition.IGNORED_LABEL: ("conditional.label",),
    Condition.SATURATED_DISCRIMINATOR: ("discriminator.saturation",),
    Condition.WRONG_LATENT_LAW: ("audit.latent-law",),
    Condition.UNSTABLE_OUTPUT: ("sensitivity.batch", "audit.batch-mates"),
}
"""The findings that look for a condition; one of them is enough to say that it was looked for."""

DOUBTS: Mapping[Condition, tuple[str, ...]] = {Condition.MISSING_MODES: ("modes.power",)}
"""The findings that, when they stand out, say that a condition could not have been seen."""

FORBIDDEN: Mapping[Verdict, frozenset[Verdict]] = {
    Verdict.COLLAPSED: frozenset({Verdict.COLLAPSED}),
    Verdict.SUSPECT: frozenset({Verdict.SUSPECT, Verdict.COLLAPSED}),
    Verdict.INCONCLUSIVE: frozenset({Verdict.INCONCLUSIVE, Verdict.SUSPECT, Verdict.COLLAPSED}),
}
"""The verdicts that can be forbidden, and which verdicts break each ban."""

WORDS = tuple(one.value for one in (*FORBIDDEN, *Condition))
"""Everything that can be forbidden."""


def entry(name: str) -> Entry | None:
    """Return what is known of a score or a finding; None for those of plugins."""
    return SCORES.get(name) or FINDINGS.get(name)


def require_known(rules: Rules, diagnosis: Diagnosis | None = None) -> None:
    """Refuse limits on names that neither this version nor the report knows.

    Without a report, names of plugins are refused too: leave the check to `evaluate` where there
    are any.

    Raises:
        UsageError: A name is unknown; the hint says what may have been meant.
    """
    for limit in rules.limits:
        if limit.kind != "forbid":
            _require_number(limit, diagnosis)


def require_word(word: str) -> None:
    """Refuse what is neither a condition nor a verdict that can be forbidden.

    Raises:
        UsageError: Saying what may have been meant.
    """
    if word in WORDS:
        return
    if word == Verdict.HEALTHY.value:
        raise UsageError("the verdict healthy cannot be forbidden", "Forbid collapsed or suspect.")
    if entry(word):
        raise UsageError(
            f"{word!r} is a number, not a condition", f"Bound it: --min {word}=X or --max {word}=X."
        )
    raise UsageError(f"there is no condition or verdict called {_named(word)}", meant(word, WORDS))


def meant(name: str, known: Sequence[str]) -> str:
    """Guess what was meant by an unknown name, and list what there is."""
    close = difflib.get_close_matches(name, [one for one in known if len(one) < _SHOWN], n=1)
    guess = f"Did you mean {_named(close[0])}? " if close and len(name) < _SHOWN else ""
    listed = [*known[:_LISTED], *(["..."] if len(known) > _LISTED else [])]
    return f"{guess}Known: {', '.join(one_line(one, _SHOWN) for one in listed)}."


def _require_number(limit: Limit, diagnosis: Diagnosis | None) -> None:
    drops = limit.kind == "max-drop"
    scores, findings = _held(diagnosis)
    known = {*SCORES, *scores} if drops else {*SCORES, *FINDINGS, *scores, *findings}
    if limit.name in known:
        return
    if limit.name in WORDS:
        raise UsageError(
            f"{limit.name!r} is not a number", f"Forbid it instead: --forbid {limit.name}."
        )
    if drops and limit.name in {*FINDINGS, *findings}:
        raise UsageError(
            f"{_named(limit.name)} is a finding; only scores are compared with a baseline",
            meant(limit.name, sorted(known)),
        )
    kind = "score" if drops else "score or finding with a number"
    raise UsageError(
        f"there is no {kind} called {_named(limit.name)}", meant(limit.name, sorted(known))
    )


def _held(diagnosis: Diagnosis | None) -> tuple[Iterable[str], Iterable[str]]:
    """Return the scores of a report, and its findings with a number."""
    if diagnosis is None:
        return (), ()
    findings = (finding.id for finding in diagnosis.findings if finding.value is not None)
    return diagnosis.scores, tuple(findings)


def _named(name: str) -> str:
    return repr(one_line(name, _SHOWN))
