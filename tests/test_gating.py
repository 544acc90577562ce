"""Gates on models: one look, several looks, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gancheck import LoadOptions, Settings, diagnose
from gancheck.errors import ExitCode, UsageError
from gancheck.gate import Level, State, rules
from gancheck.gating import Adaptive, confidence_of, hold_reference, look_sizes, run_gate
from gancheck.reference import PreparedReference
from gancheck.types import Diagnosis

REFERENCE = np.random.default_rng(1).standard_normal((3000, 2)).astype(np.float32)
ANYTHING = LoadOptions(latent_dim=2)


def settings(samples: int = 150, **fields: object) -> Settings:
    """Return settings of a small run that keeps nothing."""
    return Settings(samples=samples, map="none", cache=False, load=ANYTHING, **fields)  # type: ignore[arg-type]


class Scaled(nn.Module):
    """Draws the law of the reference times a factor: 1 is perfect, 0.3 is collapsed."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(factor * torch.eye(2))

    def forward(self, z: Tensor) -> Tensor:
        """Draw points."""
        return z @ self.weight


class Heard:
    """A listener that keeps the names of stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str) -> None:
        """Keep it."""
        self.stages.append(name)

    def progress(self, done: int, total: int) -> None:
        """Ignore it."""


@pytest.mark.parametrize(
    ("first", "most", "sizes"),
    [
        (1000, 1000, (1000,)),
        (1000, 500, (1000,)),
        (1000, 1500, (1000, 1500)),
        (1000, 2000, (1000, 2000)),
        (1000, 5000, (1000, 2000, 4000, 5000)),
        (1000, 16_000, (1000, 2000, 4000, 8000, 16_000)),
        (100, 62_500, (100, 500, 2500, 12_500, 62_500)),
    ],
)
def test_looks_double_or_reach_the_most_in_five(
    first: int, most: int, sizes: tuple[int, ...]
) -> None:
    """Numbers of samples double while that takes at most five looks, else they grow faster."""
    assert look_sizes(first, most) == sizes


def test_all_looks_together_keep_the_error_of_one() -> None:
    """By Bonferroni the confidence of each of several looks leaves 5% of error for all of them."""
    for looks in range(1, 6):
        assert looks * (1 - confidence_of(looks)) <= 0.05 + 1e-12


def test_a_good_model_passes_and_a_collapsed_one_fails() -> None:
    """Modules are diagnosed and judged in one call; the interval decides at 95% by default."""
    found, good = run_gate(Scaled(1.0), REFERENCE, settings(300), rules(min={"diversity": 0.7}))
    _, bad = run_gate(Scaled(0.3), REFERENCE, settings(300), rules(min={"diversity": 0.7}))

    assert (good.exit_code, bad.exit_code) == (ExitCode.OK, ExitCode.GATE_FAILED)
    assert good.outcomes[0].confidence == 0.95
    assert found.subject.path == good.subject == "Scaled (in memory)"


def test_equal_gates_come_out_alike_whatever_was_drawn_before() -> None:
    """Chance inside a model follows the seed of the settings, not the caller's random numbers."""

    class Noisy(Scaled):
        def forward(self, z: Tensor) -> Tensor:
            return super().forward(z) + 0.05 * torch.randn_like(z)

    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        results.append(run_gate(Noisy(0.8), REFERENCE, settings(), rules(min={"diversity": 0.8})))

    assert results[0][1].outcomes == results[1][1].outcomes


def test_more_samples_are_drawn_until_the_limit_is_decided() -> None:
    """A limit inside the first interval is decided by a later look, at 99%, and no look after."""
    heard = Heard()
    found, result = run_gate(
        Scaled(1.0),
        REFERENCE,
        settings(100),
        rules(min={"diversity": 0.87}),
        adaptive=Adaptive(1600),
        listener=heard,
    )
    looks = [stage for stage in heard.stages if stage.startswith("look ") and " of 5" in stage]

    assert result.passed
    assert result.outcomes[0].state is State.PASSED
    assert result.outcomes[0].confidence == 0.99
    assert 2 <= len(looks) < 5
    assert found.settings["samples"] == 100 * 2 ** (len(looks) - 1)
    assert f"{len(looks)} of at most 5 looks" in result.notes[-1]
    assert "decided" in result.notes[-1]


def test_a_stricter_confidence_stays_over_all_looks() -> None:
    """What was asked for is never loosened, and one look decides as without --adaptive."""
    asked = rules(min={"diversity": 0.5}, confidence=0.99)
    _, two = run_gate(Scaled(1.0), REFERENCE, settings(), asked, adaptive=Adaptive(300))
    _, one = run_gate(
        Scaled(1.0), REFERENCE, settings(), rules(min={"diversity": 0.5}), adaptive=Adaptive(150)
    )

    assert two.rules.confidence == 0.99
    assert one.rules.confidence == 0.95


