"""Send damaged files to a worker process, and start another one when a file kills it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.seeds import Format

MOST_SECONDS = 20.0
PATIENCE = 60.0  # on the clock; other programs may use the processor at the same time
MOST_MEGABYTES = 2048.0
_FILES_EACH = 1000  # what native code leaks adds up, and is not what is looked for
_TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finding:
    """One file that did what no file may do."""

    origin: str
    path: Path
    what: str


@dataclass
class Tally:
    """What became of the files of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: float = 0.0

    def add(self, answer: dict[str, Any], origin: str, path: Path) -> None:
        """Count one file, and keep it where it is a finding."""
        self.seconds = max(self.seconds, answer.get("seconds", 0.0))
        self.megabytes = max(self.megabytes, answer.get("megabytes", 0.0))
        outcome = answer["outcome"]
        if answer.get("seconds", 0.0) > MOST_SECONDS:
            outcome = "slow"
        if answer.get("megabytes", 0.0) > MOST_MEGABYTES:
            outcome = "memory"
        self.outcomes[outcome] += 1
        if outcome not in ("ok", "refused"):
            self.findings.append(Finding(origin, path, f"{outcome}: {answer['detail']}"))
        else:
            path.unlink()


class Worker:
    """A process that reads file after file."""

    def __init__(self) -> None:
        self.process = self._start()
        self.served = 0

    def ask(self, kind: Format, path: Path) -> dict[str, Any]:
        """Return what became of a file; a dead or silent worker is an outcome as well."""
        if self.served >= _FILES_EACH:
            self.close()
            self.process, self.served = self._start(), 0
        self.served += 1
        assert self.process.stdin is not None
        request = {"reader": kind.reader, "options": dict(kind.options), "path": str(path)}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self._line(PATIENCE)
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        silent = self.process.poll() is None and line is None
        self.close()
        code = self.process.returncode
        name = signal.Signals(-code).name if code < 0 else f"code {code}"
        self.process, self.served = self._start(), 0
        if silent:
            return {"outcome": "slow", "detail": f"no answer within {PATIENCE:g} s"}
        return {"outcome": "crash", "detail": name}

    def close(self) -> None:
        """End the process."""
        if self.process.poll() is None:
            try:
                self.process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(_TESTS), "OMP_NUM_THREADS": "1"},
        )
        if self._line(10 * PATIENCE) != "ready\n":
            raise RuntimeError("the worker does not start")
        return self.process

    def _line(self, seconds: float) -> str | None:
        """Return the next line, an empty one at the end of the stream, None after that time."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return None
        return self.process.stdout.readline()


def run(kind: Format, files: Iterable[tuple[str, bytes]], folder: Path, worker: Worker) -> Tally:
    """Have every file read; those that are findings stay in the folder."""
    tally = Tally()
    for number, (origin, content) in enumerate(files):
        path = folder / f"{number:06d}.mutant"
        path.write_bytes(content)
        tally.add(worker.ask(kind, path), origin, path)
    return tally
