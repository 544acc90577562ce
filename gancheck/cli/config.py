"""``gancheck config``."""

from __future__ import annotations

import json as encoding
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand

from gancheck.cli.examples import Example, epilog
from gancheck.cli.gate_flags import GateFlags, merged
from gancheck.cli.session import exit_codes
from gancheck.cli.sources import (
    BY_NAME,
    CONFIG,
    VARIABLE,
    found,
    note_stray_variables,
    option,
    source_of,
)
from gancheck.config import GATE_SETTINGS, OPTIONS, SETTINGS, Config, variable
from gancheck.types.words import JSON

HELP = (
    "Show every setting, its value, and where it came from.\n\n"
    "Flags come before variables (GANCHECK_SAMPLES=500), these before the nearest gancheck.toml "
    "or [tool.gancheck] of a pyproject.toml, and that before the defaults. Keys of the file are "
    "the options of gancheck diagnose by their names; those of gancheck gate stand in a table "
    "gate. Paths count from the folder of the file. min, max, levels and max-drop are merged name "
    "by name.\n\n"
    "gancheck --config FILE COMMAND reads another file, gancheck --no-config COMMAND none. "
    "--trust and --no-isolate can only be given on the command line, and network code to import "
    "(arch, discriminator-arch, latent-law) only by a file that --config names."
)
EPILOG = epilog(
    Example("gancheck config", "Show all settings of this folder."),
    Example("gancheck config --changed", "Show only what is not as by default."),
    Example("gancheck --config ci/gancheck.toml config --json", "Show another file's, as JSON."),
)
KIND = TyperCommand
_DEFAULT = "default"
_VALUE_WIDTH = 30
_KEYS = {name: key for key, name in OPTIONS.items()}
_ROOM = "gate."


class Row(NamedTuple):
    """One setting.

    Attributes:
        name: As a file would name it, such as ``gate.min.diversity``.
        value: What it is; None where nothing is set.
        source: ``default``, ``file`` or ``environment``.
        origin: The file and the line, or the variable.
    """

    name: str
    value: JSON
    source: str = _DEFAULT
    origin: str = _DEFAULT


def command(
    ctx: typer.Context,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what is not as by default.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the option parser for each value and its source."""
    with exit_codes():
        config = found(ctx)
        rows = [*_of_runs(ctx), *_of_gates(ctx)]
        shown = [row for row in rows if row.source != _DEFAULT or not changed]
        note_stray_variables()
        typer.echo(_as_json(shown, config) if json else _as_table(shown, config))


def _of_runs(ctx: typer.Context) -> Iterator[Row]:
    asked = _asked(ctx, "diagnose")
    for param in asked.command.params:
        if (key := option(param)) in SETTINGS:
            yield _row(asked, param, key, found(ctx))


def _of_gates(ctx: typer.Context) -> Iterator[Row]:
    asked = _asked(ctx, "gate")
    limits = merged(asked, GateFlags()).by_option
    for param in asked.command.params:
        name = option(param)
        key = f"{_ROOM}{_KEYS.get(name, name)}"
        if name not in (*GATE_SETTINGS, *OPTIONS.values()):
            continue
        if name not in BY_NAME:
            yield _row(asked, param, key, found(ctx))
            continue
        for inside, given in limits[name].items():
            source = CONFIG if given.source == CONFIG else VARIABLE
            value = given.text if name == "level" else float(given.text)
            yield _traced(f"{key}.{inside}", value, source, found(ctx))
        if not limits[name]:
            yield Row(key, None)


def _asked(ctx: typer.Context, name: str) -> Any:
    """Parse a command without any flag, which leaves the other sources."""
    root: Any = ctx.find_root()
    return root.command.commands[name].make_context(name, ["-"], parent=root)


def _row(asked: Any, param: Any, key: str, config: Config | None) -> Row:
    value = asked.params[param.name]
    plain = value if value is None or isinstance(value, (bool, int, float, list)) else str(value)
    return _traced(key, plain or (None if plain == [] else plain), source_of(asked, param), config)


def _traced(key: str, value: JSON, source: str, config: Config | None) -> Row:
    if source == CONFIG and config is not None:
        return Row(key, value, "file", config.place(key))
    if source == VARIABLE:
        names = key.removeprefix(_ROOM).split(".")
        return Row(key, value, "environment", variable(OPTIONS.get(names[0], names[0])))
    return Row(key, value)


def _as_json(rows: list[Row], config: Config | None) -> str:
    settings = {
        row.name: {"value": row.value, "source": row.source, "origin": row.origin} for row in rows
    }
    shown = {"schema": 1, "file": None if config is None else config.name, "settings": settings}
    return encoding.dumps(shown, indent=1, ensure_ascii=False)


def _as_table(rows: list[Row], config: Config | None) -> str:
    head = "no file of settings" if config is None else f"settings from {config.name}"
    names = max((len(row.name) for row in rows), default=0)
    values = min(_VALUE_WIDTH, max((len(_written(row.value)) for row in rows), default=0))
    lines = [f"{row.name:<{names}}  {_written(row.value):<{values}}  {row.origin}" for row in rows]
    return "\n".join([head, *lines])


def _written(value: JSON) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, list) else str(value)
