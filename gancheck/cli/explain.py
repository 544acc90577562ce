"""``gancheck explain``."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from gancheck.cli.session import exit_codes

HELP = """Explain an analyzer: what it measures, when it misleads, what to do."""


def command(
    name: Annotated[
        str | None, typer.Argument(help="Analyzer, such as modes; lists all without a name.")
    ] = None,
) -> None:
    """Print the documentation of one analyzer, or one line about each."""
    with exit_codes():
        from gancheck.analyzers import ANALYZERS

        if name is None:
            for known, analyzer in ANALYZERS:
                typer.echo(f"{known:<14} {(inspect.getdoc(analyzer) or '').splitlines()[0]}")
            return
        typer.echo(inspect.getdoc(ANALYZERS.get(name)))
