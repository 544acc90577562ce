"""How work is cut, who has a crew, and when a process looks for one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gancheck.crew import Alone, current, spans, working_with
from gancheck.crew.devices import here
from gancheck.crew.joining import launched
from gancheck.crew.messages import Answer, portable, read, written
from gancheck.embedders import restore, state_of
from gancheck.embedders.pixels import Projected, principal_axes
from gancheck.errors import LoadError, UsageError
from gancheck.loaders import LoadOptions
from gancheck.loaders.again import Again
from gancheck.neighbors.sharing import pays, triangles
from gancheck.samplers.sharing import _missing
from gancheck.types import SampleSet

LAUNCHED = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "here", "MASTER_PORT": "1"}


class Several(Alone):
    """Says that it has several ranks, does all itself, and notes how many parts there were."""

    size = 3

    def __init__(self) -> None:
        self.parts: list[int] = []

    def run(self, task: Callable[[Any, Any], Any], shared: Any, parts: Sequence[Any]) -> list[Any]:
        """Do all parts here, alone."""
        self.parts.append(len(parts))
        with working_with(Alone()):
            return super().run(task, shared, parts)


@pytest.mark.parametrize(
    ("total", "parts", "step"), [(10, 3, 1), (10, 3, 4), (2, 4, 1), (0, 3, 2), (1000, 4, 64)]
)
def test_spans_are_whole_steps(total: int, parts: int, step: int) -> None:
    """Runs follow each other without gaps, begin at multiples of the step, and none is empty."""
    runs = spans(total, parts, step)

    assert [row for run in runs for row in range(total)[run]] == list(range(total))
    assert all(run.start % step == 0 and run.stop > run.start for run in runs)
    assert len(runs) <= parts
    lengths = [run.stop - run.start for run in runs]
    assert not lengths or max(lengths) - min(lengths) <= 2 * step


def test_triangles_are_of_equal_area() -> None:
    """Each part has as many pairs among its rows and with later rows, to one row."""
    n = 1000
    areas = [sum(n - row - 1 for row in range(part.start, part.stop)) for part in triangles(n, 4)]

    assert sum(areas) == n * (n - 1) // 2
    assert max(areas) - min(areas) <= 2 * n
    assert triangles(1, 4) == [slice(0, 1)]


def test_batches_that_are_there_are_left_out() -> None:
    """Runs of batches end at samples that were kept, after a round, and at the end."""
    there = {20: 40}
    runs = _missing(100, 10, 30, lambda rows: there.get(rows.start, 0))

    assert list(runs) == [slice(0, 20), slice(60, 90), slice(90, 100)]


def test_only_the_thread_that_was_given_a_crew_has_it() -> None:
    """What a thread starts is alone, and so is everybody afterwards."""
    found: list[int] = []
    with working_with(Several()):
        other = threading.Thread(target=lambda: found.append(current().size))
        other.start()
        other.join()
        found.append(current().size)
    found.append(current().size)

    assert found == [1, 3, 1]


@pytest.mark.parametrize("changed", [{"WORLD_SIZE": "1"}, {"WORLD_SIZE": "two"}, {"RANK": ""}])
def test_a_crew_needs_all_variables(changed: dict[str, str]) -> None:
    """One rank is none, and half of the variables are no launch."""
    assert launched(LAUNCHED)
    assert not launched({**LAUNCHED, **changed})


def test_small_searches_stay() -> None:
    """A crew is asked only where the work is worth the way, and never for few rows."""
    rows = np.zeros((2000, 500), np.float32)

    assert not pays(rows, rows)
    with working_with(Several()):
        assert pays(rows, rows[:2000])
        assert not pays(rows[:900], rows)
        assert not pays(rows[:2], np.broadcast_to(rows[:1], (10_000_000, 500)))


def test_an_embedding_is_shared_by_whole_batches() -> None:
    """Three ranks that restore the view from what it learned embed as one does."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2500, 1, 4, 4)).astype(np.uint8)
    example = SampleSet(images[:3], "memory", "npz")
    mean, axes = principal_axes(images.reshape(len(images), -1) / np.float32(255), 3)
    state = state_of("pixels", Projected((1, 4, 4), (4, 4), mean, axes))
    alone = restore("pixels", state, example, "cpu")
    with working_with(Several()) as crew:
        shared = restore("pixels", state, example, "cpu")
        found = shared(images)
        few = shared(images[:50])

    assert (shared.name, shared.sha256) == (alone.name, alone.sha256)
    assert np.array_equal(found, alone(images))
    assert np.array_equal(few, alone(images[:50]))
    assert crew.parts == [3]


def test_each_rank_has_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several GPUs each rank takes one, unless one was named; without any it says so."""
    monkeypatch.setenv("LOCAL_RANK", "5")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [here(name) for name in ("cuda", "cuda:2", "cpu")] == ["cuda:1", "cuda:2", "cpu"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert here("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UsageError, match="sees no CUDA device"):
        here("cuda")


def test_an_error_that_cannot_be_sent_is_told() -> None:
    """An error of a plugin that cannot be read again arrives as its text."""

    class LocalError(LoadError):
        """Known to this function alone."""

    answer = read(written(portable(Answer(error=LocalError("lost in transit")), 3)))

    with pytest.raises(RuntimeError, match="rank 3: LocalError: lost in transit"):
        answer.opened()


def test_what_became_of_a_generator_is_no_generator(tmp_path: Path) -> None:
    """A file that holds samples by now is refused."""
    np.savez(tmp_path / "samples.npz", samples=np.zeros((4, 2), np.float32))

    with pytest.raises(LoadError, match="where a generator was expected"):
        Again(tmp_path / "samples.npz", LoadOptions())("cpu")


def test_the_interface_is_light() -> None:
    """Asking who is there, and whether a crew was started, loads neither torch nor numpy."""
    code = (
        "import sys, gancheck.crew, gancheck.crew.joining;"
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
