"""Losses from CSV files, as loggers write them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gancheck.errors import LoadError
from gancheck.tracing.losses import read_losses


def written(folder: Path, text: str) -> Path:
    """Write a file of losses."""
    path = folder / "losses.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_come_by_name_in_the_order_of_steps(tmp_path: Path) -> None:
    """Whatever the steps are called; text and gaps are no numbers, empty lines are nothing."""
    path = written(tmp_path, "iteration,loss_g,note,loss_d\n20,2.5,a,\n10,1.5,b,0.25\n\n")
    found = read_losses(path)

    assert list(found) == ["step", "loss_g", "loss_d"]
    assert found["step"] == (10.0, 20.0)
    assert found["loss_g"] == (1.5, 2.5)
    assert found["loss_d"][0] == 0.25
    assert math.isnan(found["loss_d"][1])


def test_long_logs_are_thinned_and_keep_their_values(tmp_path: Path) -> None:
    """At most 500 rows are drawn, each as it was logged."""
    rows = "\n".join(f"{step},{step / 7}" for step in range(10_001))
    found = read_losses(written(tmp_path, f"step,loss\n{rows}\n"))

    assert len(found["step"]) <= 500
    assert all(loss == step / 7 for step, loss in zip(found["step"], found["loss"], strict=True))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no rows"),
        ("step,loss\n", "holds no rows"),
        ("time,loss\n1,2\n", "has no column of steps; it has time, loss"),
        ("step,name\n1,a\n", "has no numbers beside its steps"),
    ],
)
def test_what_is_no_log_is_refused(text: str, says: str, tmp_path: Path) -> None:
    """The message says what was found."""
    with pytest.raises(LoadError, match=says):
        read_losses(written(tmp_path, text))
