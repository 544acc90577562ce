"""A crew of processes that torch.distributed connects, on one machine or several.

Everything goes through gloo, also where the work is done on GPUs: what is sent are arrays of the
host, few and large, and gloo needs no device. Who waits for another rank does so in a thread of its
own, so that signals are heard meanwhile.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from gancheck.crew.interface import Alone, P, R, S, working_with
from gancheck.crew.messages import Answer, attempted, portable, read, written
from gancheck.crew.peers import Peer, first_gone
from gancheck.errors import ExitCode, RankLost

if TYPE_CHECKING:
    import torch

_LONG = timedelta(days=365)  # how long a part may take; who is gone is noticed at once
_GRACE = 5.0  # seconds in which the others may finish what they do when the run ends early
_ENDED, _TOLD = "ended", "told"
STOP = None


class Store(Protocol):
    """Short notes that every rank sees; torch.distributed keeps them."""

    def set(self, key: str, value: str) -> None:
        """Write one."""

    def check(self, keys: list[str]) -> bool:
        """Tell whether all of some are there."""


@dataclass(frozen=True)
class Joined:
    """This process in the crew.

    Attributes:
        rank: Its number.
        peers: All processes, this one included, by rank.
        store: Notes that all see.
    """

    rank: int
    peers: Sequence[Peer]
    store: Store

    @property
    def others(self) -> list[Peer]:
        """All other processes."""
        return [peer for peer in self.peers if peer.rank != self.rank]

    def noted(self, key: str) -> bool:
        """Tell whether a note is there; False where nobody keeps notes any more."""
        try:
            return self.store.check([key])
        except RuntimeError:
            return False

    def note(self, key: str) -> None:
        """Write a note, unless nobody keeps them any more."""
        with contextlib.suppress(RuntimeError):
            self.store.set(key, "1")


class Processes:
    """The crew as rank 0 has it."""

    def __init__(self, joined: Joined) -> None:
        self.size = len(joined.peers)
        self._joined = joined
        self._lines = [threading.Lock() for _ in joined.peers]  # one who talks to a rank at a time
        self._broken = False
        self._answers: SimpleQueue[tuple[int, Answer | RuntimeError]] = SimpleQueue()

    def run(self, task: Callable[[S, P], R], shared: S, parts: Sequence[P]) -> list[R]:
        """Do a task for each part; see `gancheck.crew.Crew`."""
        common = written((task, shared))
        for rank in range(1, len(parts)):
            _begin(self._ask, rank, common, written(parts[rank]))
        with working_with(Alone()):
            found = {0: attempted(task, shared, parts[0])}
        while len(found) < len(parts):
            rank, answer = self._answers.get()
            if isinstance(answer, RuntimeError):
                raise self._gone(rank) from answer
            found[rank] = answer
        return [found[rank].opened() for rank in range(len(parts))]

    def lost(self) -> str | None:
        """Name a rank on this machine that is gone, None where it was told to go."""
        peer = first_gone(self._joined.others)
        return None if peer is None or self._joined.noted(_TOLD) else str(peer)

    def dismiss(self) -> None:
        """Tell the others that the run has ended; those that still work may finish for a while."""
        self._joined.note(_ENDED)
        if self._broken:
            return
        end = time.monotonic() + _GRACE
        for thread in [_begin(self._stop, peer.rank) for peer in self._joined.others]:
            thread.join(max(0.0, end - time.monotonic()))

    def _ask(self, rank: int, common: memoryview, part: memoryview) -> None:
        answer: Answer | RuntimeError
        try:
            with self._lines[rank]:
                send(rank, common)
                send(rank, part)
                answer = read(receive(rank))
        except RuntimeError as error:
            answer = error
        self._answers.put((rank, answer))

    def _stop(self, rank: int) -> None:
        """Say stop as soon as the rank is done with what it does."""
        with contextlib.suppress(RuntimeError), self._lines[rank]:
            send(rank, written(STOP))

    def _gone(self, rank: int) -> RankLost:
        """Say who is gone; whoever started the ranks will now end them, and need not be heard."""
        self._broken = True
        ignore_termination()
        return RankLost.of(str(self._joined.peers[rank]))


def serve(joined: Joined) -> int:
    """Do tasks for rank 0 until it says stop, and return the exit code of this process."""

    def told(_signal: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Told

    warnings.simplefilter("ignore")  # rank 0 has said it
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 hears it too, and says stop
        signal.signal(signal.SIGTERM, told)
        return _serve(joined)
    except _Told:
        if first_gone(joined.others) is not None:
            return ExitCode.COULD_NOT_RUN
        joined.note(_TOLD)
        return ExitCode.TERMINATED


class _Told(BaseException):
    """Somebody asked this process to end."""


def _serve(joined: Joined) -> int:
    try:
        while (message := _waited(_heard)) is not STOP:
            task, shared = message
            answer = portable(attempted(task, shared, _waited(_heard)), joined.rank)
            _waited(partial(send, 0, written(answer)))
    except _Closed as error:
        if not joined.noted(_ENDED):
            raise RankLost.of(str(joined.peers[0])) from error
    return ExitCode.OK


def _heard() -> Any:
    """Wait for what rank 0 says."""
    return read(receive(0))


class _Closed(Exception):  # noqa: N818 - a state of affairs
    """The connection to rank 0 is closed."""


def _waited(work: Callable[[], Any]) -> Any:
    """Send or receive, in such a way that signals are heard meanwhile."""
    results: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()

    def do() -> None:
        try:
            results.put((work(), None))
        except RuntimeError as error:
            results.put((None, _Closed(str(error))))
        except Exception as error:
            results.put((None, error))

    _begin(do)
    value, error = results.get()
    if error is not None:
        raise error
    return value


def _begin(work: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def send(rank: int, content: memoryview) -> None:
    """Send bytes to a rank.

    Raises:
        RuntimeError: It is gone.
    """
    import torch

    body = torch.frombuffer(content, dtype=torch.uint8)
    _pass("isend", torch.tensor([len(body)]), rank)
    _pass("isend", body, rank)


def receive(rank: int) -> memoryview:
    """Wait for bytes from a rank.

    Raises:
        RuntimeError: It is gone.
    """
    import torch

    length = torch.zeros(1, dtype=torch.int64)
    _pass("irecv", length, rank)
    body = torch.empty(int(length), dtype=torch.uint8)
    _pass("irecv", body, rank)
    return body.numpy().data


def _pass(way: str, tensor: torch.Tensor, rank: int) -> None:
    from torch import distributed

    work = getattr(distributed, way)(tensor, rank)
    if work is None:
        raise RuntimeError(f"rank {rank} is not in this crew")
    work.wait(_LONG)


def ignore_termination() -> None:
    """Hear SIGTERM no more, where this thread may say so."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
