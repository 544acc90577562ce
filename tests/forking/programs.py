"""The programs: to be started, signalled and waited for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
_WAIT = 60.0


@dataclass(frozen=True)
class Interpreter:
    """The warm interpreter that programs are forked from.

    Attributes:
        process: It.
        scratch: Folder of what the programs print.
    """

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

    def file(self, kind: str) -> Path:
        """Return a new file to print to."""
        path = self.scratch / f"{time.monotonic_ns()}.{kind}"
        path.touch()
        return path


@dataclass(frozen=True)
class Program:
    """A program that runs.

    Attributes:
        pid: Its process, leader of a group.
        stdout: What it writes to stdout.
        stderr: What it writes to stderr.
    """

    pid: int
    stdout: Path
    stderr: Path
    server: Interpreter = field(repr=False)

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

    def interrupt(self) -> None:
        """Press Ctrl-C, which a terminal sends to the whole group."""
        os.killpg(self.pid, signal.SIGINT)

    def children(self) -> list[int]:
        """Return the processes that it started."""
        return children_of(self.pid)

    def lives(self) -> bool:
        """Tell whether it still runs."""
        return parent_of(self.pid) is not None


@contextmanager
def interpreting(module: str) -> Iterator[subprocess.Popen[str]]:
    """Start an interpreter that runs a module, and end it with all that it started."""
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", module],  # unbuffered, as in containers
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    process.stdout.readline()
    try:
        yield process
    finally:
        for child in children_of(process.pid):
            with suppress(ProcessLookupError):
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
