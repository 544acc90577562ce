"""``gancheck prepare`` as users type it, and diagnosing with what it wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.references import blob_file, vector_file
from gancheck.cli import app
from gancheck.gcref import read

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command of gancheck in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [*map(str, arguments)])

    return run


def test_a_prepared_reference_is_written_and_described(call: Call, tmp_path: Path) -> None:
    """The lines say what was read, how it was split, which view and why, and where the file is."""
    blob_file(tmp_path)
    result = call("prepare", "blobs.npz", "-o", "out/ready.gcref", "--seed", 3)
    assert result.exit_code == 0, result.output
    for words in (
        "720 grey images of 12 x 12 pixels, 2 labels",
        "480 to compare with, 240 to fit on (seed 3)",
        "pixels (12x12 px, 32 principal axes)",
        "too small to fit a view on",
        "two halves of the reference score",
        "shifted by half a pixel",
        "out/ready.gcref",
    ):
        assert words in " ".join(result.stdout.split())
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    assert read(tmp_path / "out" / "ready.gcref").seed == 3


def test_the_file_stands_for_the_reference(call: Call, tmp_path: Path) -> None:
    """A model can be diagnosed with it, whatever it is called."""
    vector_file(tmp_path)
    assert call("prepare", "vectors.npz", "-o", "reference.bin", "-q").stdout == ""
    result = call("diagnose", "vectors.npz", "-r", "reference.bin", "--no-html", "--no-json")
    assert result.exit_code == 0, result.output
    assert "reference.bin" in result.stdout
    assert "diversity" in result.stdout


def test_without_a_name_the_file_is_called_after_the_reference(call: Call, tmp_path: Path) -> None:
    """It is written here, and a second time over the first; equal runs give equal bytes."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = vector_file(folder)
    assert call("prepare", path, "-q").exit_code == 0
    first = (tmp_path / "vectors.gcref").read_bytes()
    assert call("prepare", path, "-q").exit_code == 0
    assert (tmp_path / "vectors.gcref").read_bytes() == first


def test_samples_bound_what_is_scored(call: Call, tmp_path: Path) -> None:
    """``--samples`` is the number to compare with; the rest is there to fit on."""
    vector_file(tmp_path)
    result = call("prepare", "vectors.npz", "--samples", 200)
    assert "200 to compare with, 520 to fit on" in result.stdout


def test_foreign_files_are_not_overwritten(call: Call, tmp_path: Path) -> None:
    """What is no prepared reference stops the run before it starts; --force replaces it."""
    vector_file(tmp_path)
    (tmp_path / "mine.gcref").write_text("mine")
    refused = call("prepare", "vectors.npz", "-o", "mine.gcref")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert (tmp_path / "mine.gcref").read_text() == "mine"
    assert call("prepare", "vectors.npz", "-o", "mine.gcref", "-q", "--force").exit_code == 0
    assert read(tmp_path / "mine.gcref").reference.total == 720


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.npz",), "does not exist"),
        (("vectors.npz", "--embedder", "pixls"), "Did you mean 'pixels'"),
        (("vectors.npz", "--embedder", "pixels"), "looks at images"),
        (("vectors.npz", "--resize", "9"), "HEIGHT,WIDTH"),
        (("vectors.npz", "--device", "tpu"), "--device"),
        (("blobs.npz",), "600 images are enough"),
        (("vectors.npz", "-o", "."), "is a folder"),
    ],
)
def test_what_cannot_be_prepared_is_one_message(
    call: Call, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Exit 2, the reason, the number or flag that helps, and nothing written."""
    vector_file(tmp_path)
    blob_file(tmp_path, n=590)
    result = call("prepare", *arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.glob("*.gcref"))


def test_contradictions_are_refused(call: Call, tmp_path: Path) -> None:
    """The file as model, the file as data to prepare, and another view: exit 2 with the way out."""
    vector_file(tmp_path)
    call("prepare", "vectors.npz", "-q")
    for arguments, words in (
        (("diagnose", "vectors.gcref"), "--reference vectors.gcref"),
        (("prepare", "vectors.gcref"), "is a prepared reference"),
        (
            ("diagnose", "vectors.npz", "-r", "vectors.gcref", "--embedder", "pixels"),
            "--embedder pixels contradicts vectors.gcref",
        ),
    ):
        result = call(*arguments)
        assert result.exit_code == 2, result.output
        assert words in result.stderr


def test_no_cache_keeps_nothing(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A diagnosis leaves its prepared reference in the cache, unless told not to."""
    kept = tmp_path / "kept"
    monkeypatch.setenv("GANCHECK_CACHE_DIR", str(kept))
    vector_file(tmp_path)
    plain = ("diagnose", "vectors.npz", "-r", "vectors.npz", "--no-html", "--no-json", "-q")
    assert call(*plain, "--no-cache").exit_code == 0
    assert not kept.exists()
    assert call(*plain).exit_code == 0
    assert len(list((kept / "references").iterdir())) == 1
