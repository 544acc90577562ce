"""The command line: one module a command. Importing it imports neither torch nor numpy."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gancheck import __version__
from gancheck.cli import cuts, demo, diagnose, explain, export_help, inspect, prepare, report

app = typer.Typer(
    name="gancheck",
    help="Diagnose collapse in trained generators, with evidence and error bars.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("diagnose", help=diagnose.HELP)(diagnose.command)
app.command("cuts", help=cuts.HELP)(cuts.command)
app.command("inspect", help=inspect.HELP)(inspect.command)
app.command("prepare", help=prepare.HELP)(prepare.command)
app.command("demo", help=demo.HELP)(demo.command)
app.command("export-help", help=export_help.HELP)(export_help.command)
app.command("report", help=report.HELP)(report.command)
app.command("explain", help=explain.HELP)(explain.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gancheck {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Diagnose collapse in trained generators, with evidence and error bars."""


def main() -> None:
    """Run the command line; exits with a code of `gancheck.errors.ExitCode`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
