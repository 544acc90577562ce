"""The discriminator analyzer: trained to perfection, converged, overfit, and everything between."""

from __future__ import annotations

import dataclasses
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from analyzers.studies import findings, mapped, sample_set, scores, study_of
from gancheck.analyzers.discriminator import Discriminator
from gancheck.critic import open_critic
from gancheck.errors import NotAvailable
from gancheck.preparation import build_study, gather
from gancheck.samplers.batches import Sampler
from gancheck.settings import Clock, Settings, Silence
from gancheck.study import Study
from gancheck.types import Condition, Evidence, GeneratorSpec, OutputKind, Severity

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import FloatArray

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "spiral" / "spiral_better.pt"


def network(outputs: int, seed: int, width: int = 32) -> nn.Sequential:
    """Two hidden layers on points of the plane."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(2, width),
        nn.LeakyReLU(0.1),
        nn.Linear(width, width),
        nn.LeakyReLU(0.1),
        nn.Linear(width, outputs),
    )


def spiral(n: int, seed: int) -> FloatArray:
    """Points of a spiral, as the shipped example winds them."""
    square = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    radius = 0.05 + 0.45 * (square[:, 0] + 1) + 0.05 * square[:, 1]
    angle = 3 * math.pi * square[:, 0]
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points.astype(np.float32)


def trained(real: FloatArray, made: FloatArray, steps: int, rate: float = 1e-2) -> nn.Sequential:
    """Train a discriminator to tell fixed points apart."""
    judge = network(1, 3)
    optimizer = torch.optim.Adam(judge.parameters(), lr=rate)
    both = torch.as_tensor(np.concatenate([real, made]))
    signs = torch.cat([-torch.ones(len(real), 1), torch.ones(len(made), 1)])
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(functional.softplus(signs * judge(both)).mean())
        optimizer.step()
    return judge.eval()


def with_critic(study: Study, judge: nn.Module, folder: Path) -> Study:
    """Save a discriminator as TorchScript, read it again, and show it to a study."""
    path = folder / "judge.pt"
    example = torch.zeros(2, *study.spec.output_shape)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(judge, example), str(path))  # type: ignore[no-untyped-call]
    return dataclasses.replace(study, critic=open_critic(path, None, study.spec.classes, "cpu"))


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A torch network as a generator of points."""

    net: nn.Module
    spec: GeneratorSpec

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Run it."""
        made: Tensor = self.net(latents)
        return made


def spiral_map() -> Sampler:
    """The generator that has converged: the spiral itself as a map of the square."""

    def run(z: FloatArray) -> FloatArray:
        radius = 0.05 + 0.45 * (z[:, 0] + 1) + 0.05 * z[:, 1]
        angle = 3 * math.pi * z[:, 0]
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)

    return Sampler(mapped(run, 2, (2,), law="uniform"))


@pytest.fixture(scope="module")
def judge(early_generator: Sampler) -> nn.Sequential:
    """A discriminator trained until it tells the early generator's points for certain."""
    return trained(spiral(600, 2), early_generator.draw(600, 5).values, 800)


@pytest.fixture(scope="module")
def early_generator() -> Sampler:
    """A generator that has not been trained at all."""
    spec = GeneratorSpec((2,), "uniform", None, "vector", (2,), None, True, "made", "test", "")
    return Sampler(Frozen(network(2, 0).requires_grad_(False), spec))


@pytest.fixture(scope="module")
def early(
    early_generator: Sampler, judge: nn.Module, tmp_path_factory: pytest.TempPathFactory
) -> Study:
    """An untrained generator, and a discriminator trained against it to perfection."""
    sampler = early_generator
    study = study_of(sampler.draw(1000, 0), sample_set(spiral(1500, 1)), sampler=sampler)
    return with_critic(study, judge, tmp_path_factory.mktemp("early"))


