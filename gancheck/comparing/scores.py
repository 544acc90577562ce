"""Differences of scores, each with its error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gancheck.comparing.nouns import ScoreChange
from gancheck.gate.bounds import TWO_SIDED
from gancheck.gate.comparing import Difference, difference, paired_error
from gancheck.stats import Z95

if TYPE_CHECKING:
    from gancheck.types import Score

_DEGREES = 50  # of freedom of a paired error: see `gancheck.stats.split_se`


def score_changes(a: Mapping[str, Score], b: Mapping[str, Score]) -> tuple[ScoreChange, ...]:
    """Subtract every score that both sides measured in the same way."""
    return tuple(
        score_change(a[name], b[name])
        for name in a
        if name in b
        and (a[name].version, a[name].k, a[name].view) == (b[name].version, b[name].k, b[name].view)
        and math.isfinite(a[name].value)
        and math.isfinite(b[name].value)
    )


def score_change(a: Score, b: Score) -> ScoreChange:
    """Return what became of a score from A to B, with a 95% interval.

    Paired where both sides kept replicates of the same rows. Otherwise the errors of both are
    combined as if they were independent; where the reference is shared they rise and fall
    together, and the interval is too wide rather than too narrow.
    """
    found = difference(b, a, TWO_SIDED)
    low, high = (-math.inf, math.inf) if found.bounds is None else found.bounds.interval
    p_value, se = _error(a, b, found)
    n = None if a.n is None or b.n is None else min(a.n, b.n)
    return ScoreChange(
        a.name, a.value, b.value, found.value, low, high, found.paired, p_value, se, n
    )


def _error(a: Score, b: Score, found: Difference) -> tuple[float | None, float | None]:
    """Return the two-sided p-value of no difference, and the standard error."""
    from scipy.stats import norm, t

    if found.paired:
        se = paired_error(b.replicates, a.replicates) or 0.0
        return _tail(found.value, se, lambda z: float(2 * t.sf(z, _DEGREES))), se
    if found.bounds is None or found.bounds.confidence is None:
        return None, None
    ends = found.bounds.interval
    toward_zero = found.value - ends.low if found.value > 0 else ends.high - found.value
    if not math.isfinite(toward_zero):
        return None, None
    se = toward_zero / Z95
    return _tail(found.value, se, lambda z: float(2 * norm.sf(z))), se


def _tail(value: float, se: float, two_sided: Callable[[float], float]) -> float:
    if not se:
        return 0.0 if value else 1.0
    return min(1.0, two_sided(abs(value) / se))
