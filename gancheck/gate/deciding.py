"""A number, its bounds and a limit: passed, failed, or not yet known."""

from __future__ import annotations

import math

from gancheck.gate.bounds import Measured
from gancheck.gate.limits import State
from gancheck.types import Interval

_HOPELESS = 100
_LEAST = 1.5


def decide(bounds: Interval, threshold: float, *, at_least: bool) -> State:
    """Hold both bounds of a number against what it must at least, or at most, be.

    It fails when the whole interval is beyond the threshold, and passes when all of it is within.
    """
    low, high = bounds if at_least else (-bounds.high, -bounds.low)
    limit = threshold if at_least else -threshold
    if high < limit:
        return State.FAILED
    return State.PASSED if low >= limit else State.INCONCLUSIVE


def samples_to_decide(found: Measured, threshold: float) -> float | None:
    """Return how many samples a side would decide, were the number to stay where it is.

    A bound comes closer with the square root of the number of samples.

    Returns:
        At least half as many again as there were; infinity where that is more than a hundred times
        as many, or more samples change nothing; None where the number there was is not known.
    """
    if found.n is None:
        return None
    low, high = found.bounds.interval
    half = high - found.value if threshold > found.value else found.value - low
    gap = abs(found.value - threshold)
    times = max(_LEAST, (half / gap) ** 2) if gap else math.inf
    wanted = found.n * times
    return math.inf if times > _HOPELESS or wanted > found.up_to else wanted
