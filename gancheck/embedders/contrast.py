"""Teaches a small network to tell images apart and to ignore what does not matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gancheck.devices import full_float32
from gancheck.embedders import network
from gancheck.embedders.augment import Invariances

if TYPE_CHECKING:
    import torch

_CHECKS = 10  # how often the held-out loss is looked at
_PATIENCE = 3  # checks without improvement before the fit ends
_WARM_UP = 0.1
_EASING = 0.25  # share of the steps until steadiness counts in full
_DECAY = 1e-4
_HELD_OUT = (64, 256)
_LABEL_TEMPERATURE = 0.1
_AS_IS = 0.5  # share of images that stay unmoved: resampling itself blurs a little

Weights = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Recipe:
    """How a view is fitted.

    Attributes:
        steps: Gradient steps, at most.
        batch: Images in one step; each is seen in two versions.
        rate: Highest learning rate of AdamW, reached after a warm-up, then lowered to nothing.
        temperature: Temperature of the contrastive loss.
        steadiness: Weight of the squared distance between an image and a degraded version of it.
        dims: Outputs of the network.
        labels: Weight of telling labels apart, where there are any.
    """

    steps: int = 600
    batch: int = 128
    rate: float = 2e-3
    temperature: float = 0.1
    steadiness: float = 20.0
    dims: int = 64
    labels: float = 0.5


@dataclass(frozen=True)
class Lesson:
    """Images (n, c, h, w) in 0..1 to learn from, and the labels (n,) of each, 0.., if known."""

    images: torch.Tensor
    labels: torch.Tensor | None = None

    def take(self, rows: torch.Tensor) -> Lesson:
        """Return the images at some rows."""
        return Lesson(self.images[rows], None if self.labels is None else self.labels[rows])


@full_float32()
def fit(
    lesson: Lesson,
    recipe: Recipe,
    invariances: Invariances,
    *,
    seed: int,
    progress: Callable[[int, int], None],
) -> Weights:
    """Fit the weights of `network.forward` to images.

    Two versions of an image attract each other and repel all others in the batch. That alone
    leaves a small push in one direction under blur or noise, which two-sample comparisons see long
    before people do; so the distance between an image and its degraded version is also weighed in.
    Labels, where they are known, are told apart as well; variety within a label still counts.

    The weights returned are those with the smallest loss on a tenth of the images, which is held
    out; after a quarter of its steps the fit ends once that loss no longer falls. Equal images and
    seeds give equal weights on the same machine; no global generator is touched.

    Source: Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations",
    2020, equation 1.
    """
    import torch

    images = lesson.images
    generator = torch.Generator(images.device).manual_seed(seed)
    held_out, rest = _split(lesson, generator)
    watched = versions(held_out.images, invariances, generator)
    weights = network.initial(images.shape[1:], recipe.dims, generator)
    pupil = _Pupil(weights, _prototypes(lesson.labels, recipe.dims, generator), recipe)
    optimizer = torch.optim.AdamW(pupil.parameters(), lr=0.0, weight_decay=_DECAY)
    best = _Best(weights, _watch(watched, weights, recipe))
    with torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False):
        for step in range(1, recipe.steps + 1):
            drawn = _drawn(rest, recipe.batch, generator)
            batch = versions(drawn.images, invariances, generator)
            _descend(optimizer, pupil, Lesson(batch, drawn.labels), step)
            progress(step, recipe.steps)
            if step % max(1, recipe.steps // _CHECKS) == 0:
                best = best.against(weights, _watch(watched, weights, recipe))
                if best.stale >= _PATIENCE and step > _EASING * recipe.steps:
                    break
    progress(recipe.steps, recipe.steps)
    return best.weights


class _Best:
    """The best weights so far, their held-out loss, and for how many checks they stand."""

    def __init__(self, weights: Weights, loss: float, stale: int = 0) -> None:
        self.weights = {key: weight.detach().clone() for key, weight in weights.items()}
        self.loss = loss
        self.stale = stale

    def against(self, weights: Weights, loss: float) -> _Best:
        """Return the better of these and other weights."""
        if loss < self.loss:
            return _Best(weights, loss)
        return _Best(self.weights, self.loss, self.stale + 1)


@dataclass(frozen=True)
class _Pupil:
    """What is being fitted: weights of the network, and a direction for each label."""

    weights: Weights
    prototypes: torch.Tensor | None
    recipe: Recipe

    def parameters(self) -> list[torch.Tensor]:
        """Return every tensor that learns."""
        told = [] if self.prototypes is None else [self.prototypes]
        return [tensor.requires_grad_() for tensor in (*self.weights.values(), *told)]


def _prototypes(
    labels: torch.Tensor | None, dims: int, generator: torch.Generator
) -> torch.Tensor | None:
    import torch

    if labels is None:
        return None
    shape = (int(labels.max()) + 1, dims)
    return torch.randn(shape, generator=generator, device=generator.device)


def _split(lesson: Lesson, generator: torch.Generator) -> tuple[Lesson, Lesson]:
    """Hold out a tenth of the images, within limits, at random."""
    import torch

    total = len(lesson.images)
    order = torch.randperm(total, generator=generator, device=lesson.images.device)
    least, most = _HELD_OUT
    count = min(most, max(least, total // 10))
    return lesson.take(order[:count]), lesson.take(order[count:])


def _drawn(lesson: Lesson, count: int, generator: torch.Generator) -> Lesson:
    import torch

    total = len(lesson.images)
    order = torch.randperm(total, generator=generator, device=lesson.images.device)
    return lesson.take(order[:count])


def versions(
    images: torch.Tensor, invariances: Invariances, generator: torch.Generator
) -> torch.Tensor:
    """Return two versions of every image, (2 n, c, h, w); rows i and i + n are partners.

    The first is the image as it is or moved; the second is degraded. In the first half of the
    batch the second is made of the first, in the other half it is moved on its own. Of colour
    images, the second of the last third is recoloured as well.
    """
    import torch

    as_is = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < _AS_IS
    first = torch.where(as_is, images, invariances.moved(images, generator))
    half, last = len(images) // 2, _recoloured(len(images))
    second = torch.cat([first[:half], invariances.moved(images[half:], generator)])
    if images.shape[1] == 3 and invariances.recolour:
        second = torch.cat([second[:last], invariances.recoloured(second[last:], generator)])
    return torch.cat([first, invariances.degraded(second, generator)])


def _recoloured(count: int) -> int:
    """Return from which row of a batch on colour images are recoloured."""
    return count - count // 3


def loss(outputs: torch.Tensor, recipe: Recipe, parts: int = 1) -> torch.Tensor:
    """Return the loss of (2 n, d) outputs of `versions`, to be minimised.

    With two parts, the second finds partners under any colours, the first only where colours stay.
    """
    import torch

    directions = network.directions(outputs, parts)
    count = len(outputs) // 2
    drift = directions[: count // 2] - directions[count : count + count // 2]
    steady = recipe.steadiness * drift.square().sum(dim=2).mean()
    if parts == 1:
        return nt_xent(directions[:, 0], recipe.temperature) + steady
    last = _recoloured(count)
    kept = torch.cat([directions[:last, 0], directions[count : count + last, 0]])
    both = (kept, recipe.temperature), (directions[:, 1], recipe.temperature)
    return sum((nt_xent(*one) for one in both), start=torch.zeros(())) / 2 + steady


def _descend(optimizer: torch.optim.Optimizer, pupil: _Pupil, batch: Lesson, step: int) -> None:
    """Take one step; steadiness is weighed in little by little, or all images would be alike."""
    recipe = pupil.recipe
    done = step / recipe.steps
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * schedule(step, recipe.steps)
    optimizer.zero_grad()
    eased = replace(recipe, steadiness=recipe.steadiness * min(1.0, done / _EASING))
    outputs, parts = network.forward(batch.images, pupil.weights), network.heads(pupil.weights)
    total = loss(outputs, eased, parts)
    if batch.labels is not None and pupil.prototypes is not None:
        directions = network.directions(outputs, parts).flatten(1)
        told = confusion(directions, pupil.prototypes, batch.labels.repeat(2))
        total = total + recipe.labels * told
    total.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def confusion(
    directions: torch.Tensor, prototypes: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return how badly (n, d) directions point to the prototypes (m, d) of their labels (n,)."""
    from torch.nn import functional

    likeness = functional.normalize(directions) @ functional.normalize(prototypes).T
    return functional.cross_entropy(likeness / _LABEL_TEMPERATURE, labels)


def _watch(batch: torch.Tensor, weights: Weights, recipe: Recipe) -> float:
    import torch

    with torch.no_grad():
        return float(loss(network.forward(batch, weights), recipe, network.heads(weights)))


def schedule(step: int, steps: int) -> float:
    """Return the share of the highest learning rate at a step: up a line, down a cosine."""
    warm = max(1, round(_WARM_UP * steps))
    if step <= warm:
        return step / warm
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def nt_xent(directions: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return how badly (2 n, d) unit vectors find their partners; rows i and i + n are partners."""
    import torch
    from torch.nn import functional

    count = len(directions) // 2
    likeness = directions @ directions.T / temperature
    itself = torch.eye(2 * count, dtype=torch.bool, device=directions.device)
    partners = torch.arange(2 * count, device=directions.device).roll(count)
    return functional.cross_entropy(likeness.masked_fill(itself, -math.inf), partners)
