"""``gancheck diagnose --class N`` and ``--labels`` as users type them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from analyzers.conditional_studies import real
from gancheck.cli import app
from loaders.loader_models import Points, save_torchscript
from test_class_runs import CLASSES
from test_class_runs import Points as Labelled

FLAGS = ("--samples", "200", "--no-html", "--map", "none", "--no-cache")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a conditional generator, one without labels, and a reference."""
    monkeypatch.chdir(tmp_path)
    example = (torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64))
    save_torchscript(Labelled().eval(), example, tmp_path / "model.pt")
    torch.manual_seed(0)
    save_torchscript(Points().eval(), (torch.zeros(2, 5),), tmp_path / "plain.pt")
    values, labels = real(CLASSES, 900, 0)
    np.savez("known.npz", samples=values, labels=labels)
    np.savez("bare.npz", samples=values)

    return tmp_path


def run(*arguments: str) -> Result:
    """Run ``gancheck diagnose``."""
    return CliRunner().invoke(app, ["diagnose", *FLAGS, *arguments])


def fails(result: Result, *words: str) -> None:
    """Check for exit 2 and one message without traceback that has the words."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in " ".join(result.stderr.split())


def test_one_class_is_judged_and_told() -> None:
    """The report holds the class and the proportions that were asked for."""
    result = run("model.pt", "-r", "known.npz", "--class", "1")
    assert result.exit_code == 0, result.output
    report = json.loads(Path("model.gancheck.json").read_text(encoding="utf-8"))
    assert report["settings"]["class"] == 1
    assert report["settings"]["reference_n"] == 300
    assert report["subject"]["classes"] is None


def test_classes_that_are_not_there_are_refused() -> None:
    """Out of range, no labels at all, negative: exit 2, and what to write instead."""
    fails(run("model.pt", "-r", "known.npz", "--class", "3"), "has 3 classes", "--class 2")
    fails(run("plain.pt", "--latent-dim", "5", "--class", "0"), "takes no labels", "--class")
    fails(run("known.npz", "-r", "known.npz", "--class", "0"), "holds samples")
    fails(run("model.pt", "-r", "known.npz", "--class", "-1"), "--class")


def test_proportions_that_are_not_there_are_refused() -> None:
    """A reference without labels has no proportions; an unknown word is answered with the known."""
    fails(run("model.pt", "-r", "bare.npz", "--labels", "reference"), "no labels", "uniform")
    fails(run("model.pt", "-r", "known.npz", "--labels", "even"), "auto, reference, uniform")


def test_classes_are_shown_on_the_terminal() -> None:
    """The worst classes are listed under the checks, and the rest is counted."""
    values, labels = real(8, 1600, 1)
    np.savez("known.npz", samples=values, labels=labels)
    values, labels = real(8, 800, 2)
    values[labels == 5] = values[labels == 5][0]
    np.savez("drawn.npz", samples=values, labels=labels)
    result = run("drawn.npz", "-r", "known.npz", "--samples", "800")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    at = next(at for at, line in enumerate(lines) if line.split()[:1] == ["class"])
    assert lines[at + 2].split()[0] == "5"
    assert "collapsed" in lines[at + 2]
    assert any("7 more classes" in line for line in lines[at:])
