"""Sensitivity: what moves the output of a generator, and what must not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from analyzers.conditional_studies import Conditional, conditional, spec_of
from analyzers.studies import (
    Mapped,
    findings,
    gaussian_map,
    mapped,
    normal,
    sample_set,
    scores,
    study_of,
    study_of_map,
)
from gancheck.analyzers.sensitivity import Sensitivity, latent_share
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import Condition, Finding, GeneratorSpec, Severity

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import FloatArray


@dataclasses.dataclass(frozen=True)
class Net:
    """A torch function as a generator of vectors."""

    run: Callable[[Tensor], Tensor]
    spec: GeneratorSpec

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Run it."""
        return self.run(latents)


def study(run: Callable[[Tensor], Tensor], d: int, batch_size: int | None = None) -> Study:
    """Build a study of a torch function from four latents to d outputs."""
    spec = GeneratorSpec((4,), "normal", None, "vector", (d,), None, True, "made", "test", "")
    sampler = Sampler(Net(run, spec), batch_size=batch_size)
    return study_of(sampler.draw(200, 0), sampler=sampler)


def judged(run: Callable[[Tensor], Tensor], d: int, batch_size: int | None = None) -> list[Finding]:
    """Return the findings on the latent, on noise and on batch mates."""
    found = findings(Sensitivity().analyze(study(run, d, batch_size)))
    return [found[f"sensitivity.{what}"] for what in ("latent", "noise", "batch")]


