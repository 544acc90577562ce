"""Runs that are kept as files, and which of them still count."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path

from examples.remedies.judging import JUDGED, Outcome
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import WORLDS

RUNS = Path(__file__).resolve().parent / "runs"


def kept(folder: Path = RUNS, steps: int | None = None) -> list[Outcome]:
    """Read the runs of a folder that were done with the settings of today, by name.

    Args:
        folder: Where they are.
        steps: Rounds that replace those of every system; None where none do.
    """
    found = (read(path, steps) for path in sorted(folder.glob("*.json")))
    return [outcome for outcome in found if outcome is not None]


def read(path: Path, steps: int | None = None) -> Outcome | None:
    """Read one run; None where it was done, or judged, by other rules than those of today."""
    said = json.loads(path.read_text(encoding="utf-8"))
    needed = {item.name for item in fields(Outcome) if item.default is MISSING}
    if not needed <= said.keys() <= {item.name for item in fields(Outcome)}:
        return None
    outcome = Outcome(**said)
    system = SYSTEMS.get(outcome.system)
    if system is None or outcome.world not in WORLDS:
        return None
    done = (outcome.recipe, outcome.steps, outcome.judged)
    rounds = system.rounds(WORLDS[outcome.world]) if steps is None else steps
    today = (asdict(system), rounds, JUDGED)
    return outcome if done == today else None
