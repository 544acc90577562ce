"""What a command was given: a stored report, or a model or samples to be diagnosed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gancheck.errors import LoadError

if TYPE_CHECKING:
    from gancheck.stored import Stored, StoredTrace

STDIN = "-"
_SHOWN_KEYS = 5
_HEAD = 1024  # bytes in which a JSON object has begun


def stored_report(subject: str) -> Stored | None:
    """Read the subject as a stored report; None where its content is anything else.

    A report is what begins like a JSON object: names decide nothing. ``-`` and pipes can only
    bring reports.

    Raises:
        LoadError: It does not exist, or is JSON, but no report.
    """
    path = Path(subject)
    if subject == STDIN or path.is_fifo():
        return load_report(subject)
    if not path.exists():
        raise LoadError(
            f"{subject} does not exist", "Give a generator file, samples, or a report.json."
        )
    if path.is_file() and _begins_like_json(path):
        return load_report(subject)
    return None


def load_report(name: str) -> Stored:
    """Read a report from a file or from stdin, and say what of it this version does not know.

    Raises:
        LoadError: It cannot be read, or is no report.
    """
    from gancheck import stored

    if name == STDIN:
        found = stored.decoded(sys.stdin.buffer.read(stored.LARGEST + 1), "stdin")
    else:
        found = stored.load(name)
    _say_left_out(name, found.left_out)
    return found


def load_any(name: str) -> Stored | StoredTrace:
    """Read a report on one checkpoint or on many, likewise.

    Raises:
        LoadError: It cannot be read, or is neither.
    """
    from gancheck import stored

    if name == STDIN:
        found = stored.decoded_any(sys.stdin.buffer.read(stored.LARGEST + 1), "stdin")
    else:
        found = stored.load_any(name)
    _say_left_out(name, found.left_out)
    return found


def _say_left_out(name: str, left_out: Sequence[str]) -> None:
    if not left_out:
        return
    from gancheck.reporters.wording import counted, printable

    keys = ", ".join(left_out[:_SHOWN_KEYS])
    more = len(left_out) - _SHOWN_KEYS
    said = f"{keys} and {counted(more, 'more key')}" if more > 0 else keys
    typer.echo(
        f"note: {printable(name)} was written by another version; left out: {said}", err=True
    )


def stem(subject: str) -> str:
    """Name a subject without its folder and without the endings that gancheck gives."""
    if subject == STDIN:
        return "stdin"
    path = Path(subject).resolve()
    name = path.name if path.is_dir() else path.stem
    return name.removesuffix(".gancheck").removesuffix(".baseline")


def _begins_like_json(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror or error}") from error
    return head.lstrip().startswith(b"{") and b"\0" not in head  # NULs: lengths in binary formats
