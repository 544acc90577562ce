"""Checkpoints as they appear during a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from gancheck.tracing.following import follow
from gancheck.tracing.steps import NothingFound, find


class Training:
    """Writes checkpoints while nobody looks: each wait does the next thing."""

    def __init__(self, folder: Path, *writes: tuple[str, str]) -> None:
        self.folder, self.writes, self.waits = folder, list(writes), 0

    def __call__(self, _seconds: float) -> None:
        """Write the next file, or do nothing."""
        self.waits += 1
        if self.writes:
            name, text = self.writes.pop(0)
            (self.folder / name).write_text(text)


def test_files_are_given_once_and_when_they_are_whole(tmp_path: Path) -> None:
    """A file that still grows is waited for; those that were there come first."""
    (tmp_path / "G_1.pt").write_text("whole")
    training = Training(tmp_path, ("G_2.pt", "ha"), ("G_2.pt", "half"), ("G_2.pt", "half a file"))
    appearing = follow([str(tmp_path / "G_*.pt")], idle=6.0, poll=2.0, wait=training)
    found = [(one.step, one.path.read_text()) for one in appearing]

    assert found == [(1, "whole"), (2, "half a file")]


def test_nothing_yet_is_waited_for_until_idle(tmp_path: Path) -> None:
    """A folder or a pattern may be empty at the beginning; it ends after so long without news."""
    training = Training(tmp_path)
    assert list(follow([str(tmp_path / "G_*.pt")], idle=6.0, poll=2.0, wait=training)) == []
    assert training.waits <= 4

    late = Training(tmp_path, ("G_5.pt", "x"))
    assert [one.step for one in follow([tmp_path], idle=6.0, poll=2.0, wait=late)] == [5]
    with pytest.raises(NothingFound):
        find([str(tmp_path / "H_*.pt")])
