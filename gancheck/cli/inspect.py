"""``gancheck inspect``."""

from __future__ import annotations

import json as encoding
from pathlib import Path
from typing import Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.session import console, exit_codes

HELP = (
    "Show what a file is and how it would be read, without a diagnosis.\n\n"
    "Prints the format, the tensors, what was chosen and why, how the generator is called, what "
    "its output looks like, and what the audit of a few hundred latents found; ends with the "
    "command to run next. Sets of samples and prepared references are described as well.\n\n"
    "Options are those of gancheck diagnose."
)
_STDOUT = "-"


def command(
    model: flags.Model,
    latent_dim: flags.LatentDim = None,
    latent_law: flags.LatentLaw = None,
    classes: flags.Classes = None,
    truncation: flags.Truncation = None,
    arch: flags.Arch = None,
    arch_args: flags.ArchArgs = None,
    key: flags.Key = None,
    output_range: flags.OutputRange = "auto",
    output_shape: flags.OutputShape = None,
    trust: flags.Trust = False,
    isolate: flags.Isolate = None,
    seed: flags.Seed = 0,
    device: flags.Device = "auto",
    json: Annotated[
        str | None,
        typer.Option(help="Write JSON to this path, - for stdout.", rich_help_panel=flags.OUT),
    ] = None,
    force: flags.Force = False,
    no_color: flags.NoColor = False,
) -> None:
    """Look at the file, load it, print what was found."""
    with exit_codes():
        said = flags.ModelFlags(
            latent_dim=latent_dim,
            latent_law=latent_law,
            classes=classes,
            truncation=truncation,
            arch=arch,
            arch_args=arch_args,
            key=key,
            output_range=output_range,
            output_shape=output_shape,
            trust=trust,
            isolate=isolate,
            device=device,
            seed=seed,
        )
        if json not in (None, _STDOUT):
            _require_writable(Path(json), force=force)
        _show(model, said, json, no_color=no_color, force=force)


def _show(
    model: Path, said: flags.ModelFlags, json: str | None, *, no_color: bool, force: bool
) -> None:
    from gancheck.errors import GancheckError
    from gancheck.inspection import inspect, look_at
    from gancheck.reporters.terminal.inspection import print_file, print_inspection
    from gancheck.reporters.writing import write

    out = console(no_color=no_color)
    options, file = said.load_options(), look_at(model)
    try:
        found = inspect(file, options, said.typed())
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
