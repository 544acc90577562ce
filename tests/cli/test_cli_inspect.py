"""``gancheck inspect``: what a file is and how it would be read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner, Result

from gancheck.cli import app
from gancheck.cli.flags import ModelFlags
from gancheck.inspection import FileFacts, Inspection
from gancheck.preparation import gather
from gancheck.settings import Clock, Settings, Silence
from loaders.loader_models import LATENT, make_dcgan, save_exported, save_onnx, save_torchscript

Inspect = Callable[..., Result]


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspect:
    """Run ``gancheck inspect`` in an empty folder, on a terminal of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["inspect", *map(str, arguments)])

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Save a DCGAN of uniform latents."""
    module = make_dcgan(law="uniform")
    path: Path = save_torchscript(module, (torch.zeros(4, LATENT, 1, 1),), tmp_path / "g.pt")
    return path


def words(result: Result) -> str:
    """Return what was printed, with every run of blanks as one."""
    return " ".join(result.stdout.split())


def test_a_generator_is_described(inspect: Inspect, model: Path) -> None:
    """Format, tensors, call, latents, output, backend, audit and notes, each with its facts."""
    result = inspect("g.pt")
    text = words(result)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    for fact in (
        "a TorchScript program",
        "13 with 4,578 numbers (11 float32, 2 int64)",
        "main.0.weight 8x16x4x4",
        "= latents (8, 1, 1)",
        "8 x 1 x 1, uniform",
        "colour images of 16 x 16 pixels, black and white at -1 and 1",
        "torch",
        "in this process",
        "v ok latent-law",
        "v ok batch-mates",
        "Latents are uniform, judged by the BatchNorm statistics",
    ):
        assert fact in text
    assert result.stdout.splitlines()[-1].split("Next")[1].split() == shlex.split(
        "gancheck diagnose g.pt --reference DATA"
    )


def test_a_wrong_law_is_warned_of_and_the_next_command_is_right(
    inspect: Inspect, model: Path
) -> None:
    """The flags that were typed come back, the wrong one corrected."""
    result = inspect("g.pt", "--latent-law", "normal", "--output-range=-1,1")
    assert "! WARN latent-law" in words(result)
    assert "`--latent-law uniform`" in words(result)
    last = result.stdout.splitlines()[-1]
    assert "--latent-law uniform" in last
    assert "--output-range=-1,1" in last
    assert "normal" not in last


@pytest.mark.parametrize("columns", [80, 120])
def test_lines_fit_the_terminal(
    columns: int, inspect: Inspect, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wider than the terminal, and nothing of the audit is cut off."""
    monkeypatch.setenv("COLUMNS", str(columns))
    result = inspect("g.pt", "--latent-law", "normal")
    assert max(len(line) for line in result.stdout.splitlines()) <= columns
    assert "the first BatchNorm layer sees" in words(result)


def test_json_has_the_same_facts(inspect: Inspect, model: Path, tmp_path: Path) -> None:
    """On stdout there is nothing but JSON; in a file it is replaced, and foreign files are not."""
    plain = json.loads(inspect("g.pt", "--json", "-").stdout)
    assert (plain["schema"], plain["kind"], plain["format"]) == (1, "generator", "torchscript")
    assert plain["generator"]["latent_law"] == "uniform"
    assert plain["generator"]["output_shape"] == [3, 16, 16]
    assert plain["tensors"]["parameters"] == 4578
    assert {one["name"]: one["severity"] for one in plain["concerns"]}["latent-law"] == "OK"
    assert len(plain["sha256"]) == 64
    assert plain["next"].startswith("gancheck diagnose g.pt")
    for _ in range(2):
        assert "TorchScript" in inspect("g.pt", "--json", "out.json").stdout
    assert json.loads((tmp_path / "out.json").read_text()) == plain
    (tmp_path / "mine.json").write_text('{"schema": 1}')
    refused = inspect("g.pt", "--json", "mine.json")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert inspect("g.pt", "--json", "mine.json", "--force").exit_code == 0


@pytest.mark.parametrize("save", [save_onnx, save_exported])
def test_tensors_of_other_programs_are_listed(
    save: object, inspect: Inspect, tmp_path: Path
) -> None:
    """ONNX and .pt2 files show what they hold as well."""
    save(make_dcgan(), (torch.zeros(4, LATENT, 1, 1),), tmp_path / "g")  # type: ignore[operator]
    plain = json.loads(inspect("g", "--json", "-").stdout)
    assert plain["tensors"]["count"] >= 11
    assert plain["tensors"]["biggest"][0]["shape"] == [8, 16, 4, 4]
    assert plain["tensors"]["dtypes"]["float32"] >= 11


def test_what_was_chosen_in_a_checkpoint_is_said(inspect: Inspect, tmp_path: Path) -> None:
    """Of several sets of weights, the one that was taken is named with the flag that changes it."""
    state = make_dcgan().state_dict()
    torch.save({"g": state, "g_ema": state, "d": {"x.weight": torch.zeros(2)}}, tmp_path / "c.pt")
    result = inspect("c.pt", "--arch", "loaders.loader_models:Dcgan")
    assert "'g_ema' were taken" in words(result)
    assert "--key" in words(result)


def test_a_file_that_cannot_be_loaded_still_shows_what_it_holds(
    inspect: Inspect, tmp_path: Path
) -> None:
    """Weights without a network: the tensors are listed, then the error asks for --arch."""
    torch.save({"a.weight": torch.zeros(7, 5), "a.bias": torch.zeros(7)}, tmp_path / "w.pt")
    result = inspect("w.pt")
    assert result.exit_code == 2
    assert "2 with 42 numbers" in words(result)
    assert "a.weight 7x5" in words(result)
    assert "--arch" in result.stderr
    assert "Traceback" not in result.stderr
    silent = inspect("w.pt", "--json", "-")
    assert (silent.exit_code, silent.stdout) == (2, "")


