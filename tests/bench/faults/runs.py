"""Programs to be killed: start them, send them signals, see what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[2]
_WAIT = 60.0


@dataclass(frozen=True)
class Run:
    """A program that runs.

    Attributes:
        pid: Its process, leader of a group.
        stdout: What it writes to stdout.
        stderr: What it writes to stderr.
    """

    pid: int
    stdout: Path
    stderr: Path
    server: Server = field(repr=False)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def interrupt(self) -> None:
        """Press Ctrl-C, which a terminal sends to the whole group."""
        os.killpg(self.pid, signal.SIGINT)

    def code(self) -> int:
        """Wait for its end; a signal that ended it counts below zero."""
        return int(self.server.ask({"wait": self.pid})["code"])

    def said(self) -> str:
        """Return what it wrote to stderr."""
        return self.stderr.read_text()

    def children(self) -> list[int]:
        """Return the processes that it started."""
        return children_of(self.pid)


@dataclass(frozen=True)
class Server:
    """The warm interpreter that programs are forked from, see `bench.faults.server`."""

    process: subprocess.Popen[str]
    scratch: Path

    def ask(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Send a line, return the answer."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("no pipes")
        self.process.stdin.write(json.dumps(facts) + "\n")
        self.process.stdin.flush()
        answered: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answered

    def start(
        self,
        folder: Path,
        *arguments: object,
        most_bytes: int | None = None,
        stdout: Path | None = None,
        without: tuple[str, ...] = (),
        **environment: str,
    ) -> Run:
        """Start ``gancheck`` in a folder.

        Args:
            folder: Where it runs.
            arguments: What is typed after ``gancheck``.
            most_bytes: Length that no file may exceed: the disk is full there.
            stdout: Where it writes to, instead of a file of its own.
            without: Analyzers to leave out, where time counts and they do not.
            environment: Variables to set.
        """
        number = time.monotonic_ns()
        out, err = stdout or self.scratch / f"{number}.out", self.scratch / f"{number}.err"
        asked = {
            "arguments": [str(one) for one in arguments],
            "cwd": str(folder),
            "environment": environment,
            "stdout": str(out),
            "stderr": str(err),
            "most_bytes": most_bytes,
            "without": without,
        }
        return Run(self.ask(asked)["pid"], out, err, self)


@contextmanager
def serving(scratch: Path) -> Iterator[Server]:
    """Start a server, and end it with all that it started."""
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bench.faults.server"],  # unbuffered, as in containers
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
        for child in children_of(process.pid):
            os.killpg(child, signal.SIGKILL)
        process.stdin.close()
        process.wait(_WAIT)
        process.stdout.close()


def children_of(pid: int) -> list[int]:
    """Return the children of a process that still live."""
    known = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [one for one in known if parent_of(one) == pid]


def parent_of(pid: int) -> int | None:
    """Return the parent of a process, None where it lives no more."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent = text.rpartition(")")[2].split()[:2]
    return None if state in "ZX" else int(parent)


def until(condition: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it.

    Raises:
        TimeoutError: It does not come true.
    """
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.005)
    raise TimeoutError("it did not come true")


def parts(*folders: Path) -> list[Path]:
    """List what is half-written in some folders."""
    return [path for folder in folders for path in folder.rglob("*.part")]
