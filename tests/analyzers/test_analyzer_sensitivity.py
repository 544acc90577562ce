"""Sensitivity: what moves the output of a generator, and what must not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from analyzers.studies import findings, gaussian_map, scores, study_of
from gancheck.analyzers.sensitivity import Sensitivity, latent_share
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import Condition, Finding, GeneratorSpec, Severity

if TYPE_CHECKING:
    from torch import Tensor


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
