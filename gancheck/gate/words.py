"""Numbers and confidences as the gate writes them; the number that decides is the one printed."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

LONGEST = 300
"""Characters of a text that came from a report, wherever a sentence quotes it."""

_MOST_PLACES = 8
_WHOLE_FROM = 100.0


def amount(value: float) -> str:
    """Write a limit as it was given; what is not whole has two decimals at least."""
    if not math.isfinite(value):
        return f"{value:g}"
    if value.is_integer():
        return f"{int(value):,}"
    short = f"{value:.2f}"
    return short if float(short) == value else f"{value:.10g}"


def fixed(value: float | None, places: int, *, signed: bool = False) -> str:
    """Write a number with so many decimals; nothing where there is none."""
    if value is None:
        return ""
    if math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return f"{value:g}"
    return f"{value:{'+' if signed else ''},.{places}f}"


def decimals(numbers: Iterable[float], width: float, apart: tuple[float, float] | None) -> int:
    """Return how many decimals tell some numbers, and a bound from its limit, apart.

    Args:
        numbers: What will be written; whole numbers without a width need no decimals.
        width: Width of the interval among them, 0 where there is none.
        apart: Two numbers that must not be written alike unless they are equal.
    """
    finite = [number for number in numbers if math.isfinite(number)]
    if not width and all(number.is_integer() for number in finite):
        return 0
    largest = max((abs(number) for number in finite), default=0.0)
    places = 2 if largest < _WHOLE_FROM else 0
    if 0 < width < math.inf:
        places = max(places, min(4, math.ceil(-math.log10(width))))
    smallest = min((abs(number) for number in finite if number), default=1.0)
    places = max(places, min(4, math.ceil(-math.log10(smallest)) + 1) if smallest < 1 else 0)
    while apart and places < _MOST_PLACES and _alike(*apart, places):
        places += 1
    return places


def _alike(one: float, other: float, places: int) -> bool:
    return one != other and fixed(one, places) == fixed(other, places)


def sided(confidence: float | None) -> str:
    """Write a confidence as that of one bound; nothing for exact numbers."""
    return "" if confidence is None else f"one-sided {100 * confidence:.3g}%"


def one_line(text: str, most: int = LONGEST) -> str:
    """Return text on one line, without characters that steer a reader, cut where it is long."""
    spaced = " ".join(text[: 4 * most].split())
    clean = "".join("?" if unicodedata.category(char).startswith("C") else char for char in spaced)
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."


def rounded_up(count: float) -> str:
    """Write a number of samples with two significant digits, rounded up."""
    step = 10 ** max(0, math.floor(math.log10(max(count, 1))) - 1)
    return f"{math.ceil(count / step - 1e-9) * step:,}"
