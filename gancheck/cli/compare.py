"""``gancheck compare``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags
from gancheck.cli.examples import Example, epilog
from gancheck.cli.forms import STDOUT
from gancheck.cli.groups import expanded
from gancheck.cli.session import ProgressBar, console, exit_codes
from gancheck.cli.sources import FLAG, Configured, announce, command_line, given
from gancheck.cli.subjects import stored_report
from gancheck.config import SETTINGS
from gancheck.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from gancheck.comparing import Comparison
    from gancheck.stored import Stored

HELP = (
    "Say what B lost and gained against A, and whether it is better or worse.\n\n"
    "A and B are models, sets of samples, or stored reports (.json of gancheck diagnose). Models "
    "and samples are held against the same reference, in one view, with the same number of "
    "samples; models whose latents are alike are drawn from the same ones and compared in pairs. "
    "Reports are compared where they were made in the same way. Options of a model, such as "
    "--arch, are for both.\n\n"
    "Exit codes: 0 compared; 1 B is worse, with --fail-if-worse; 2 could not run; 70 a bug; "
    "130 interrupted; 143 ended by SIGTERM."
)
EPILOG = epilog(
    Example(
        "gancheck compare old.pt new.pt -r data/ --html compare.html",
        "Which modes did the new model lose or gain?",
    ),
    Example(
        "gancheck compare main.pt branch.pt -r data.gcref --fail-if-worse",
        "Exit with 1 if the branch is worse.",
    ),
    Example("gancheck compare before.json after.json", "Compare stored reports; nothing is run."),
)
KIND = Configured
_RUN = (*SETTINGS, "trust")


@dataclass(frozen=True)
class ComparisonFlags:
    """What is written of a comparison, and what comes of it."""

    fail_if_worse: Annotated[
        bool,
        typer.Option(
            "--fail-if-worse", help="Exit with 1 if B is worse.", rich_help_panel=flags.OUT
        ),
    ] = False
    html: flags.Html = None
    json: flags.Json = None
    force: flags.Force = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the verdict.", rich_help_panel=flags.OUT)
    ] = False
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Every score and mode.", rich_help_panel=flags.OUT),
    ] = False
    no_color: flags.NoColor = False

    def require_writable(self, subjects: tuple[str, str]) -> None:
        """Refuse now what could not be written after a long run.

        Raises:
            UsageError: Both results want one place, or would replace what is compared.
            OutputError: A file that gancheck did not write is in the way.
        """
        from gancheck.reporters.writing import require_writable

        if self.html is not None and self.html == self.json:
            raise UsageError(f"--html and --json both go to {self.html}", "Give two paths.")
        compared = [Path(name).resolve() for name in subjects if name != STDOUT]
        for path in self.files.values():
            if path.resolve() in compared:
                raise UsageError(f"the comparison would replace {path}", "Name another file.")
            require_writable(path, force=self.force)

    @property
    def files(self) -> dict[str, Path]:
        """Which files are written, by form."""
        wanted = {"html": self.html, "json": self.json}
        return {form: Path(path) for form, path in wanted.items() if path not in (None, STDOUT)}

    @property
    def takes_stdout(self) -> bool:
        """Whether a result goes to stdout, where the printed one would be in its way."""
        return STDOUT in (self.html, self.json)

    def put(self, found: Comparison) -> None:
        """Print, and write what was asked for.

        Raises:
            OutputError: A file cannot be written.
        """
        from gancheck.reporters.comparisons.terminal import print_comparison, print_ruling
        from gancheck.reporters.comparisons.text import as_json
        from gancheck.reporters.html.comparison import render

        if not self.takes_stdout:
            out = console(no_color=self.no_color)
            if self.quiet:
                print_ruling(found, out)
            else:
                print_comparison(found, out, verbose=self.verbose)
        if self.json is not None:
            self._write(as_json(found), self.json)
        if self.html is not None:
            self._write(render(found), self.html)

    def _write(self, content: str, target: str) -> None:
        from gancheck.reporters.writing import write

        if target == STDOUT:
            typer.echo(content, nl=False)
        else:
            write(content, Path(target), force=self.force)


@expanded
def command(
    ctx: typer.Context,
    a: Annotated[
        str, typer.Argument(metavar="A", help="What is compared with: model, samples or report.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What is judged, likewise.")],
    said: flags.DiagnosisFlags,
    output: ComparisonFlags,
) -> None:
    """Read both, compare, print, write; exit with 1 where B is worse and that was asked for."""
    with exit_codes():
        output.require_writable((a, b))
        if a == b == STDOUT:
            raise UsageError("only one of both can be read from stdin", "Give the other as a file.")
        reports = stored_report(a), stored_report(b)
        known = [one for one in reports if one is not None]
        if len(known) == len(reports):
            _refuse_flags(ctx)
        else:
            announce(ctx, SETTINGS)
        found = _compared((a, b), reports, said, output)
        found = _named(found, output, command_line(ctx))
        output.put(found)
        if output.fail_if_worse and found.ruling.value == "worse":
            raise typer.Exit(ExitCode.GATE_FAILED)


def _compared(
    names: tuple[str, str],
    reports: tuple[Stored | None, Stored | None],
    said: flags.DiagnosisFlags,
    output: ComparisonFlags,
) -> Comparison:
    from gancheck.comparing import compare, compare_reports

    first, second = reports
    if first is not None and second is not None:
        return compare_reports(first.diagnosis, second.diagnosis, names)
    settings = said.settings("none")
    if settings.discriminator is not None:
        raise UsageError(
            "--discriminator is of one generator, and there are two",
            "Leave it out; gancheck diagnose judges a generator with its discriminator.",
        )
    subjects = [
        Path(name) if report is None else report.diagnosis
        for name, report in zip(names, reports, strict=True)
    ]
    with ProgressBar(quiet=output.quiet or output.takes_stdout) as bar:
        return compare(subjects[0], subjects[1], said.data.reference, settings, listener=bar)


def _named(found: Comparison, output: ComparisonFlags, command: str) -> Comparison:
    """Return the comparison with the command and the paths of what is written."""
    written = {form: str(path) for form, path in output.files.items()}
    settings = {**found.settings, "outputs": written, "command": command}
    return dataclasses.replace(found, settings=settings)


def _refuse_flags(ctx: typer.Context) -> None:
    """Refuse flags of a run where two stored reports are read.

    Raises:
        UsageError: One was typed.
    """
    typed = [key for key in given(ctx, FLAG) if key in _RUN]
    if typed:
        raise UsageError(
            f"--{typed[0]} is for a run, and A and B are stored reports: nothing is run",
            "Leave it out, or give the models instead of their reports.",
        )
