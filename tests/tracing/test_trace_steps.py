"""Which files are checkpoints, and which step each is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from gancheck.errors import UsageError
from gancheck.tracing.steps import NothingFound, beside, find


def made(folder: Path, *names: str) -> list[str]:
    """Make empty files, and return their paths."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return [str(folder / name) for name in names]


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (["G_9.pt", "G_10.pt", "G_100.pt"], [9, 10, 100]),
        (["network-snapshot-000200.pkl", "network-snapshot-001000.pkl"], [200, 1000]),
        (["epoch=1-step=500.ckpt", "epoch=2-step=1000.ckpt"], [500, 1000]),
        (["64x64_v2_100.pt", "64x64_v2_250.pt"], [100, 250]),
        (["ema0.999_iter_5.pt", "ema0.999_iter_50.pt"], [5, 50]),
        (["run1/gen.pt", "run2/gen.pt", "run10/gen.pt"], [1, 2, 10]),
        (["first.pt", "second.pt"], [1, 2]),
        (["only_stylegan2_000700.pt"], [700]),
        (["model_10.pt", "model_20_best.pt"], [10, 20]),
    ],
)
def test_the_number_that_differs_is_the_step(
    names: list[str], steps: list[int], tmp_path: Path
) -> None:
    """Names as trainers write them are read as people read them, whatever order they come in."""
    found = find(made(tmp_path, *reversed(names)))

    assert [one.step for one in found] == steps
    assert [str(one.path) for one in found] == [str(tmp_path / name) for name in names]


def test_patterns_and_folders_stand_for_what_is_in_them(tmp_path: Path) -> None:
    """A folder gives its checkpoints, not its logs, nor what is being written to a hidden file."""
    made(tmp_path, "run/G_1.pt", "run/G_2.pt", "run/log.txt", "run/.G_3.pt.part", "run/.G_4.pt")

    assert [one.step for one in find([tmp_path / "run"])] == [1, 2]
    assert [one.step for one in find([str(tmp_path / "run" / "G_*.pt")])] == [1, 2]


def test_folders_of_images_are_checkpoints_themselves(tmp_path: Path) -> None:
    """Dumps of samples, a folder a step, are sets of samples."""
    made(tmp_path, "fakes_100/a.png", "fakes_200/a.png")
    found = find([tmp_path / "fakes_100", tmp_path / "fakes_200"])

    assert [(one.step, one.path.name) for one in found] == [(100, "fakes_100"), (200, "fakes_200")]


def test_two_files_of_one_step_are_refused_by_name(tmp_path: Path) -> None:
    """Generator and discriminator in one pattern are a mistake that a narrower one mends."""
    made(tmp_path, "step1_G.pt", "step1_D.pt", "step2_G.pt", "step2_D.pt")
    with pytest.raises(UsageError, match=r"step1_D.pt and .*step1_G.pt are both of step 1"):
        find([tmp_path])

    assert [one.step for one in find([str(tmp_path / "*_G.pt")])] == [1, 2]


def test_a_pattern_without_a_match_is_refused(tmp_path: Path) -> None:
    """The pattern is named."""
    with pytest.raises(NothingFound, match="matches no file"):
        find([str(tmp_path / "G_*.pt")])


def test_discriminators_are_found_by_their_steps(tmp_path: Path) -> None:
    """One that was not kept is missed at its step only."""
    generators = find(made(tmp_path, "G_1.pt", "G_2.pt", "G_3.pt"))
    critics = find(made(tmp_path, "D_1.pt", "D_3.pt"))
    names = [None if path is None else path.name for path in beside(generators, critics)]

    assert names == ["D_1.pt", None, "D_3.pt"]