def test_samples_are_described(inspect: Inspect, tmp_path: Path) -> None:
    """Number, size and labels; and the command that judges them."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 8, 6, 3), dtype=np.uint8)
    np.savez(tmp_path / "s.npz", images=images, labels=np.arange(30) % 4)
    result = inspect("s.npz")
    assert "30 colour images of 6 x 8 pixels, 4 labels" in words(result)
    assert "gancheck diagnose s.npz --reference DATA" in words(result)
    assert json.loads(inspect("s.npz", "--json", "-").stdout)["holds"]["count"] == 30


def test_a_prepared_reference_is_described(inspect: Inspect, tmp_path: Path) -> None:
    """What it was made of, how it is split, and where to pass it."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "r.npz", samples=rng.normal(size=(400, 3)).astype(np.float32))
    made = CliRunner().invoke(app, ["prepare", "r.npz", "-q"])
    assert made.exit_code == 0, made.output
    result = inspect("r.gcref")
    assert "400 vectors of length 3" in words(result)
    assert "vectors" in words(result)
    assert "gancheck diagnose MODEL --reference r.gcref" in words(result)
    assert json.loads(inspect("r.gcref", "--json", "-").stdout)["kind"] == "reference"


class Flat(nn.Module):
    """Flat pictures."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(3, 48)

    def forward(self, z: Tensor) -> Tensor:
        """Draw pictures."""
        return torch.tanh(self.dense(z))


def test_flat_pictures_take_the_shape_of_the_flag(inspect: Inspect, tmp_path: Path) -> None:
    """``--output-shape`` with channels, without them, and with a number that does not fit."""
    save_torchscript(Flat(), (torch.zeros(2, 3),), tmp_path / "f.pt")
    assert "vectors of length 48" in words(inspect("f.pt"))
    assert "colour images of 4 x 4" in words(inspect("f.pt", "--output-shape", "3,4,4"))
    assert "grey images of 8 x 6" in words(inspect("f.pt", "--output-shape", "6,8"))
    wrong = inspect("f.pt", "--output-shape", "5,5")
    assert wrong.exit_code == 2
    assert "48 values" in wrong.stderr


def test_flat_pictures_take_the_shape_of_the_reference(tmp_path: Path) -> None:
    """Vectors as long as the reference's images are images, with a warning that says so."""
    save_torchscript(Flat(), (torch.zeros(2, 3),), tmp_path / "f.pt")
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "r.npz", images=rng.integers(0, 256, (300, 6, 8), dtype=np.uint8))
    settings = Settings(samples=200, embedder="pixels", cache=False)
    inputs = gather(tmp_path / "f.pt", tmp_path / "r.npz", settings, Clock(Silence()))
    assert inputs.samples.shape == inputs.subject.output_shape == (1, 6, 8)
    assert any("`--output-shape 1,6,8`" in warning for warning in inputs.warnings)
    assert inputs.subject.backend.startswith("torch")
    assert not inputs.subject.trusted
    np.savez(tmp_path / "v.npz", samples=rng.normal(size=(300, 48)).astype(np.float32))
    plain = gather(tmp_path / "f.pt", tmp_path / "v.npz", settings, Clock(Silence()))
    assert plain.subject.output_shape == (48,)
    assert not any("--output-shape" in warning for warning in plain.warnings)


def test_grey_pictures_meet_a_colour_reference_of_their_size(tmp_path: Path) -> None:
    """48 values are one grey picture of 6 x 8 where the reference is three times as large."""
    save_torchscript(Flat(), (torch.zeros(2, 3),), tmp_path / "f.pt")
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "r.npz", images=rng.integers(0, 256, (300, 6, 8, 3), dtype=np.uint8))
    settings = Settings(samples=200, embedder="pixels", cache=False)
    inputs = gather(tmp_path / "f.pt", tmp_path / "r.npz", settings, Clock(Silence()))
    assert inputs.subject.output_shape == (1, 6, 8)
    assert inputs.samples.shape == (3, 6, 8)


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--output-shape", "4"), "--output-shape"),
        (("--output-shape", "2,4,4"), "1 or 3 channels"),
        (("--output-shape", "1,4,x"), "--output-shape"),
        (("--truncation", "0.5"), "no truncation"),
        (("--latent-law", "gauss:0.5"), "normal:0.7"),
    ],
)
def test_bad_options_are_named(
    inspect: Inspect, model: Path, flags: tuple[str, str], word: str
) -> None:
    """Every option that makes no sense ends in exit 2 and says what would."""
    result = inspect("g.pt", *flags)
    assert result.exit_code == 2
    assert word in result.stderr


def test_every_flag_that_was_typed_comes_back() -> None:
    """Nothing that is needed to load the model is missing from the next command."""
    said = ModelFlags(latent_dim=3, key="g", trust=True, isolate=False, output_shape="4,4")
    assert said.typed() == {
        "--latent-dim": "3",
        "--key": "g",
        "--output-shape": "4,4",
        "--trust": "",
        "--no-isolate": "",
    }
    assert ModelFlags().typed() == {}


def test_an_inspection_of_nothing_is_plain_json() -> None:
    """The contract holds also where there is neither a generator nor a tensor."""
    found = Inspection(FileFacts(Path("x"), "a folder", "", None, None), "samples", "folder", "")
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["generator"] is None
