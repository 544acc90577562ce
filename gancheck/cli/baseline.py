"""``gancheck baseline``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.examples import Example, epilog
from gancheck.cli.gate import refuse_flags
from gancheck.cli.groups import expanded
from gancheck.cli.outputs import Outputs
from gancheck.cli.session import ProgressBar, exit_codes
from gancheck.cli.sources import Configured, announce, command_line
from gancheck.cli.subjects import STDIN, stem, stored_report
from gancheck.config import SETTINGS
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.types import Diagnosis

HELP = (
    "Write a small report for later gates to compare with.\n\n"
    "SUBJECT is a model or samples, which are diagnosed, or the .json of a run, which is only made "
    "smaller. Keep the file under version control. A later gate has to use the same number of "
    "samples, seed, view and reference: a prepared reference (gancheck prepare) keeps both view "
    "and reference the same."
)
EPILOG = epilog(
    Example(
        "gancheck baseline model.pt -r data.gcref",
        "Diagnose a model and write model.baseline.json.",
    ),
    Example(
        "gancheck baseline model.gancheck.json -o ci/main.json",
        "Make a stored report small; nothing is run.",
    ),
)
KIND = Configured


@expanded
def command(
    ctx: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="Model or samples, or a report (.json, - for stdin)."
        ),
    ],
    said: flags.DiagnosisFlags,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; <stem>.baseline.json here by default.",
            rich_help_panel=flags.OUT,
        ),
    ] = None,
    force: flags.Force = False,
) -> None:
    """Diagnose, or read; write what gates need; say what to do next."""
    with exit_codes():
        target = output or Path(f"{stem(subject)}.baseline.json")
        _require_apart(target, subject)
        stored = stored_report(subject)
        if stored is not None:
            refuse_flags(ctx, subject)
        outputs = Outputs(html=None, json=str(target), force=force)
        outputs.require_writable()
        announce(ctx, () if stored is not None else SETTINGS)
        if stored is not None:
            diagnosis = stored.diagnosis
        else:
            diagnosis = outputs.named(_diagnosed(Path(subject), said), command_line(ctx))
        _write(diagnosis, target)
        typer.echo(_next(diagnosis, subject if stored is None else "MODEL", target))


def _require_apart(target: Path, subject: str) -> None:
    if subject != STDIN and target.resolve() == Path(subject).resolve():
        raise UsageError(f"the baseline would replace {target}", "Name another file with --output.")


def _diagnosed(model: Path, said: flags.DiagnosisFlags) -> Diagnosis:
    from gancheck.pipeline import diagnose

    settings = said.settings("none")
    with ProgressBar(quiet=False) as bar:
        return diagnose(model, said.data.reference, settings, listener=bar)


def _write(diagnosis: Diagnosis, target: Path) -> None:
    from gancheck.gate import slim
    from gancheck.reporters.json import Json
    from gancheck.reporters.writing import write
    from gancheck.stored import as_stored

    write(Json().render(as_stored(slim(diagnosis))), target, force=True)


def _next(diagnosis: Diagnosis, model: str, target: Path) -> str:
    """Say what was written, and the command that compares with it."""
    reference = diagnosis.settings.get("reference")
    named = f" -r {shlex.quote(str(reference))}" if reference else ""
    against = f"--baseline {shlex.quote(str(target))} --max-drop 0.03"
    size = target.stat().st_size / 1000
    lines = [
        f"wrote  {target} ({size:,.0f} kB): keep it under version control",
        f"next   gancheck gate {shlex.quote(model)}{named} {against}",
    ]
    if reference and not str(reference).endswith(".gcref"):
        lines.append(
            f"note   gancheck prepare {shlex.quote(str(reference))} makes a reference that stays "
            "the same everywhere"
        )
    return "\n".join(lines)
