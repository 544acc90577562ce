"""Where the reports of a run go."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gancheck.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.types import Diagnosis

STDOUT = "-"


@dataclass(frozen=True)
class Outputs:
    """Which reports are written, and where.

    Attributes:
        html: Path of the page, ``-`` for stdout, None for none.
        json: Path of the JSON, ``-`` for stdout, None for none.
        force: Whether to replace files that gancheck did not write.
    """

    html: str | None
    json: str | None
    force: bool = False

    @property
    def takes_stdout(self) -> bool:
        """Whether a report goes to stdout, where the terminal report would be in its way."""
        return STDOUT in (self.html, self.json)

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Both reports want stdout, or one file.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.reporters.writing import require_writable

        if self.html is not None and self.html == self.json:
            raise UsageError(f"--html and --json both go to {self.html}", "Give two paths.")
        for path in self._files().values():
            require_writable(path, force=self.force)

    def named(self, diagnosis: Diagnosis, command: str) -> Diagnosis:
        """Return the diagnosis with the command and the paths of its reports."""
        written = {form: str(path) for form, path in self._files().items()}
        settings = {**diagnosis.settings, "outputs": written, "command": command}
        return dataclasses.replace(diagnosis, settings=settings)

    def write(self, diagnosis: Diagnosis) -> None:
        """Write every report that was asked for."""
        from gancheck.reporters import REPORTERS
        from gancheck.reporters.writing import write

        for form, target in (("html", self.html), ("json", self.json)):
            if target is None:
                continue
            text = REPORTERS.get(form).render(diagnosis)
            if target == STDOUT:
                typer.echo(text)
            else:
                write(text, Path(target), force=self.force)

    def _files(self) -> dict[str, Path]:
        wanted = {"html": self.html, "json": self.json}
        return {form: Path(path) for form, path in wanted.items() if path not in (None, STDOUT)}


def planned(
    model: Path, *, html: str | None, json: str | None, no_html: bool, no_json: bool, force: bool
) -> Outputs:
    """Name the reports of a model: ``<stem>.gancheck.html`` and ``.json`` in this folder."""
    stem = model.resolve().stem if model.suffix else model.resolve().name
    for flag, off, path in (("html", no_html, html), ("json", no_json, json)):
        if off and path is not None:
            raise UsageError(f"--{flag} and --no-{flag} contradict each other")
    return Outputs(
        html=None if no_html else html or f"{stem}.gancheck.html",
        json=None if no_json else json or f"{stem}.gancheck.json",
        force=force,
    )


def print_report(
    diagnosis: Diagnosis, outputs: Outputs, out: Console, *, quiet: bool, verbose: bool
) -> None:
    """Print the terminal report, or only its verdict when quiet; nothing over another report."""
    from gancheck.reporters.terminal import print_report as print_whole
    from gancheck.reporters.terminal import print_verdict

    if outputs.takes_stdout:
        return
    if quiet:
        print_verdict(diagnosis, out)
    else:
        print_whole(diagnosis, out, verbose=verbose)
