"""Really trained synthesizers on a public table, from Python and from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gancheck
import pandas as pd
import pytest
import torch
from gancheck.api import Condition, Severity, UsageError, Verdict

import gancheck_tabular
from conftest import SETTINGS, Halves, finding

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "train_ctgan.py"


def test_held_out_rows_are_healthy(halves: Halves) -> None:
    """Real rows are judged healthy against others of the same table, with nothing flagged."""
    found = gancheck_tabular.diagnose(halves.held_out, halves.real, settings=SETTINGS)
    assert found.verdict is Verdict.HEALTHY, found.summary
    assert finding(found, "table_rows.copies").severity is Severity.OK


def test_a_synthesizer_that_collapsed_is_judged_collapsed(halves: Halves, collapsed: Any) -> None:
    """A CTGAN whose training rows lacked two kinds of health draws neither, and is found out."""
    found = gancheck_tabular.diagnose(
        collapsed, halves.real, label="health", samples=1200, settings=SETTINGS
    )
    assert found.verdict is Verdict.COLLAPSED, found.summary
    assert Condition.MISSING_MODES in found.conditions
    lost = finding(found, "table_categories.lost")
    assert lost.severity is Severity.FAIL
    assert "health = fair" in lost.title
    assert "health = poor" in lost.detail, "31 of 2,400 rows: unseen, and too rare to be sure"


def test_a_synthesizer_trained_too_briefly_is_not_healthy(halves: Halves, trained: Any) -> None:
    """It loses no category, and what it has not learned is named: columns and their pairs."""
    found = gancheck_tabular.diagnose(trained, halves.real, samples=1200, settings=SETTINGS)
    assert found.verdict in (Verdict.SUSPECT, Verdict.COLLAPSED)
    assert finding(found, "coverage.diversity").severity >= Severity.WARN
    assert finding(found, "table_categories.lost").severity is Severity.OK
    assert finding(found, "table_pairs.worst").severity is Severity.WARN


def test_a_seed_draws_the_same_rows(halves: Halves, trained: Any) -> None:
    """Drawing is seeded, and leaves the generators of random numbers as they were."""
    before = torch.get_rng_state()
    one, other = (gancheck_tabular.drawn(trained, 50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert torch.equal(before, torch.get_rng_state())


def test_the_command_line_reads_tables(tmp_path: Path, halves: Halves) -> None:
    """`gancheck diagnose` on two CSV files ends in a report that shows the tables."""
    halves.held_out.head(500).to_csv(tmp_path / "synthetic.csv", index=False)
    halves.real.head(900).to_csv(tmp_path / "real.csv", index=False)
    flags = ["--map", "none", "--no-cache", "--html", "out.html"]
    run = subprocess.run(
        [sys.executable, "-m", "gancheck", "diagnose", "synthetic.csv", "-r", "real.csv", *flags],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Categories, the worst first" in page
    assert "Pairs of columns, the worst first" in page


@pytest.mark.parametrize("subject", [3, "real.csv", gancheck.Settings()])
def test_what_is_no_synthesizer_is_refused(subject: object, halves: Halves) -> None:
    """Anything without `sample` gets told what a synthesizer is."""
    with pytest.raises(UsageError, match="synthesizer"):
        gancheck_tabular.diagnose(subject, halves.real)


def test_the_example_ends_in_a_report(tmp_path: Path) -> None:
    """The script of the README trains, diagnoses and writes its page."""
    run = subprocess.run(
        [sys.executable, str(EXAMPLE), "--rows", "1500", "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "held-out rows: healthy" in run.stdout
    assert "<html" in (tmp_path / "ctgan.html").read_text(encoding="utf-8")
