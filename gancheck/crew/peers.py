"""Which process each rank is, and whether those on this machine still live."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gancheck import __version__


@dataclass(frozen=True)
class Peer:
    """A process of the crew.

    Attributes:
        rank: Its number.
        host: Name of its machine.
        pid: Its number there.
        version: Version of gancheck that it runs.
    """

    rank: int
    host: str
    pid: int
    version: str

    @classmethod
    def me(cls, rank: int) -> Peer:
        """Describe this process."""
        return cls(rank, socket.gethostname(), os.getpid(), __version__)

    @classmethod
    def read(cls, content: bytes) -> Peer:
        """Read what `written` returned."""
        return cls(**json.loads(content))

    def written(self) -> str:
        """Write it down for the others."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        return f"rank {self.rank} (process {self.pid} on {self.host})"

    def is_gone(self) -> bool:
        """Tell whether it lives no more; of those on other machines that is not known."""
        return self.host == socket.gethostname() and not _lives(self.pid)


def first_gone(peers: Sequence[Peer]) -> Peer | None:
    """Return the first of some processes that lives no more."""
    return next((peer for peer in peers if peer.is_gone()), None)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] not in "ZX"
