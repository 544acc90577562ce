"""The command line: one module a command. Importing it imports neither torch nor numpy."""

from __future__ import annotations

import gc
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "main"]

_OBJECTS = 20_000  # between two searches for cycles; more of them only slow the start


def main() -> None:
    """Run the command line; exits with a code of `gancheck.errors.ExitCode`."""
    gc.set_threshold(_OBJECTS)
    from gancheck.cli.application import application, needed

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    application(needed(sys.argv[1:]))()


@cache
def _whole() -> typer.Typer:
    from gancheck.cli.application import application

    return application()


def __getattr__(name: str) -> typer.Typer:
    """Build the program with all its commands when somebody asks for it."""
    if name == "app":
        return _whole()
    raise AttributeError(f"module 'gancheck.cli' has no attribute {name!r}")
