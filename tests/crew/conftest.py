"""A server for ranks, and the inputs of a small run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.faults.storm import make_inputs
from crew.ranks import Server, serving


@pytest.fixture(scope="session")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What ranks are started from."""
    with serving(tmp_path_factory.mktemp("ranks")) as started:
        yield started


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and a reference."""
    folder = tmp_path_factory.mktemp("inputs")
    make_inputs(folder)
    return folder
