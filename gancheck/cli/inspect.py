"""``gancheck inspect``."""

from __future__ import annotations

import json as encoding
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.examples import Example, epilog
from gancheck.cli.groups import expanded
from gancheck.cli.session import console, exit_codes
from gancheck.cli.sources import ConfiguredModel, announce

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.loaders.interface import LoadOptions

HELP = (
    "Show what a file is and how it would be read, without a diagnosis.\n\n"
    "Prints the format, the tensors, what was chosen and why, how the generator is called, what "
    "its output looks like, and what the audit of a few hundred latents found; ends with the "
    "command to run next. Sets of samples and prepared references are described as well.\n\n"
    "Options are those of gancheck diagnose."
)
EPILOG = epilog(
    Example("gancheck inspect model.pt", "Say how the file would be read, and what to run next."),
    Example(
        "gancheck inspect weights.pth --arch net.py:Generator --key g_ema --json -",
        "The same of weights with their network, as JSON.",
    ),
)
KIND = ConfiguredModel
_STDOUT = "-"


@dataclass(frozen=True)
class LookFlags:
    """What a look depends on besides what is said of the model."""

    seed: flags.Seed = 0
    device: flags.Device = "auto"


@expanded
def command(
    ctx: typer.Context,
    model: flags.Model,
    said: flags.ModelFlags,
    look: LookFlags,
    json: Annotated[
        str | None,
        typer.Option(help="Write JSON to this path, - for stdout.", rich_help_panel=flags.OUT),
    ] = None,
    force: flags.Force = False,
    no_color: flags.NoColor = False,
) -> None:
    """Look at the file, load it, print what was found."""
    with exit_codes():
        if json not in (None, _STDOUT):
            _require_writable(Path(json), force=force)
        announce(ctx, KIND.keys)
        options = said.load_options(device=look.device, seed=look.seed)
        asked = Asked(options, said.typed(device=look.device))
        _show(model, asked, json, console(no_color=no_color))


@dataclass(frozen=True)
class Asked:
    """How to read the file, and the flags that said so."""

    options: LoadOptions
    typed: Mapping[str, str]


def _show(model: Path, asked: Asked, json: str | None, out: Console) -> None:
    from gancheck.errors import GancheckError
    from gancheck.inspection import inspect, look_at
    from gancheck.reporters.terminal.inspection import print_file, print_inspection
    from gancheck.reporters.writing import write

    file = look_at(model)
    try:
        found = inspect(file, asked.options, asked.typed)
    except GancheckError:
        if json != _STDOUT:
            print_file(file, out)  # what can be said of it helps with the flag that is missing
        raise
    text = encoding.dumps(found.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    if json == _STDOUT:
        typer.echo(text)
        return
    if json is not None:
        write(text + "\n", Path(json), force=True)
    print_inspection(found, out)


def _require_writable(target: Path, *, force: bool) -> None:
    """Refuse a file that holds anything but an earlier inspection.

    Raises:
        OutputError: It does, or cannot be written.
    """
    from gancheck.reporters.writing import require_writable

    require_writable(target, force=force or _is_inspection(target))


def _is_inspection(path: Path) -> bool:
    try:
        found = encoding.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"schema", "inspected", "versions"} <= found.keys()
