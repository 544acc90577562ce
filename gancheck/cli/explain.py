"""``gancheck explain``."""

from __future__ import annotations

import difflib
import inspect
import shutil
from collections.abc import Iterator
from typing import Annotated

import typer
from typer.core import TyperCommand

from gancheck.cli import complete
from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import exit_codes
from gancheck.errors import UsageError

HELP = (
    "Explain an analyzer (what it measures, when it misleads, what to do) or a condition (its "
    "usual causes, and what to try: why, by which paper, and what it did in our own trainings)."
)

EPILOG = epilog(
    Example("gancheck explain", "List all analyzers and conditions."),
    Example("gancheck explain missing-modes", "Say what causes it, and what to do."),
)
KIND = TyperCommand
_WIDEST = 100


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Analyzer, such as modes, or condition, such as missing-modes; lists all without.",
            autocompletion=complete.explained,
        ),
    ] = None,
) -> None:
    """Print the documentation of one analyzer or condition, or one line about each."""
    with exit_codes():
        for line in _listed() if name is None else _explained(name):
            typer.echo(line)


def _listed() -> Iterator[str]:
    from gancheck.analyzers import ANALYZERS
    from gancheck.remedies import ADVICE

    yield "Analyzers:"
    for name, analyzer in ANALYZERS:
        yield f"  {name:<24} {(inspect.getdoc(analyzer) or '').splitlines()[0]}"
    yield from ("", "Conditions:")
    for condition, advice in ADVICE.items():
        yield f"  {condition.value:<24} {advice.meaning}"


def _explained(name: str) -> Iterator[str]:
    """Yield the documentation of an analyzer, or what is known of a condition.

    Raises:
        UsageError: There is neither of that name.
    """
    from gancheck.analyzers import ANALYZERS
    from gancheck.remedies import ADVICE, lines, told

    conditions = {condition.value: advice for condition, advice in ADVICE.items()}
    analyzers = ANALYZERS.names()
    if name in analyzers:
        yield inspect.getdoc(ANALYZERS.get(name)) or ""
    if name in analyzers and name in conditions:
        yield from ("", f"The condition {name}:", "")
    if name in conditions:
        yield from lines(told(conditions[name]), _width())
    if name not in analyzers and name not in conditions:
        known = list(dict.fromkeys([*analyzers, *conditions]))
        close = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"there is no analyzer and no condition called {name!r}",
            f"{guess}Known: {', '.join(known)}.",
        )


def _width() -> int:
    """Return the columns of the terminal, as far as text reads well."""
    return min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
