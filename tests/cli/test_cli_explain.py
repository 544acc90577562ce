"""``gancheck explain`` and ``gancheck --version``."""

from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner

from gancheck import __version__
from gancheck.analyzers import ANALYZERS
from gancheck.cli import app


def test_every_analyzer_is_listed() -> None:
    """Without a name, each analyzer has a line."""
    result = CliRunner().invoke(app, ["explain"])

    assert [line.split()[0] for line in result.stdout.splitlines()] == ANALYZERS.names()


def test_an_analyzer_is_explained() -> None:
    """The docstring is the documentation."""
    result = CliRunner().invoke(app, ["explain", "modes"])

    assert result.exit_code == 0
    assert "When it misleads:" in result.stdout


def test_unknown_analyzers_get_a_suggestion() -> None:
    """A typo is not a bug."""
    result = CliRunner().invoke(app, ["explain", "mode"])

    assert result.exit_code == 2
    assert "Did you mean 'modes'?" in result.stderr


def test_the_module_runs_as_a_program() -> None:
    """``python -m gancheck --version`` prints the version."""
    done = subprocess.run(
        [sys.executable, "-m", "gancheck", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == f"gancheck {__version__}"
