"""``gancheck plugins``."""

from __future__ import annotations

import dataclasses
import json as encoding
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from gancheck.cli import flags
from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import console, exit_codes

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.plugins import Origin
    from gancheck.registry import Registry
    from gancheck.types import JSON

HELP = (
    "List what installed plugins bring: name, kind, origin, version, settings.\n\n"
    "A plugin is an installed package that adds loaders, latent laws, embedders, analyzers, "
    "reporters, gate formats or architectures; CONTRIBUTING.md shows how to write one. One that "
    "cannot be imported is named, and the rest goes on without it. GANCHECK_PLUGINS=0 turns all of "
    "them off, GANCHECK_PLUGINS=NAME,NAME all but these."
)
EPILOG = epilog(
    Example("gancheck plugins", "List what was installed beside gancheck."),
    Example("gancheck plugins --all", "List the built-in things as well."),
    Example("GANCHECK_PLUGINS=0 gancheck diagnose model.pt", "Run without any plugin."),
)
KIND = TyperCommand
_NOTHING = "-"
_LONGEST = 24  # characters of a default in the table


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing that a registry holds.

    Attributes:
        name: Name to ask for it by.
        kind: What it is, such as ``analyzer``.
        origin: Who brought it.
        settings: Its settings and their defaults; None where it has none to choose.
    """

    name: str
    kind: str
    origin: Origin
    settings: dict[str, JSON] | None

    @property
    def is_built_in(self) -> bool:
        """Whether gancheck itself brings it."""
        return self.origin.distribution == "gancheck"

    def to_dict(self) -> dict[str, JSON]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "origin": self.origin.distribution,
            "version": self.origin.version,
            "plugin": self.origin.plugin or None,
            "module": self.origin.module,
            "settings": self.settings,
        }


def command(
    everything: Annotated[
        bool, typer.Option("--all", help="List what gancheck itself brings as well.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Look through all registries, and print what is there."""
    with exit_codes():
        rows = sorted(_rows(), key=lambda row: (row.is_built_in, str(row.origin), row.kind))
        shown = [row for row in rows if everything or not row.is_built_in]
        if json:
            typer.echo(_as_json(shown))
            return
        if shown:
            _print_table(shown, console(no_color=no_color))
        for line in _remarks(rows, listed=everything):
            typer.echo(line)


def _rows() -> Iterator[Row]:
    from gancheck.api import (
        ANALYZERS,
        ARCHITECTURES,
        EMBEDDERS,
        GATE_REPORTERS,
        LAWS,
        LOADERS,
        REPORTERS,
    )

    registries: list[Registry[Any]] = [ANALYZERS, ARCHITECTURES, EMBEDDERS, GATE_REPORTERS]
    for registry in (*registries, LAWS, LOADERS, REPORTERS):
        for name, item in registry:
            yield Row(name, registry.kind, registry.origin(name), _settings(item))


def _settings(item: object) -> dict[str, JSON] | None:
    """Return the fields of a class whose instances are made with settings, and their defaults."""
    if not isinstance(item, type) or not dataclasses.is_dataclass(item):
        return None
    fields = [one for one in dataclasses.fields(item) if one.init and one.name != "name"]
    return {one.name: _default(one) for one in fields}


def _default(field: dataclasses.Field[Any]) -> JSON:
    """Return a default as JSON; None where there is none."""
    value = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if value is dataclasses.MISSING:
        return None
    return value if isinstance(value, (bool, int, float, str)) else repr(value)


def _shown(setting: str, value: JSON) -> str:
    if value is None:
        return setting
    text = str(value)
    return f"{setting}={text if len(text) <= _LONGEST else '…'}"


def _print_table(rows: Sequence[Row], out: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from gancheck.reporters.wording import printable

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("name", "kind", "origin", "version"):
        table.add_column(heading, overflow="fold")
    table.add_column("settings", overflow="fold", ratio=1)
    for row in rows:
        said = "\n".join(_shown(*setting) for setting in (row.settings or {}).items())
        origin = "built-in" if row.is_built_in else row.origin.distribution
        cells = (row.name, row.kind, origin, row.origin.version, said or _NOTHING)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(table)


def _remarks(rows: Sequence[Row], *, listed: bool) -> Iterator[str]:
    """Yield a line on each plugin that brings nothing, and on what there is if none does."""
    from gancheck.plugins import PLUGINS, SWITCH
    from gancheck.reporters.wording import printable

    chosen = [origin for origin, _ in PLUGINS.chosen()]
    off = [origin for origin, _ in PLUGINS.installed if origin not in chosen]
    for broken in PLUGINS.broken:
        yield printable(f"broken: {broken}")
    bringing = {row.origin for row in rows}
    for origin in chosen:
        if origin not in bringing and not PLUGINS.is_broken(origin):
            yield printable(f"plugin {origin.plugin!r} ({origin}) registers nothing")
    if off:
        names = ", ".join(f"{origin.plugin} ({origin})" for origin in off)
        yield printable(f"turned off by {SWITCH}={os.environ.get(SWITCH, '')}: {names}")
    if not chosen and not listed:
        absent = "no plugin is on" if off else "no plugin is installed"
        yield f"{absent}; gancheck itself brings {_counted(rows)} (--all lists them)"


def _counted(rows: Sequence[Row]) -> str:
    counts = Counter(row.kind for row in rows if row.is_built_in)
    return ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items())


def _as_json(rows: Sequence[Row]) -> str:
    from gancheck.plugins import PLUGINS

    broken = [
        {
            "plugin": one.origin.plugin,
            "origin": one.origin.distribution,
            "version": one.origin.version,
            "error": one.error,
        }
        for one in PLUGINS.broken
    ]
    content = {"plugins": [row.to_dict() for row in rows], "broken": broken}
    return encoding.dumps(content, indent=1, ensure_ascii=False)
