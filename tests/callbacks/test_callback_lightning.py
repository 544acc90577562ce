"""The gate in trainings with Lightning: both packages' trainers, for real, for a few steps."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from gancheck import Settings
from gancheck.callbacks import DiversityGate, GateFailed, Monitor
from gancheck.errors import UsageError

# What the packages and torch say of themselves and of each other; gancheck's own stay errors.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:.*{said}")
    for said in (
        "isinstance.treespec, LeafSpec",
        "number of training batches .* is smaller than the logging interval",
        "does not have many workers",
        "pkg_resources",
    )
]
PACKAGES = ("lightning.pytorch", "pytorch_lightning")
REFERENCE = np.random.default_rng(1).standard_normal((900, 2)).astype(np.float32)
QUICK = Settings(samples=150, cache=False)


class Points(nn.Module):
    """Draws the law of the reference, until training shrinks it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z @ self.weight


def shrinking(package: str, rate: float) -> Any:
    """Return a Lightning module that shrinks its generator at a rate."""

    class Shrinking(importlib.import_module(package).LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.netG = Points()

        def training_step(self, batch: list[Tensor], _: int) -> Any:
            loss = self.netG(batch[0]).square().mean()
            self.log("loss_g", loss.detach())
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=rate)

    return Shrinking()


def fit(package: str, module: Any, gate: DiversityGate, folder: Path) -> Any:
    """Train for eight steps with a gate; return the trainer."""
    from gancheck.callbacks.lightning import DiversityGateCallback

    return fit_with(DiversityGateCallback(gate), package, module, folder)


def fit_with(callback: Any, package: str, module: Any, folder: Path) -> Any:
    """Train for eight steps; return the trainer."""
    torch.manual_seed(0)
    batches: DataLoader[Any] = DataLoader(TensorDataset(torch.randn(64, 2)), batch_size=16)
    loggers = importlib.import_module(f"{package}.loggers")
    trainer = importlib.import_module(package).Trainer(
        max_steps=8,
        accelerator="cpu",
        devices=1,
        logger=loggers.CSVLogger(folder),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[callback],
    )
    trainer.fit(module, batches)
    return trainer


def logged(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the only metrics file below a folder."""
    (path,) = folder.rglob("metrics.csv")
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(head.split(","), row.split(","), strict=True)) for row in rows]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_training_is_measured_on_the_way_and_at_its_end(package: str, tmp_path: Path) -> None:
    """Scores reach the logger at their steps, and the metrics that checkpoints are chosen by."""
    gate = DiversityGate(REFERENCE, at_least=0.6, settings=QUICK, every=3)
    module = shrinking(package, 0.0)
    trainer = fit(package, module, gate, tmp_path)

    assert [row["step"] for row in logged(tmp_path)] == ["3", "6", "8"]
    assert all(float(row["gancheck/diversity"]) > 0.6 for row in logged(tmp_path))
    assert float(trainer.callback_metrics["gancheck/diversity"]) > 0.6
    assert gate.result is not None
    assert gate.result.passed
    assert gate.result.subject == "Points (in memory)"
    assert module.training


def test_a_training_that_ends_collapsed_fails(tmp_path: Path) -> None:
    """``fit`` raises, and the scores of the end are logged all the same."""
    gate = DiversityGate(REFERENCE, settings=QUICK)
    with pytest.raises(GateFailed, match="gate FAILED: diversity"):
        fit(PACKAGES[0], shrinking(PACKAGES[0], 0.4), gate, tmp_path)

    (row,) = logged(tmp_path)
    assert float(row["gancheck/diversity"]) < 0.5


def test_a_training_is_monitored_to_the_page_of_its_trace(tmp_path: Path) -> None:
    """Rows on the way and at the end, what the module logs beside them, scores in the logger."""
    from gancheck.callbacks.lightning import MonitorCallback

    settings = Settings(samples=150, cache=False, map="none")
    monitor = Monitor(None, REFERENCE, every=3, settings=settings, html=tmp_path / "run.html")
    module = shrinking(PACKAGES[0], 0.4)
    fit_with(MonitorCallback(monitor), PACKAGES[0], module, tmp_path)
    scores = [row for row in logged(tmp_path) if row["gancheck/diversity"]]

    assert [row.step for row in monitor.rows] == [3, 6, 8]
    assert [row["step"] for row in scores] == ["3", "6"]
    assert float(scores[0]["gancheck/diversity"]) > float(scores[1]["gancheck/diversity"])
    assert len(monitor.trace().losses["loss_g"]) == 8
    assert (tmp_path / "run.html").stat().st_size > 10_000
    assert module.training


class Nested(nn.Module):
    """Holds generators under several names."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


def test_the_generator_is_found_by_name_or_by_a_function() -> None:
    """First the usual names, then the module itself; dots lead into parts; a function decides."""
    from gancheck.callbacks.lightning import generator_of

    found: Callable[..., Any] = generator_of
    one, other = Points(), Points()
    deep = Nested(model=Nested(ema=one))

    assert found(Nested(netG=other, generator=one), None) is one
    assert found(Nested(netG=other), None) is other
    assert found(deep, None) is deep
    assert found(deep, "model.ema") is one
    assert found(deep, lambda module: module.model.ema) is one
    with pytest.raises(UsageError, match="no generator called 'netG'") as caught:
        found(deep, "netG")
    assert "model" in str(caught.value)


class Process:
    """Stands in for one process of several: its rank, and what rank zero told all of them."""

    def __init__(self, *, is_global_zero: bool, told: str | None = None) -> None:
        self.is_global_zero, self.told, self.global_step = is_global_zero, told, 8
        self.loggers: list[Any] = []
        self.strategy = self

    def broadcast(self, said: str | None) -> str | None:
        """Pass on what rank zero says."""
        return said if self.is_global_zero else self.told


def test_only_rank_zero_measures_and_all_end_alike() -> None:
    """Other processes do not run the generator; they stop where rank zero found a failure."""
    from gancheck.callbacks.lightning import DiversityGateCallback

    gate = DiversityGate(REFERENCE, settings=QUICK, every=1)
    callback: Any = DiversityGateCallback(gate)
    other = Process(is_global_zero=False)
    callback.on_train_batch_end(other, Points(), None, None, 0)
    callback.on_train_end(other, Points())
    with pytest.raises(AssertionError, match="gate FAILED"):
        callback.on_train_end(Process(is_global_zero=False, told="gate FAILED: x"), Points())
    assert gate.diagnosis is None

    with pytest.raises(UsageError, match="no generator called"):
        DiversityGateCallback(gate, "none").on_train_end(
            Process(is_global_zero=True),  # type: ignore[arg-type]
            Points(),  # type: ignore[arg-type]
        )


def run(code: str) -> str:
    """Run a program and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_lightning_is_imported_by_those_who_ask_for_it() -> None:
    """The plain gate does without; where it is missing, the message says what to install."""
    assert (
        run(
            "import sys, gancheck.callbacks\n"
            "print({'lightning', 'pytorch_lightning', 'torch'} & set(sys.modules))"
        )
        == "set()"
    )
    assert "pip install lightning" in run(
        "import sys\nsys.modules['lightning'] = sys.modules['pytorch_lightning'] = None\n"
        "try:\n    import gancheck.callbacks.lightning\n"
        "except ImportError as error:\n    print(error)"
    )
