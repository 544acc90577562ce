"""Reports in the form that a path asks for: the built-in forms, and those of plugins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.reporters import Reporter
    from gancheck.types import Diagnosis

STDOUT = "-"


@dataclass(frozen=True)
class Wanted:
    """A form, and where a report goes in it: a path, or ``-``."""

    reporter: Reporter
    target: str

    def require_writable(self, *, force: bool) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.reporters.writing import require_writable

        if self.target != STDOUT:
            require_writable(Path(self.target), force=force)

    def write(self, diagnosis: Diagnosis, *, force: bool) -> None:
        """Render the diagnosis, and put it where it is to go.

        Raises:
            OutputError: The file cannot be written.
        """
        from gancheck.reporters.writing import write

        text = self.reporter.render(diagnosis)
        if self.target == STDOUT:
            typer.echo(text, nl=False)
        else:
            write(text, Path(self.target), force=force)


def wanted(text: str | None) -> Wanted | None:
    """Read ``--output``; None where nothing is asked for.

    Raises:
        UsageError: No form has that suffix or that name, or several have the suffix.
    """
    if text is None:
        return None
    from gancheck.reporters import REPORTERS

    name, _, target = text.partition(":")
    if target and name in REPORTERS.names():
        return Wanted(REPORTERS.get(name), target)
    fitting = [name for name, one in REPORTERS if text.endswith(one.suffix) and text != one.suffix]
    if len(fitting) == 1:
        return Wanted(REPORTERS.get(fitting[0]), text)
    forms = ", ".join(f"{name} ({one.suffix})" for name, one in REPORTERS)
    if fitting:
        raise UsageError(
            f"--output {text}: several forms have that suffix, {' and '.join(fitting)}",
            f"Say which: --output {fitting[0]}:{text}.",
        )
    raise UsageError(f"--output {text}: no form has that suffix", f"Known: {forms}.")
