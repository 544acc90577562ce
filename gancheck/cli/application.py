"""The program as the option parser knows it: its commands, and the options before them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from gancheck import __version__
from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import exit_codes

COMMANDS = {
    "diagnose": "Diagnose a generator file, or a set of its samples.",
    "gate": "Pass or fail: hold a report, or a model, against limits and a baseline.",
    "baseline": "Write a small report for later gates to compare with.",
    "trace": "Follow a training through its checkpoints.",
    "cuts": "Show where the latent space of a generator is cut.",
    "inspect": "Show what a file is and how it would be read, without a diagnosis.",
    "prepare": "Prepare reference data once, for many diagnoses.",
    "demo": "Diagnose the shipped example: a GAN trained on handwritten digits that collapsed.",
    "export-help": "Print how to bring the generator of a popular repository to gancheck.",
    "compare": "Say what B lost and gained against A, and whether it is better or worse.",
    "report": "Render stored reports again, or put several side by side.",
    "explain": "Explain an analyzer (what it measures, when it misleads, what to do) or a "
    "condition (its usual causes, and what to try: why, by which paper, and what it did in our "
    "own trainings).",
    "plugins": "List what installed plugins bring: name, kind, origin, version, settings.",
    "config": "Show every setting, its value, and where it came from.",
    "cache": "Show what is kept between runs, or remove it.",
}
"""What each command does; each is a module of this folder, with underscores for dashes."""

HELP = (
    "Diagnose collapse in trained generators, with evidence and error bars.\n\n"
    "Exit codes: 0 done, and the gate passed if there was one; 1 the gate failed; 2 could not run; "
    "70 a bug in gancheck; 130 interrupted; 143 ended by SIGTERM."
)
EPILOG = epilog(
    Example("gancheck demo", "Diagnose the example: a collapsed generator of digits."),
    Example("gancheck diagnose model.pt -r data/", "Diagnose your own."),
    Example("gancheck gate model.gancheck.json --min diversity=0.8", "Pass or fail."),
    Example("gancheck --install-completion", "Let the shell complete options and names."),
)


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the program with these commands; only their modules are imported."""
    app = _bare()
    for name in names:
        module = importlib.import_module(f"gancheck.cli.{name.replace('-', '_')}")
        app.command(name, help=module.HELP, epilog=module.EPILOG, cls=module.KIND)(module.command)
    return app


def overview() -> typer.Typer:
    """Return the program with what its own help tells of the commands, and none of them."""
    app = _bare()
    for name, summary in COMMANDS.items():
        app.command(name, help=summary)(_named_only)
    return app


def _named_only() -> None:
    """Stand for a command in a list."""


def _bare() -> typer.Typer:
    app = typer.Typer(
        name="gancheck",
        help=HELP,
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    return app


def program(arguments: list[str], *, completing: bool) -> typer.Typer:
    """Return as much of the program as some arguments need, which is seldom all of it.

    Args:
        arguments: What was written after the program's name.
        completing: Whether a shell asks for what may be written next.
    """
    first = arguments[0] if arguments else ""
    if first in ("", "-h", "--help", "--version") and not completing:
        return overview()
    return application([first] if first in COMMANDS and first != "config" else COMMANDS)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gancheck {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            envvar="GANCHECK_CONFIG",
            show_envvar=False,
            help="Read settings from this file, not from the nearest gancheck.toml.",
        ),
    ] = None,
    no_config: Annotated[
        bool,
        typer.Option(
            "--no-config",
            envvar="GANCHECK_NO_CONFIG",
            show_envvar=False,
            help="Read settings from no file.",
        ),
    ] = False,
) -> None:
    from gancheck.cli.sources import Wanted, chosen

    with exit_codes():
        ctx.obj = chosen(ctx, Wanted(config_file, no_config))
