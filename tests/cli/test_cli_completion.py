"""Completion as shells ask for it: names and words, from light imports only."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gancheck.analyzers import ANALYZERS
from gancheck.cli import complete
from gancheck.cli.application import application
from gancheck.embedders import EMBEDDERS
from gancheck.types import Condition

APP = application()
ASK = (
    "import sys\nsys.argv = ['gancheck']\nfrom gancheck.cli import main\n"
    "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code, done.code\n"
    "heavy = ('torch', 'numpy', 'scipy', 'sklearn', 'umap', 'onnxruntime', 'PIL', 'jinja2')\n"
    "print([m for m in heavy if m in sys.modules])"
)


def offered(line: str) -> list[str]:
    """Return what bash would offer at the end of a line."""
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    environment = {"_GANCHECK_COMPLETE": "complete_bash", **asked}
    result = CliRunner().invoke(APP, env=environment, prog_name="gancheck")
    assert result.exit_code == 0, result.output
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gancheck ga", ["gate"]),
        ("gancheck gate --on-", ["--on-inconclusive"]),
        ("gancheck gate --min dive", ["diversity="]),
        ("gancheck gate --max modes.m", ["modes.missing="]),
        ("gancheck gate --max-drop fid", ["fidelity="]),
        ("gancheck gate --forbid missing", ["missing-modes"]),
        ("gancheck gate --forbid sus", ["suspect"]),
        (
            "gancheck gate --level diversity=",
            ["diversity=off", "diversity=warn", "diversity=error"],
        ),
        ("gancheck gate --level missing-m", ["missing-modes="]),
        ("gancheck gate --format j", ["json", "junit"]),
        ("gancheck gate --on-inconclusive ", ["pass", "warn", "fail"]),
        ("gancheck gate --confidence ", ["0.95", "0.975", "0.99"]),
        ("gancheck gate --map p", ["pca"]),
        ("gancheck diagnose --embedder fi", ["fitted"]),
        ("gancheck prepare --embedder hug", ["huggingface:"]),
        ("gancheck cuts --device c", ["cpu", "cuda"]),
        ("gancheck explain missing", ["missing-modes"]),
        ("gancheck explain sens", ["sensitivity"]),
        ("gancheck export-help fast", ["fastgan"]),
    ],
)
def test_values_are_completed(line: str, words: list[str]) -> None:
    """Each option that takes a name or a word offers them."""
    assert offered(line) == words


def test_a_broken_file_of_settings_does_not_disturb(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the file is read while the shell asks."""
    monkeypatch.chdir(str(tmp_path))
    with open("gancheck.toml", "w") as file:  # noqa: PTH123
        file.write("sampels = 1")

    assert offered("gancheck gate --format mark") == ["markdown"]


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        (
            {"_GANCHECK_COMPLETE": "complete_bash", "COMP_WORDS": "gancheck explain mode-",
             "COMP_CWORD": "2"},
            "mode-hopping",
        ),
        (
            {"_GANCHECK_COMPLETE": "complete_zsh",
             "_TYPER_COMPLETE_ARGS": "gancheck gate --forbid few"},
            '"few-distinct-samples"',
        ),
        (
            {"_GANCHECK_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args",
             "_TYPER_COMPLETE_ARGS": "gancheck gate --embedder vec"},
            "vectors",
        ),
    ],
)  # fmt: skip
def test_shells_are_answered_at_once(environment: dict[str, str], answer: str) -> None:
    """The real protocol of each shell gets its answer, and nothing heavy was imported for it."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_names_that_were_read_are_those_that_register() -> None:
    """Reading the modules finds what importing them registers."""
    assert complete.registered("analyzers") == ANALYZERS.names()
    assert complete.registered("embedders") == EMBEDDERS.names()
    assert set(complete.explained()) == {*ANALYZERS.names(), *(one.value for one in Condition)}
