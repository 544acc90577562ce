"""An outcome in words, and the numbers of it written alike wherever they stand."""

from __future__ import annotations

import math
from typing import NamedTuple

from gancheck.gate.limits import State
from gancheck.gate.outcome import Outcome
from gancheck.gate.words import amount, decimals, fixed, rounded_up, sided


class Figures(NamedTuple):
    """The numbers of an outcome as text; empty where there is none.

    Attributes:
        value: The number, or the difference to the baseline with its sign.
        low: Lower one-sided bound.
        high: Upper one-sided bound.
        limit: What was asked, as exactly as the bounds.
        ceiling: What two halves of the reference read.
        baseline: The score in the baseline.
        new: The score that is compared with the baseline.
    """

    value: str = ""
    low: str = ""
    high: str = ""
    limit: str = ""
    ceiling: str = ""
    baseline: str = ""
    new: str = ""

    @property
    def interval(self) -> str:
        """Both bounds: ``[0.44, 0.48]``."""
        return f"[{self.low}, {self.high}]" if self.low else ""


def figures(outcome: Outcome) -> Figures:
    """Write the numbers of an outcome with decimals that show why it came out as it did."""
    if outcome.value is None:
        return Figures()
    limit, drops = outcome.limit, outcome.limit.kind == "max-drop"
    low, high = outcome.interval or (outcome.value, outcome.value)
    threshold = limit.threshold
    numbers = (outcome.value, low, high)
    width = high - low if outcome.interval else 0.0
    places = max(
        2 if drops else 0,
        *(
            decimals(numbers, width, (bound, threshold) if math.isfinite(bound) else None)
            for bound in numbers
        ),
    )
    asked = amount(abs(threshold))
    if places > len(asked.partition(".")[2]):
        asked = fixed(abs(threshold), places)
    before = outcome.baseline
    return Figures(
        value=fixed(outcome.value, places, signed=drops),
        low="" if outcome.interval is None else fixed(low, places, signed=drops),
        high="" if outcome.interval is None else fixed(high, places, signed=drops),
        limit=asked,
        ceiling=fixed(outcome.ceiling, max(places, 2)),
        baseline=fixed(before, places),
        new="" if before is None else fixed(before + outcome.value, places),
    )


def reason(outcome: Outcome) -> str:
    """Say in one line what was found, with the bound that decides and the limit."""
    if outcome.limit.kind == "max-drop":
        return _of_drop(outcome) + _open(outcome)
    text = figures(outcome)
    least = outcome.limit.kind == "min"
    lead = f"{outcome.limit.name} {text.value}"
    if outcome.state is State.INCONCLUSIVE:
        return f"{lead}{_around(outcome, text, f'the limit {text.limit}')}{_open(outcome)}"
    failed = outcome.state is State.FAILED
    bound = ""
    if outcome.interval is not None:
        upper = failed is least
        bound = f", at {'most' if upper else 'least'} {text.high if upper else text.low}"
        bound += f" ({sided(outcome.confidence)})"
    side = "below" if least else "above"
    said = f"{side} the limit {text.limit}" if failed else f"not {side} the limit {text.limit}"
    return f"{lead}{bound}, {said}{_unreachable(outcome, text)}"


def hint(outcome: Outcome) -> str:
    """Say what helps where nothing is decided yet."""
    if outcome.state is not State.INCONCLUSIVE or outcome.needed is None:
        return ""
    if math.isinf(outcome.needed):
        first = "See what was missing" if outcome.limit.kind == "forbid" else "Move the limit"
        return f"{first}, or say what becomes of undecided limits (--on-inconclusive)."
    count = rounded_up(outcome.needed)
    if outcome.limit.kind == "max-drop":
        return f"Make the baseline and this run with --samples {count.replace(',', '')}."
    return (
        f"Draw more (--samples {count.replace(',', '')}, with as many reference samples), or let "
        "--adaptive do it."
    )


def _of_drop(outcome: Outcome) -> str:
    text = figures(outcome)
    paired = "paired" if outcome.paired else "not paired"
    lead = f"{outcome.limit.name} {text.new}, changed by {text.value} since the baseline"
    if outcome.state is State.INCONCLUSIVE:
        return f"{lead}{_around(outcome, text, f'-{text.limit}', paired)}"
    failed = outcome.state is State.FAILED
    within = "beyond" if failed else "within"
    bound = ""
    if outcome.interval is not None:
        sure = sided(outcome.confidence)
        said = f"{sure}, {paired}" if sure else paired
        bound = f", at {'most' if failed else 'least'} {text.high if failed else text.low} ({said})"
    return f"{lead}{bound}, {within} the drop of {text.limit} that is allowed"


def _around(outcome: Outcome, text: Figures, limit: str, also: str = "") -> str:
    """Say that the limit lies inside the interval; a count without one may be open all the same."""
    if outcome.interval is None:
        return f", not beyond {limit}, but more may be hidden"
    said = ", ".join(filter(None, (f"{sided(outcome.confidence)} each", also)))
    return f", between {text.low} and {text.high} ({said}), with {limit} in between"


def _open(outcome: Outcome) -> str:
    """Say how many samples would decide."""
    if outcome.state is not State.INCONCLUSIVE:
        return ""
    if outcome.needed is None:
        return "; nobody knows how many samples would decide"
    if math.isinf(outcome.needed):
        return "; no number of samples (--samples) decides that soon"
    now = "" if outcome.n is None else f", now {outcome.n:,}"
    return f"; about {rounded_up(outcome.needed)} samples a side{now}, would decide"


def _unreachable(outcome: Outcome, text: Figures) -> str:
    """Say that a least is asked for that the reference itself does not read."""
    asked, ceiling = outcome.limit.value, outcome.ceiling
    if outcome.limit.kind != "min" or asked is None or ceiling is None or asked <= ceiling:
        return ""
    return f"; two halves of the reference read no more than {text.ceiling}"
