"""Gates that run a model or samples first: ``gate``, ``baseline`` and ``diagnose --fail-under``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stored_reports import write_report
from typer.testing import CliRunner, Result

from gancheck.cli.application import application
from gancheck.stored import read

Run = Callable[..., Result]
APP = application(["gate", "baseline", "diagnose"])
QUICK = ("-r", "real.npz", "--samples", 300)


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write points on a ring of eight modes: reference, a good set, and one that lost three."""
    folder, rng = tmp_path_factory.mktemp("rings"), np.random.default_rng(0)
    for name, modes in (("real", 8), ("good", 8), ("bad", 5)):
        angle = 2 * np.pi * rng.integers(0, modes, 600) / 8
        points = np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.05, (600, 2))
        np.savez(folder / f"{name}.npz", samples=points.astype(np.float32))
    return folder


@pytest.fixture
def run(rings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder that holds the sets of points."""
    monkeypatch.chdir(tmp_path)
    for path in rings.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(APP, [str(argument) for argument in arguments])

    return invoke


def test_samples_are_diagnosed_and_gated(run: Run) -> None:
    """What lost modes fails; the diagnosis is kept where that was asked, and gates alike."""
    result = run("gate", "bad.npz", *QUICK, "--min", "diversity=0.8", "--json", "bad.json")

    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("gate FAILED: diversity")
    kept = read("bad.json")
    assert kept.settings["samples"] == 300
    assert kept.settings["command"]
    assert sorted(path.name for path in Path().iterdir()) == [
        "bad.json", "bad.npz", "good.npz", "real.npz",
    ]  # fmt: skip
    again = run("gate", "bad.json", "--min", "diversity=0.8")
    assert (again.exit_code, again.stdout) == (1, result.stdout)


def test_an_undecided_gate_may_draw_more(run: Run) -> None:
    """With --adaptive a second look is taken, and the result says so."""
    result = run("gate", "good.npz", "-r", "real.npz", "--samples", 150, "--min", "diversity=0.99",
                 "--adaptive", "--max-samples", 300)  # fmt: skip

    assert "of at most 2 looks" in " ".join(result.stdout.split()), result.output


def test_a_baseline_is_small_and_compares_with_later_runs(run: Run) -> None:
    """It has no pictures, names the next command, and the same set has lost nothing since."""
    written = run("baseline", "good.npz", *QUICK)
    assert written.exit_code == 0, written.output
    assert "gancheck gate good.npz -r real.npz --baseline good.baseline.json" in written.stdout
    assert "data:image" not in Path("good.baseline.json").read_text()
    against = ("--baseline", "good.baseline.json", "--max-drop", "0.05")

    assert run("gate", "good.npz", *QUICK, *against).exit_code == 0
    assert run("gate", "bad.npz", *QUICK, *against).exit_code == 1
    other = run("gate", "good.npz", "-r", "real.npz", "--samples", 250, *against)
    assert other.exit_code == 2
    assert "samples" in other.stderr


def test_a_stored_report_becomes_a_baseline_without_a_run(run: Run) -> None:
    """Scores stay whole; the report itself and foreign files are not overwritten."""
    whole = write_report(Path("G.gancheck.json"))

    assert run("baseline", whole).exit_code == 0
    assert read("G.baseline.json").scores == read(whole).scores
    assert run("baseline", whole, "-o", whole).exit_code == 2
    Path("mine.json").write_text("mine")
    refused = run("baseline", whole, "-o", "mine.json")
    assert (refused.exit_code, "--force" in refused.stderr) == (2, True)
    assert run("baseline", whole, "-o", "mine.json", "--force").exit_code == 0
    asked = run("baseline", whole, "--seed", 3)
    assert (asked.exit_code, "--seed" in asked.stderr) == (2, True)


def test_fail_under_gates_after_the_reports(run: Run) -> None:
    """The report is printed and written, then the gate's line, then exit 1."""
    result = run("diagnose", "bad.npz", *QUICK, "--map", "none", "--no-html", "--fail-under", 0.8)

    assert result.exit_code == 1, result.output
    assert result.stdout.index("COLLAPSED") < result.stdout.index("gate FAILED: diversity")
    assert json.loads(Path("bad.gancheck.json").read_text())["verdict"] == "collapsed"


def test_fail_under_without_a_reference_is_never_green(run: Run) -> None:
    """Diversity cannot be measured: exit 2, with JSON on stdout still nothing but JSON."""
    result = run("diagnose", "good.npz", "--samples", 300, "--no-html", "--json", "-",
                 "--fail-under", 0.5)  # fmt: skip

    assert result.exit_code == 2
    assert json.loads(result.stdout)["verdict"] == "inconclusive"
    assert "gate COULD NOT RUN" in result.stderr


@pytest.mark.parametrize("share", ["1.1", "-0.1", "nan", "much"])
def test_fail_under_is_a_share(run: Run, share: str) -> None:
    """What is outside 0 to 1 is refused before the run."""
    assert run("diagnose", "good.npz", f"--fail-under={share}").exit_code == 2
    assert not Path("good.gancheck.json").exists()
