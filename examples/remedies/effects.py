"""What each system gave beside the one without it: the table that ``gancheck explain`` reads.

``python -m examples.remedies.effects`` writes it anew from the runs that are there. Runs that were
done with other settings than those of today are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev

from examples.remedies.judging import Outcome
from examples.remedies.kept import RUNS, kept
from examples.remedies.system import System
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import WORLDS, World
from gancheck.remedies.measured import FILE, FORMAT, Measured, Row, Spread

MEASURES = ("modes", "effective", "high_quality", "overlap", "diversity")
"""Numbers of a run that are kept; more is better for all of them."""

_DIGITS = 4  # after the point; more would say nothing about three runs
_PICTURES = "dcgan"  # what remedies for pictures are measured against
_STACKED = "stacked"  # data with systems of their own, called after those whose remedy they use


def table(outcomes: Sequence[Outcome]) -> Measured:
    """Sum up the runs of each system on each world, in the order of systems and worlds."""
    worlds = {world.name: _called(world) for world in WORLDS.values()}
    rows = [_row(mine) for mine in _groups(outcomes)]
    return Measured(FORMAT, worlds, tuple(rows))


def write(outcomes: Sequence[Outcome], path: Path = FILE) -> None:
    """Write the table, whole or not at all; nothing where nothing changed."""
    text = _written(table(outcomes))
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _groups(outcomes: Sequence[Outcome]) -> Iterator[list[Outcome]]:
    for world in WORLDS:
        for system in SYSTEMS:
            mine = [one for one in outcomes if (one.system, one.world) == (system, world)]
            if mine:
                yield mine


def _row(mine: Sequence[Outcome]) -> Row:
    first = mine[0]
    spreads = ((name, _spread([getattr(one, name) for one in mine])) for name in MEASURES)
    return Row(
        system=_remedy(first.system),
        world=first.world,
        against=_against(SYSTEMS[first.system]),
        runs=len(mine),
        steps=first.steps,
        values={name: spread for name, spread in spreads if spread is not None},
        verdicts=dict(sorted(Counter(one.verdict for one in mine).items())),
        conditions=dict(sorted(Counter(word for one in mine for word in one.conditions).items())),
    )


def _spread(values: Sequence[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    sd = round(stdev(known), _DIGITS) if len(known) > 1 else None
    return Spread(round(mean(known), _DIGITS), sd, len(known))


def _against(system: System) -> str:
    """Name the system without the remedy; empty for that one itself."""
    without = System.name if system.learns == "points" else _PICTURES
    return "" if _remedy(system.name) == without else without


def _remedy(system: str) -> str:
    """Name a system after its remedy, whatever it is trained on."""
    return system.removeprefix(f"{_STACKED}-")


def _called(world: World) -> str:
    """Name a world in a sentence: ``ring of 8``."""
    if world.name == _STACKED:
        return "1,000 stacked digits"
    return world.name if world.centres is None else f"{world.name} of {len(world.centres)}"


def _written(found: Measured) -> str:
    """Write the table as JSON, a row a line."""
    rows = [
        {**vars(row), "values": {name: spread._asdict() for name, spread in row.values.items()}}
        for row in found.rows
    ]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    head = f' "format": {found.format},\n "worlds": {json.dumps(found.worlds)},\n "rows": ['
    return f"{{\n{head}\n{lines}\n ]\n}}\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the table from the folder of runs, and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m examples.remedies.effects")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--output", type=Path, default=FILE, help="the table")
    asked = parser.parse_args(arguments)
    outcomes = kept(asked.runs)
    write(outcomes, asked.output)
    sys.stderr.write(f"{len(outcomes)} runs of {asked.runs} are in {asked.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
