"""What the machine does to a run: it is told to end, its disk is full, its memory used up."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from gancheck.crew import current
from gancheck.errors import RankLost

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Terminated(BaseException):
    """Somebody asked the process to end. No `Exception`: nobody is to go on after it."""


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM, so that what is half done is undone on the way out.

    A second signal ends the process at once. Outside the main thread, which alone can listen to
    signals, and where SIGTERM is ignored, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    if before is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _terminate:  # nobody else has seen to it
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def cause(error: Exception) -> tuple[str, str] | None:
    """Return what the machine lacks, and what helps; None where the error is of another kind."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f" ({error.filename})" if error.filename else ""
        return (
            f"the output cannot be written: {error.strerror}{where}",
            "Free some space. --json and --html name other files, TMPDIR and GANCHECK_CACHE_DIR "
            "other folders.",
        )
    from gancheck.devices import is_out_of_memory

    if is_out_of_memory(error):
        return (
            "there is not enough memory for this run",
            "Fewer --samples need less; --max-memory refuses at once what would not fit.",
        )
    return None


def lost_rank() -> RankLost | None:
    """Return why the process was told to end, where that is a rank on this machine that is gone."""
    name = current().lost()
    return None if name is None else RankLost.of(name)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated
