"""Really trained synthesizers on a public table, from Python and from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
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


@dataclass
class Archive:
    """A synthesizer of the test's own: it draws rows that nobody was trained on."""

    rows: pd.DataFrame
    name: str = ""
    asked: list[int] = field(default_factory=list)

    def sample(self, n: int) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """Return the first n rows, by the name of the table where it has one."""
        self.asked.append(n)
        drawn = self.rows.head(n)
        return {self.name: drawn} if self.name else drawn


def diagnosed(folder: Path, samples: str, reference: str) -> tuple[str, str]:
    """Run the command line on two files of a folder; return its verdict and its page."""
    flags = ["--map", "none", "--no-cache", "--html", "out.html", "--json", "out.json"]
    run = subprocess.run(
        [sys.executable, "-m", "gancheck", "diagnose", samples, "-r", reference, *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return str(said["verdict"]), (folder / "out.html").read_text(encoding="utf-8")


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


def test_a_synthesizer_of_a_class_that_nobody_knows_is_healthy(halves: Halves) -> None:
    """`sample(n)` is all that is asked for; one whose rows are honest is judged healthy."""
    archive = Archive(halves.held_out)
    found = gancheck_tabular.diagnose(archive, halves.real, samples=900, settings=SETTINGS)
    assert archive.asked == [900]
    assert found.verdict is Verdict.HEALTHY, found.summary
    assert found.subject.path == "900 rows of Archive"


def test_a_mapping_of_one_table_is_that_table(halves: Halves) -> None:
    """SDV 2 draws and takes tables by their names; two tables are refused."""
    named = Archive(halves.held_out, name="years")
    rows = gancheck_tabular.drawn(named, 900, seed=0)
    pd.testing.assert_frame_equal(rows, halves.held_out.head(900))
    found = gancheck_tabular.diagnose({"years": rows}, {"years": halves.real}, settings=SETTINGS)
    assert found.verdict is Verdict.HEALTHY, found.summary
    with pytest.raises(UsageError, match="synthesizer or a table, got dict"):
        gancheck_tabular.diagnose({"a": rows, "b": rows}, halves.real)


def test_a_tvae_from_its_file_is_judged(tmp_path: Path, halves: Halves, variational: Any) -> None:
    """What `save` wrote is loaded and draws the same rows; the rare words it lost are named."""
    from ctgan.synthesizers.tvae import TVAE

    variational.save(tmp_path / "tvae.pkl")
    loaded = TVAE.load(tmp_path / "tvae.pkl")
    pd.testing.assert_frame_equal(
        *(gancheck_tabular.drawn(one, 50, seed=3) for one in (variational, loaded))
    )
    found = gancheck_tabular.diagnose(
        loaded, halves.real, label="health", samples=1200, settings=SETTINGS
    )
    assert found.verdict is Verdict.COLLAPSED, found.summary
    assert "fair" in [mode.label for mode in found.modes if mode.status == "missing"]
    assert "health = fair" in finding(found, "table_categories.lost").title


def test_the_command_line_judges_csv_healthy(tmp_path: Path, halves: Halves) -> None:
    """`gancheck diagnose` on two CSV files of one table ends in a page that shows the tables."""
    halves.held_out.to_csv(tmp_path / "synthetic.csv", index=False)
    halves.real.to_csv(tmp_path / "real.csv", index=False)
    verdict, page = diagnosed(tmp_path, "synthetic.csv", "real.csv")
    assert verdict == "healthy"
    assert "Categories, the worst first" in page
    assert "Pairs of columns, the worst first" in page


def test_the_command_line_judges_parquet_collapsed(
    tmp_path: Path, halves: Halves, collapsed: Any
) -> None:
    """Rows of a collapsed CTGAN in Parquet are that there, too, with modes by `columns.json`."""
    rows = gancheck_tabular.drawn(collapsed, 1200, seed=0)
    rows.to_parquet(tmp_path / "synthetic.parquet")
    halves.real.to_parquet(tmp_path / "real.parquet")
    (tmp_path / "columns.json").write_text('{"label": "health"}')
    verdict, page = diagnosed(tmp_path, "synthetic.parquet", "real.parquet")
    assert verdict == "collapsed"
    assert "health = fair" in page
    assert "How visits is spread" in page


@pytest.mark.parametrize("subject", [3, "real.csv", gancheck.Settings()])
def test_what_is_no_synthesizer_is_refused(subject: object, halves: Halves) -> None:
    """Anything without `sample` gets told what a synthesizer is."""
    with pytest.raises(UsageError, match="synthesizer"):
        gancheck_tabular.diagnose(subject, halves.real)


def test_the_example_ends_in_a_report(tmp_path: Path) -> None:
    """The script of the README trains, diagnoses, prints its report and writes its page."""
    run = subprocess.run(
        [sys.executable, str(EXAMPLE), "--rows", "1500", "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Real rows that it never sees: healthy" in run.stdout
    assert "table_columns.worst" in run.stdout
    assert "<html" in (tmp_path / "ctgan.html").read_text(encoding="utf-8")
