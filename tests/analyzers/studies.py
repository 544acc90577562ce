"""Small studies with known truth: what analyzers are shown in tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import ndtr

from gancheck.critic import Critic
from gancheck.loaders.mode_files import Centres
from gancheck.loaders.network import CallPlan, Network
from gancheck.measures.trust import Trust, self_test
from gancheck.reference import Part, Reference
from gancheck.samplers.batches import Sampler
from gancheck.study import Study, View
from gancheck.types import (
    Evidence,
    Features,
    Finding,
    GeneratorSpec,
    Mode,
    OutputKind,
    SampleSet,
    Score,
)

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import AnyArray, FloatArray

SIDE = 12
IMAGE_TOLERANCE = float(np.sqrt(2 * SIDE * SIDE) * 0.02 * 255)


@dataclasses.dataclass(frozen=True)
class Identity:
    """An embedding that looks at the values themselves, flattened."""

    name: str = "identity"
    sha256: str = "0"

    def __call__(self, values: AnyArray) -> FloatArray:
        """Flatten to (n, d) float32."""
        return np.asarray(values, dtype=np.float32).reshape(len(values), -1)


@dataclasses.dataclass(frozen=True)
class Mapped:
    """A generator made of a numpy function of the latents, (n, d) float64 in, (n, ...) out."""

    run: Callable[[FloatArray], FloatArray]
    spec: GeneratorSpec

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Run the function."""
        flat = latents.reshape(len(latents), -1).numpy().astype(np.float64)
        return torch.as_tensor(np.asarray(self.run(flat), dtype=np.float32))


def mapped(
    run: Callable[[FloatArray], FloatArray],
    latent: int,
    shape: tuple[int, ...],
    *,
    law: str = "normal",
) -> Mapped:
    """Wrap a function as a generator; three axes of output are an image on the scale 0..255."""
    kind: OutputKind = "image" if len(shape) == 3 else "vector"
    rounds = (0.0, 255.0) if kind == "image" else None
    return Mapped(
        run, GeneratorSpec((latent,), law, None, kind, shape, rounds, False, "made", "test", "")
    )


def sample_set(values: AnyArray, labels: AnyArray | None = None) -> SampleSet:
    """Wrap an array as samples that were read from somewhere."""
    return SampleSet(values, "made", "arrays", labels=labels)


def study_of(
    samples: SampleSet,
    reference: SampleSet | None = None,
    *,
    independent: SampleSet | None = None,
    sampler: Sampler | None = None,
    tolerance: float | None = None,
    trust: Trust | None = None,
    seed: int = 0,
) -> Study:
    """Build a study through the identity; without ``independent`` a third of the reference is it.

    The tolerance is that of a real run: noise nobody sees for images, a trifle for vectors.
    """
    parts = None
    if reference is not None:
        rows, aside = np.arange(len(reference)), len(reference) // 3
        if independent is None:
            independent, reference = reference.take(rows[:aside]), reference.take(rows[aside:])
        total = len(reference) + len(independent)
        parts = Reference(Part.of(reference), Part.of(independent), "made", "", total)
    if tolerance is None:
        tolerance = IMAGE_TOLERANCE if samples.kind == "image" else 1e-4
    view = View(
        Identity(),
        features(samples),
        None if reference is None else features(reference),
        None if reference is None or independent is None else features(independent),
        tolerance,
        trust=trust,
    )
    return Study(samples, view, view, seed=seed, sampler=sampler, reference_parts=parts)


def features(samples: SampleSet) -> Features:
    """Embed samples by the identity."""
    return Features(Identity()(samples.values), "identity", "0")


def study_of_map(generator: Mapped, n: int = 400, seed: int = 0) -> Study:
    """Build a study of a generator alone, without a reference."""
    sampler = Sampler(generator)
    return study_of(sampler.draw(n, seed), sampler=sampler, seed=seed)


