"""Ranks to be started, waited for and killed; see `crew.server`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.faults.runs import TESTS, parent_of


@dataclass(frozen=True)
class Rank:
    """A process of a crew, leader of a group, and the files that it writes to."""

    pid: int
    stdout: Path
    stderr: Path
    server: Server = field(repr=False)

    def code(self) -> int:
        """Wait for its end; a signal that ended it counts below zero."""
        return int(self.server.ask({"wait": self.pid})["code"])

    def said(self) -> str:
        """Return what it wrote to stderr."""
        return self.stderr.read_text()

    def printed(self) -> str:
        """Return what it wrote to stdout."""
        return self.stdout.read_text()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def lives(self) -> bool:
        """Tell whether it still runs."""
        return parent_of(self.pid) is not None


@dataclass(frozen=True)
class Server:
    """The warm interpreter that ranks are forked from."""

    process: subprocess.Popen[str]
    scratch: Path
    started: list[int] = field(default_factory=list)

    def ask(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Send a line, return the answer."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("no pipes")
        self.process.stdin.write(json.dumps(facts) + "\n")
        self.process.stdin.flush()
        answered: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answered

    def start(
        self,
        size: int,
        folder: Path,
        *arguments: object,
        program: str = "",
        without: tuple[str, ...] = (),
        missing: int = 0,
        **environment: str,
    ) -> list[Rank]:
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
            number = time.monotonic_ns()
            files = {name: str(self.scratch / f"{number}.{name}") for name in ("stdout", "stderr")}
            for name in files.values():
                Path(name).touch()
            own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            asked = {
                "arguments": [str(one) for one in arguments],
                "program": program,
                "without": without,
                "cwd": str(folder),
                "environment": {**known, **own, **environment},
                **files,
            }
            pid = int(self.ask(asked)["pid"])
            self.started.append(pid)
            ranks.append(Rank(pid, Path(files["stdout"]), Path(files["stderr"]), self))
        return ranks


@contextmanager
def serving(scratch: Path) -> Iterator[Server]:
    """Start a server, and end it with all that it started."""
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "crew.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        text=True,
    )
    server = Server(process, scratch)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    process.stdout.readline()
    try:
        yield server
    finally:
        for pid in server.started:
            with suppress(ProcessLookupError):
                if parent_of(pid) == process.pid:
                    os.killpg(pid, signal.SIGKILL)
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
