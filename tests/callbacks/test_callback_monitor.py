"""A training watched from inside: when it is measured, what is logged, and what is left of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import gancheck
from gancheck import Monitor, Settings
from gancheck.callbacks.monitor import scores_of
from gancheck.errors import GancheckError, UsageError
from gancheck.types import Checkpoint, Score

REFERENCE = np.random.default_rng(1).standard_normal((900, 2)).astype(np.float32)
IMAGES = np.random.default_rng(2).integers(0, 255, (400, 1, 8, 8)).astype(np.uint8)
QUICK = Settings(samples=200, cache=False, map="none")


class Scaled(nn.Module):
    """Draws the law of the reference times a factor that training may change."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(factor * torch.eye(2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z @ self.weight


class Board:
    """Keeps what a ``SummaryWriter`` would write."""

    def __init__(self) -> None:
        self.scalars: dict[tuple[str, int], float] = {}
        self.images: dict[tuple[str, int], Any] = {}

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Keep a number."""
        self.scalars[tag, global_step] = scalar_value

    def add_image(self, tag: str, img_tensor: Any, global_step: int) -> None:
        """Keep a picture."""
        self.images[tag, global_step] = img_tensor


def test_a_loop_is_measured_every_so_many_steps_and_at_its_end(tmp_path: Path) -> None:
    """Each multiple once, and the last step; the page and the JSON are the trace of these rows."""
    generator, board = Scaled(), Board()
    page, data = tmp_path / "run.html", tmp_path / "run.json"
    monitor = Monitor(
        generator, REFERENCE, every=3, settings=QUICK, writer=board, html=page, json=data
    )
    with monitor:
        for step in range(8):
            if step == 5:
                generator.weight.data *= 0.01
            row = monitor.step(step, loss=torch.tensor(0.5 * step))
            assert (row is not None) == (step in (3, 6))
    stored = json.loads(data.read_text())

    assert [row.step for row in monitor.rows] == [3, 6, 7]
    assert board.scalars["gancheck/diversity", 3] > 0.8
    assert board.scalars["gancheck/diversity", 7] < 0.2
    assert 0 < board.scalars["gancheck/cost", 7] <= 1
    assert [row["step"] for row in stored["checkpoints"]] == [3, 6, 7]
    assert stored["losses"]["loss"][:3] == [0.0, 0.5, 1.0]
    assert "trace" in page.read_text()
    assert board.images == {}


def test_images_are_logged_as_what_the_first_latents_draw() -> None:
    """One row of pictures, the same latents at every step."""
    linear = nn.Linear(4, 64)
    board = Board()

    def draw(z: Tensor) -> Tensor:
        return torch.tanh(linear(z)).reshape(-1, 1, 8, 8)

    quick = dataclasses.replace(
        QUICK, embedder="pixels", load=gancheck.LoadOptions(latent_dim=4, output_range=(-1, 1))
    )
    monitor = Monitor(draw, IMAGES, every=1, settings=quick, writer=board)
    monitor.step(1)
    monitor.step(2)

    assert board.images["gancheck/latents", 1].shape == (1, 8, 8 * 12)
    assert (board.images["gancheck/latents", 1] == board.images["gancheck/latents", 2]).all()


def test_averaged_weights_may_be_given_at_each_step() -> None:
    """What is measured is what was handed over, not what the monitor was made with."""
    log: dict[int, Mapping[str, float]] = {}
    monitor = Monitor(
        Scaled(0.01),
        REFERENCE,
        every=1,
        settings=QUICK,
        log=lambda scores, at: log.update({at: scores}),
    )
    monitor.step(1)
    monitor.step(2, Scaled())

    assert log[1]["gancheck/diversity"] < 0.2
    assert log[2]["gancheck/diversity"] > 0.8
    assert 0.5 < log[2]["gancheck/moved"] < 1.5


def test_a_failure_is_a_row_and_the_training_goes_on() -> None:
    """A generator that returns NaN for a while is measured again later."""
    monitor = Monitor(
        lambda z: z * float("nan"),
        REFERENCE,
        every=1,
        settings=dataclasses.replace(QUICK, load=gancheck.LoadOptions(latent_dim=2)),
    )
    broken = monitor.step(1)
    whole = monitor.step(2, Scaled())

    assert broken is not None
    assert broken.error
    assert scores_of(broken) == {}
    assert whole is not None
    assert not whole.error


def test_a_loop_that_breaks_keeps_what_was_measured(tmp_path: Path) -> None:
    """The error is the caller's own; the rows before it are written."""
    monitor = Monitor(Scaled(), REFERENCE, every=1, settings=QUICK, json=tmp_path / "r.json")

    def train() -> None:
        with monitor:
            monitor.step(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()

    assert [
        row["step"] for row in json.loads((tmp_path / "r.json").read_text())["checkpoints"]
    ] == [1]


def test_losses_are_thinned_between_measurements_and_in_long_trainings() -> None:
    """Reading a loss may wait for a GPU: it is done fifty times between two measurements."""
    monitor = Monitor(None, REFERENCE, every=100_000, settings=QUICK)
    read: list[int] = []

    class Loss:
        def __float__(self) -> float:
            read.append(1)
            return 1.0

    for step in range(100_000):
        monitor.step(step, Scaled, loss=Loss())

    assert len(read) == 50


@pytest.mark.parametrize("every", [0, -5])
def test_what_makes_no_sense_is_refused(every: int) -> None:
    """A number of steps, and a generator, there have to be."""
    with pytest.raises(UsageError, match="steps"):
        Monitor(Scaled(), REFERENCE, every=every)
    with pytest.raises(UsageError, match="no generator"):
        Monitor(None, REFERENCE, every=1, settings=QUICK).step(1)
    with pytest.raises(GancheckError, match=r"gone\.npz"):
        Monitor(Scaled(), "gone.npz", every=1, settings=QUICK).step(1)


def test_scores_that_are_no_numbers_are_not_logged() -> None:
    """Loggers refuse NaN, or draw it as zero."""
    score = Score("diversity", float("nan"), 0.0, 1.0)
    row = Checkpoint("step 1", 1, scores={"diversity": score}, seconds=2.0)

    assert scores_of(row) == {
        "gancheck/diversity_low": 0.0,
        "gancheck/diversity_high": 1.0,
        "gancheck/seconds": 2.0,
    }
