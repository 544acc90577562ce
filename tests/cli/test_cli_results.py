"""How the result of a gate is printed: laid out on terminals, plain everywhere else."""

from __future__ import annotations

import re
import sys

import pytest
from stored_reports import diagnosis

from gancheck.cli.results import print_result
from gancheck.gate import evaluate, rules

LONG = rules(min={"diversity": 0.95}, max={"modes.missing": 0.0})


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_gets_its_width(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line is longer than the terminal, and every check has its row."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    print_result(evaluate(diagnosis(), LONG))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= columns
    assert shown.startswith("gate FAILED: diversity")
    assert "modes.missing" in shown


@pytest.mark.parametrize("err", [False, True])
def test_a_pipe_gets_plain_text(
    err: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same whatever the terminal around it, without an escape sequence, where it was sent."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")

    print_result(evaluate(diagnosis(), LONG), err=err)
    captured = capsys.readouterr()
    shown = captured.err if err else captured.out
    assert "gate FAILED: diversity" in shown
    assert "\x1b" not in shown
    assert not (captured.out if err else captured.err)
    assert max(map(len, shown.splitlines())) > 60
