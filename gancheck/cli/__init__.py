"""The command line: one module a command. Importing it imports neither torch nor numpy."""

from __future__ import annotations

import gc
import io
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "main"]

_INTERRUPTED = 130
_COMPLETING = "_GANCHECK_COMPLETE"  # set by the shell, or by python -m
_OBJECTS = 20_000  # between two searches for cycles; more of them only slow the start


def main() -> None:
    """Run the command line; exits with a code of `gancheck.errors.ExitCode`."""
    gc.set_threshold(_OBJECTS)
    sys.stdout, sys.stderr = _lossless(sys.stdout), _lossless(sys.stderr)
    try:
        from gancheck.cli.application import program

        app = program(sys.argv[1:], completing=_COMPLETING in os.environ)
    except KeyboardInterrupt:  # while modules are read; later the commands see to it
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)
    app()


def _lossless(stream: TextIO) -> TextIO:
    """Return a stream that takes any text, and all of it or fails.

    One without a buffer (PYTHONUNBUFFERED) drops what a full disk does not take, and says nothing.
    """
    below = getattr(stream, "buffer", None)
    if isinstance(below, io.RawIOBase):
        whole = io.BufferedWriter(below)
        return io.TextIOWrapper(whole, stream.encoding, "replace", line_buffering=True)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


@cache
def _whole() -> typer.Typer:
    from gancheck.cli.application import application

    return application()


def __getattr__(name: str) -> typer.Typer:
    """Build the program with all its commands when somebody asks for it."""
    if name == "app":
        return _whole()
    raise AttributeError(f"module 'gancheck.cli' has no attribute {name!r}")
