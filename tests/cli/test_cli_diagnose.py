"""``gancheck diagnose`` as users type it: reports, exit codes, messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gancheck.cli import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SPIRAL = EXAMPLES / "spiral"
Diagnose = Callable[..., Result]


@pytest.fixture
def diagnose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diagnose:
    """Run ``gancheck diagnose`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["diagnose", *map(str, arguments)])

    return run


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """Write 600 points of a ring of eight modes."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.integers(0, 8, 600) / 8
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, 0.05, (600, 2))
    path = tmp_path / "ring.npz"
    np.savez(path, samples=points.astype(np.float32))
    return path


def fails(result: Result, *words: str) -> None:
    """Check for exit 2, one short message without traceback, and the words that must be in it."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 3
    for word in words:
        assert word in result.stderr


def test_the_collapsed_spiral_is_called_collapsed(diagnose: Diagnose, tmp_path: Path) -> None:
    """The generator that draws one blob of the spiral collapsed, and both reports are written."""
    result = diagnose(
        SPIRAL / "spiral_collapsed.pt",
        *("--latent-law", "uniform", "--reference", SPIRAL / "spiral_reference.npz"),
        *("--samples", 2000),
    )

    assert result.exit_code == 0
    assert "COLLAPSED" in result.stdout
    report = json.loads((tmp_path / "spiral_collapsed.gancheck.json").read_text())
    assert report["verdict"] == "collapsed"
    assert "missing-modes" in report["conditions"]
    assert report["scores"]["diversity"]["high"] < 0.1
    assert "<html" in (tmp_path / "spiral_collapsed.gancheck.html").read_text()


def test_the_better_spiral_is_not_collapsed_and_has_cuts(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    """The generator that covers the spiral did not collapse, and its two cuts are reported."""
    diagnose(
        SPIRAL / "spiral_better.pt",
        *("--latent-law", "uniform", "--reference", SPIRAL / "spiral_reference.npz"),
        *("--samples", 2000, "--no-html"),
    )

    report = json.loads((tmp_path / "spiral_better.gancheck.json").read_text())
    assert report["verdict"] != "collapsed"
    assert "missing-modes" not in report["conditions"]
    assert "latent-cuts" in report["conditions"]
    assert [cut["kind"] for cut in report["cuts"]] == ["bridge", "bridge"]
    assert all(cut["off_reference"] > 1 for cut in report["cuts"])
    assert 0 < report["cut_mass"]["low"] < report["cut_mass"]["high"] < 0.05


def test_without_a_reference_the_verdict_is_inconclusive(diagnose: Diagnose, ring: Path) -> None:
    """Nothing can be said of missing modes without a reference, in so many words."""
    result = diagnose(ring, "--no-html", "--no-json")

    assert result.exit_code == 0
    assert "INCONCLUSIVE" in result.stdout
    assert "--reference" in result.stdout


def test_json_on_stdout_is_nothing_but_json(diagnose: Diagnose, ring: Path, tmp_path: Path) -> None:
    """``--json -`` can be piped: stdout parses, and no terminal report is mixed in."""
    result = diagnose(ring, "--json", "-", "--no-html")

    assert json.loads(result.stdout)["verdict"] == "inconclusive"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ring.npz"]


def test_quiet_prints_the_verdict_only(diagnose: Diagnose, ring: Path) -> None:
    """``-q`` leaves the verdict and its reason."""
    result = diagnose(ring, "-q", "--no-html", "--no-json")

    assert "INCONCLUSIVE" in result.stdout
    assert "check" not in result.stdout


def test_foreign_files_are_not_overwritten(diagnose: Diagnose, ring: Path, tmp_path: Path) -> None:
    """A file that gancheck did not write stops the run before it starts; --force replaces it."""
    (tmp_path / "ring.gancheck.json").write_text("mine")

    fails(diagnose(ring, "--no-html"), "ring.gancheck.json", "--force")
    assert (tmp_path / "ring.gancheck.json").read_text() == "mine"
    assert diagnose(ring, "--no-html", "--force").exit_code == 0
    assert diagnose(ring, "--no-html").exit_code == 0


def test_a_missing_file_is_said_to_be_missing(diagnose: Diagnose) -> None:
    """The path is named."""
    fails(diagnose("nowhere.pt"), "nowhere.pt", "does not exist")


def test_a_folder_without_images_is_refused(diagnose: Diagnose, tmp_path: Path) -> None:
    """An empty folder is no set of samples."""
    (tmp_path / "empty").mkdir()

    fails(diagnose("empty"), "no images")


def test_a_text_file_called_pt_is_recognised(diagnose: Diagnose, tmp_path: Path) -> None:
    """Content decides, not the extension."""
    (tmp_path / "notes.pt").write_text("remember the milk\n")

    fails(diagnose("notes.pt"), "text file")


def test_a_truncated_model_is_called_truncated(diagnose: Diagnose, tmp_path: Path) -> None:
    """Half a file is not half a verdict."""
    whole = (SPIRAL / "spiral_better.pt").read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])

    fails(diagnose("half.pt"), "truncated")


def test_a_wrong_latent_dimension_is_corrected(diagnose: Diagnose) -> None:
    """The message gives the dimension that fits."""
    fails(diagnose(SPIRAL / "spiral_better.pt", "--latent-dim", 5), "--latent-dim 2")


def test_a_reference_of_another_shape_is_refused(diagnose: Diagnose, ring: Path) -> None:
    """Images do not judge points."""
    digits = EXAMPLES / "mnist" / "mnist_reference.npz"

    fails(diagnose(ring, "--reference", digits), "28 x 28", "length 2")


def test_images_of_another_size_are_refused_with_the_flag(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    """The hint says how to bring the reference to the samples' size, and it works."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", images=rng.integers(0, 256, (300, 8, 8), dtype=np.uint8))
    np.savez(tmp_path / "b.npz", images=rng.integers(0, 256, (300, 12, 12), dtype=np.uint8))

    fails(diagnose("a.npz", "--reference", "b.npz"), "--resize 8,8")
    assert diagnose("a.npz", "-r", "b.npz", "--resize", "8,8", "--no-html").exit_code == 0


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--output-range", "3"), "--output-range"),
        (("--latent-law", "gauss"), "--latent-law"),
        (("--arch-args", "{"), "--arch-args"),
        (("--arch-args", "[1]"), "--arch-args"),
        (("--batch-size", "0"), "--batch-size"),
        (("--device", "tpu"), "--device"),
        (("--embedder", "pixls"), "Did you mean 'pixels'?"),
        (("--max-memory", "lots"), "2G"),
        (("--max-memory", "10M"), "--max-memory"),
        (("--resize", "9"), "HEIGHT,WIDTH"),
        (("--json", "-", "--html", "-"), "--html and --json"),
        (("--no-json", "--json", "x.json"), "contradict"),
    ],
)
def test_bad_options_are_named(
    diagnose: Diagnose, ring: Path, flags: tuple[str, ...], word: str
) -> None:
    """Every option that makes no sense ends in exit 2 and says what would."""
    fails(diagnose(ring, *flags), word)


def test_a_disk_that_refuses_the_files_still_leaves_the_report(
    diagnose: Diagnose, ring: Path
) -> None:
    """What was found is printed before the files are written, and their failure exits with 2."""
    result = diagnose(ring, "--no-html", "--json", "/proc/nowhere/x.json")

    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert "INCONCLUSIVE" in result.stdout


def test_unknown_flags_and_too_few_samples_are_usage_errors(diagnose: Diagnose, ring: Path) -> None:
    """What the option parser refuses is exit 2 as well."""
    assert diagnose(ring, "--nonsense").exit_code == 2
    assert diagnose(ring, "--samples", 3).exit_code == 2


def test_a_bug_is_exit_70_with_a_traceback(
    diagnose: Diagnose, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What gancheck did not expect is not dressed up as the user's mistake."""

    def broken(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("gancheck.pipeline.diagnose", broken)
    result = diagnose(ring)

    assert result.exit_code == 70
    assert "ZeroDivisionError: oops" in result.stderr


def test_an_interrupt_is_exit_130(
    diagnose: Diagnose, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends quietly."""

    def interrupted(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gancheck.pipeline.diagnose", interrupted)
    result = diagnose(ring)

    assert result.exit_code == 130
    assert "Traceback" not in result.stderr
