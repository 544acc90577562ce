"""Runs of the command line to be killed, and what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forking.programs import Interpreter, Program, interpreting


class Server(Interpreter):
    """What runs are started from, see `bench.faults.server`."""

    def start(
        self,
        folder: Path,
        *arguments: object,
        most_bytes: int | None = None,
        stdout: Path | None = None,
        without: tuple[str, ...] = (),
        **environment: str,
    ) -> Program:
        """Start ``gancheck`` in a folder.

        Args:
            folder: Where it runs.
            arguments: What is typed after ``gancheck``.
            most_bytes: Length that no file may exceed: the disk is full there.
            stdout: Where it writes to, instead of a file of its own.
            without: Analyzers to leave out, where time counts and they do not.
            environment: Variables to set.
        """
        out, err = stdout or self.file("stdout"), self.file("stderr")
        asked = {
            "arguments": [str(one) for one in arguments],
            "cwd": str(folder),
            "environment": environment,
            "stdout": str(out),
            "stderr": str(err),
            "most_bytes": most_bytes,
            "without": without,
        }
        return Program(self.ask(asked)["pid"], out, err, self)


@contextmanager
def serving(scratch: Path) -> Iterator[Server]:
    """Start a server, and end it with all that it started."""
    with interpreting("bench.faults.server") as process:
        yield Server(process, scratch)


def parts(*folders: Path) -> list[Path]:
    """List what is half-written in some folders."""
    return [path for folder in folders for path in folder.rglob("*.part")]
