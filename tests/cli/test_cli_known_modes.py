"""``--modes`` as users type it: what reaches the report, the gate and a file of settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner, Result

from analyzers.studies import ring
from gancheck.cli import app
from loaders.loader_models import save_torchscript

FLAGS = ("--samples", "600", "--no-html", "--map", "none", "--no-cache")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with samples of a ring that lost two modes, its centres, and a classifier."""
    monkeypatch.chdir(tmp_path)
    angle = 2 * np.pi * np.arange(8) / 8
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.savez("ring.npz", centres=places, sd=0.05)
    np.save("ring.npy", places)
    lost = np.array([0, 0, 1, 1, 1, 1, 1, 1]) / 6
    np.savez("lost.npz", samples=ring(600, 1, shares=lost))
    torch.manual_seed(0)
    save_torchscript(nn.Linear(2, 4).eval(), (torch.zeros(2, 2),), tmp_path / "judge.pt")
    greys = np.random.default_rng(0).integers(0, 256, (300, 1, 4, 4), dtype=np.uint8)
    np.savez("greys.npz", samples=greys)
    return tmp_path


def run(*arguments: str) -> Result:
    """Run ``gancheck diagnose``."""
    return CliRunner().invoke(app, ["diagnose", "lost.npz", *FLAGS, *arguments])


def report() -> dict[str, Any]:
    """Read the report."""
    found: dict[str, Any] = json.loads(Path("lost.gancheck.json").read_text("utf-8"))
    return found


def fails(result: Result, *words: str) -> None:
    """Check for exit 2 and one message without traceback that has the words."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in " ".join(result.stderr.split())


def test_known_modes_reach_the_report() -> None:
    """Scores, verdict, and which file it was; no reference is needed."""
    result = run("--modes", "ring.npy", "--modes-sd", "0.05")
    assert result.exit_code == 0, result.output
    found = report()
    assert found["verdict"] == "collapsed"
    assert found["scores"]["modes_captured"]["value"] == 6
    assert found["settings"]["modes"] == "ring.npy"
    assert found["settings"]["modes_sd"] == 0.05
    assert len(str(found["settings"]["modes_sha256"])) == 64


def test_without_the_flag_it_is_skipped_with_the_reason() -> None:
    """The report names the flag, and says nothing of modes in its settings."""
    assert run().exit_code == 0
    skipped = {one["analyzer"]: one["reason"] for one in report()["skipped"]}
    assert "--modes" in skipped["known_modes"]
    assert "modes" not in report()["settings"]


def test_a_classifier_of_points_is_taken() -> None:
    """Its classes are the modes."""
    assert run("--modes", "judge.pt").exit_code == 0
    assert report()["scores"]["modes_captured"]["ceiling"] == 4


def test_a_file_of_settings_and_a_gate_take_them() -> None:
    """Keys of the flags' names; a limit on what is captured breaks the gate."""
    Path("gancheck.toml").write_text("modes = 'ring.npy'\nmodes-sd = 0.05\n", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["gate", "lost.npz", "--samples", "600", "--no-cache", "--min", "modes_captured=8"]
    )
    assert result.exit_code == 1, result.output
    assert "modes_captured" in result.output


def test_what_makes_no_sense_is_refused() -> None:
    """Each message names the flag or the file, and what helps."""
    fails(run("--modes-sd", "0.1"), "--modes-sd goes with --modes")
    fails(run("--modes-range", "0,1"), "--modes-range goes with --modes")
    fails(run("--modes", "ring.npy"), "standard deviation", "--modes-sd")
    fails(run("--modes", "ring.npy", "--modes-sd", "0"), "--modes-sd 0")
    fails(run("--modes", "ring.npz", "--modes-range", "0,1"), "--modes-range is for a classifier")
    fails(run("--modes", "judge.pt", "--modes-range", "1,0"), "--modes-range '1,0' is not a range")
    fails(run("--modes", "gone.npz"), "gone.npz does not exist")
    greys = CliRunner().invoke(app, ["diagnose", "greys.npz", *FLAGS, "--modes", "judge.pt"])
    fails(greys, "--modes-range")
    Path("gancheck.toml").write_text("modes = 'ring.npz'\nmodes-sd = 0\n", encoding="utf-8")
    fails(run(), "modes-sd", "a number above 0")