def at_its_value(model: Callable[..., object] | np.ndarray, n: int, reference: int) -> float:
    """Return the diversity of a model, which as a limit on it is always undecided."""
    found = diagnose(model, REFERENCE[:reference], settings(n))
    assert found.scores["diversity"].low < found.scores["diversity"].high
    return found.scores["diversity"].value


def test_looks_end_where_the_reference_is_used_up() -> None:
    """Samples beyond the reference decide nothing: the first look that has them is the last."""
    limit = at_its_value(Scaled(0.7), 400, 450)
    _, result = run_gate(
        Scaled(0.7),
        REFERENCE[:450],
        settings(400),
        rules(min={"diversity": limit}),
        adaptive=Adaptive(6400),
    )

    assert result.outcomes[0].state is State.INCONCLUSIVE
    assert "1 of at most 5 looks" in result.notes[-1]
    assert "reference is used up: both sides are compared at 300" in result.notes[-1]


def test_looks_end_where_the_samples_are_used_up() -> None:
    """A set of samples has no more than it has."""
    samples = 0.7 * np.random.default_rng(3).standard_normal((120, 2)).astype(np.float32)
    limit = at_its_value(samples, 200, 3000)
    _, result = run_gate(
        samples, REFERENCE, settings(200), rules(min={"diversity": limit}), adaptive=Adaptive(800)
    )

    assert "set of samples is used up at 120" in result.notes[-1]


@pytest.fixture(scope="module")
def baseline() -> Diagnosis:
    """Return a diagnosis of a perfect model."""
    return diagnose(Scaled(1.0), REFERENCE, settings(300))


def test_a_model_is_held_against_its_baseline(baseline: Diagnosis) -> None:
    """The same model has lost nothing at all, and a collapsed one has lost too much."""
    asked = rules(max_drop=0.0)
    _, same = run_gate(Scaled(1.0), REFERENCE, settings(300), asked, baseline=baseline)
    _, worse = run_gate(
        Scaled(0.5), REFERENCE, settings(300), rules(max_drop=0.1), baseline=baseline
    )

    assert (same.outcomes[0].state, same.outcomes[0].value) == (State.PASSED, 0.0)
    assert worse.outcomes[0].state is State.FAILED
    assert worse.outcomes[0].baseline == pytest.approx(baseline.scores["diversity"].value, abs=1e-5)


def test_a_baseline_of_other_samples_is_refused(baseline: Diagnosis) -> None:
    """Scores move with n: the field that differs is named."""
    with pytest.raises(UsageError, match="samples"):
        run_gate(Scaled(1.0), REFERENCE, settings(150), rules(max_drop=0.1), baseline=baseline)


def test_what_cannot_be_judged_is_unavailable() -> None:
    """Without a reference the diversity is not measured, and nothing is green."""
    _, result = run_gate(Scaled(1.0), None, settings(), rules(min={"diversity": 0.8}))

    assert result.exit_code is ExitCode.COULD_NOT_RUN


def test_nonsense_is_refused_before_anything_runs(
    baseline: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown names, missing and idle baselines, and looks with a baseline cost no run."""

    def run(*_: object, **__: object) -> Diagnosis:
        raise AssertionError("it ran")

    monkeypatch.setattr("gancheck.gating.diagnose", run)
    with pytest.raises(UsageError, match="diversty"):
        run_gate(Scaled(1.0), None, settings(), rules(min={"diversty": 0.8}))
    with pytest.raises(UsageError, match="no baseline"):
        run_gate(Scaled(1.0), None, settings(), rules(max_drop=0.1))
    with pytest.raises(UsageError, match="nothing is held against it"):
        run_gate(Scaled(1.0), None, settings(), rules(), baseline=baseline)
    with pytest.raises(UsageError, match="--adaptive"):
        run_gate(Scaled(1.0), None, settings(), rules(max_drop=0.1), adaptive=Adaptive(900))
    with pytest.raises(AssertionError, match="it ran"):
        run_gate(
            Scaled(1.0), None, settings(), rules(max_drop=0.1, levels={"diversity": Level.OFF})
        )


def test_a_held_reference_gives_the_numbers_of_a_fresh_one() -> None:
    """Prepared once and used again, or read anew: the same scores."""
    held = hold_reference(Scaled(1.0), REFERENCE, settings())
    here = diagnose(Scaled(0.6), held, settings())
    fresh = diagnose(Scaled(0.6), REFERENCE, settings())

    assert isinstance(held, PreparedReference)
    assert hold_reference(Scaled(1.0), held, settings()) is held
    assert here.scores == fresh.scores
    assert here.settings["reference_sha256"] == fresh.settings["reference_sha256"]


def test_a_small_reference_is_read_anew() -> None:
    """Its views look at the samples that are judged, so that it cannot be kept."""
    assert hold_reference(Scaled(1.0), REFERENCE[:90], settings()) is not None
    assert not isinstance(
        hold_reference(Scaled(1.0), REFERENCE[:90], settings()), PreparedReference
    )
