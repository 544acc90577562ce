"""Ranks to be started; see `crew.server`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forking.programs import Interpreter, Program, interpreting


class Server(Interpreter):
    """What ranks are started from."""

    def start(
        self,
        size: int,
        folder: Path,
        *arguments: object,
        program: str = "",
        without: tuple[str, ...] = (),
        missing: int = 0,
        **environment: str,
    ) -> list[Program]:
        """Start the ranks of a crew.

        Args:
            size: How many.
            folder: Where they run.
            arguments: What is typed after ``gancheck``.
            program: Function of `crew.programs` to run instead.
            without: Analyzers to leave out.
            missing: How many of the last ranks are not started.
            environment: Variables to set for all.
        """
        known = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        ranks = []
        for rank in range(size - missing):
            out, err = self.file("stdout"), self.file("stderr")
            own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            asked = {
                "arguments": [str(one) for one in arguments],
                "program": program,
                "without": without,
                "cwd": str(folder),
                "environment": {**known, **own, **environment},
                "stdout": str(out),
                "stderr": str(err),
            }
            ranks.append(Program(self.ask(asked)["pid"], out, err, self))
        return ranks


@contextmanager
def serving(scratch: Path) -> Iterator[Server]:
    """Start a server, and end it with all that it started."""
    with interpreting("crew.server") as process:
        yield Server(process, scratch)


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
