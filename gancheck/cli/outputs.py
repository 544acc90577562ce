"""Where the reports of a run go."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gancheck.cli.flags import BUDGET, OutputFlags
from gancheck.cli.forms import STDOUT, Wanted, wanted
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.reporters.slimming import Render
    from gancheck.types import Diagnosis

_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([KMG]?)B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_LARGE_JSON = 1_000_000  # bytes from which it is said what they are spent on


@dataclass(frozen=True)
class Outputs:
    """Which reports are written, and where.

    Attributes:
        html: Path of the page, ``-`` for stdout, None for none.
        json: Path of the JSON, ``-`` for stdout, None for none.
        force: Whether to replace files that gancheck did not write.
        budget: Bytes that the page may have, as in ``--max-report-size``.
        more: One more report, in the form that was asked for; None for none.
    """

    html: str | None
    json: str | None
    force: bool = False
    budget: str = BUDGET
    more: Wanted | None = None

    @property
    def takes_stdout(self) -> bool:
        """Whether a report goes to stdout, where the terminal report would be in its way."""
        return STDOUT in self._targets.values()

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Two reports want stdout, or one file, or the budget is no size.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.reporters.writing import require_writable

        for (one, place), (other, target) in combinations(self._targets.items(), 2):
            if place == target:
                raise UsageError(f"--{one} and --{other} both go to {place}", "Give two paths.")
        page_budget(self.budget)
        for path in self._files().values():
            require_writable(path, force=self.force)

    def named(self, diagnosis: Diagnosis, command: str) -> Diagnosis:
        """Return the diagnosis with the command and the paths of its reports."""
        written = {form: str(path) for form, path in self._files().items()}
        settings = {**diagnosis.settings, "outputs": written, "command": command}
        return dataclasses.replace(diagnosis, settings=settings)

    def write(self, diagnosis: Diagnosis) -> None:
        """Write every report that was asked for; the page is drawn from what the JSON holds.

        Raises:
            OutputError: A file cannot be written, or the page does not fit into its budget.
        """
        from gancheck.reporters import REPORTERS
        from gancheck.stored import as_stored

        known = as_stored(diagnosis)
        if self.json is not None:
            text = REPORTERS.get("json").render(known)
            _put(text, self.json, force=self.force)
            _say_if_large(self.json, text, known)
        if self.html is not None:
            write_page([known], single_page, self.html, budget=self.budget, force=self.force)
        if self.more is not None:
            self.more.write(known, force=self.force)

    @property
    def _targets(self) -> dict[str, str]:
        """Where each report goes, by its flag."""
        more = None if self.more is None else self.more.target
        places = {"html": self.html, "json": self.json, "output": more}
        return {flag: place for flag, place in places.items() if place is not None}

    def _files(self) -> dict[str, Path]:
        return {flag: Path(place) for flag, place in self._targets.items() if place != STDOUT}


def page_budget(text: str) -> int:
    """Read ``--max-report-size`` as bytes; a kilobyte has 1,000 of them.

    Raises:
        UsageError: It is not a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise UsageError(f"--max-report-size {text!r} is not a size", "Write it like 6M or 500K.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def write_page(
    diagnoses: Sequence[Diagnosis], render: Render, target: str, *, budget: str, force: bool
) -> int:
    """Write a page that fits its budget, say what was left out of it, and return its bytes.

    Raises:
        OutputError: The file cannot be written, or the page does not fit.
    """
    from gancheck.reporters.slimming import announcement, fit

    allowed = page_budget(budget)
    page = fit(diagnoses, render, allowed)
    _put(page.text, target, force=force)
    if page.reduced:
        typer.echo(f"note: the page is {announcement(page.reduced, allowed)}", err=True)
    return len(page.text.encode("utf-8", "backslashreplace"))


def single_page(diagnoses: Sequence[Diagnosis]) -> str:
    """Render the page of one diagnosis."""
    from gancheck.reporters import REPORTERS

    return REPORTERS.get("html").render(diagnoses[0])


def _put(text: str, target: str, *, force: bool) -> None:
    from gancheck.reporters.writing import write

    if target == STDOUT:
        typer.echo(text, nl=False)
    else:
        write(text, Path(target), force=force)


def _say_if_large(target: str, text: str, diagnosis: Diagnosis) -> None:
    from gancheck.reporters.json import spent

    taken = len(text.encode("utf-8", "backslashreplace"))
    if target != STDOUT and taken >= _LARGE_JSON:
        typer.echo(f"note: {target} has {spent(taken, diagnosis)}", err=True)


def planned(model: Path, said: OutputFlags) -> Outputs:
    """Name the reports of a model: ``<stem>.gancheck.html`` and ``.json`` in this folder.

    Raises:
        UsageError: A report is both asked for and ruled out, or of a form that nothing renders.
    """
    stem = model.resolve().stem if model.suffix else model.resolve().name
    given = (("html", said.no_html, said.html), ("json", said.no_json, said.json))
    for flag, off, path in given:
        if off and path is not None:
            raise UsageError(f"--{flag} and --no-{flag} contradict each other")
    return Outputs(
        html=None if said.no_html else said.html or f"{stem}.gancheck.html",
        json=None if said.no_json else said.json or f"{stem}.gancheck.json",
        force=said.force,
        budget=said.max_report_size,
        more=wanted(said.output),
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
