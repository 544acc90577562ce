"""The rule by which a measure is said to miss a disease, or to raise a false alarm.

A measure *alarms* when its number lies beyond the control on the sick side: further than three
standard deviations from the mean of real samples against other real samples, at the same size and
in the same features. On the healthy side it never alarms, however far out it lies.

- Something is wrong that the measure speaks about, and it does not alarm: it *missed*.
- Nothing is wrong of all that it speaks about, and it alarms: a *false* alarm.
- Everything else is not judged: fidelity measures are not asked about variety, nor is anything
  asked about subjects whose truth is unknown, except that a generator with its latents pulled in
  has to read worse than the same generator without.

This is kind to every measure but gancheck: who uses one of them has no such control at hand. The
diversity of gancheck is held against 1 by its own interval: it alarms when it lies three standard
errors below. The verdict alarms by the conditions it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from bench.accuracy.cases import COPIES, FIDELITY, NOTHING, VARIETY, WELL, Case, Claim
from bench.accuracy.measures import Measure
from gancheck.types import Condition, Score

Ruling: TypeAlias = Literal["caught", "missed", "quiet", "false", "unjudged"]

SDS = 3.0
_INTERVAL_SDS = 2 * 1.96
_ALL = WELL | COPIES
_MEANS: dict[Condition, frozenset[Claim]] = {
    Condition.MISSING_MODES: VARIETY,
    Condition.IMBALANCED_MODES: VARIETY,
    Condition.WITHIN_MODE_COLLAPSE: VARIETY,
    Condition.FEW_DISTINCT_SAMPLES: VARIETY,
    Condition.OFF_DISTRIBUTION: FIDELITY,
    Condition.MEMORIZATION: COPIES,
}


@dataclass(frozen=True)
class Band:
    """What a measure reads on real samples: mean and standard deviation over repetitions."""

    mean: float
    sd: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Band:
        """Summarise repetitions, at least two."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)))

    def alarms(self, value: float, *, sick_is_low: bool) -> bool:
        """Tell whether a number lies beyond the control on the sick side; NaN always does."""
        if np.isnan(value):
            return True
        excess = self.mean - value if sick_is_low else value - self.mean
        return excess > SDS * self.sd


def ruling(alarmed: bool, case: Case, claims: frozenset[Claim]) -> Ruling:
    """Judge a measure that speaks about ``claims`` on a case."""
    if claims & case.sick:
        return "caught" if alarmed else "missed"
    if claims and not case.sick and claims <= case.sound:
        return "false" if alarmed else "quiet"
    return "unjudged"


def peer_ruling(
    measure: Measure, value: float, control: Band, case: Case, above: float | None = None
) -> Ruling:
    """Judge a published number; ``above`` is what it read where it has to read better."""
    if above is not None and measure.claims & VARIETY:
        worse = value < above if measure.sick_is_low else value > above
        return "caught" if worse else "missed"
    alarmed = control.alarms(value, sick_is_low=measure.sick_is_low)
    return ruling(alarmed, case, measure.claims)


def diversity_ruling(score: Score, case: Case, above: float | None = None) -> Ruling:
    """Judge the diversity by its own interval, or by what it read where it has to read better."""
    if above is not None:
        return "caught" if score.value < above else "missed"
    error = (score.high - score.low) / _INTERVAL_SDS
    return ruling(score.value < 1 - SDS * error, case, VARIETY)


def verdict_ruling(conditions: Sequence[Condition], case: Case) -> Ruling:
    """Judge the verdict by the conditions it names."""
    named = NOTHING.union(*(_MEANS.get(condition, NOTHING) for condition in conditions))
    if case.sick:
        return "caught" if named & case.sick else "missed"
    if case.sound:
        return "false" if named & case.sound else "quiet"
    return "unjudged"