def net(*, training: bool) -> torch.nn.Sequential:
    """A small network with batch normalisation, in training or in evaluation mode."""
    torch.manual_seed(0)
    made = torch.nn.Sequential(
        torch.nn.Linear(4, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Linear(16, 6)
    )
    made(torch.randn(256, 4))
    return made.train(training)


def test_a_sound_generator_passes() -> None:
    """In evaluation mode the latent explains everything, and nothing else moves the output."""
    latent, noise, batch = judged(net(training=False), 6)
    assert {one.severity for one in (latent, noise, batch)} == {Severity.OK}
    assert latent.value == pytest.approx(1.0)
    assert noise.value == 0.0


@pytest.mark.parametrize("batch_size", [None, 2, 8, 64, 1000])
def test_training_mode_is_caught_whatever_the_batch_size(batch_size: int | None) -> None:
    """Batch normalisation in training mode makes samples depend on their mates: a warning."""
    latent, _, batch = judged(net(training=True), 6, batch_size)
    assert (batch.severity, batch.condition) == (Severity.WARN, Condition.UNSTABLE_OUTPUT)
    assert "model.eval()" in batch.detail
    assert latent.severity is Severity.OK


def test_an_ignored_latent_is_collapse() -> None:
    """One output for every latent fails; nothing is said to be unstable."""
    latent, noise, batch = judged(lambda z: torch.full((len(z), 3), 0.25), 3)
    assert (latent.severity, latent.condition) == (Severity.FAIL, Condition.IGNORED_LATENT)
    assert (noise.severity, batch.severity) == (Severity.OK, Severity.OK)
    assert latent.value == 0.0


@pytest.mark.parametrize("d", [2, 3, 200])
def test_noise_does_not_pass_for_the_latent(d: int) -> None:
    """A model that draws its own noise and ignores its latent fails, in few dimensions, too."""
    failures = 0
    for seed in range(10):
        torch.manual_seed(seed)
        latent, noise, _ = judged(lambda z: torch.randn(len(z), d), d)
        failures += latent.severity is Severity.FAIL
        assert noise.severity is Severity.NOTE
    assert failures >= 9


@pytest.mark.parametrize("level", [0.1, 1.0, 2.0])
def test_noise_beside_the_latent_is_only_noted(level: float) -> None:
    """Noise inside a model that follows its latent is a note, and the share says how much it is."""
    torch.manual_seed(1)
    run = study(lambda z: z + level * torch.randn(z.shape), 4)
    found = list(Sensitivity().analyze(run))
    assert findings(found)["sensitivity.noise"].severity is Severity.NOTE
    assert findings(found)["sensitivity.latent"].severity is Severity.OK
    assert findings(found)["sensitivity.batch"].severity is Severity.OK
    assert scores(found)["latent_share"].value == pytest.approx(1 / (1 + level**2), abs=0.1)


def test_the_split_of_the_spread_follows_its_definition() -> None:
    """Outputs with signal variance 4 and noise variance 1 have a latent share of 4 / 5."""
    rng = np.random.default_rng(0)
    signal = 2 * rng.standard_normal((4000, 5))
    first, again = (signal + rng.standard_normal((4000, 5)) for _ in range(2))
    share, change = latent_share(first, again, scale=2.0)
    assert share == pytest.approx(0.8, abs=0.01)
    assert change == pytest.approx(2 / np.sqrt(np.pi) / 2, abs=0.01)


def test_rounding_noise_is_no_spread() -> None:
    """Outputs that differ by a billionth of the scale have no share to speak of."""
    tiny = 1e-9 * np.random.default_rng(0).standard_normal((64, 5))
    assert latent_share(tiny, tiny, scale=1.0)[0] < 1e-3


def test_it_needs_the_generator() -> None:
    """A linear map passes; its samples alone cannot be judged."""
    sampler = Sampler(gaussian_map(3))
    found = Sensitivity().analyze(study_of(sampler.draw(100, 0), sampler=sampler))
    assert findings(found)["sensitivity.latent"].severity is Severity.OK


def idle_map(live: int, latent: int, shape: tuple[int, ...], *, half: bool = False) -> Mapped:
    """A generator whose output follows only so many directions, none along an axis."""
    rng = np.random.default_rng(0)
    frame = np.linalg.qr(rng.standard_normal((latent, latent)))[0][:, :live]
    size = int(np.prod(shape))
    out = rng.standard_normal((live, size)) / np.sqrt(live)

    def run(z: FloatArray) -> FloatArray:
        moved = np.tanh((z @ frame) @ out).reshape(len(z), *shape)
        values = 127.5 * (moved + 1) if len(shape) == 3 else moved
        return np.asarray(values.astype(np.float16) if half else values)

    return mapped(run, latent, shape)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("shape", [(64,), (1, 12, 12)])
def test_ninety_idle_directions_of_a_hundred_are_named(shape: tuple[int, ...], half: bool) -> None:
    """A generator that uses 10 of 100 latent directions says so, in half precision, too."""
    found = list(Sensitivity().analyze(study_of_map(idle_map(10, 100, shape, half=half))))
    idle = findings(found)["sensitivity.directions"]
    assert (idle.severity, idle.condition) == (Severity.WARN, Condition.IGNORED_LATENT)
    assert idle.title == "90 of 100 latent directions do nothing"
    assert idle.value == pytest.approx(0.9)
    assert findings(found)["sensitivity.latent"].severity is Severity.OK


def test_a_few_idle_directions_are_only_noted() -> None:
    """Two of six directions that do nothing are a note, and six that do something are none."""
    severities = [
        findings(Sensitivity().analyze(study_of_map(idle_map(live, 6, (64,)))))[
            "sensitivity.directions"
        ].severity
        for live in (4, 6)
    ]
    assert severities == [Severity.NOTE, Severity.OK]


def test_a_latent_longer_than_the_output_is_no_disease() -> None:
    """A linear map of 20 coordinates to 2 has 18 idle directions and uses all that it can."""
    idle = findings(Sensitivity().analyze(study_of_map(idle_map(2, 20, (2,)))))[
        "sensitivity.directions"
    ]
    assert idle.severity is Severity.NOTE
    assert idle.title.startswith("18 of 20")


@pytest.mark.parametrize("law", ["uniform", "sphere"])
def test_idle_directions_are_found_under_every_law(law: str) -> None:
    """Units are standard deviations of the law: the count is that of the normal law."""
    made = idle_map(4, 16, (64,))
    spec = dataclasses.replace(made.spec, latent_law=law)
    found = findings(Sensitivity().analyze(study_of_map(dataclasses.replace(made, spec=spec))))
    assert found["sensitivity.directions"].title.startswith("12 of 16")


def test_the_effective_rank_of_a_linear_map_is_exact() -> None:
    """Singular values 0.5 to 1.5 give their participation ratio, and their condition."""
    found = scores(Sensitivity().analyze(study_of_map(gaussian_map(16))))
    variances = np.linspace(0.5, 1.5, 16) ** 2
    exact = variances.sum() ** 2 / (variances**2).sum()
    assert found["effective_rank"].value == pytest.approx(exact, rel=1e-3)
    assert found["log_condition"].value == pytest.approx(np.log10(3), rel=1e-3)
    assert found["idle_directions"].value == 0


def test_evidence_does_not_depend_on_the_batch_size() -> None:
    """Batches of 7 rows give the counts and ranks that one large batch gives."""
    made = idle_map(3, 8, (1, 6, 6))
    results = []
    for batch_size in (None, 7):
        sampler = Sampler(made, batch_size=batch_size)
        results.append(
            scores(Sensitivity().analyze(study_of(sampler.draw(200, 0), sampler=sampler)))
        )
    assert results[0] == results[1]


def test_noise_inside_the_model_stops_the_derivatives() -> None:
    """Differences would measure the noise: the finding says that they were not taken."""
    found = findings(Sensitivity().analyze(study(lambda z: z + 0.1 * torch.randn(z.shape), 4)))
    idle = found["sensitivity.directions"]
    assert idle.severity is Severity.NOTE
    assert "not measured" in idle.title


def test_too_many_coordinates_are_not_measured() -> None:
    """Beyond 2,000 latent coordinates derivatives cost more than they may."""
    made = mapped(lambda z: z[:, :4], 2500, (4,))
    idle = findings(Sensitivity().analyze(study_of_map(made)))["sensitivity.directions"]
    assert "2,500 latent coordinates" in idle.title


def test_samples_that_fill_fewer_dimensions_than_the_reference_are_noted() -> None:
    """Samples in 2 of the 6 dimensions of the reference: a note with both numbers."""
    made = idle_map(2, 6, (12,))
    frame = np.random.default_rng(0).standard_normal((6, 12)).astype(np.float32)
    sampler = Sampler(made)
    reference = sample_set(normal(900, 6, 1) @ frame)
    found = list(Sensitivity().analyze(study_of(sampler.draw(600, 0), reference, sampler=sampler)))
    dimension = findings(found)["sensitivity.dimension"]
    assert dimension.severity is Severity.NOTE
    assert dimension.value == pytest.approx(2, abs=0.3)
    score = scores(found)["intrinsic_dimension"]
    assert score.ceiling == pytest.approx(5.5, abs=0.7)


def test_a_class_that_does_not_move_does_not_stand_for_all() -> None:
    """Label 0 gives one output: the latent is looked at under another label, and passes."""
    found = findings(Sensitivity().analyze(conditional(Conditional(spec_of(10), frozen=(0,)))))
    assert found["sensitivity.latent"].severity is Severity.OK
    assert found["sensitivity.directions"].severity is Severity.OK


def test_a_latent_that_no_label_lets_through_is_ignored() -> None:
    """Under every label each latent gives the same output: that is an ignored latent."""
    found = findings(Sensitivity().analyze(conditional(Conditional(spec_of(10), width=0.0))))
    assert found["sensitivity.latent"].severity is Severity.FAIL