@pytest.fixture(scope="module")
def converged(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A generator that draws the reference's law, and a discriminator trained against it."""
    sampler = spiral_map()
    study = study_of(sampler.draw(1000, 0), sample_set(spiral(1500, 1)), sampler=sampler)
    judge = trained(spiral(2000, 2), sampler.draw(2000, 5).values, 60, rate=1e-3)
    return with_critic(study, judge, tmp_path_factory.mktemp("converged"))


def evidence(study: Study) -> list[Evidence]:
    """Run the analyzer."""
    return list(Discriminator().analyze(study))


def test_a_perfect_discriminator_of_an_early_generator_is_saturated(early: Study) -> None:
    """It is certain of every sample, the minimax gradient vanishes, the other one does not."""
    found = evidence(early)
    saturation = findings(found)["discriminator.saturation"]
    assert saturation.severity is Severity.WARN
    assert saturation.condition is Condition.SATURATED_DISCRIMINATOR
    assert scores(found)["saturated_outputs"].value > 0.9
    assert scores(found)["minimax_gradient"].value < 0.02
    assert scores(found)["nonsaturating_gradient"].value > 0.98


def test_the_ceiling_is_named_when_it_is_reached(converged: Study, tmp_path: Path) -> None:
    """Sides that a discriminator tells apart without a mistake have log 2, and it says so."""

    class Place(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 20 * x[:, :1] - 40

    away = study_of(converged.samples, sample_set(spiral(1500, 1) + 4), sampler=converged.sampler)
    divergence = findings(evidence(with_critic(away, Place(), tmp_path)))[
        "discriminator.divergence"
    ]
    assert divergence.severity is Severity.NOTE
    assert divergence.value == pytest.approx(math.log(2), abs=0.01)
    assert "ceiling, log 2" in divergence.detail


def test_a_converged_pair_is_not_saturated(converged: Study) -> None:
    """It says about a half everywhere: nothing is flagged, and the divergence is near zero."""
    found = evidence(converged)
    assert {one.severity for one in findings(found).values()} == {Severity.OK}
    assert scores(found)["saturated_outputs"].value == 0
    assert scores(found)["minimax_gradient"].value == pytest.approx(0.5, abs=0.1)
    assert scores(found)["jensen_shannon"].value < 0.02
    assert "logits" in findings(found)["discriminator.saturation"].detail


def test_pictures_show_the_latent_square_and_the_plane_of_samples(converged: Study) -> None:
    """Two heat maps: D(G(z)) over the whole square, and D(x) over the data's surroundings."""
    shown = findings(evidence(converged))["discriminator.saturation"].exhibits
    assert [one.kind for one in shown] == ["heatmap", "heatmap"]
    assert shown[0].payload["extent"] == [-1.0, 1.0, -1.0, 1.0]
    low, high = shown[1].payload["low"], shown[1].payload["high"]
    assert 0.3 < low < high < 0.7
    assert shown[1].payload["marks"]


def test_probabilities_are_read_as_such(early: Study, judge: nn.Module, tmp_path: Path) -> None:
    """The same discriminator behind a sigmoid gives the same findings, and says so."""

    class Sigmoid(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(self.inner(x))

    plain = evidence(early)
    behind = evidence(with_critic(early, Sigmoid(judge), tmp_path))
    assert "probabilities" in findings(behind)["discriminator.saturation"].detail
    assert scores(behind)["minimax_gradient"].value == pytest.approx(
        scores(plain)["minimax_gradient"].value, abs=1e-6
    )
    severities = [findings(found)["discriminator.saturation"].severity for found in (plain, behind)]
    assert severities == [Severity.WARN] * 2


def test_small_logits_are_not_taken_for_probabilities(converged: Study, tmp_path: Path) -> None:
    """Logits that happen to lie within 0..1 on all samples are told from probabilities."""

    class Slight(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 0.5 + 0.1 * x[:, :1]

    found = evidence(with_critic(converged, Slight(), tmp_path))
    assert "logits" in findings(found)["discriminator.saturation"].detail


def test_one_that_calls_everything_generated_is_not_a_vanishing_gradient(
    converged: Study, tmp_path: Path
) -> None:
    """If the reference is rejected as well, the shown range is doubted instead."""

    class Rejects(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, :1] - 20

    saturation = findings(evidence(with_critic(converged, Rejects(), tmp_path)))[
        "discriminator.saturation"
    ]
    assert saturation.severity is Severity.NOTE
    assert "right range" in saturation.detail


def test_without_a_reference_it_only_notes(early: Study) -> None:
    """Saturation on generated samples alone is a note: nobody knows what it says of real ones."""
    alone = dataclasses.replace(study_of(early.samples, sampler=early.sampler), critic=early.critic)
    found = findings(evidence(alone))
    assert set(found) == {"discriminator.saturation"}
    assert found["discriminator.saturation"].severity is Severity.NOTE


class Remembers(nn.Module):
    """Calls points real that lie close to those it has learned by heart."""

    def __init__(self, known: FloatArray) -> None:
        super().__init__()
        self.register_buffer("known", torch.as_tensor(known))

    def forward(self, x: Tensor) -> Tensor:
        """Return 1 minus the distance to the nearest known point, in small units."""
        return 1 - 100 * torch.cdist(x, self.get_buffer("known")).min(dim=1, keepdim=True).values


@pytest.mark.parametrize("part", ["scored", "independent"])
def test_a_part_learned_by_heart_is_noticed(converged: Study, tmp_path: Path, part: str) -> None:
    """A discriminator that remembers one part of the reference prefers it, and which is said."""
    known = getattr(converged.reference, part).values
    overfit = findings(evidence(with_critic(converged, Remembers(known), tmp_path)))[
        "discriminator.overfit"
    ]
    assert overfit.severity is Severity.NOTE
    assert ("is scored" if part == "scored" else "was set aside") in overfit.title


def test_images_are_shown_in_the_generators_own_range(tmp_path: Path) -> None:
    """Pixels 0..255 go back to -1..1 before the discriminator sees them."""
    made = mapped(lambda z: np.tanh(z)[:, None, :, None].repeat(4, axis=3), 4, (1, 4, 4))
    kind: OutputKind = "image"
    spec = dataclasses.replace(made.spec, output_kind=kind, output_range=(-1.0, 1.0))
    sampler = Sampler(dataclasses.replace(made, spec=spec))

    class Largest(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1).abs().max(dim=1).values.clamp(max=50)

    study = with_critic(study_of(sampler.draw(300, 0), sampler=sampler), Largest(), tmp_path)
    assert study.critic is not None
    outputs = study.critic(np.ones((3, 1, 4, 4), dtype=np.float32))
    np.testing.assert_allclose(outputs, 1.0)
    found = scores(evidence(study))
    assert 0.5 < found["minimax_gradient"].value < 1 / (1 + math.exp(-1)) + 1e-6


def test_without_a_discriminator_it_says_what_it_needs(converged: Study) -> None:
    """The reason names the flag."""
    with pytest.raises(NotAvailable, match="--discriminator"):
        evidence(dataclasses.replace(converged, critic=None))


def test_a_run_passes_it_on(judge: nn.Module, tmp_path: Path) -> None:
    """Settings name the file, the run reads it, and the study holds it."""
    path, points = tmp_path / "judge.pt", tmp_path / "real.npy"
    np.save(points, spiral(400, 1))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(judge, torch.zeros(2, 2))  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path))
    settings = Settings(samples=200, cache=False, discriminator=path)
    clock = Clock(Silence())
    inputs = gather(EXAMPLE, points, settings, clock)
    study = build_study(inputs, settings, clock).study
    assert study.discriminator.path == str(path)
    assert findings(evidence(study))["discriminator.saturation"].value is not None
