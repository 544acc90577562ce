"""What the README says of limits and commands is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gancheck.analyzers import ANALYZERS
from gancheck.analyzers.conditional import Conditional
from gancheck.analyzers.coverage import Coverage
from gancheck.analyzers.cuts import Cuts
from gancheck.analyzers.discriminator import Discriminator
from gancheck.analyzers.duplicates import Duplicates
from gancheck.analyzers.known_modes import KnownModes
from gancheck.analyzers.memorization import Memorization
from gancheck.analyzers.modes import Modes
from gancheck.analyzers.sensitivity import Sensitivity
from gancheck.cli import app
from gancheck.loaders.concerns import MOVED, NOISE_MUCH, OUTSIDE_MUCH
from gancheck.types import Condition, Verdict

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
LIMITS = {
    "coverage.diversity": (f"{Coverage.warn_below:.2f}", f"{Coverage.fail_below:.2f}"),
    "coverage.fidelity": (f"{Coverage.fidelity_warn_below:.2f}", ""),
    "modes.missing": ("any mode", f"{Modes.fail_missing_share:.0%}"),
    "modes.balance": (f"{Modes.warn_balance_below:.2f}", f"{Modes.fail_balance_below:.2f}"),
    "known_modes.captured": ("any mode", f"{KnownModes.fail_missing_share:.0%}"),
    "known_modes.quality": (f"{KnownModes.warn_quality_below:.0%}", ""),
    "known_modes.balance": (
        f"{KnownModes.warn_balance_below:.2f}",
        f"{KnownModes.fail_balance_below:.2f}",
    ),
    "duplicates.support": (
        f"{Duplicates.warn_support_below:,}",
        f"{Duplicates.fail_support_below:,}",
    ),
    "sensitivity.latent": ("", f"{Sensitivity.ignored_below:g}"),
    "sensitivity.directions": (f"{Sensitivity.idle_above:g}", ""),
    "conditional.label": (f"{Conditional.label_ignored_below:g}", ""),
    "conditional.latent": ("", "all classes"),
    "conditional.classes": ("any class", f"{Conditional.fail_collapsed_share:.0%}"),
    "conditional.diversity": (f"{Conditional.diversity_below:.2f}", ""),
    "conditional.obeyed": ("any class", ""),
    "discriminator.saturation": (f"{Discriminator.gradient_below:g}", ""),
    "sensitivity.batch": (f"{Sensitivity.changed_above:g}", ""),
    "audit.batch-mates": (f"{MOVED:.4f}", ""),
    "audit.internal-noise": (f"{NOISE_MUCH:g}", ""),
    "audit.range": (f"{OUTSIDE_MUCH:g}", ""),
    "audit.latent-law": ("another law", ""),
    "cuts.crossings": (f"{Cuts.warn_lines_above:.2f}", ""),
    "memorization.copies": (f"{Memorization.warn_above:.2f}", ""),
    "memorization.relabelling": (f"up to {Memorization.warn_p_up_to:.2f}, if 0.1%", ""),
    "memorization.flagged": (f"interval is above {Memorization.warn_above:.2f}", ""),
}


def cells(start: str) -> list[str]:
    """Return the cells of the table row whose first cell starts with a text."""
    row = next(line for line in README.splitlines() if line.startswith(f"| `{start}`"))
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("check", sorted(LIMITS))
def test_the_table_of_limits_is_the_code(check: str) -> None:
    """Each limit in the README is the default of its analyzer."""
    _, *shown = cells(check)
    for cell, limit in zip(shown, LIMITS[check], strict=True):
        assert (limit in cell) if limit else not cell


@pytest.mark.parametrize("verdict", [verdict.value for verdict in Verdict])
def test_every_verdict_is_explained(verdict: str) -> None:
    """The table of verdicts has a row for each."""
    assert len(cells(verdict)[1]) > 20


def test_named_conditions_and_analyzers_exist() -> None:
    """Every row of "What it finds" names a condition and analyzers that there are."""
    table = README.split("## What it finds")[1].split("##")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 5
    for condition, _, found_by in rows:
        assert condition.strip().strip("`") in {known.value for known in Condition}
        assert set(re.findall(r"`(\w+)`", found_by)) <= set(ANALYZERS.names())


def test_commands_in_the_readme_exist() -> None:
    """Every gancheck command that is shown answers to --help."""
    shown = set(
        re.findall(r"gancheck (diagnose|prepare|demo|explain|[a-z]+) (?=[A-Za-z-])", README)
    )
    known = {command.name for command in app.registered_commands}
    assert {"diagnose", "prepare"} <= shown
    for command in shown & known:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
