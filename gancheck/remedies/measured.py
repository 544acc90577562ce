"""What trained examples gave, with a remedy and without: the table in ``measured.json``.

The table is written by ``examples/remedies/effects.py`` from the trainings that are there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gancheck.errors import LoadError
from gancheck.plain import MisfitError, from_json

FORMAT = 1
"""Version of the file; it rises when a key is changed or dropped."""

FILE = Path(__file__).with_name("measured.json")
_AGAIN = "Install gancheck again, or write the file anew: python -m examples.remedies.effects."


class Spread(NamedTuple):
    """A mean over runs.

    Attributes:
        mean: The mean.
        sd: Standard deviation over the runs; None for a single one.
        runs: Runs that have the number.
    """

    mean: float
    sd: float | None
    runs: int


@dataclass(frozen=True)
class Row:
    """What one system gave on one world.

    Attributes:
        system: Name of the system.
        world: Name of the data.
        against: The system without the remedy; empty for that system itself.
        runs: Trainings, each with a seed of its own.
        steps: Rounds of each training.
        values: Numbers by measure, such as ``modes`` or ``overlap``; more is better for all.
        verdicts: How many runs got each verdict.
        conditions: In how many runs each condition was found.
    """

    system: str
    world: str
    against: str
    runs: int
    steps: int
    values: Mapping[str, Spread]
    verdicts: Mapping[str, int]
    conditions: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """The whole table.

    Attributes:
        format: Version of the file.
        worlds: What each world is called in a sentence, by name, in order.
        rows: One for each system and world that was trained.
    """

    format: int
    worlds: Mapping[str, str]
    rows: tuple[Row, ...]

    def find(self, system: str, world: str) -> Row | None:
        """Return the row of a system on a world, if it was trained there."""
        found = (row for row in self.rows if (row.system, row.world) == (system, world))
        return next(found, None)


@cache
def measured(path: Path = FILE) -> Measured:
    """Read the table and check it.

    Raises:
        LoadError: It cannot be read, is of another format, or contradicts itself.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot read the measured effects of remedies: {error}", _AGAIN) from error
    said = found.get("format") if isinstance(found, dict) else None
    if said != FORMAT:
        raise LoadError(
            f"{path.name} has format {said!r}, expected {FORMAT}: it is not the table of remedies "
            "of this version",
            _AGAIN,
        )
    try:
        table, _ = from_json(Measured, found)
        _require_sense(table)
    except MisfitError as error:
        raise LoadError(f"{path.name} is no table of remedies: {error}", _AGAIN) from error
    return table


def _require_sense(table: Measured) -> None:
    seen = set[tuple[str, str]]()
    for at, row in enumerate(table.rows):
        where = f"rows[{at}]"
        if row.world not in table.worlds:
            raise MisfitError(f"{where} is of the world {row.world!r}, which has no name")
        if (row.system, row.world) in seen:
            raise MisfitError(f"{where} repeats {row.system} on {row.world}")
        seen.add((row.system, row.world))
        if row.runs < 1 or sum(row.verdicts.values()) != row.runs:
            raise MisfitError(f"{where} has {row.runs} runs, expected as many verdicts")
        for name, spread in row.values.items():
            if not 1 <= spread.runs <= row.runs or (spread.sd is None) != (spread.runs == 1):
                raise MisfitError(f"{where}.values.{name} has an sd of other than its runs")
        if any(not 0 <= count <= row.runs for count in row.conditions.values()):
            raise MisfitError(f"{where}.conditions counts more than {row.runs} runs")
