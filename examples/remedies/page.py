"""RESULTS.md: what all runs gave, beside what papers report, as text."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import mean, stdev

import numpy as np

from examples.remedies.comparing import comparison
from examples.remedies.judging import COUNTED, POINTS, Outcome, perfect_overlap
from examples.remedies.stacked import STACKED, STACKS, SURE
from examples.remedies.stacked_section import divergence_of_chance, stacked_section
from examples.remedies.system import System
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import EXACT, REFERENCE, WORLDS, Exact, World
from gancheck.measures.captured import high_quality_ceiling, null_of

_COLUMNS = (
    "system",
    "runs",
    "modes",
    "high quality",
    "reverse KL",
    "effective modes",
    "overlap",
    "diversity",
    "verdict",
    "conditions",
)
_FLAT_COLUMNS = tuple(
    "on the spiral" if name == "high quality" else name
    for name in _COLUMNS
    if name not in ("modes", "reverse KL", "effective modes")
)
_PICTURE_COLUMNS = ("system", "runs", "diversity", "verdict", "conditions")
_STACK_COLUMNS = (
    *("system", "runs", "sure", "modes", "reverse KL", "by chance", "effective modes"),
    *("modes of all", "reverse KL of all", "diversity", "verdict", "conditions"),
)
_DASH = "-"


def page(outcomes: Sequence[Outcome]) -> str:
    """Return the page of all runs there are."""
    parts = [_opening(len(outcomes))]
    for world in WORLDS.values():
        mine = [outcome for outcome in outcomes if outcome.world == world.name]
        if mine and world.name == STACKED.name:
            parts.append(stacked_section(mine, _table(world, mine)))
        elif mine:
            parts.append(f"## {world.name.capitalize()}\n\n{_table(world, mine)}")
    parts += [comparison(outcomes), _unexpected(outcomes), _systems()]
    return "\n\n".join(parts) + "\n"


def _opening(runs: int) -> str:
    return (
        "# Remedies against collapse, trained and diagnosed\n\n"
        f"Made by `make remedies` from {runs} trainings; `runs` says how many stand behind a row. "
        "A number is the mean over them, ± its standard deviation where there are several.\n\n"
        f"- `modes`, `high quality`, `reverse KL` and `effective modes` are counted on {POINTS:,} "
        "generated points, as VEEGAN and PacGAN do: a point is of high quality within 3 standard "
        "deviations of its nearest centre, and a mode is captured when such a point is nearest to "
        "it. Effective modes are `k exp(-KL)`.\n"
        f"- `overlap` is what the generator reproduces of the law, counted on {COUNTED:,} points "
        "in cells of equal mass of the known law. It does not look inside a cell, so that it is "
        "the most the overlap can be, but for chance; points on thin curves overlap far less.\n"
        f"- `diversity` is gancheck's score against {REFERENCE:,} real points, which knows nothing "
        "of the law, or 4,000 digits that were not learned from; in brackets the ends of the 95% "
        "intervals of all runs.\n"
        "- `verdict` and `conditions` are gancheck's; a count follows where runs differ.\n"
        "- Rounds are the `steps` in the settings below; on the grid four times as many, but for "
        "failures on purpose.\n"
        "- The last row of a table is what a perfect sampler gives."
    )


def _table(world: World, outcomes: Sequence[Outcome]) -> str:
    rows = [_row(name, mine) for name, mine in _by_system(outcomes)]
    exact = EXACT.get(world.name)
    columns: tuple[str, ...] = _PICTURE_COLUMNS
    if exact is not None:
        columns = _FLAT_COLUMNS if world.centres is None else _COLUMNS
        rows.append(_perfect(exact))
    if world.name == STACKED.name:
        columns = _STACK_COLUMNS
        rows.append(_perfect_stacks())
    lines = [_line(columns), _line("---" for _ in columns)]
    lines += [_line(row[name] for name in columns) for row in rows]
    return "\n".join(lines)


def _by_system(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    for name in SYSTEMS:
        mine = [outcome for outcome in outcomes if outcome.system == name]
        if mine:
            yield name, mine


def _row(name: str, mine: Sequence[Outcome]) -> dict[str, str]:
    quality = spread([_percent(outcome.high_quality) for outcome in mine], 1, "%")
    return {
        "system": f"{name} (fails on purpose)" if SYSTEMS[name].planted else name,
        "runs": str(len(mine)),
        "modes": spread([outcome.modes for outcome in mine], 1),
        "high quality": quality,
        "on the spiral": quality,
        "reverse KL": spread([outcome.reverse_kl for outcome in mine], 2),
        "effective modes": spread([outcome.effective for outcome in mine], 1),
        "sure": quality,
        "by chance": spread([_by_chance(outcome) for outcome in mine], 2),
        "modes of all": spread([outcome.modes_of_all for outcome in mine], 1),
        "reverse KL of all": spread([outcome.reverse_kl_of_all for outcome in mine], 2),
        "overlap": spread([outcome.overlap for outcome in mine], 2),
        "diversity": _diversity(mine),
        "verdict": counted([outcome.verdict for outcome in mine], len(mine)),
        "conditions": counted([word for outcome in mine for word in outcome.conditions], len(mine)),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _by_chance(outcome: Outcome) -> float | None:
    """Return the divergence of as many sure stacks in perfect proportions; None for other data."""
    if outcome.world != STACKED.name or not outcome.high_quality:
        return None
    return divergence_of_chance(round(outcome.high_quality * STACKS))


def _diversity(mine: Sequence[Outcome]) -> str:
    low, high = min(outcome.low for outcome in mine), max(outcome.high for outcome in mine)
    return f"{mean(outcome.diversity for outcome in mine):.2f} [{low:.2f}, {high:.2f}]"


def _perfect(world: Exact) -> dict[str, str]:
    modes = world.classes
    quality = high_quality_ceiling(2)
    divergence = null_of(np.full(modes, 1 / modes), round(quality * POINTS)).mean
    perfect = dict.fromkeys((*_COLUMNS, *_FLAT_COLUMNS), "")
    return perfect | {
        "system": "*perfect sampler*",
        "modes": f"{modes}",
        "high quality": f"{quality:.1%}",
        "on the spiral": "100.0%",
        "reverse KL": f"{divergence:.4f}",
        "effective modes": f"{modes * math.exp(-divergence):.1f}",
        "overlap": f"{perfect_overlap(world):.2f}",
        "diversity": "1.00",
        "verdict": "healthy",
    }


def _perfect_stacks() -> dict[str, str]:
    """Say what fresh real stacks would give; chance alone makes shares diverge."""
    divergence = divergence_of_chance(round(SURE * STACKS))
    perfect = dict.fromkeys(_STACK_COLUMNS, "") | {
        "system": "*real digits*",
        "modes": f"{STACKED.classes}",
        "reverse KL": f"{divergence:.2f}",
        "by chance": f"{divergence:.2f}",
        "effective modes": f"{STACKED.classes * math.exp(-divergence):.1f}",
        "sure": f"{SURE:.0%}",
    }
    return perfect | {
        "modes of all": f"{STACKED.classes}",
        "reverse KL of all": f"{divergence_of_chance(STACKS):.2f}",
        "diversity": "1.00",
        "verdict": "healthy",
    }


def spread(values: Sequence[float | None], digits: int, unit: str = "") -> str:
    """Write the mean of the values there are, ± their standard deviation where there are two."""
    known = [value for value in values if value is not None]
    if not known:
        return _DASH
    text = f"{mean(known):.{digits}f}"
    return f"{text} ± {stdev(known):.{digits}f}{unit}" if len(known) > 1 else text + unit


def counted(words: Iterable[str], runs: int) -> str:
    """List words, the most frequent first, with their counts where not every run says them."""
    found = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    if not found:
        return _DASH
    return ", ".join(word if times == runs else f"{word} ({times})" for word, times in found)


def _unexpected(outcomes: Sequence[Outcome]) -> str:
    """List failures that were not called collapsed, and remedies that were."""
    escaped, uncured = [], []
    for world in WORLDS:
        for name, mine in _by_system([one for one in outcomes if one.world == world]):
            bad = [one for one in mine if one.verdict == "collapsed"]
            if SYSTEMS[name].planted and len(bad) < len(mine):
                escaped.append(f"- {name}, {world}: {len(mine) - len(bad)} of {len(mine)} runs")
            if not SYSTEMS[name].planted and bad:
                uncured.append(_uncured(name, world, bad, len(mine)))
    return (
        "## What was not as planned\n\n"
        "Failures on purpose that were not called collapsed:\n\n"
        + "\n".join(escaped or ["- none"])
        + "\n\nOthers that were called collapsed, with the overlap that was counted. Below 0.8 of "
        "the law is what the score is there to find; many of these capture every mode and draw "
        "each of them too narrow, too wide or unevenly, which counting modes does not show:\n\n"
        + "\n".join(uncured or ["- none"])
    )


def _uncured(name: str, world: str, bad: Sequence[Outcome], runs: int) -> str:
    modes = spread([one.modes for one in bad], 1)
    overlap = spread([one.overlap for one in bad], 2)
    counts = "" if overlap == _DASH else f", overlap {overlap}"
    counts += "" if modes == _DASH else f", modes {modes}"
    return f"- {name}, {world}: {len(bad)} of {runs} runs{counts}"


def _systems() -> str:
    lines = [
        f"- **{system.name}** ({system.paper}). {system.reason} {_settings(system)}"
        for system in SYSTEMS.values()
    ]
    return "\n".join(["## The systems", "", *lines])


def _settings(system: System) -> str:
    """Say what differs from the plain GAN, and how long it is trained."""
    plain = System()
    said = [
        f"{item.name} {value:g}"
        for item in dataclasses.fields(system)
        if (value := getattr(system, item.name)) != getattr(plain, item.name, None)
        or item.name == "steps"
    ]
    return f"Settings: {', '.join(said)}."


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
