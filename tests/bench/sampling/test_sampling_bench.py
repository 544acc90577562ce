"""The bench times what it says: the same pictures, batch by batch, on both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bench.sampling.contest import HEADINGS, Contest, Result, row, run
from bench.sampling.loops import Loop, Times
from bench.sampling.networks import make_narrow, save_all, settled


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A narrow network in every form."""
    return save_all(settled(make_narrow()), tmp_path_factory.mktemp("files"))


@pytest.mark.parametrize("backend", ["TorchScript", "ONNX", "torch.export", "weights"])
def test_both_sides_draw_the_same_pictures(files: dict[str, Path], backend: str) -> None:
    """A ratio of times means something only then; one grey level may be rounded away."""
    found = run(Contest(backend, files[backend], make_narrow, 40, 2, (16, 64)))
    assert found.apart <= 1
    assert found.rows == 40
    assert found.best[1] in (16, 64)
    assert 0 < found.inside < 1
    assert found.share > 0


def test_the_least_time_of_each_batch_counts() -> None:
    """Batches are compared by place, so that a disturbance spoils one batch and not a run."""
    times = Times()
    times.add([1.0, 5.0, 2.0])
    times.add([4.0, 3.0, 2.5])
    assert times.least == [1.0, 3.0, 2.0]
    assert times.total == 6.0


def test_a_loop_goes_as_far_as_it_is_told() -> None:
    """So both sides take turns; the last batch may be short."""
    latents = np.arange(10, dtype=np.float32).reshape(10, 1) / 5 - 1
    loop = Loop(lambda z: z.view(-1, 1, 1, 1), latents, 4, (1, 1, 1))
    loop.images[:] = 0
    loop.run_to(5)
    assert len(loop.pieces) == 2
    assert not loop.images[8:].any()
    loop.run_to(99)
    assert len(loop.pieces) == 3
    wanted = torch.from_numpy(latents).add(1).mul(127.5).round().to(torch.uint8).numpy()
    np.testing.assert_array_equal(loop.images[:, 0, 0], wanted)


def test_a_line_tells_what_was_found() -> None:
    """Shares in percent, and how the best loop ran."""
    line = row(Result("ONNX", 0.981, 0.99, 64, ("as it is", 128), 1))
    assert line == ("ONNX", "98.1%", "99.0%", "64", "128, as it is", "1 of 255")
    assert len(line) == len(HEADINGS)