def drawn_study(generator: Mapped, n: int, seed: int = 0) -> Study:
    """Build a study whose samples and reference come from one generator, from different latents."""
    sampler = Sampler(generator)
    reference = sampler.draw(n + n // 2, seed + 1000)
    plain = sample_set(reference.values)
    made = study_of(sampler.draw(n, seed), plain, sampler=sampler, seed=seed)
    view = dataclasses.replace(made.view, trust=trust_of(made))
    return dataclasses.replace(made, view=view, strict_view=view)


def with_judge(study: Study) -> Study:
    """Return the same study with an undecided discriminator, as a converged training leaves it."""

    def undecided(inputs: tuple[object, ...]) -> object:
        (samples,) = inputs
        assert isinstance(samples, torch.Tensor)
        return 0.1 * samples.flatten(1).mean(dim=1) - 0.05

    return dataclasses.replace(study, critic=Critic(Network(undecided, CallPlan(("x",), "x"))))


def with_ring(study: Study, sd: float = 0.05) -> Study:
    """Return the same study of points with the eight modes of the ring known."""
    angle = 2 * np.pi * np.arange(8) / 8
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return with_centres(study, places, sd)


def with_centres(study: Study, places: FloatArray, sd: float) -> Study:
    """Return the same study with modes known around centres (m, d)."""
    m = len(places)
    known = Centres(places, np.full(m, sd), np.full(m, 1 / m))
    return dataclasses.replace(study, known=known)


def trust_of(study: Study) -> Trust | None:
    """Run the self-test of a study's view."""
    view, scored = study.view, study.reference.scored.given()
    return self_test(
        view.embedding, scored, view.reference, tolerance=view.tolerance, seed=study.seed
    )


def shuffled(study: Study, seed: int) -> Study:
    """Return the same study with samples, scored and independent reference in another order."""
    rng = np.random.default_rng(seed)
    samples = study.samples.take(rng.permutation(len(study.samples)))
    if study.reference_parts is None:
        alone = study_of(samples, sampler=study.sampler, tolerance=study.view.tolerance)
        return dataclasses.replace(alone, critic=study.critic, known=study.known)
    scored = study.reference_parts.scored.given()
    apart = study.reference_parts.independent.given()
    mixed = study_of(
        samples,
        scored.take(rng.permutation(len(scored))),
        independent=apart,
        sampler=study.sampler,
        tolerance=study.view.tolerance,
        trust=study.view.trust,
        seed=study.seed,
    )
    return dataclasses.replace(mixed, critic=study.critic, known=study.known)


def gaussian_map(d: int = 16) -> Mapped:
    """A generator of one Gaussian: a linear map of normal latents, a little wider one way."""
    stretch = np.diag(np.linspace(0.5, 1.5, d))
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0]
    return mapped(lambda z: z @ (stretch @ turn), d, (d,))


def blob_map() -> Mapped:
    """A generator of images: one soft disc whose place, size and brightness the latent moves."""
    grid = np.arange(SIDE)

    def run(z: FloatArray) -> FloatArray:
        x, y, size, light = (ndtr(z[:, i])[:, None, None] for i in range(4))
        across = grid[None, None, :] - SIDE * (0.3 + 0.4 * x)
        down = grid[None, :, None] - SIDE * (0.3 + 0.4 * y)
        edge = np.hypot(across, down) - SIDE * (0.12 + 0.15 * size)
        return np.asarray(((90 + 160 * light) / (1 + np.exp(edge)))[:, None])

    return mapped(run, 4, (1, SIDE, SIDE))


def ring(n: int, seed: int, *, shares: FloatArray | None = None, sd: float = 0.05) -> FloatArray:
    """Draw from eight Gaussians on the unit circle."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * rng.choice(8, n, p=shares) / 8
    middle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (middle + sd * rng.standard_normal((n, 2))).astype(np.float32)


def normal(n: int, d: int, seed: int, *, sd: float = 1.0) -> FloatArray:
    """Draw from one Gaussian around zero."""
    rng = np.random.default_rng(seed)
    return (sd * rng.standard_normal((n, d))).astype(np.float32)


def scores(evidence: Iterable[Evidence]) -> dict[str, Score]:
    """Return the scores among evidence, by name."""
    return {one.name: one for one in evidence if isinstance(one, Score)}


def findings(evidence: Iterable[Evidence]) -> dict[str, Finding]:
    """Return the findings among evidence, by id."""
    return {one.id: one for one in evidence if isinstance(one, Finding)}


def modes(evidence: Iterable[Evidence]) -> list[Mode]:
    """Return the modes among evidence."""
    return [one for one in evidence if isinstance(one, Mode)]
