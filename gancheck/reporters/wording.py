"""Words, marks and numbers as people read them; every report uses the same."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from gancheck.types import Interval, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gancheck.types import Finding, Mode, Score

_MINUTE = 60.0
_DETAIL_LEADS = re.compile(
    r"(?:^|(?<=[.!?;]\s)|(?<=\n))(usual causes?|causes?|what to do|what to try|try|evidence"
    r"|what it means|references?)\s*:\s*",
    re.IGNORECASE,
)


_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)  # controls, separators of lines, direction marks, blanks without width, halves of characters


class Mark(NamedTuple):
    """A status that reads without colour: one ASCII character and one word."""

    symbol: str
    word: str


SEVERITIES = {
    Severity.FAIL: Mark("x", "FAIL"),
    Severity.WARN: Mark("!", "WARN"),
    Severity.NOTE: Mark(".", "NOTE"),
    Severity.OK: Mark("v", "ok"),
}
VERDICTS = {
    Verdict.COLLAPSED: Mark("x", "COLLAPSED"),
    Verdict.SUSPECT: Mark("!", "SUSPECT"),
    Verdict.HEALTHY: Mark("v", "HEALTHY"),
    Verdict.INCONCLUSIVE: Mark("?", "INCONCLUSIVE"),
}


class Passage(NamedTuple):
    """One part of a finding's detail: its lead, such as ``Try``, and its text."""

    lead: str
    text: str


class ScoreNumbers(NamedTuple):
    """The parts of a score in words; the ceiling is empty where there is none."""

    value: str
    interval: str
    ceiling: str


_SCORE_TITLES = {
    "frechet": "Fréchet distance",
    "kernel": "kernel distance",
    "wasserstein": "sliced Wasserstein distance",
    "vendi_ratio": "Vendi ratio",
    "rke_ratio": "RKE ratio",
    "jensen_shannon": "Jensen-Shannon divergence",
    "cut_mass": "mass in cuts",
}
_LONG = 100_000  # numbers from here on lose their last digits to a unit


def printable(text: object) -> str:
    """Return text without control characters: file names must not steer a terminal."""
    return "".join(
        "?" if unicodedata.category(char).startswith("C") and char != "\n" else char
        for char in str(text)
    )


def visible(text: str) -> str:
    """Show characters that would steer a reader, or not be seen, as signs or by their numbers."""
    return _UNSEEN.sub(lambda found: _sign(ord(found[0])), text.replace("\r\n", "\n"))


def _sign(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity; equal ones keep their order."""
    return sorted(findings, key=lambda finding: -finding.severity)


def most_damaged_first(modes: Iterable[Mode]) -> list[Mode]:
    """Sort modes: the missing ones by what is lost, then the rest by how far they are off."""
    return sorted(
        modes,
        key=lambda mode: (mode.status != "missing", -abs(mode.sample_share - mode.reference_share)),
    )


def number(value: float | None, interval: Interval | None = None) -> str:
    """Write a number with as many decimals as its interval supports; counts stay whole."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else f"{value:g}"
    if abs(value) >= _LONG:
        return _shortened(value)
    if float(value).is_integer() and _is_count(interval):
        return f"{int(value):,}"
    if interval is None and abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:,.{_decimals(value, interval)}f}"


def _shortened(value: float) -> str:
    """Write a large number with three digits and a unit: 649k, 2.17M."""
    power = min(4, int(math.log10(abs(value)) // 3))
    scaled = f"{value / 1000**power:.3g}"
    return f"{float(scaled):g}{'_kMGT'[power]}"


def between(interval: Interval | None) -> str:
    """Write an interval as ``[low, high]``, both ends with the same decimals."""
    if interval is None:
        return ""
    if any(math.isnan(end) for end in interval):
        return "n/a"
    return f"[{number(interval.low, interval)}, {number(interval.high, interval)}]"


def score_numbers(score: Score) -> ScoreNumbers:
    """Write a score as a continuous number, also where it is 0 or 1, all parts alike."""
    places = _decimals(score.value, Interval(score.low, score.high))
    low, high = _fixed(score.low, places), _fixed(score.high, places)
    return ScoreNumbers(
        _fixed(score.value, places), f"[{low}, {high}]", _fixed(score.ceiling, places)
    )


def score_title(name: str) -> str:
    """Write the key of a score as people call it."""
    return _SCORE_TITLES.get(name, name.replace("_", " "))


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal; what is not zero never reads as zero."""
    return "<0.1%" if 0 < share < 0.0005 else f"{100 * share:.1f}%"


def duration(seconds: float) -> str:
    """Write a time span as people say it."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def counted(count: int, singular: str) -> str:
    """Write a count with its noun: ``1 check``, ``2 checks``."""
    return f"{count:,} {singular}" if count == 1 else f"{count:,} {singular}s"


def passages(detail: str) -> list[Passage]:
    """Split a detail at its leads, such as ``Usual causes:`` and ``Try:``, and at blank lines."""
    parts = _DETAIL_LEADS.split(detail)
    leads = ["", *parts[1::2]]
    found = [
        Passage(lead.capitalize() if index == 0 else "", " ".join(block.split()))
        for lead, body in zip(leads, parts[0::2], strict=True)
        for index, block in enumerate(re.split(r"\n\s*\n", body))
    ]
    return [passage for passage in found if passage.text]


def _fixed(value: float | None, places: int) -> str:
    if value is None:
        return ""
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else f"{value:g}"
    return _shortened(value) if abs(value) >= _LONG else f"{value:,.{places}f}"


def _is_count(interval: Interval | None) -> bool:
    return interval is None or all(float(end).is_integer() for end in interval)


def _decimals(value: float, interval: Interval | None) -> int:
    """Keep two significant digits of the value, and tell the ends of its interval apart."""
    if not math.isfinite(value):
        return 2
    if abs(value) >= 10:
        return 0 if abs(value) >= 100 else 1
    width = interval.high - interval.low if interval else 0.0
    needed = [math.ceil(-math.log10(width))] if 0 < width < math.inf else []
    needed += [math.ceil(-math.log10(abs(value))) + 1] if value else []
    return min(4, max([2, *needed]))
