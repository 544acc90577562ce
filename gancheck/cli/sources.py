"""Where the values of options come from: flags, the environment, a file, or their defaults.

The option parser itself holds that order. A `Configured` command gives each of its options the
variable of its name, and offers the parser what the file says as defaults.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

from gancheck.cli.session import exit_codes
from gancheck.config import GATE_SETTINGS, SETTINGS, Config, load, stray_variables, variable
from gancheck.errors import UsageError

FLAG, VARIABLE, CONFIG = "COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP"
"""Names of the parser's sources."""

BY_NAME = ("min", "max", "level", "max-drop")
"""Options that are merged name by name over all sources, which the parser does not do."""

_FOUND = "gancheck.cli.sources.config"
_CODE = ("arch", "discriminator-arch", "latent-law")


@dataclass(frozen=True)
class Wanted:
    """What the options of the program say of the file of settings.

    Attributes:
        file: The file that was named; None looks for one.
        off: Whether no file is read.
    """

    file: Path | None = None
    off: bool = False


def chosen(ctx: typer.Context, wanted: Wanted) -> Wanted:
    """Return what is meant where both options are there: what was typed counts.

    Raises:
        UsageError: Both were typed.
    """
    if wanted.file is None or not wanted.off:
        return wanted
    typed = given(ctx, FLAG)
    if {"config", "no-config"} <= set(typed):
        raise UsageError("--config and --no-config contradict each other")
    return Wanted(wanted.file) if "config" in typed else Wanted(off=True)


class Configured(TyperCommand):
    """A command whose options also come from the environment and from a file."""

    keys: ClassVar[Collection[str]] = SETTINGS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for param in self.params:
            key = option(param)
            if key in self.keys and key not in BY_NAME:
                param.envvar = variable(key)
                vars(param)["show_envvar"] = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the file's values as defaults; a value that does not fit is traced back."""
        ctx.default_map = _Defaults(ctx, self)
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            origin = _origin(ctx, error.param)
            if origin:
                error.message = f"{error.message} (from {origin})"
            raise


class ConfiguredModel(Configured):
    """A command that takes from there only how a model is read."""

    keys = (
        *(
            "latent-dim",
            "latent-law",
            "classes",
            "class",
            "label-table",
            "truncation",
            "arch",
            "arch-args",
            "key",
        ),
        *("output-range", "output-shape", "isolate"),
    )


class ConfiguredGate(Configured):
    """A command that takes the options of the gate as well; its map depends on its page alone."""

    keys = (*(key for key in SETTINGS if key != "map"), *GATE_SETTINGS)


class _Defaults(dict[str, Any]):
    """What the file says, by parameter; read when the parser first asks."""

    def __init__(self, ctx: Any, command: Configured) -> None:
        super().__init__()
        self._ctx = ctx
        self._known = {
            param.name: key
            for param in command.params
            if (key := option(param)) in command.keys and key not in BY_NAME
        }

    def get(self, name: str, default: Any = None) -> Any:
        """Return the file's value of a parameter; nothing while help or completion is shown."""
        if self._ctx.resilient_parsing or name not in self._known:
            return default
        with exit_codes():
            config = found(self._ctx)
        if config is None:
            return default
        return {**config.gate, **config.settings}.get(self._known[name], default)


def option(param: Any) -> str:
    """Name a parameter as its option, without the dashes; an argument has no such name."""
    long = [name for name in param.opts if name.startswith("--")]
    return long[0].removeprefix("--") if long else ""


def found(ctx: Any) -> Config | None:
    """Return the settings of the file that was named or found; it is read once.

    Raises:
        UsageError: Something in it is not as it should be.
    """
    if _FOUND not in ctx.meta:
        wanted = ctx.find_object(Wanted) or Wanted()
        ctx.meta[_FOUND] = None if wanted.off else load(Path.cwd(), wanted.file)
    config: Config | None = ctx.meta[_FOUND]
    return config


def given(ctx: typer.Context, source: str) -> list[str]:
    """Name the options whose value came from a source."""
    return [
        key
        for param in ctx.command.params
        if source_of(ctx, param) == source and (key := option(param))
    ]


def source_of(ctx: Any, param: Any) -> str:
    """Name the parser's source of a parameter's value."""
    known = ctx.get_parameter_source(param.name)
    return "" if known is None else str(known.name)


def announce(ctx: typer.Context, keys: Collection[str], merged: Collection[str] = ()) -> None:
    """Say on stderr which settings of the file are used, and which variables nothing reads.

    Args:
        ctx: Context of the command.
        keys: Options that this run depends on.
        merged: Of those that are merged by name, the ones that the file adds to.

    Raises:
        UsageError: A file that nobody named would have code run, or a variable lowers a guard.
    """
    config = found(ctx)
    used = [key for key in given(ctx, CONFIG) if key in keys]
    if config is not None and (used or merged):
        _refuse_code(config, used)
        _note(f"settings from {config.name}: {', '.join([*used, *merged])}")
    if ctx.params.get("isolate") is False and "isolate" in {*given(ctx, VARIABLE)} & {*keys}:
        raise UsageError(
            f"{variable('isolate')} cannot switch isolation off",
            "Give --no-isolate on the command line, for the one model that needs it.",
        )
    note_stray_variables()


def note_stray_variables() -> None:
    """Say on stderr which variables look like settings, and are none."""
    for sentence in stray_variables(os.environ):
        _note(sentence)


def _note(text: str) -> None:
    from gancheck.reporters.wording import printable

    typer.echo(f"note: {printable(text)}", err=True)


def _refuse_code(config: Config, used: Collection[str]) -> None:
    """Refuse to import what a file names that was only lying around.

    Raises:
        UsageError: It names code.
    """
    if config.named:
        return
    for key in _CODE:
        value = str(config.settings.get(key, ""))
        if key in used and (key != "latent-law" or ":" in value):
            raise UsageError(
                f"{config.place(key)}: {key} names code to run, and nobody named this file",
                f"Give gancheck --config {shlex.quote(config.name)} to trust it, or --{key}.",
            )


def command_line(ctx: typer.Context, more: Iterable[str] = ()) -> str:
    """Return what was typed, with what came from elsewhere as if it had been typed as well.

    Args:
        ctx: Context of the command.
        more: Flags that stand for what the parser does not know of.
    """
    typed = ["gancheck", *sys.argv[1:]]
    at = typed.index("--") if "--" in typed else len(typed)
    return shlex.join([*typed[:at], *_as_flags(ctx), *more, *typed[at:]])


def _as_flags(ctx: typer.Context) -> Iterator[str]:
    for param in ctx.command.params:
        if source_of(ctx, param) not in (VARIABLE, CONFIG):
            continue
        value, name = ctx.params[param.name], f"--{option(param)}"
        if isinstance(value, bool):
            off = getattr(param, "secondary_opts", [])
            yield from (name,) if value else off[:1]
        else:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                yield from (f"{name}={one}",) if str(one).startswith("-") else (name, str(one))


def _origin(ctx: Any, param: Any) -> str:
    """Name the variable, or the place in the file, that a value came from."""
    if param is None:
        return ""
    source, key = source_of(ctx, param), option(param)
    if source == VARIABLE:
        return variable(key)
    config = found(ctx) if source == CONFIG else None
    place = key if key in SETTINGS else f"gate.{key}"
    return "" if config is None else config.place(place)
