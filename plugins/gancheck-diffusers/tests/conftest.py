"""One training for all tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapes


@pytest.fixture(scope="session")
def pipeline() -> Any:
    """A class-conditional DDPM, trained here."""
    import torch

    torch.set_num_threads(1)
    return shapes.trained()


@pytest.fixture(scope="session")
def folder(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a folder."""
    path = tmp_path_factory.mktemp("pipelines") / "ddpm"
    pipeline.save_pretrained(path)
    return path
