"""``gancheck diagnose``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from gancheck.cli import flags, options
from gancheck.cli.examples import Example, epilog
from gancheck.cli.groups import expanded
from gancheck.cli.outputs import Outputs, planned, print_report
from gancheck.cli.session import ProgressBar, console, exit_codes
from gancheck.cli.sources import Configured, announce, command_line
from gancheck.config import SETTINGS

if TYPE_CHECKING:
    from gancheck.errors import ExitCode
    from gancheck.settings import Settings
    from gancheck.types import Diagnosis

HELP = (
    "Diagnose a generator file, or a set of its samples.\n\n"
    "MODEL is a TorchScript, .pt2 or ONNX file, a state dict, a folder of images, or an .npz, "
    ".npy or tensor file of samples; its content decides, not its name. Prints the report, and "
    "writes <stem>.gancheck.html and <stem>.gancheck.json to the current folder.\n\n"
    "TorchScript and .pt2 files are programs: they are audited before they run, and refused where "
    "the audit fails. gancheck inspect MODEL shows what would be run, and how."
)
EPILOG = epilog(
    Example(
        "gancheck diagnose model.pt --reference data/",
        "Print the verdict; write model.gancheck.html and model.gancheck.json.",
    ),
    Example(
        "gancheck diagnose samples.npz -r data.gcref --no-html --fail-under 0.8",
        "Judge samples; exit with 1 if their diversity is below 0.8.",
    ),
    Example(
        "gancheck diagnose model.onnx -r train/ --holdout held_out/ --samples 20000",
        "Also tell copies of the training set.",
    ),
)
KIND = Configured


FailUnder: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="SHARE",
        help="Exit with 1 if diversity is below this: the short form of gancheck gate --min "
        "diversity=SHARE.",
    ),
]


@expanded
def command(
    ctx: typer.Context,
    model: flags.Model,
    said: flags.DiagnosisFlags,
    output: flags.OutputFlags,
    fail_under: FailUnder = None,
) -> None:
    """Read the options, run, report; with a limit, gate as well."""
    with exit_codes():
        outputs = planned(model, output)
        outputs.require_writable()
        announce(ctx, SETTINGS)
        settings = said.settings(options.map_kind(output.map_by))
        run = Run(outputs, output.quiet, output.verbose, output.no_color)
        diagnosis = run.diagnose(model, said.data.reference, settings, command_line(ctx))
        if fail_under is not None:
            raise typer.Exit(run.gate(diagnosis, fail_under))


@dataclass(frozen=True)
class Run:
    """One diagnosis from the command line, from start to written reports."""

    outputs: Outputs
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    def diagnose(
        self, model: Path, reference: Path | None, settings: Settings, command: str
    ) -> Diagnosis:
        """Run, print the terminal report, then write the others, which wait for the map."""
        from gancheck.pipeline import diagnose

        with ProgressBar(quiet=self.quiet or self.outputs.takes_stdout) as bar:

            def on_verdict(found: Diagnosis) -> None:
                bar.stop()
                self._print(self.outputs.named(found, command))

            diagnosis = diagnose(model, reference, settings, listener=bar, on_verdict=on_verdict)
        named = self.outputs.named(diagnosis, command)
        self.outputs.write(named)
        return named

    def gate(self, diagnosis: Diagnosis, least: float) -> ExitCode:
        """Hold the diversity against a limit, print the result, and return the exit code."""
        from gancheck.cli.results import print_result
        from gancheck.gate import evaluate, rules

        result = evaluate(diagnosis, rules(min={"diversity": least}))
        print_result(result, no_color=self.no_color, err=self.outputs.takes_stdout)
        return result.exit_code

    def _print(self, diagnosis: Diagnosis) -> None:
        out = console(no_color=self.no_color)
        print_report(diagnosis, self.outputs, out, quiet=self.quiet, verbose=self.verbose)
