"""A gate in a plain training loop: when it measures, what it logs, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck import Settings
from gancheck.callbacks import DiversityGate, GateFailed, GateWarning
from gancheck.callbacks.loop import scores_of
from gancheck.errors import GancheckError, UsageError
from gancheck.reference import PreparedReference
from gate.reports import report, score

REFERENCE = np.random.default_rng(1).standard_normal((900, 2)).astype(np.float32)
QUICK = Settings(samples=150, cache=False)


class Scaled(nn.Module):
    """Draws the law of the reference times a factor that training may change."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(factor * torch.eye(2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z @ self.weight


class Logged:
    """Keeps what is logged, by step."""

    def __init__(self) -> None:
        self.scores: dict[int, Mapping[str, float]] = {}

    def __call__(self, scores: Mapping[str, float], step: int) -> None:
        """Keep it."""
        self.scores[step] = scores


def test_a_loop_is_measured_every_so_many_steps_and_at_the_end() -> None:
    """Each multiple once, none before training; scores with intervals where there are limits."""
    log, generator = Logged(), Scaled()
    with DiversityGate(REFERENCE, at_least=0.6, settings=QUICK, every=3, log=log) as gate:
        returned = {step: gate.step(generator, step) for step in range(8)}

    assert [step for step, scores in returned.items() if scores is not None] == [3, 6]
    assert sorted(log.scores) == [3, 6, 7]
    assert returned[3] == log.scores[3]
    last = log.scores[7]
    low, high = last["gancheck/diversity_low"], last["gancheck/diversity_high"]
    assert low <= last["gancheck/diversity"] <= high
    assert "gancheck/fidelity_low" not in last
    assert gate.result is not None
    assert gate.result.passed


def test_steps_that_are_passed_over_are_made_up_for_once() -> None:
    """Counters that jump, or stay where they are, give one measurement for each multiple."""
    gate = DiversityGate(REFERENCE, settings=QUICK, every=10)
    due = []
    for step in (4, 9, 12, 12, 18, 30, 31):
        due.append(gate.is_due(step))
        if due[-1]:
            gate._measured = step // 10

    assert due == [False, False, True, False, False, True, False]
    assert not DiversityGate(REFERENCE, settings=QUICK).is_due(1000)


def test_a_loop_that_ends_collapsed_fails() -> None:
    """Leaving the loop raises an assertion that carries the result; scores are logged before."""
    log, generator = Logged(), Scaled()
    gate = DiversityGate(REFERENCE, settings=QUICK, log=log)

    def train() -> None:
        with gate:
            for step in range(3):
                generator.weight.data.mul_(0.5)
                gate.step(generator, step)

    with pytest.raises(GateFailed) as caught:
        train()

    assert isinstance(caught.value, AssertionError)
    assert caught.value.result is gate.result
    assert str(caught.value).startswith("gate FAILED: diversity")
    assert log.scores[2]["gancheck/diversity"] < 0.3


def test_a_loop_that_breaks_is_not_judged() -> None:
    """The error of the training is what is seen."""
    gate = DiversityGate(REFERENCE, settings=QUICK)

    def train() -> None:
        with gate:
            gate.step(Scaled(), 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()

    assert gate.result is None


def test_finish_judges_once() -> None:
    """Called inside the loop's block it stands; its generator and step may be named."""
    log = Logged()
    with DiversityGate(REFERENCE, at_least=0.6, settings=QUICK, log=log) as gate:
        result = gate.finish(Scaled(), 42)

    assert gate.result is result
    assert list(log.scores) == [42]


def test_the_training_takes_the_same_course_with_the_gate() -> None:
    """Weights after the last step do not depend on whether and how often was measured."""

    def course(every: int | None) -> list[float]:
        torch.manual_seed(0)
        generator = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        steps = torch.optim.Adam(generator.parameters(), 0.01)
        gate = DiversityGate(REFERENCE, settings=QUICK, every=every)
        for step in range(5):
            steps.zero_grad()
            generator(torch.randn(16, 2)).square().mean().backward()
            steps.step()
            gate.step(generator, step)
        return [
            float(value) for tensor in generator.state_dict().values() for value in tensor.ravel()
        ]

    assert course(None) == course(2)


def test_the_reference_is_prepared_once() -> None:
    """The first measurement prepares it, and the next ones use the very same."""
    gate = DiversityGate(REFERENCE, settings=QUICK)
    gate.measure(Scaled(), 1)
    first = gate._reference
    gate.measure(Scaled(0.5), 2)

    assert isinstance(first, PreparedReference)
    assert gate._reference is first


def test_broken_outputs_on_the_way_are_warned_of() -> None:
    """A generator that is not finite for a moment does not end the training; at the end it does."""
    gate = DiversityGate(REFERENCE, settings=QUICK, every=1)
    with pytest.warns(GateWarning, match="step 1: .* NaN"):
        assert gate.step(Scaled(float("nan")), 1) is None
    with pytest.raises(GancheckError, match="NaN"):
        gate.finish()


def test_nonsense_is_refused_before_the_training() -> None:
    """Names, words and numbers are checked when the gate is made, not hours later."""
    with pytest.raises(UsageError, match="missing-mods"):
        DiversityGate(REFERENCE, forbid=["missing-mods"])
    with pytest.raises(UsageError, match="diversty"):
        DiversityGate(REFERENCE, min={"diversty": 0.5})
    with pytest.raises(UsageError, match="no baseline"):
        DiversityGate(REFERENCE, max_drop=0.1)
    with pytest.raises(UsageError, match="every=0"):
        DiversityGate(REFERENCE, every=0)
    with pytest.raises(UsageError, match="no generator"):
        DiversityGate(REFERENCE).finish()


def test_scores_that_are_no_numbers_are_not_logged() -> None:
    """Loggers choke on NaN; everything else keeps its name behind a prefix."""
    found = scores_of(report([score(0.9), score(float("nan"), name="kernel")]), {"diversity"})

    assert found["gancheck/diversity"] == 0.9
    assert set(found) == {"gancheck/diversity", "gancheck/diversity_low", "gancheck/diversity_high"}
