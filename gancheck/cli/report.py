"""``gancheck report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from gancheck.cli import flags
from gancheck.cli.examples import Example, epilog
from gancheck.cli.forms import STDOUT, Wanted, wanted
from gancheck.cli.outputs import page_budget, single_page, write_page
from gancheck.cli.session import console, exit_codes
from gancheck.cli.subjects import load_any
from gancheck.stored import StoredTrace

if TYPE_CHECKING:
    from rich.console import Console

    from gancheck.reporters.slimming import Render
    from gancheck.stored import Stored
    from gancheck.types import Diagnosis

HELP = (
    "Render stored reports again, or put several side by side.\n\n"
    "REPORT is the .json that gancheck diagnose or gancheck trace wrote; - reads it from stdin. "
    "Neither the model nor the data are needed. One report becomes the page <name>.html in the "
    "current folder; --terminal prints the whole report instead. Several become one page, "
    "side-by-side.gancheck.html, and a table: verdicts, scores with their differences from the "
    "first report, conditions gained and lost, modes, checks and random samples. Differences are "
    "only taken where reference, embedder and n are the same."
)
EPILOG = epilog(
    Example("gancheck report model.gancheck.json", "Write the page of a stored report again."),
    Example("gancheck report model.gancheck.json --terminal -v", "Print all of it."),
    Example(
        "gancheck report before.json after.json --html both.html",
        "Put two runs side by side.",
    ),
)
KIND = TyperCommand
_SIDE_BY_SIDE = "side-by-side.gancheck.html"


def command(
    reports: Annotated[
        list[str], typer.Argument(metavar="REPORT", help="JSON of a run, - for stdin.")
    ],
    html: flags.Html = None,
    output: flags.Output = None,
    terminal: Annotated[
        bool,
        typer.Option(
            "--terminal",
            "-t",
            help="Print the whole report; a page only with --html.",
            rich_help_panel=flags.OUT,
        ),
    ] = False,
    max_report_size: flags.ReportSize = flags.BUDGET,
    force: flags.Force = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Everything, with --terminal.", rich_help_panel=flags.OUT
        ),
    ] = False,
    no_color: flags.NoColor = False,
) -> None:
    """Read the reports, print, write."""
    with exit_codes():
        page_budget(max_report_size)
        more = wanted(output)
        target = None if (terminal or more) and html is None else html or _page_name(reports)
        page = Page(target, max_report_size, force)
        page.require_writable(reports)
        found = [load_any(name) for name in reports]
        out = console(no_color=no_color)
        if more is not None:
            _write_more(more, found, force=force)
            if page.target is None and not terminal:
                return
        if len(found) > 1:
            _several([_single(one) for one in found], page, out)
        elif isinstance(found[0], StoredTrace):
            _trace(found[0], page, out, whole=terminal, verbose=verbose)
        else:
            _one(found[0], page, out, whole=terminal, verbose=verbose)


@dataclass(frozen=True)
class Page:
    """The page to write, if any: its path or ``-``, its budget, and whether to replace files."""

    target: str | None
    budget: str
    force: bool

    def require_writable(self, reports: Sequence[str]) -> None:
        """Refuse a path that cannot be written, or that is one of the reports.

        Raises:
            UsageError: The page would replace a report.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.errors import UsageError
        from gancheck.reporters.writing import require_writable

        if self.target in (None, STDOUT):
            return
        path = Path(str(self.target))
        if path.resolve() in [Path(name).resolve() for name in reports if name != STDOUT]:
            raise UsageError(f"the page would replace {path}", "Name another file with --html.")
        require_writable(path, force=self.force)

    def write(self, diagnoses: Sequence[Diagnosis], render: Render, out: Console) -> None:
        """Write the page, and say where it is and how large."""
        if self.target is None:
            return
        taken = write_page(diagnoses, render, self.target, budget=self.budget, force=self.force)
        if self.target != STDOUT:
            from gancheck.reporters.slimming import size
            from gancheck.reporters.terminal.ink import plain

            out.print(plain(f" Report  {self.target} ({size(taken)})"), soft_wrap=True)


def _write_more(more: Wanted, found: Sequence[Stored | StoredTrace], *, force: bool) -> None:
    """Write one report in the form of ``--output``.

    Raises:
        UsageError: There are several, or it is a trace.
    """
    from gancheck.errors import UsageError

    if len(found) > 1:
        raise UsageError("--output is for one report, and there are several", "Give one.")
    more.require_writable(force=force)
    more.write(_single(found[0]).diagnosis, force=force)


def _one(found: Stored, page: Page, out: Console, *, whole: bool, verbose: bool) -> None:
    """Render one report: its verdict or the whole of it, and its page."""
    from gancheck.reporters.html.drawable import drawable
    from gancheck.reporters.terminal import print_report, print_verdict

    if page.target != STDOUT:
        if whole:
            print_report(found.diagnosis, out, verbose=verbose)
        else:
            print_verdict(found.diagnosis, out)
    if page.target is not None:
        page.write([drawable(found.diagnosis)], single_page, out)


def _trace(found: StoredTrace, page: Page, out: Console, *, whole: bool, verbose: bool) -> None:
    """Render a trace: what it shows, with all of its lines if asked for, and its page."""
    from gancheck.cli.trace_files import write_trace_page
    from gancheck.reporters.slimming import size
    from gancheck.reporters.terminal.ink import plain
    from gancheck.reporters.traces.terminal import print_trace

    if page.target != STDOUT:
        print_trace(found.trace, out, verbose=verbose, listed=whole)
    if page.target is None:
        return
    taken = write_trace_page(found.trace, page.target, budget=page.budget, force=page.force)
    if page.target != STDOUT:
        out.print(plain(f" Report  {page.target} ({size(taken)})"), soft_wrap=True)


def _single(found: Stored | StoredTrace) -> Stored:
    """Return a report on one checkpoint.

    Raises:
        UsageError: It is on many.
    """
    from gancheck.errors import UsageError

    if isinstance(found, StoredTrace):
        raise UsageError(
            f"{found.name} is a trace; only reports on single models go side by side",
            "Give the trace alone.",
        )
    return found


def _several(found: Sequence[Stored], page: Page, out: Console) -> None:
    """Put reports side by side: a table, and a page."""
    from gancheck.reporters.html.drawable import drawable
    from gancheck.reporters.html.side_by_side import render
    from gancheck.reporters.side_by_side import build
    from gancheck.reporters.side_by_side.terminal import print_comparison

    names = [one.name for one in found]
    comparison = build(list(zip(names, [one.diagnosis for one in found], strict=True)))
    if page.target != STDOUT:
        print_comparison(comparison, out)

    def rendered(diagnoses: Sequence[Diagnosis]) -> str:
        return render(build(list(zip(names, diagnoses, strict=True))))

    if page.target is not None:
        page.write([drawable(one.diagnosis) for one in found], rendered, out)


def _page_name(reports: Sequence[str]) -> str:
    """Name the page after the report, in the current folder."""
    if len(reports) > 1:
        return _SIDE_BY_SIDE
    name = "stdin.gancheck" if reports[0] == STDOUT else Path(reports[0]).name
    return f"{name.removesuffix('.json')}.html"
