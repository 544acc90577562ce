"""Who shares the work of a run: one process runs the program, the others only do tasks for it.

Rank 0 is the ordinary program. Where a piece of work is worth it, it asks `current` for the crew
and splits the work; without a crew it is alone and nothing changes. Only the process and the thread
that were given a crew have it: what they start is alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Protocol, TypeVar

S = TypeVar("S")
P = TypeVar("P")
R = TypeVar("R")


class Crew(Protocol):
    """Some processes that do tasks together."""

    @property
    def size(self) -> int:
        """How many they are, the one that asks included."""

    def run(self, task: Callable[[S, P], R], shared: S, parts: Sequence[P]) -> list[R]:
        """Do a task for each part, one a rank, the first part in this process.

        Args:
            task: A function of a module; while it runs there is no crew.
            shared: What every rank needs.
            parts: What each does, at most as many as there are ranks.

        Returns:
            The results in the order of the parts.

        Raises:
            RankLost: A rank is gone.
            Exception: What the first part that failed raised: errors of gancheck and lack of memory
                as what they were, others of other ranks as `RuntimeError`.
        """

    def lost(self) -> str | None:
        """Name a rank on this machine that is gone, None where all are there."""


class Alone:
    """No other process."""

    size = 1

    def run(self, task: Callable[[S, P], R], shared: S, parts: Sequence[P]) -> list[R]:
        """Do all parts here."""
        return [task(shared, part) for part in parts]

    def lost(self) -> str | None:
        """Miss nobody."""
        return None


_ALONE = Alone()
_joined: tuple[Crew, int, int] | None = None  # with the process and the thread that has it


def current() -> Crew:
    """Return the crew of this thread; it may be alone."""
    if _joined is None:
        return _ALONE
    crew, process, thread = _joined
    mine = (process, thread) == (os.getpid(), threading.get_ident())
    return crew if mine else _ALONE


C = TypeVar("C", bound=Crew)


@contextmanager
def working_with(crew: C) -> Iterator[C]:
    """Make a crew the current one of this thread."""
    global _joined
    before, _joined = _joined, (crew, os.getpid(), threading.get_ident())
    try:
        yield crew
    finally:
        _joined = before


def spans(total: int, parts: int, step: int = 1) -> list[slice]:
    """Cut rows into at most so many runs of about equal length, all but the last multiples of step.

    None is empty.
    """
    steps = -(-total // step)
    edges = [steps * part // parts * step for part in range(parts)] + [total]
    return [slice(start, stop) for start, stop in pairwise(edges) if stop > start]
