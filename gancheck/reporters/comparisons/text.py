"""What every rendering of a comparison says in the same words."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from gancheck.comparing import Ruling
from gancheck.reporters import facts, wording
from gancheck.reporters.side_by_side.comparison import signed
from gancheck.reporters.wording import Mark
from gancheck.types import Interval, Score

if TYPE_CHECKING:
    from gancheck.comparing import Comparison, ModeChange, ScoreChange

RULINGS = {
    Ruling.BETTER: Mark("v", "BETTER"),
    Ruling.WORSE: Mark("x", "WORSE"),
    Ruling.DIFFERENT: Mark("!", "DIFFERENT"),
    Ruling.SAME: Mark("=", "NO DIFFERENCE"),
}
SHIFTS = {
    "lost": Mark("x", "LOST"),
    "thinned": Mark("!", "thinned"),
    "same": Mark("=", "same"),
    "grown": Mark("!", "grown"),
    "gained": Mark("v", "gained"),
}
LEADING = (
    *("diversity", "overlap", "fidelity", "effective_modes", "counted_modes"),
    *("distinct_samples", "memorization", "cut_mass"),
)
"""Scores that are shown first, and always."""

_SMALL = 10  # from here on three decimals say too much


def headline(it: Comparison) -> str:
    """Say the verdict in one sentence."""
    n = it.settings.get("samples")
    at = f" at {n:,} samples" if isinstance(n, int) else ""
    return {
        Ruling.BETTER: "B is better than A",
        Ruling.WORSE: "B is worse than A",
        Ruling.DIFFERENT: "B is different from A, neither better nor worse",
        Ruling.SAME: f"No difference{at}",
    }[it.ruling]


def sentences(it: Comparison) -> list[str]:
    """Say why, and what could have been seen."""
    return [*it.reasons, *power(it)]


def power(it: Comparison) -> list[str]:
    """Say which difference of diversity would have been seen."""
    known = it.power
    if known is None or not math.isfinite(known.visible) or known.visible <= 0:
        return []
    seen = f"A difference of diversity of {known.visible:.3f} would have been seen four times of "
    seen += f"five at {known.n:,} a side"
    if known.needed <= known.n:
        return [f"{seen}; {known.needed:,} do for one of {known.asked:.2f}."]
    return [f"{seen}; one of {known.asked:.2f} takes about {known.needed:,} a side."]


def paired(it: Comparison) -> str:
    """Say what both sides share."""
    if it.pairing.latents:
        return "Sample i of A and of B were drawn from the same latent: they are compared in pairs."
    return f"Samples are not paired: {it.pairing.reason}."


def facts_of(it: Comparison) -> list[tuple[str, str]]:
    """Return what was compared, how, with what."""
    settings = it.settings
    n, met = settings.get("samples"), settings.get("compared")
    sizes = f"{n:,} samples each" if isinstance(n, int) else ""
    if isinstance(met, int):
        sizes += f", compared with the reference at {met:,}"
    rows = [
        ("Reference", str(settings.get("reference") or "no reference")),
        ("Compared", sizes),
        ("Seen through", str(settings.get("embedder") or "")),
        ("Seed", "" if settings.get("seed") is None else str(settings.get("seed"))),
        ("Took", wording.duration(facts.whole_time(it.timings)) if it.timings else ""),
    ]
    return [(name, text) for name, text in rows if text]


def scores(it: Comparison, *, verbose: bool) -> list[ScoreChange]:
    """Return the differences to show: those that lead, those that stand out, or all of them."""
    order = {name: at for at, name in enumerate(LEADING)}
    ranked = sorted(it.scores, key=lambda one: (order.get(one.name, len(order)), not one.shown))
    return [one for one in ranked if verbose or one.name in order or one.shown]


def value(number: float) -> str:
    """Write a score as its own report does."""
    return wording.score_numbers(Score("", number, number, number)).value


def difference(change: ScoreChange) -> str:
    """Write a difference with its sign."""
    return _signed(change.value, change)


def interval(change: ScoreChange) -> str:
    """Write the interval of a difference; empty where there is none."""
    if change.se is None:
        return ""
    ends = [
        _signed(end, change) if math.isfinite(end) else "none" for end in (change.low, change.high)
    ]
    return f"[{ends[0]}, {ends[1]}]"


def _signed(number: float, change: ScoreChange) -> str:
    """Write three decimals, which tell small differences of shares apart, and no more than that."""
    if abs(number) < 0.0005 or max(abs(change.a), abs(change.b)) >= _SMALL:
        return signed(number, (change.a, change.b))
    return f"{number:+.3f}"


def ratio(mode: ModeChange) -> str:
    """Write the interval of the share of B over that of A."""
    return wording.between(Interval(mode.low, mode.high)).replace("inf", "none")


def modes_title(it: Comparison) -> str:
    """Name the modes for what they are."""
    if it.modes_of == "pool":
        return "Clusters of all samples of A and B"
    return "Modes of the reference"


def spectrum(it: Comparison) -> str:
    """Say what the spectrum shows."""
    found = it.spectrum
    if found is None:
        return "No spectrum: there are no samples at hand, or too few of them."
    if not found.gained and not found.lost:
        return (
            f"No direction in which one side has more than chance gives (p = {found.p_value:.2g})."
        )
    more = wording.counted(len(found.lost), "direction")
    less = wording.counted(len(found.gained), "direction")
    return f"A has more than B in {more}, B more than A in {less} (p = {found.p_value:.2g})."


def as_json(it: Comparison) -> str:
    """Return the comparison as JSON text."""
    return json.dumps(it.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
