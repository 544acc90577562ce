"""Where the result of a gate goes: the terminal, a file, and the summary of a job."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import complete, flags
from gancheck.cli.forms import STDOUT
from gancheck.cli.outputs import Outputs
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.gate import GateResult

TEXT, GITHUB, MARKDOWN = "text", "github", "markdown"
SUMMARY = "GITHUB_STEP_SUMMARY"
_LARGEST_SUMMARY = 1_048_576  # bytes; a larger one is dropped as a whole
_HEAD = 400  # characters in which a form of ours shows itself
_OWN = re.compile(
    r"gate (passed|FAILED|INCONCLUSIVE|COULD NOT RUN)"
    r"|::(error|warning|notice) title=gancheck"
    r"|#+ .{0,20}gancheck"
    r"|<\?xml[^>]*>\s*<testsuites?\b[^>]*\bname=\"gancheck"
)


@dataclass(frozen=True)
class ResultFlags:
    """What is written of a gate and, where a model was run, of its diagnosis."""

    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORM",
            help="text, github, junit, json or markdown. github also appends Markdown to the "
            "summary of the job.",
            autocompletion=complete.forms,
            rich_help_panel=flags.OUT,
        ),
    ] = TEXT
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write the form to this file, and the text to stdout.",
            rich_help_panel=flags.OUT,
        ),
    ] = None
    json: Annotated[
        str | None,
        typer.Option(help="Keep the diagnosis of a model as JSON.", rich_help_panel=flags.OUT),
    ] = None
    html: Annotated[
        str | None,
        typer.Option(help="Keep the diagnosis of a model as a page.", rich_help_panel=flags.OUT),
    ] = None
    map_by: Annotated[
        str | None,
        typer.Option(
            "--map",
            help="umap, pca or none; umap where a page is kept, else none.",
            autocompletion=complete.maps,
            rich_help_panel=flags.OUT,
        ),
    ] = None
    max_report_size: flags.ReportSize = flags.BUDGET
    force: flags.Force = False
    no_color: flags.NoColor = False

    @property
    def kept(self) -> Outputs:
        """What is kept of a diagnosis."""
        return Outputs(self.html, self.json, self.force, self.max_report_size)

    def require_writable(self) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: The form is unknown, two results go to one place, or a report to stdout.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.reporters.gates import GATE_REPORTERS
        from gancheck.reporters.writing import require_writable

        GATE_REPORTERS.get(self.form)
        if self.kept.takes_stdout:
            raise UsageError(
                "stdout is for the result of the gate", "Give --json and --html a file."
            )
        self.kept.require_writable()
        if self.output in (None, STDOUT):
            return
        target = Path(str(self.output))
        if target.resolve() in [Path(path).resolve() for path in (self.json, self.html) if path]:
            raise UsageError(f"two results go to {target}", "Give each a path of its own.")
        require_writable(target, force=self.force or _is_own(target))

    def put(self, result: GateResult) -> None:
        """Write the form, print the text, and append to the summary of the job.

        Raises:
            OutputError: The file cannot be written.
        """
        from gancheck.reporters.gates import GATE_REPORTERS
        from gancheck.reporters.writing import write

        if self.output not in (None, STDOUT):
            write(GATE_REPORTERS.get(self.form).render(result), Path(str(self.output)), force=True)
            print_result(result, no_color=self.no_color)
        elif self.form == TEXT:
            print_result(result, no_color=self.no_color)
        else:
            typer.echo(GATE_REPORTERS.get(self.form).render(result), nl=False)
        if self.form == GITHUB:
            append_summary(result)


def print_result(result: GateResult, *, no_color: bool = False, err: bool = False) -> None:
    """Print the text: laid out for a terminal, else as the text reporter writes it."""
    if (sys.stderr if err else sys.stdout).isatty():
        from rich.console import Console

        from gancheck.reporters.gates import print_gate

        out = Console(stderr=err, no_color=True if no_color else None, highlight=False)
        print_gate(result, out)
    else:
        from gancheck.reporters.gates import GATE_REPORTERS

        typer.echo(GATE_REPORTERS.get(TEXT).render(result), nl=False, err=err)


def append_summary(result: GateResult) -> None:
    """Append Markdown to the summary of a GitHub job; a note says where that is not possible."""
    name = os.environ.get(SUMMARY)
    if not name:
        return
    from gancheck.reporters.gates import GATE_REPORTERS

    content = GATE_REPORTERS.get(MARKDOWN).render(result).encode("utf-8", "backslashreplace")
    path = Path(name)
    try:
        before = path.stat().st_size if path.exists() else 0
        if before + len(content) > _LARGEST_SUMMARY:
            typer.echo(f"note: ${SUMMARY} is full; nothing was added to it", err=True)
            return
        with path.open("ab") as file:
            file.write(b"\n" + content if before else content)
    except OSError as error:
        reason = error.strerror or error
        typer.echo(f"note: cannot write to ${SUMMARY} ({name}): {reason}", err=True)


def _is_own(path: Path) -> bool:
    """Tell whether a file is the result of an earlier gate."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return bool(_OWN.search(text[:_HEAD])) or _is_result(text)


def _is_result(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    gate = found.get("gate") if isinstance(found, dict) else None
    return isinstance(gate, dict) and {"checks", "on_inconclusive", "versions"} <= gate.keys()
