"""``gancheck explain`` and what the module does when run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gancheck import __version__
from gancheck.analyzers import ANALYZERS
from gancheck.cli import app
from gancheck.types import Condition

CONDITIONS = [condition.value for condition in Condition]


def test_all_analyzers_and_conditions_are_listed() -> None:
    """Without a name, each analyzer and each condition has a line."""
    result = CliRunner().invoke(app, ["explain"])

    listed = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")]
    assert listed == [*ANALYZERS.names(), *CONDITIONS]


def test_an_analyzer_is_explained() -> None:
    """The docstring is the documentation."""
    result = CliRunner().invoke(app, ["explain", "modes"])

    assert result.exit_code == 0
    assert "When it misleads:" in result.stdout


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_explained(name: str) -> None:
    """Causes and remedies of every condition fit a terminal of a hundred columns."""
    result = CliRunner().invoke(app, ["explain", name])

    assert result.exit_code == 0
    after = result.stdout.split("Usual causes:")[1]
    assert "What to try." in after
    assert max(map(len, after.splitlines())) <= 100


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_an_explanation_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is wrapped at the width of the terminal, and at a hundred columns on wide ones."""
    monkeypatch.setenv("COLUMNS", str(columns))
    said = CliRunner().invoke(app, ["explain", "missing-modes"]).stdout

    longest = max(map(len, said.splitlines()))
    assert min(columns, 100) - 12 < longest <= min(columns, 100)


def test_a_name_of_both_kinds_is_explained_as_both() -> None:
    """``memorization`` is an analyzer and a condition: neither hides the other."""
    words = CliRunner().invoke(app, ["explain", "memorization"]).stdout

    assert words.index("When it misleads:") < words.index("The condition memorization:")
    assert "Usual causes:" in words


@pytest.mark.parametrize(
    ("typed", "meant"), [("mode", "modes"), ("missing_mode", "missing-modes"), ("Cut", "cuts")]
)
def test_unknown_names_get_a_suggestion(typed: str, meant: str) -> None:
    """A typo is not a bug, whichever of both was meant."""
    result = CliRunner().invoke(app, ["explain", typed])

    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr


def test_the_module_runs_as_a_program() -> None:
    """``python -m gancheck --version`` prints the version."""
    done = subprocess.run(
        [sys.executable, "-m", "gancheck", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == f"gancheck {__version__}"


def test_a_reader_that_goes_away_is_no_bug() -> None:
    """Piping into something that stops reading ends quietly, without a traceback."""
    text = "from gancheck.cli import main; main()"
    command = [sys.executable, "-c", text, "explain", "memorization"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, text=False
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()

        assert process.wait() == 2
        assert said == ""
