"""What every test runs under: one thread, and a cache that is not the user's.

On a busy machine, threads that wait for each other cost more than they give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from gancheck.cache import ENVIRONMENT
from gancheck.embedders import EMBEDDERS
from gancheck.embedders.contrast import Recipe
from gancheck.embedders.fitted import Fitted


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Run every test on one thread; the numbers do not depend on it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep tests, and the programs that they start, away from the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT, str(folder))
        yield folder


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and a reference for small runs of the command line."""
    from bench.faults.storm import make_inputs

    folder = tmp_path_factory.mktemp("inputs")
    make_inputs(folder)
    return folder


@pytest.fixture
def place(inputs: Path, tmp_path: Path) -> Path:
    """A folder to run in, beside model and reference."""
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the whole runs, which take longest, so that no core waits for them at the end."""
    here = Path(__file__).resolve().parent
    items.sort(key=lambda item: item.path.parent != here)


@dataclass(frozen=True)
class Hasty(Fitted):
    """The fitted view, after a few steps instead of some hundred."""

    recipe: Recipe = field(default_factory=lambda: Recipe(steps=40, batch=32, dims=16))


@pytest.fixture
def quick_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the fit of a view where a test asks what becomes of it, not how good it is."""
    EMBEDDERS.discover()
    monkeypatch.setitem(EMBEDDERS._items, "fitted", Hasty)
