"""A server for ranks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crew.ranks import Server, serving


@pytest.fixture(scope="session")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What ranks are started from."""
    with serving(tmp_path_factory.mktemp("ranks")) as started:
        yield started
