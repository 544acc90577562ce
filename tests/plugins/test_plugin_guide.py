"""What CONTRIBUTING.md says of plugins works as it is written: its blocks are run, not read."""

from __future__ import annotations

import csv
import importlib
import json
import shlex
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from distributions import GUIDE, ROOT, blocks, install, named_blocks, run, write
from torch import nn

TOML = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

HELLO = (ROOT / "plugins" / "gancheck-hello" / "gancheck_hello.py").read_text(encoding="utf-8")
MATRIX = [[2.0, 0.0], [1.0, 1.0]]
KINDS = {
    ("extent", "analyzer"),
    ("laplace", "latent law"),
    ("affine", "loader"),
    ("arcsinh", "embedder"),
    ("csv", "reporter"),
    ("oneline", "gate format"),
    ("squares", "architecture"),
}


class Done(NamedTuple):
    """What the commands of the guide said, by the command, and the folder that they ran in."""

    by_command: dict[str, dict[str, Any]]
    folder: Path

    def of(self, start: str) -> dict[str, Any]:
        """Return what one command said, with exit code 0."""
        (told,) = [told for line, told in self.by_command.items() if line.startswith(start)]
        assert told["code"] == 0, told
        return told


def make_inputs(folder: Path) -> None:
    """Write the files that the guide's commands name."""
    rng = np.random.default_rng(0)
    points = rng.laplace(size=(1500, 2)) @ np.array(MATRIX).T
    np.savez(folder / "reference.npz", samples=points[:1000].astype(np.float32))
    np.savez(folder / "samples.npz", samples=points[1000:].astype(np.float32) + 100)
    affine = {"affine": {"matrix": MATRIX, "shift": [0.0, 0.0]}}
    (folder / "spiral.affine").write_text(json.dumps(affine), encoding="utf-8")
    torch.save(settled().state_dict(), folder / "squares.pth")


class Network(nn.Module):
    """The network whose weights the architecture of the guide is for."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(6, 32), nn.BatchNorm1d(32, momentum=None)
        self.second, self.check = nn.Linear(32, 16), nn.BatchNorm1d(16, momentum=None)
        self.last = nn.Linear(16, 2)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Draw points."""
        hidden = self.norm(self.first(latents)).square()
        points: torch.Tensor = self.last(self.check(self.second(hidden)))
        return points


def settled() -> Network:
    """Return the network after enough batches for its statistics to settle."""
    torch.manual_seed(0)
    network = Network()
    with torch.no_grad():
        for _ in range(100):
            network(torch.randn(256, 6))
    return network


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Install the plugins of the guide, and run its commands."""
    site, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("here")
    write(site, named_blocks())
    for word in ("first", "kinds"):
        project = TOML.loads((site / "pyproject.toml").read_text().replace("first", word))
        named = project["project"]
        entries = named["entry-points"]["gancheck.plugins"]
        install(site, named["name"], named["version"], entries)
    make_inputs(folder)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("gancheck ")]
    short = {"gancheck diagnose": " --samples 300 --map none --no-html"}
    typed = [line + short.get(" ".join(line.split()[:2]), "") for line in commands]
    typed.append("gancheck plugins --json")
    told = run(site, folder, [shlex.split(line)[1:] for line in typed])
    return Done(dict(zip([*commands, typed[-1]], told, strict=True)), folder)


def test_the_walk_is_the_whole_plugin() -> None:
    """The blocks of the walk, put together, are gancheck-hello word for word."""
    _, walk = GUIDE.split("### gancheck-hello, line by line")
    walk = walk.partition("\n### ")[0]
    pieces = [block for block in blocks("python") if block in walk]

    assert "".join("".join(pieces).split()) == "".join(HELLO.split())
    for piece in pieces:
        assert piece.rstrip("\n") in HELLO


def test_every_kind_is_listed_with_its_package(done: Done) -> None:
    """``gancheck plugins`` names all seven kinds, where they come from, and their settings."""
    found = json.loads(done.of("gancheck plugins --json")["out"])
    rows = {row["name"]: row for row in found["plugins"]}

    assert {(row["name"], row["kind"]) for row in rows.values()} == KINDS
    assert found["broken"] == []
    assert rows["extent"]["origin"] == "gancheck-first"
    assert {rows[name]["origin"] for name, _ in KINDS if name != "extent"} == {"gancheck-kinds"}
    assert {row["version"] for row in rows.values()} == {"0.1"}
    assert rows["extent"]["settings"] == {"warn_above": 0.5}
    assert rows["arcsinh"]["settings"] == {"scale": 1.0}
    assert rows["laplace"]["settings"] is None


def test_an_analyzer_is_explained_and_run(done: Done) -> None:
    """It speaks on samples far outside, stays silent on good ones, and its docstring is shown."""
    assert "What it measures:" in done.of("gancheck explain extent")["out"]
    assert done.of("gancheck diagnose samples.npz")
    severities = []
    for name in ("samples", "spiral"):
        report = json.loads((done.folder / f"{name}.gancheck.json").read_text(encoding="utf-8"))
        (finding,) = [one for one in report["findings"] if one["analyzer"] == "extent"]
        severities.append((finding["severity"], finding["value"] > 0.5))
    assert severities == [("WARN", True), ("OK", False)]


def test_a_loader_a_law_and_an_embedder_are_used(done: Done) -> None:
    """The report names all three, and what the law draws is what the reference was drawn from."""
    assert "affine" in done.of("gancheck inspect spiral.affine")["out"]
    assert done.of("gancheck diagnose spiral.affine")
    report = json.loads((done.folder / "spiral.gancheck.json").read_text(encoding="utf-8"))

    assert report["subject"]["format"] == "affine"
    assert report["subject"]["latent_law"] == "laplace"
    assert report["settings"]["embedder"] == "arcsinh"
    assert report["verdict"] == "healthy"


def test_a_reporter_and_a_gate_format_are_used(done: Done) -> None:
    """``--output`` finds the form by its suffix, ``--format`` by its name."""
    with (done.folder / "scores.csv").open(encoding="utf-8") as file:
        scores = {row["score"]: float(row["value"]) for row in csv.DictReader(file)}
    assert scores["diversity"] > 0.5

    said = done.of("gancheck gate spiral.gancheck.json")["out"]
    assert said.startswith("gate passed: ")
    assert said.count("\n") == 1


def test_an_architecture_is_rebuilt(done: Done) -> None:
    """Weights alone become a generator, because a proposal fits them and their statistics."""
    assert "a network of squares" in done.of("gancheck inspect squares.pth")["out"]
