"""``gancheck trace`` as users type it: lines, files, exit codes, messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner, Result

from gancheck.cli import app
from loaders.loader_models import save_torchscript

Run = Callable[..., Result]


class Ring(nn.Module):
    """Draws points beside one place of a ring, or around all of it."""

    def __init__(self, place: float | None) -> None:
        super().__init__()
        spread = 3.14159 if place is None else 0.2
        self.turn = nn.Parameter(torch.tensor([spread, place or 0.0]))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Turn the first latent into an angle."""
        angle = self.turn[1] + self.turn[0] * torch.erf(z[:, :1] / 2**0.5)
        return (1 + 0.05 * z[:, 1:2]) * torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)


class Judge(nn.Module):
    """Takes what lies to the right for real."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Look at the first coordinate."""
        return self.scale * x[:, :1]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was diverse, then hopped between two places; one file is broken."""
    folder = tmp_path_factory.mktemp("training")
    for step, place in ((100, None), (200, 0.0), (300, 3.0), (400, 0.0)):
        save_torchscript(Ring(place).eval(), (torch.randn(4, 2),), folder / f"G_{step}.pt")
        save_torchscript(Judge().eval(), (torch.randn(4, 2),), folder / f"D_{step}.pt")
    (folder / "G_350.pt").write_bytes(b"half of a mod")
    (folder / "log.csv").write_text("step,loss_d\n100,1.0\n400,0.5\n")
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        real = Ring(None)(torch.randn(2400, 2, generator=generator)).numpy()
    np.savez(folder / "real.npz", samples=real)
    return folder


@pytest.fixture
def trace(training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``gancheck trace`` in an empty folder, without colour."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, columns: int = 120) -> Result:
        given = ["trace", *map(str, arguments), "--samples", "300", "--map", "pca"]
        env = {"COLUMNS": str(columns), "NO_COLOR": "1"}
        return CliRunner().invoke(app, given, env=env)

    return run


def test_a_training_is_told_line_by_line_and_as_a_whole(training: Path, trace: Run) -> None:
    """Every checkpoint is a line, the broken one with its reason; page, JSON and stream agree."""
    done = trace(
        training / "G_*.pt",
        *("-r", training / "real.npz", "--latent-dim", 2, "--stream", "rows.jsonl"),
        *("--discriminator", training / "D_*.pt", "--losses", training / "log.csv"),
    )
    assert done.exit_code == 0, done.output
    report = json.loads(Path("trace.gancheck.json").read_text())
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]

    assert [row["step"] for row in rows] == [100, 200, 300, 350, 400]
    assert [bool(row["error"]) for row in rows] == [False, False, False, True, False]
    assert report["kind"] == "trace"
    assert [row["step"] for row in report["checkpoints"]] == [100, 200, 300, 350, 400]
    assert "mode-hopping" in report["conditions"]
    assert report["losses"]["loss_d"] == [1.0, 0.5]
    assert report["checkpoints"][0]["judged"]["path"].endswith("D_100.pt")
    assert {"voyage", "fields"} <= {one["kind"] for one in report["exhibits"]}
    assert report["settings"]["command"].startswith("gancheck")
    assert "G_350.pt" in done.stdout
    assert "COLLAPSED" in done.stdout
    assert Path("trace.gancheck.html").read_text().startswith("<!doctype html>")


def test_a_stored_trace_is_rendered_again_byte_for_byte(training: Path, trace: Run) -> None:
    """``gancheck report`` needs neither the models nor the data."""
    assert not trace(
        training / "G_1*.pt", training / "G_2*.pt", "-r", training / "real.npz", "--latent-dim", 2
    ).exit_code
    page = Path("trace.gancheck.html").read_bytes()
    again = CliRunner().invoke(app, ["report", "trace.gancheck.json", "--html", "again.html"])

    assert again.exit_code == 0, again.output
    assert Path("again.html").read_bytes() == page
    both = CliRunner().invoke(app, ["report", "trace.gancheck.json", "trace.gancheck.json"])
    assert both.exit_code == 2
    assert "only reports on single models" in both.output


def test_following_ends_when_no_checkpoint_comes(training: Path, trace: Run) -> None:
    """What is there is measured, and the reports are those of a trace that was not followed."""
    pattern = training / "G_[124]00.pt"
    common = ("-r", training / "real.npz", "--latent-dim", 2, "--no-html")
    followed = trace(pattern, *common, "--follow", "--idle", 1, "--json", "followed.json")
    assert followed.exit_code == 0, followed.output
    assert not trace(pattern, *common, "--json", "plain.json").exit_code
    one, other = (json.loads(Path(name).read_text()) for name in ("followed.json", "plain.json"))

    assert [row["scores"] for row in one["checkpoints"]] == [
        row["scores"] for row in other["checkpoints"]
    ]
    assert one["findings"] == other["findings"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere_*.pt"], "matches no file"),
        (["{0}/G_*.pt", "--idle", "5"], "--idle goes with --follow"),
        (["{0}/G_*.pt", "--discriminator", "{0}/E_*.pt"], "matches no file"),
        (["{0}/G_*.pt", "--discriminator", "{0}/real.npz"], "no discriminator of"),
        (["{0}/G_*.pt", "--losses", "{0}/real.npz"], "cannot read"),
        (["{0}/G_*.pt", "--animate", "a.mp4"], "neither .gif nor .webp"),
        (["{0}/G_350.pt"], "no checkpoint could be measured"),
        (["{0}/G_*.pt", "--json", "x", "--html", "x"], "two of the results go to one place"),
        (["{0}/G_*.pt", "--no-json", "--json", "x"], "contradict each other"),
        (["{0}/G_*.pt", "-r", "{0}/gone.npz"], "gone.npz"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(
    arguments: list[str], says: str, training: Path, trace: Run
) -> None:
    """The message names what was found."""
    done = trace(*(one.format(training) for one in arguments), "--latent-dim", 2)

    assert done.exit_code == 2
    assert says in done.output


def test_a_foreign_file_is_not_replaced(training: Path, trace: Run) -> None:
    """An earlier stream is; anything else needs ``--force``."""
    Path("rows.jsonl").write_text("my notes\n")
    arguments = (training / "G_100.pt", "-r", training / "real.npz", "--latent-dim", 2)
    refused = trace(*arguments, "--stream", "rows.jsonl", "--no-html")
    assert refused.exit_code == 2
    assert Path("rows.jsonl").read_text() == "my notes\n"
    forced = trace(*arguments, "--stream", "rows.jsonl", "--no-html", "--force")
    assert forced.exit_code == 0, forced.output
    again = trace(*arguments, "--stream", "rows.jsonl", "--no-html")

    assert again.exit_code == 0, again.output
    assert len(Path("rows.jsonl").read_text().splitlines()) == 1


def test_the_stream_may_be_stdout(training: Path, trace: Run) -> None:
    """Nothing else is printed there."""
    done = trace(
        training / "G_100.pt", "--latent-dim", 2, "--stream", "-", "--no-html", "--no-json"
    )

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["step"] == 100
