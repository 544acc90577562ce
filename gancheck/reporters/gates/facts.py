"""What every form of the gate's result says: marks, what was measured, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gancheck.gate import Alarm, State
from gancheck.gate.words import one_line, sided
from gancheck.reporters.wording import SEVERITIES, Mark, most_damaged_first, percent
from gancheck.types import Severity

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Outcome
    from gancheck.types import Mode

MOST_MODES = 10
"""Lost modes that are named."""

_ASIDE = {State.OFF: Mark("-", "off"), State.PASSED: SEVERITIES[Severity.OK]}
_LOUD = {
    Alarm.ERROR: SEVERITIES[Severity.FAIL],
    Alarm.WARNING: SEVERITIES[Severity.WARN],
    Alarm.NONE: SEVERITIES[Severity.NOTE],
}


def mark(result: GateResult, outcome: Outcome) -> Mark:
    """Return the mark of an outcome, as checks have it, with a word of its own where open."""
    if outcome.state in _ASIDE:
        return _ASIDE[outcome.state]
    symbol = _LOUD[result.alarm(outcome)].symbol
    words = {State.UNAVAILABLE: "N/A", State.INCONCLUSIVE: "OPEN"}
    return Mark(symbol, words.get(outcome.state, _LOUD[result.alarm(outcome)].word))


def confidence(result: GateResult) -> str:
    """Write the confidence that all bounds have; empty where they have different ones, or none."""
    found = {one.confidence for one in result.outcomes if one.confidence is not None}
    return sided(found.pop()) if len(found) == 1 else ""


def measured(result: GateResult) -> list[str]:
    """Say at what n, in which view and with which seed was measured."""
    drawn, met = result.settings.get("samples"), result.settings.get("compared")
    views = [result.settings.get(name) for name in ("embedder", "strict_embedder")]
    seen = " + ".join(dict.fromkeys(one_line(str(view), 100) for view in views if view))
    seed, reference = result.settings.get("seed"), result.settings.get("reference")
    parts = (
        f"{drawn:,} samples" if isinstance(drawn, int) else "",
        f"compared at {met:,} each" if isinstance(met, int) else "",
        f"reference {one_line(str(reference), 200)}" if reference else "no reference",
        seen,
        f"seed {one_line(str(seed), 30)}" if seed is not None else "",
        f"baseline {one_line(result.baseline, 200)}" if result.baseline else "",
    )
    return [part for part in parts if part]


def lost_modes(result: GateResult) -> tuple[list[Mode], int]:
    """Return the modes that are missing, the largest first, and how many more there are."""
    lost = [mode for mode in most_damaged_first(result.modes) if mode.status == "missing"]
    return lost[:MOST_MODES], max(0, len(lost) - MOST_MODES)


def shares(mode: Mode) -> str:
    """Say what a mode holds of the reference and of the samples."""
    return f"{percent(mode.reference_share)} of the reference, {percent(mode.sample_share)} drawn"


def harmless(text: str) -> str:
    """Break up what a runner of GitHub would read as a command in the log of a build.

    Lines that begin with two colons, and an older form with two number signs and a bracket,
    wherever it stands.
    """
    return text.replace("::", ": :").replace("##[", "# #[")


def version(result: GateResult) -> str:
    """Return the version that measured, empty where it is not known."""
    return one_line(result.versions.get("gancheck", ""), 30)


def tally(result: GateResult) -> str:
    """Count the checks by what became of them: ``2 failed, 1 passed``."""
    return ", ".join(_counts(result))


def _counts(result: GateResult) -> Iterator[str]:
    for state in (State.UNAVAILABLE, State.FAILED, State.INCONCLUSIVE, State.PASSED, State.OFF):
        count = sum(outcome.state is state for outcome in result.outcomes)
        if count:
            yield f"{count:,} {state.value}"
