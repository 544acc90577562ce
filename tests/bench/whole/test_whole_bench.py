"""The bench reads its shares off the report, and sees from outside that they are true."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.whole import share
from bench.whole.share import HEADINGS, Spent, diagnosed, row
from gancheck.embedders.pixels import Projected
from gancheck.loaders import LoadOptions, load
from gancheck.neighbors import nearest
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Settings, Silence

DIGITS = Path(__file__).resolve().parents[3] / "examples" / "mnist" / "mnist_healthy.pt"


def short(model: Path, reference: Path, settings: Settings) -> SimpleNamespace:
    """Draw, look and compare once, as a diagnosis does hundreds of times."""
    clock = Clock(Silence())
    with clock.stage("sample"):
        generator = load(model, LoadOptions())
        drawn = Sampler(generator).draw(settings.samples, seed=0)  # type: ignore[arg-type]
    with clock.stage("compare"):
        view = Projected((1, 28, 28), (28, 28), np.zeros(784, np.float32), np.eye(784, 8))
        features = view(drawn.values)
        nearest(features, features, 3, exclude_self=True)
    return SimpleNamespace(timings=clock.timings)


def test_a_run_is_timed_by_its_report_and_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are no more than the whole, and hold what the watch around them saw."""
    monkeypatch.setattr(share, "diagnose", short)
    spent = diagnosed("digits", DIGITS, Path("unread.gcref"), 300)
    assert set(spent.kernels) == {"generator", "embedder", "distances"}
    assert min(spent.kernels.values()) > 0
    assert 0 < spent.share < 1
    assert 0 < spent.outside <= sum(spent.kernels.values()) * 1.2 + 0.01
    assert set(spent.stages) == {"sample", "compare"}


def test_a_line_holds_shares_of_wall_time() -> None:
    """Each kernel, and all of them."""
    kernels = {"generator": 5.0, "embedder": 2.0, "distances": 1.0}
    spent = Spent("digits", 10.0, kernels, 7.5, {})
    assert spent.share == pytest.approx(0.8)
    line = row(spent)
    assert line == ("digits", "80.0%", "50%", "20%", "10%", "75%")
    assert len(line) == len(HEADINGS)
