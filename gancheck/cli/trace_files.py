"""Where the results of ``gancheck trace`` go besides the terminal."""

from __future__ import annotations

import dataclasses
import json as encoding
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.forms import STDOUT
from gancheck.cli.outputs import page_budget

if TYPE_CHECKING:
    from gancheck.types import Checkpoint, Trace

PAGE, JSON = "trace.gancheck.html", "trace.gancheck.json"
FORMS = ("gif", "webp")
_ROW = {"path", "step", "verdict", "scores", "moved"}


@dataclass(frozen=True)
class TraceTargets:
    """Where the results go besides the terminal."""

    html: flags.Html = None
    json: flags.Json = None
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write no page.", rich_help_panel=flags.OUT)
    ] = False
    no_json: Annotated[
        bool, typer.Option("--no-json", help="Write no JSON.", rich_help_panel=flags.OUT)
    ] = False
    stream: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="One line of JSON a checkpoint, as soon as it is done; - for stdout.",
            rich_help_panel=flags.OUT,
        ),
    ] = None
    animate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The panels as .gif or .webp.", rich_help_panel=flags.OUT
        ),
    ] = None
    max_report_size: flags.ReportSize = flags.BUDGET
    force: flags.Force = False

    @property
    def page(self) -> str | None:
        """Path of the page, ``-`` for stdout, None for none."""
        return None if self.no_html else self.html or PAGE

    @property
    def data(self) -> str | None:
        """Path of the JSON, ``-`` for stdout, None for none."""
        return None if self.no_json else self.json or JSON

    @property
    def takes_stdout(self) -> bool:
        """Whether a result goes to stdout, where the printed one would be in its way."""
        return STDOUT in (self.page, self.data, self.stream)

    @property
    def draws(self) -> bool:
        """Whether pictures are wanted at all."""
        return self.page is not None or self.data is not None or self.animate is not None

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Two results want one place, or contradict each other, or a form is unknown.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.errors import UsageError
        from gancheck.reporters.writing import is_own_picture, require_writable

        for flag, off, path in (
            ("html", self.no_html, self.html),
            ("json", self.no_json, self.json),
        ):
            if off and path is not None:
                raise UsageError(f"--{flag} and --no-{flag} contradict each other")
        if self.animate is not None and self.animate.suffix.lower().lstrip(".") not in FORMS:
            raise UsageError(
                f"--animate {self.animate} is neither .gif nor .webp", "Give it one of these names."
            )
        page_budget(self.max_report_size)
        wanted = [self.page, self.data, self.stream]
        places = [str(path) for path in (*wanted, self.animate) if path is not None]
        if len(set(places)) < len(places):
            raise UsageError("two of the results go to one place", "Give each a path of its own.")
        for form, file in self.files.items():
            own = (form == "stream" and _is_stream(file)) or (
                form == "animation" and is_own_picture(file)
            )
            require_writable(file, force=self.force or own)

    @property
    def files(self) -> dict[str, Path]:
        """Which files are written, by form."""
        wanted = {
            "html": self.page,
            "json": self.data,
            "stream": self.stream,
            "animation": None if self.animate is None else str(self.animate),
        }
        return {form: Path(path) for form, path in wanted.items() if path not in (None, STDOUT)}

    def begin(self) -> None:
        """Empty the file that lines are added to."""
        if "stream" in self.files:
            from gancheck.reporters.writing import write

            write("", self.files["stream"], force=True)

    def add(self, row: Checkpoint) -> None:
        """Write the line of one checkpoint.

        Raises:
            OutputError: It cannot be written.
        """
        if self.stream is None:
            return
        line = encoding.dumps(row.to_dict(), allow_nan=False, ensure_ascii=False)
        if self.stream == STDOUT:
            typer.echo(line)
            return
        from gancheck.errors import OutputError

        try:
            with Path(self.stream).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(line + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {self.stream}: {error.strerror or error}") from error

    def named(self, trace: Trace, command: str) -> Trace:
        """Return the trace with the command and the paths of its reports."""
        written = {form: str(path) for form, path in self.files.items()}
        return dataclasses.replace(
            trace, settings={**trace.settings, "outputs": written, "command": command}
        )

    def write(self, trace: Trace) -> None:
        """Write the page, the JSON and the animation; all are drawn from what the JSON holds.

        Raises:
            OutputError: A file cannot be written, or the page does not fit into its budget.
        """
        from gancheck.reporters.traces.text import as_json
        from gancheck.stored import trace_as_stored

        known = trace_as_stored(trace)
        if self.data is not None:
            self._put(as_json(known), self.data)
        if self.page is not None:
            write_trace_page(known, self.page, budget=self.max_report_size, force=True)
        if self.animate is not None:
            from gancheck.reporters.pictures.panels import animation

            self._put(animation(known, self.animate.suffix.lower().lstrip(".")), str(self.animate))

    def _put(self, content: str | bytes, target: str) -> None:
        from gancheck.reporters.writing import write

        if target == STDOUT:
            typer.echo(content, nl=False)
        else:
            write(content, Path(target), force=True)


def write_trace_page(trace: Trace, target: str, *, budget: str, force: bool) -> int:
    """Write the page of a trace, say what was left out of it, and return its bytes.

    Raises:
        OutputError: The file cannot be written, or the page does not fit.
    """
    from gancheck.reporters.slimming import announcement
    from gancheck.reporters.traces.page import fitted
    from gancheck.reporters.writing import write

    allowed = page_budget(budget)
    page = fitted(trace, allowed)
    if target == STDOUT:
        typer.echo(page.text, nl=False)
    else:
        write(page.text, Path(target), force=force)
    if page.reduced:
        typer.echo(f"note: the page is {announcement(page.reduced, allowed)}", err=True)
    return len(page.text.encode("utf-8", "backslashreplace"))


def _is_stream(path: Path) -> bool:
    """Tell whether a file holds the lines of an earlier trace."""
    try:
        with path.open(encoding="utf-8") as file:
            found = encoding.loads(file.readline())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= _ROW
