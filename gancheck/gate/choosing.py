"""Rules from what a user gave: words and numbers are checked here, before anything runs."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from gancheck.errors import UsageError
from gancheck.gate.catalogue import WORDS, entry, meant, require_word
from gancheck.gate.limits import CONFIDENCES, Kind, Level, Limit, OnInconclusive, Rules
from gancheck.gate.words import amount, one_line
from gancheck.types import Verdict

_E = TypeVar("_E", bound=Enum)
_HEADLINE = "diversity"
_NONE: Mapping[str, float] = MappingProxyType({})
_NO_LEVELS: Mapping[str, str | Level] = MappingProxyType({})


def rules(
    *,
    min: Mapping[str, float] = _NONE,
    max: Mapping[str, float] = _NONE,
    forbid: Iterable[str] = (),
    max_drop: float | Mapping[str, float] | None = None,
    levels: Mapping[str, str | Level] = _NO_LEVELS,
    on_inconclusive: str | OnInconclusive = OnInconclusive.WARN,
    confidence: float = 0.95,
) -> Rules:
    """Return the rules of a gate; without any limit, the verdict ``collapsed`` is forbidden.

    Args:
        min: The least that scores, or numbers of findings, may be.
        max: The most that they may be.
        forbid: Conditions, and verdicts, that must not be found.
        max_drop: How much scores may lose against the baseline; a number alone is of the diversity.
        levels: How much the limits on a name matter: ``off``, ``warn`` or ``error``.
        on_inconclusive: What becomes of limits inside the interval: ``pass``, ``warn``, ``fail``.
        confidence: One-sided confidence of the bound that decides: 0.95, 0.975 or 0.99.

    Raises:
        UsageError: A word or a number makes no sense; the hint says what would.
    """
    drops = {_HEADLINE: max_drop} if isinstance(max_drop, (int, float)) else max_drop or {}
    bans = (forbid,) if isinstance(forbid, str) else forbid
    asked = [
        *_bounds("min", min),
        *_bounds("max", max),
        *_bans(bans),
        *_bounds("max-drop", drops),
    ]
    _require_room(min, max)
    limits = asked or [Limit("forbid", Verdict.COLLAPSED.value)]
    return Rules(
        limits=tuple(_at_level(limits, levels)),
        on_inconclusive=_word(OnInconclusive, on_inconclusive, "--on-inconclusive"),
        confidence=_confidence(confidence),
        by_default=not asked,
    )


def parse_pair(text: str) -> tuple[str, float]:
    """Read ``diversity=0.8``.

    Raises:
        UsageError: It is not a name, an equals sign and a number.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    plain = name.rstrip("<>! ")  # someone wrote diversity>=0.8
    if not name or plain != name or not sign or not math.isfinite(number):
        raise UsageError(
            f"{one_line(text, 80)!r} is no limit; expected a name and a number",
            f"Write it as {one_line(plain or _HEADLINE, 60)}={_as_number(value)}.",
        )
    return name, number


def _as_number(text: str) -> str:
    """Write a percentage as the share that was meant; an example where there is no number."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return "0.8"
    return f"{number:g}" if math.isfinite(number) else "0.8"


def _bounds(kind: Kind, given: Mapping[str, float]) -> Iterator[Limit]:
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"--{kind} {name} is {value!r}; expected a number")
        number = float(value)
        _require_sense(kind, name, number)
        yield Limit(kind, name, number)


def _require_sense(kind: Kind, name: str, value: float) -> None:
    """Refuse a bound that no number could miss, or none could keep."""
    said = f"--{kind} {name}={value:g}"
    if not math.isfinite(value):
        raise UsageError(f"{said} is no limit; expected a finite number")
    if kind == "max-drop" and value < 0:
        raise UsageError(
            f"{said} is below 0; expected how much may be lost",
            f"Write it without the sign: {amount(-value)}.",
        )
    known = entry(name)
    if known is None:
        return
    least, most = known.least, known.most
    if kind == "max-drop":
        least, most = 0.0, most - least
    if not least <= value <= most:
        share = 1 < value <= 100 and (known.least, known.most) == (0.0, 1.0)
        raise UsageError(
            f"{said} is out of reach: {name} lies between {known.least:g} and {known.most:.3g}",
            f"Did you mean {value / 100:g}?" if share else None,
        )


def _require_room(least: Mapping[str, float], most: Mapping[str, float]) -> None:
    for name, value in least.items():
        if name in most and most[name] < value:
            raise UsageError(
                f"no {name} is both at least {amount(float(value))} and at most "
                f"{amount(float(most[name]))}"
            )


def _bans(given: Iterable[str]) -> Iterator[Limit]:
    for word in dict.fromkeys(given):
        require_word(word)
        yield Limit("forbid", word)


def _at_level(limits: list[Limit], levels: Mapping[str, str | Level]) -> Iterator[Limit]:
    """Give each limit its level; a level without a limit would silently check nothing."""
    read = {name: _word(Level, level, f"level of {name}") for name, level in levels.items()}
    names = [limit.name for limit in limits]
    for name, level in read.items():
        known = name in WORDS or entry(name) is not None
        if name not in names and not (level is Level.OFF and known):
            raise UsageError(
                f"{one_line(name, 80)!r} has the level {level.value} and no limit",
                meant(name, names),
            )
    for limit in limits:
        yield Limit(limit.kind, limit.name, limit.value, read.get(limit.name, limit.level))


def _word(kind: type[_E], given: str | _E, what: str) -> _E:
    known = {str(one.value): one for one in kind}
    if isinstance(given, kind):
        return given
    if isinstance(given, str) and given in known:
        return known[given]
    close = difflib.get_close_matches(str(given), known, n=1)
    raise UsageError(
        f"{what} is {given!r}; expected {', '.join(known)}",
        f"Did you mean {close[0]!r}?" if close else None,
    )


def _confidence(given: float) -> float:
    if isinstance(given, bool) or given not in CONFIDENCES:
        raise UsageError(
            f"the confidence is {given!r}; expected {', '.join(map(str, CONFIDENCES))}",
            "It is that of one bound: 0.95 fails a generator that keeps its limit in 5% of runs.",
        )
    return float(given)
