"""``gancheck diagnose --reference TRAIN --holdout HELD_OUT`` as users type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from analyzers.studies import normal
from gancheck.cli import app
from gancheck.loaders.hashing import hash_file

if TYPE_CHECKING:
    from gancheck.types import AnyArray

SPIRAL = Path(__file__).resolve().parents[2] / "examples" / "spiral" / "spiral_better.pt"
Diagnose = Callable[..., Result]


@pytest.fixture
def diagnose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diagnose:
    """Run ``gancheck diagnose`` on vectors in a folder that holds training and held-out ones."""
    monkeypatch.chdir(tmp_path)
    save("samples.npz", normal(300, 5, 3))
    save("train.npz", normal(700, 5, 0))
    save("held.npz", normal(400, 5, 1))

    def run(*arguments: object) -> Result:
        flags = ("--no-html", "--map", "none")
        return CliRunner().invoke(app, ["diagnose", *map(str, arguments), *flags])

    return run


def save(name: str, values: AnyArray) -> None:
    """Write samples."""
    np.savez(name, samples=values)


def grey(n: int, side: int, seed: int) -> AnyArray:
    """Draw n grey images."""
    return np.random.default_rng(seed).integers(0, 256, (n, side, side), dtype=np.uint8)


def fails(result: Result, *words: str) -> None:
    """Check for exit 2, one short message without traceback, and the words that must be in it."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in " ".join(result.stderr.split())


def test_the_report_says_what_both_sides_were(diagnose: Diagnose, tmp_path: Path) -> None:
    """Path, hash and sizes of both, and what was left out of them."""
    train, held = normal(700, 5, 0), normal(400, 5, 1)
    train[9], held[3], held[5] = train[8], train[20], held[6]
    save("train.npz", train)
    save("held.npz", held)
    result = diagnose("samples.npz", "-r", "train.npz", "--holdout", "held.npz")
    assert result.exit_code == 0, result.output
    said = json.loads((tmp_path / "samples.gancheck.json").read_text())["settings"]
    assert said["holdout"] == "held.npz"
    assert said["holdout_sha256"] == hash_file(tmp_path / "held.npz")
    assert said["training_sha256"] == hash_file(tmp_path / "train.npz")
    assert (said["training_n"], said["training_used"], said["training_duplicates"]) == (700, 698, 1)
    assert (said["holdout_n"], said["holdout_used"], said["holdout_duplicates"]) == (400, 398, 1)
    assert said["training_twins"] == 1


def test_without_held_out_data_the_report_says_none(diagnose: Diagnose, tmp_path: Path) -> None:
    """The keys are there, and empty."""
    assert diagnose("samples.npz", "-r", "train.npz").exit_code == 0
    said = json.loads((tmp_path / "samples.gancheck.json").read_text())["settings"]
    assert {said[key] for key in said if key.startswith(("holdout", "training"))} == {None}
    assert "holdout_n" in said


def test_held_out_data_alone_makes_no_sense(diagnose: Diagnose) -> None:
    """The flag that is missing is named."""
    fails(
        diagnose("samples.npz", "--holdout", "held.npz"),
        *("--holdout held.npz was given without --reference", "--reference TRAIN"),
    )


@pytest.mark.parametrize("kind", ["same file", "copy", "prepared"])
def test_the_training_set_is_not_held_out(diagnose: Diagnose, tmp_path: Path, kind: str) -> None:
    """Neither under its own name, nor under another, nor where it was prepared."""
    reference, holdout = "train.npz", "train.npz"
    if kind == "copy":
        holdout = "copy.npz"
        (tmp_path / holdout).write_bytes((tmp_path / "train.npz").read_bytes())
    if kind == "prepared":
        reference = "train.gcref"
        CliRunner().invoke(app, ["prepare", "train.npz", "-q"])
    fails(
        diagnose("samples.npz", "-r", reference, "--holdout", holdout),
        *(f"--holdout {holdout} is the data", "not trained on"),
    )


@pytest.mark.parametrize(
    ("holdout", "words"),
    [
        ("nowhere.npz", ("--holdout", "nowhere.npz does not exist")),
        (str(SPIRAL), ("--holdout", "is a generator")),
        ("weights.pt", ("--holdout", "is a generator")),
        ("train.gcref", ("--holdout train.gcref is a prepared reference", "samples themselves")),
        ("longer.npz", ("--holdout has vectors of length 6", "vectors of length 5")),
        ("images", ("--holdout has grey images of 8 x 8", "of the kind and size")),
        ("nan.npz", ("--holdout", "NaN")),
        ("empty", ("--holdout", "no images")),
    ],
)
def test_what_cannot_be_held_out_is_named_with_its_flag(
    diagnose: Diagnose, tmp_path: Path, holdout: str, words: tuple[str, ...]
) -> None:
    """Missing, a generator, prepared, of another kind, broken or empty: exit 2 and why."""
    CliRunner().invoke(app, ["prepare", "train.npz", "-q"])
    torch.save({"main.0.weight": torch.zeros(3, 2), "main.0.bias": torch.zeros(3)}, "weights.pt")
    save("longer.npz", normal(400, 6, 1))
    broken = normal(400, 5, 1)
    broken[-1, 2] = np.nan
    save("nan.npz", broken)
    for name in ("images", "empty"):
        (tmp_path / name).mkdir()
    for number, image in enumerate(grey(4, 8, 0)):
        Image.fromarray(image).save(tmp_path / "images" / f"{number}.png")
    fails(diagnose("samples.npz", "-r", "train.npz", "--holdout", holdout), *words)


def test_images_must_agree_in_size_and_colour(diagnose: Diagnose, tmp_path: Path) -> None:
    """Another size names --resize, which helps; colour does not become grey."""
    save("a.npz", grey(300, 8, 0))
    save("b.npz", grey(620, 8, 1))
    save("large.npz", grey(400, 10, 2))
    save("colour.npz", np.stack([grey(400, 8, seed) for seed in (2, 3, 4)], axis=1))
    flags = ("-r", "b.npz", "--embedder", "pixels")
    fails(diagnose("a.npz", *flags, "--holdout", "large.npz"), "10 x 10", "--resize 8,8")
    fails(diagnose("a.npz", *flags, "--holdout", "colour.npz"), "colour images", "to grey")
    result = diagnose("a.npz", *flags, "--holdout", "large.npz", "--resize", "8,8", "-q")
    assert result.exit_code == 0, result.output
    said = json.loads((tmp_path / "a.gancheck.json").read_text())["settings"]
    assert said["holdout_n"] == 400


def test_sets_that_do_not_fit_into_memory_are_refused(diagnose: Diagnose) -> None:
    """What cannot be read in pieces counts, and the message says so."""
    torch.save(torch.zeros(2_000_000, 5), "held.pt")
    fails(
        diagnose("samples.npz", "-r", "train.npz", "--holdout", "held.pt", "--max-memory", "600M"),
        *("training and held-out sets", "--max-memory"),
    )
