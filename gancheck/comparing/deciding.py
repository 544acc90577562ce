"""From differences to a verdict on B. The table below is the whole rule, and the docs print it.

=============  ===================================================================================
verdict        when
=============  ===================================================================================
better, worse  the diversity is shown to differ; else the overlap; else the fidelity; else modes
               were gained and none was lost, or the other way round
different      nothing of that is shown, but modes were gained and lost, or thinned and grown, or
               the spectrum differs; without a reference, whatever is shown is this
no difference  nothing is shown at this number of samples
=============  ===================================================================================

Diversity, overlap, fidelity and spectrum are looked at together: by Holm's method (1979) the chance
that any of them is called different where nothing is, is 1% at most. Modes are held against a
factor of two, which two equal laws do not reach by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gancheck.comparing.nouns import Look, ModeChange, ModeShift, Power, Ruling, ScoreChange

DECISIVE = ("diversity", "overlap", "fidelity")
"""Scores that decide, in this order; more is better."""

SPECTRUM = "spectrum"
ASKED = 0.05
"""A difference of diversity that matters."""

_LEVEL = 0.01  # so that of 100 comparisons of equal laws hardly ever more than 5 come out different
_FOUR_OF_FIVE = 0.8416212335729143  # normal quantile
_NAMED = 6


class Decision(NamedTuple):
    """The verdict, why, and what it was decided by."""

    ruling: Ruling
    reasons: tuple[str, ...]
    looks: tuple[Look, ...]


def decide(
    scores: Sequence[ScoreChange],
    modes: Sequence[ModeChange],
    spectrum_p: float | None,
    *,
    reference: bool,
) -> Decision:
    """Weigh what was compared.

    Args:
        scores: Every difference of scores.
        modes: Every mode of both.
        spectrum_p: P-value of the spectrum; None without one.
        reference: Whether there is a reference, without which nothing can be called better.
    """
    known = {change.name: change for change in scores}
    looks = holm(_p_values(known, spectrum_p))
    shown = {look.name for look in looks if look.shown}
    decided = [known[name] for name in DECISIVE if name in shown]
    shifts = {shift: [one for one in modes if one.shift == shift] for shift in _SAID}
    reasons = [_score_sentence(change) for change in decided]
    reasons += [_mode_sentence(shift, found) for shift, found in shifts.items() if found]
    if SPECTRUM in shown:
        reasons.append("The spectrum shows directions in which one has more than the other.")
    ruling = _ruling(decided, shifts)
    if ruling is None:
        ruling = Ruling.DIFFERENT if reasons else Ruling.SAME
    if not reference and ruling is not Ruling.SAME:
        ruling = Ruling.DIFFERENT
        reasons.append("Without a reference neither can be called better.")
    if not looks and not modes:
        reasons.append("Nothing that decides could be measured on both sides.")
    return Decision(ruling, tuple(reasons), looks)


def holm(p_values: Mapping[str, float]) -> tuple[Look, ...]:
    """Say which of some looks stand at 1% over all of them (Holm, 1979), in the order given."""
    passing, stands = set[str](), True
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        stands = stands and p_value <= _LEVEL / (len(p_values) - rank)
        if stands:
            passing.add(name)
    return tuple(Look(name, p_value, name in passing) for name, p_value in p_values.items())


def power(scores: Sequence[ScoreChange], looks: int) -> Power | None:
    """Say which difference of diversity would have been seen, and what one of 0.05 takes.

    The error falls with the square root of the samples a side. It has to fit into a difference as
    often as the strictest of all looks asks, and as seeing it four times of five takes.
    """
    from scipy.stats import norm

    found = [one for one in scores if one.name == DECISIVE[0] and one.n and one.se is not None]
    if not found or found[0].n is None or found[0].se is None:
        return None
    strictest = float(norm.isf(_LEVEL / max(1, looks) / 2))
    visible = (strictest + _FOUR_OF_FIVE) * found[0].se
    n = found[0].n
    return Power(n, visible, ASKED, math.ceil(n * (visible / ASKED) ** 2))


def _p_values(known: Mapping[str, ScoreChange], spectrum_p: float | None) -> dict[str, float]:
    """Return what is looked at; a score that repeats another one is no look of its own."""
    found: dict[str, float] = {}
    seen: list[tuple[float, float, float | None]] = []
    for name in DECISIVE:
        change = known.get(name)
        if change is None or change.p_value is None or (change.a, change.b, change.se) in seen:
            continue
        seen.append((change.a, change.b, change.se))
        found[name] = change.p_value
    if spectrum_p is not None:
        found[SPECTRUM] = spectrum_p
    return found


def _ruling(
    decided: Sequence[ScoreChange], shifts: Mapping[ModeShift, Sequence[ModeChange]]
) -> Ruling | None:
    if decided:
        return Ruling.BETTER if decided[0].value > 0 else Ruling.WORSE
    if shifts["lost"] and not shifts["gained"]:
        return Ruling.WORSE
    if shifts["gained"] and not shifts["lost"]:
        return Ruling.BETTER
    return None


_SAID: Mapping[ModeShift, str] = {
    "lost": "B lost {}",
    "gained": "B gained {}",
    "thinned": "B draws {} less than half as often as A",
    "grown": "B draws {} more than twice as often as A",
}


def _mode_sentence(shift: ModeShift, found: Sequence[ModeChange]) -> str:
    named = ", ".join(mode.label for mode in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    noun = "1 mode" if len(found) == 1 else f"{len(found)} modes"
    return f"{_SAID[shift].format(noun)}: {named}{more}."


def _score_sentence(change: ScoreChange) -> str:
    went = "higher" if change.value > 0 else "lower"
    return (
        f"The {change.name} of B is {went} by {abs(change.value):.3f} "
        f"(95% interval of the difference {change.low:+.3f} to {change.high:+.3f})."
    )
