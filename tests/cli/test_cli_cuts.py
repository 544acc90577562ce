"""``gancheck cuts`` as users type it: pictures, JSON, exit codes, messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from typer.testing import CliRunner, Result

from gancheck.cli import app
from loaders.loader_models import save_torchscript

Cuts = Callable[..., Result]


class Step(nn.Module):
    """Two latents in, two numbers out; a jump where the first latent is 0.5."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.05))

    def forward(self, z: Tensor) -> Tensor:
        """Add a step to a small copy of the latent."""
        jump = torch.sign(z[:, :1] - 0.5)
        return torch.cat([jump + self.scale * z[:, :1], self.scale * z[:, 1:2]], dim=1)


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the step as TorchScript, and samples of it as a reference."""
    folder = tmp_path_factory.mktemp("step")
    module, latents = Step().eval(), torch.randn(3000, 2)
    save_torchscript(module, (latents[:4],), folder / "step.pt")
    with torch.no_grad():
        np.savez(folder / "real.npz", samples=module(latents).numpy())
    return folder


@pytest.fixture
def cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cuts:
    """Run ``gancheck cuts`` in an empty folder, without colour."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, columns: int = 80) -> Result:
        return CliRunner().invoke(
            app, ["cuts", *map(str, arguments)], env={"COLUMNS": str(columns), "NO_COLOR": "1"}
        )

    return run


SHAPE = ("--latent-dim", 2, "--latent-law", "normal", "--samples", 300, "--resolution", 48)


def fails(result: Result, *words: str) -> None:
    """Check for exit 2, a message without traceback, and the words that must be in it."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_one_run_writes_page_json_picture_and_animation(
    cuts: Cuts, step: Path, tmp_path: Path
) -> None:
    """The cut at 0.5 is in the table, in the JSON, red in the PNG, and everything is written."""
    result = cuts(
        step / "step.pt", "-r", step / "real.npz", *SHAPE, *("--png", "cut.png"),
        *("--animate", "move.gif", "--json", "cut.json", "--html", "cut.html"),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "cut_mass" in result.stdout
    assert "may have been missed" in " ".join(result.stdout.split())
    assert "evaluations" in result.stderr

    found = json.loads((tmp_path / "cut.json").read_text())
    (one,) = found["cuts"]
    assert one["kind"] == "cut"
    assert abs(one["normal"][0]) == pytest.approx(1.0, abs=1e-3)
    assert one["offset"] == pytest.approx(0.5, abs=1e-3)
    assert {"crossings", "rate", "width", "jump", "boundary_accuracy", "modes"} <= one.keys()
    assert {"value", "low", "high"} <= found["cut_mass"].keys()
    (line,) = found["slice"]["lines"]
    assert [x for x, _ in line["points"]] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert found["slice"]["extent"] == [-3.0, 3.0, -3.0, 3.0]
    assert "or more" not in json.dumps(found)
    assert [finding["id"] for finding in found["findings"]] == ["cuts.crossings"]

    with Image.open(tmp_path / "cut.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    red = np.argwhere((np.abs(pixels - [214, 39, 40]) < 12).all(axis=2))
    share = (np.median(red[:, 1]) - 96) / 840
    assert share == pytest.approx(3.5 / 6, abs=0.005)
    assert len(red) > 840
    with Image.open(tmp_path / "move.gif") as moving:
        assert moving.n_frames == 60
    assert (tmp_path / "move.gif").stat().st_size < 2_000_000
    assert "Latent space" in (tmp_path / "cut.html").read_text()


def test_a_second_run_replaces_its_own_files_only(cuts: Cuts, step: Path, tmp_path: Path) -> None:
    """A foreign picture stays; one that gancheck drew is replaced."""
    asked = (step / "step.pt", *SHAPE, "--png", "cut.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "cut.png")
    fails(cuts(*asked), "cut.png", "--force")
    assert cuts(*asked, "--force").exit_code == 0
    assert cuts(*asked).exit_code == 0


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_longer_than_the_terminal(cuts: Cuts, step: Path, columns: int) -> None:
    """The map, its legend and the table fit into the width; the cut is drawn in characters."""
    result = cuts(step / "step.pt", "-r", step / "real.npz", *SHAPE, columns=columns)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert max(map(len, lines)) <= columns
    assert "\x1b" not in result.stdout
    drawn = [line for line in lines if line[2:66].count("#") == 1]
    assert len(drawn) >= 30
    assert len({line.index("#") for line in drawn[:30]}) == 1


def test_json_on_stdout_is_nothing_but_json(cuts: Cuts, step: Path) -> None:
    """A script can read stdout; without a reference nothing is said to be off it."""
    result = cuts(step / "step.pt", *SHAPE, "--json", "-")
    found = json.loads(result.stdout)
    assert found["cuts"][0]["off_reference"] is None
    assert found["slice"]["layers"] == ["jump"]


def test_the_plane_can_be_named_in_three_ways(cuts: Cuts, step: Path, tmp_path: Path) -> None:
    """By coordinates, through latents in a file, and around a latent."""
    np.save(tmp_path / "z.npy", np.array([[0.0, 0.0], [1.0, 0.2], [0.1, 1.0]]))
    ways = (("--plane", "2,1"), ("--through", "z.npy"), ("--at", "0.5,1"))
    found = [
        json.loads(cuts(step / "step.pt", *SHAPE, *way, "--json", "-").stdout)["slice"]
        for way in ways
    ]
    assert found[0]["directions"] == [[0.0, 1.0], [1.0, 0.0]]
    assert [y for _, y in found[0]["lines"][0]["points"]] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert found[1]["chosen"] == "the plane through the three given latents"
    assert found[1]["centre"] == pytest.approx([1.1 / 3, 0.4])
    assert found[2]["centre"] == [0.5, 1.0]
    assert [x for x, _ in found[2]["lines"][0]["points"]] == pytest.approx([0, 0], abs=1e-4)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--plane", "1"), ("--plane", "1,2")),
        (("--plane", "1,9"), ("1 and 9", "1..2")),
        (("--at", "0,x"), ("--at", "numbers")),
        (("--at", "0,0,0"), ("3 numbers", "takes 2")),
        (("--through", "gone.npy"), ("gone.npy",)),
        (("--through", "gone.npy", "--at", "0,0"), ("--through",)),
        (("--animate", "a.mp4"), (".gif", ".webp")),
        (("--png", "a.jpg"), (".png",)),
        (("--png", "a.png", "--html", "a.png"), ("one file",)),
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    cuts: Cuts, step: Path, flags: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Each message names the flag and what it takes."""
    fails(cuts(step / "step.pt", *SHAPE, *flags), *words)


def test_a_set_of_samples_has_no_latent_space(cuts: Cuts, step: Path) -> None:
    """Points from a file have no latents: exit 2 with the reason."""
    fails(cuts(step / "real.npz"), "set of samples")
