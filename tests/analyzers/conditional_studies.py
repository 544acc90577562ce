"""Conditional generators with known truth: which classes are sound, collapsed, swapped."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch

from analyzers.studies import sample_set, study_of
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    from torch import Tensor

    from gancheck.types import AnyArray, FloatArray, IntArray

D = 4


@dataclasses.dataclass(frozen=True)
class Conditional:
    """Centres of classes, moved by the latent by as much as each class is wide.

    Attributes:
        spec: What it says of itself.
        apart: Distance between centres; 0 ignores the label.
        width: How far the latent moves each class that is not listed; 0 ignores the latent.
        frozen: Classes that the latent does not move.
        still: Classes that it moves by little.
        stir: How much that is.
        swapped: Pairs of classes that are drawn for each other.
        mixture: Whether the latent chooses the class, whatever the label.
    """

    spec: GeneratorSpec
    apart: float = 4.0
    width: float = 1.0
    frozen: tuple[int, ...] = ()
    still: tuple[int, ...] = ()
    stir: float = 0.02
    swapped: tuple[tuple[int, int], ...] = ()
    mixture: bool = False

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return centre plus latent; of images a picture in which each number is a grey square."""
        assert labels is not None
        classes = self.spec.classes or 0
        width = torch.full((classes,), self.width)
        width[list(self.still)] = self.stir
        width[list(self.frozen)] = 0.0
        drawn = torch.arange(classes)
        for one, other in self.swapped:
            drawn[one], drawn[other] = other, one
        if self.mixture:
            labels = (1000 * latents.abs().sum(dim=1)).long() % classes
        points = centres(classes, self.apart)[drawn[labels]] + width[labels][:, None] * latents
        return points if self.spec.output_kind == "vector" else pictures(points)


def centres(classes: int, apart: float) -> Tensor:
    """Return the centres of classes, (classes, 4)."""
    source = torch.Generator().manual_seed(3)
    return apart * torch.randn(classes, D, generator=source)


def pictures(points: Tensor) -> Tensor:
    """Draw four numbers as the greys of four squares, (n, 1, 8, 8) on the scale 0..255."""
    greys = 255 * torch.sigmoid(points / 4).reshape(-1, 1, 2, 2)
    return torch.nn.functional.interpolate(greys, scale_factor=4, mode="nearest")


def spec_of(classes: int | None, kind: str = "vector") -> GeneratorSpec:
    """Describe a conditional generator of vectors or of images."""
    if kind == "vector":
        return GeneratorSpec(
            (D,), "normal", classes, "vector", (D,), None, True, "made", "test", ""
        )
    rounds = (0.0, 255.0)
    return GeneratorSpec(
        (D,), "normal", classes, "image", (1, 8, 8), rounds, True, "made", "test", ""
    )


def real(
    classes: int, n: int, seed: int, kind: str = "vector", *, width: float = 1.0
) -> tuple[AnyArray, IntArray]:
    """Draw real samples of all classes, and their labels."""
    rng = np.random.default_rng([seed, 9])
    labels = rng.permutation(np.arange(n) % classes)
    moved = torch.as_tensor(rng.standard_normal((n, D)), dtype=torch.float32)
    points = centres(classes, 4.0)[labels] + width * moved
    if kind == "vector":
        return points.numpy(), labels
    return pictures(points).round().to(torch.uint8).numpy(), labels


def conditional(
    made: Conditional,
    n: int = 200,
    *,
    reference: int = 0,
    known: tuple[AnyArray, IntArray] | None = None,
    seed: int = 0,
) -> Study:
    """Build a study of a conditional generator, against so many labelled real samples if any."""
    sampler, spec = Sampler(made), made.spec
    samples = sampler.draw(n, seed)
    if reference:
        known = real(spec.classes or 1, reference, seed, spec.output_kind)
    if known is None:
        return study_of(samples, sampler=sampler, seed=seed)
    return study_of(samples, sample_set(*known), sampler=sampler, seed=seed)


def labelled(samples: tuple[FloatArray, IntArray], known: tuple[FloatArray, IntArray]) -> Study:
    """Build a study of labelled samples without their generator."""
    return study_of(sample_set(*samples), sample_set(*known))
