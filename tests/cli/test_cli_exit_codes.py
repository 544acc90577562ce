"""Exit codes through the real command line: scripts rely on them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stored_reports import write_report

COMMAND = (sys.executable, "-m", "gancheck")
PLUGIN = "[gancheck.plugins]\nshaky = shaky\n"
SHAKY = """
from gancheck.reporters.gates import GATE_REPORTERS

@GATE_REPORTERS.register("shaky")
class Shaky:
    @staticmethod
    def render(result):
        return 1 / len(result.scores["diversity"].name[9:])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with a report of diversity 0.90 and a baseline of another seed."""
    write_report(tmp_path / "report.json")
    write_report(tmp_path / "old.json", seed=1)
    return tmp_path


def gate(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m gancheck gate report.json`` with further arguments."""
    return subprocess.run(
        [*COMMAND, "gate", "report.json", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("code", "arguments", "stream", "word"),
    [
        (0, ("--min", "diversity=0.8"), "stdout", "gate passed"),
        (0, ("--min", "diversity=0.9"), "stdout", "gate INCONCLUSIVE"),
        (1, ("--min", "diversity=0.95"), "stdout", "gate FAILED"),
        (2, ("--max", "memorization=0.01"), "stdout", "gate COULD NOT RUN"),
        (2, ("--min", "diversty=0.8"), "stderr", "Did you mean 'diversity'?"),
        (2, ("--baseline", "old.json", "--max-drop", "0.1"), "stderr", "seed"),
        (2, ("--nonsense",), "stderr", "No such option"),
    ],
)
def test_the_result_is_the_exit_code(
    folder: Path, code: int, arguments: tuple[str, ...], stream: str, word: str
) -> None:
    """0 passed or undecided, 1 failed, 2 unknown, skipped, not comparable or mistyped."""
    done = gate(folder, *arguments)

    assert done.returncode == code, done.stderr
    assert word in getattr(done, stream)
    assert "Traceback" not in done.stderr


def test_a_bad_file_of_settings_is_exit_2(folder: Path) -> None:
    """A key that nobody knows stops the gate: it may have been a limit."""
    (folder / "gancheck.toml").write_text("[gate.mni]\ndiversity = 0.8\n")
    done = gate(folder)

    assert done.returncode == 2
    assert "Did you mean min?" in done.stderr
    assert done.stdout == ""


def test_a_bug_is_exit_70(folder: Path) -> None:
    """An exception that nobody foresaw, here of an installed plugin, shows its traceback."""
    installed = folder / "site" / "shaky-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: shaky\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(PLUGIN)
    (folder / "site" / "shaky.py").write_text(SHAKY)
    done = gate(folder, "--format", "shaky", PYTHONPATH=str(folder / "site"))

    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_an_interrupt_is_exit_130(folder: Path) -> None:
    """Ctrl-C while a report is read ends quietly; the pipe tells when the reading has begun."""
    os.mkfifo(folder / "pipe")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child inherits "ignore"
    try:
        child = subprocess.Popen(
            [*COMMAND, "gate", "pipe"], cwd=folder, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with (folder / "pipe").open("wb"):  # waits for the reader
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)

    assert child.returncode == 130
    assert said == "interrupted\n"
