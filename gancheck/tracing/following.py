"""A training that is still running: checkpoints as they appear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gancheck.tracing.steps import Found, NothingFound, find

POLL = 2.0
"""Seconds between two looks; a file that is the same in both has been written whole."""


def follow(
    sources: Sequence[str | Path],
    *,
    idle: float | None = None,
    poll: float = POLL,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Found]:
    """Yield checkpoints as they appear, each once it does not change any more.

    Args:
        sources: As for `gancheck.tracing.steps.find`; they may be empty at first.
        idle: Seconds without a new checkpoint after which to end; None goes on for ever.
        poll: Seconds between two looks.
        wait: Waits for that long.
    """
    done: set[Path] = set()
    seen: dict[Path, tuple[int, int]] = {}
    quiet = 0.0
    while idle is None or quiet < idle:
        there = [one for one in patient(sources) if one.path.exists() and not _is_bare(one.path)]
        fresh = [one for one in there if one.path not in done]
        sizes = {one.path: _state(one.path) for one in fresh}
        settled = [one for one in fresh if sizes[one.path] == seen.get(one.path)]
        grows, seen = any(sizes[path] != seen.get(path) for path in sizes), sizes
        for one in settled:
            done.add(one.path)
            yield one
        quiet = 0.0 if settled or grows else quiet + poll
        wait(poll)


def patient(sources: Sequence[str | Path], *, waiting: bool = True) -> tuple[Found, ...]:
    """Find what is there; while waiting, a pattern that matches nothing yet may do so later.

    Raises:
        UsageError: As for `gancheck.tracing.steps.find`.
    """
    try:
        return find(sources)
    except NothingFound:
        if waiting:
            return ()
        raise


def _is_bare(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _state(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return (-1, -1)
    return about.st_size, about.st_mtime_ns
