"""``gancheck cache``."""

from __future__ import annotations

import json as encoding
from collections.abc import Iterable
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from gancheck.cli.examples import Example, epilog
from gancheck.cli.session import exit_codes

if TYPE_CHECKING:
    from gancheck.cache import Contents
    from gancheck.types.words import JSON

HELP = (
    "Show what is kept between runs, or remove it.\n\n"
    "Kept are prepared references, the features of training and held-out sets, and checkpoints "
    "that a trace measured, found again by the content of their files. What was not used for "
    "longest goes first when there is too much. Nothing depends on it but time. "
    "GANCHECK_CACHE_DIR names another folder."
)
EPILOG = epilog(
    Example("gancheck cache info", "Say where it lies, how much there is, and how old."),
    Example("gancheck cache clear", "Remove what gancheck wrote there, and nothing else."),
)
KIND = TyperCommand
_SCHEMA = 1


class Action(str, Enum):
    """What can be done with the cache."""

    INFO = "info"
    CLEAR = "clear"


def command(
    action: Annotated[
        Action, typer.Argument(metavar="ACTION", help="info, or clear.", show_default=True)
    ] = Action.INFO,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read the cache, empty it if asked, and tell what was there."""
    from gancheck import cache

    with exit_codes():
        found = _cleared() if action is Action.CLEAR else cache.contents()
        if json:
            typer.echo(_as_json(action, found))
        else:
            typer.echo("\n".join([str(cache.root()), *(_line(action, kind) for kind in found)]))


def _cleared() -> tuple[Contents, ...]:
    """Remove everything.

    Raises:
        OutputError: A file cannot be removed.
    """
    from gancheck import cache
    from gancheck.errors import OutputError

    try:
        return cache.clear()
    except OSError as error:
        raise OutputError(
            f"cannot remove {error.filename}: {error.strerror or error}",
            "Whoever owns the folder can.",
        ) from error


def _line(action: Action, found: Contents) -> str:
    number = f"{found.count:,} {'file' if found.count == 1 else 'files'}"
    if action is Action.CLEAR:
        return f"  {found.kind:<12} {number} removed, {_size(found.size)}"
    used = "" if found.oldest is None else f"   oldest used {_day(found.oldest)}"
    most = f"{_size(found.size)} of at most {_size(found.limit)}"
    return f"  {found.kind:<12} {number:<10} {most}{used}"


def _as_json(action: Action, found: Iterable[Contents]) -> str:
    from gancheck import cache

    kinds: dict[str, JSON] = {
        kind.kind: {
            "folder": str(kind.folder),
            "files": kind.count,
            "bytes": kind.size,
            "limit_bytes": kind.limit,
            "oldest_used": None if kind.oldest is None else _day(kind.oldest),
        }
        for kind in found
    }
    shown = {
        "schema": _SCHEMA,
        "folder": str(cache.root()),
        "removed": action is Action.CLEAR,
        "kinds": kinds,
    }
    return encoding.dumps(shown, indent=1, ensure_ascii=False)


def _size(count: int) -> str:
    """Write a number of bytes in powers of 1,024, like the limit."""
    for power, unit in ((3, "GiB"), (2, "MiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{-(-count // 1024)} KiB"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
