"""``gancheck gate``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancheck.cli import flags, options
from gancheck.cli.examples import Example, epilog
from gancheck.cli.gate_flags import GateFlags, as_rules, merged
from gancheck.cli.groups import expanded
from gancheck.cli.results import ResultFlags
from gancheck.cli.session import ProgressBar, exit_codes
from gancheck.cli.sources import CONFIG, FLAG, ConfiguredGate, announce, command_line, given
from gancheck.cli.subjects import load_report, stored_report
from gancheck.config import GATE_SETTINGS, SETTINGS
from gancheck.errors import LoadError, UsageError

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Rules
    from gancheck.gating import Adaptive
    from gancheck.types import Diagnosis

HELP = (
    "Pass or fail: hold a report, or a model, against limits and a baseline.\n\n"
    "SUBJECT is the .json of a run (- reads it from stdin), which needs neither the model nor "
    "torch, or a model or samples, which are diagnosed first. A limit fails when the whole "
    "one-sided interval is beyond it, passes when all of it is within, and is otherwise "
    "inconclusive; the number of samples that would decide is said. Without any limit the verdict "
    "collapsed is forbidden.\n\n"
    "Limits and settings can stand in gancheck.toml: gancheck config shows them.\n\n"
    "Exit codes: 0 passed; 1 failed; 2 could not run (also: a limit on something that was "
    "skipped); 70 a bug; 130 interrupted; 143 ended by SIGTERM."
)
EPILOG = epilog(
    Example(
        "gancheck gate report.json --min diversity=0.8 --max memorization=0.01",
        "Gate a stored report; nothing is run.",
    ),
    Example(
        "gancheck gate model.pt -r data.gcref --min diversity=0.8 --adaptive",
        "Diagnose a model; draw more samples until the limit is decided.",
    ),
    Example(
        "gancheck gate model.pt -r data.gcref --baseline main.json --max-drop 0.03",
        "Fail if diversity fell by more than 0.03 since the baseline.",
    ),
    Example(
        "gancheck gate report.json --forbid missing-modes --level diversity=warn \\\n"
        "      --min diversity=0.8 --on-inconclusive fail --format junit -o gate.xml",
        "Fail on missing modes, warn of low diversity; write JUnit XML for CI.",
    ),
)
KIND = ConfiguredGate

RUN_OPTIONS = (*SETTINGS, "trust", "adaptive", "max-samples", "json", "html", "max-report-size")
"""Options that make no sense where nothing is run."""


@expanded
def command(
    ctx: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="Report (.json, - for stdin), or a model or samples."
        ),
    ],
    asked: GateFlags,
    said: flags.DiagnosisFlags,
    output: ResultFlags,
) -> None:
    """Read the limits, gate, write, and exit with the result."""
    with exit_codes():
        output.require_writable()
        limits = merged(ctx, asked)
        stored = stored_report(subject)
        if stored is not None:
            refuse_flags(ctx, subject)
        used = GATE_SETTINGS if stored is not None else (*SETTINGS, *GATE_SETTINGS)
        announce(ctx, used, limits.of_source(CONFIG))
        rules, old = as_rules(asked, limits), _baseline(asked.baseline)
        against = Against(rules, old, None if old is None else str(asked.baseline))
        if stored is not None:
            result = against.evaluate(stored.diagnosis)
        else:
            run = Run(Path(subject), said, output, command_line(ctx, limits.as_flags()))
            result = run.gate(against, _adaptive(ctx, asked))
        output.put(result)
        raise typer.Exit(result.exit_code)


@dataclass(frozen=True)
class Against:
    """What is held against a report."""

    rules: Rules
    baseline: Diagnosis | None
    baseline_name: str | None

    def evaluate(self, diagnosis: Diagnosis) -> GateResult:
        """Gate a report that is already there."""
        from gancheck.gate import evaluate

        return evaluate(diagnosis, self.rules, self.baseline, baseline_name=self.baseline_name)


@dataclass(frozen=True)
class Run:
    """A diagnosis for a gate."""

    model: Path
    said: flags.DiagnosisFlags
    output: ResultFlags
    command: str

    def gate(self, against: Against, adaptive: Adaptive | None) -> GateResult:
        """Diagnose, gate, and keep the reports that were asked for."""
        from gancheck.gating import run_gate

        drawn = "none" if self.output.html is None else "umap"
        settings = self.said.settings(options.map_kind(self.output.map_by or drawn))
        with ProgressBar(quiet=False) as bar:
            diagnosis, result = run_gate(
                self.model,
                self.said.data.reference,
                settings,
                against.rules,
                baseline=against.baseline,
                baseline_name=against.baseline_name,
                adaptive=adaptive,
                listener=bar,
            )
        kept = self.output.kept
        kept.write(kept.named(diagnosis, self.command))
        known = {**result.settings, "command": self.command}
        return dataclasses.replace(result, settings=known)


def refuse_flags(ctx: typer.Context, subject: str) -> None:
    """Refuse flags of a run where a stored report is read; what a file says is not used.

    Raises:
        UsageError: One was typed.
    """
    typed = [key for key in given(ctx, FLAG) if key in RUN_OPTIONS]
    if typed:
        raise UsageError(
            f"--{typed[0]} is for a run, and {subject} is a stored report: nothing is run",
            "Leave it out, or give the model instead of its report.",
        )


def _baseline(path: Path | None) -> Diagnosis | None:
    if path is None:
        return None
    if not path.exists():
        raise LoadError(
            f"the baseline {path} does not exist", f"gancheck baseline MODEL -o {path} writes one."
        )
    return load_report(str(path)).diagnosis


def _adaptive(ctx: typer.Context, asked: GateFlags) -> Adaptive | None:
    if not asked.adaptive:
        if "max-samples" in given(ctx, FLAG):
            raise UsageError("--max-samples is for --adaptive", "Give both, or only --samples.")
        return None
    from gancheck.gating import Adaptive

    return Adaptive(asked.max_samples)
