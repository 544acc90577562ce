"""Which directions of a generator's latent space move its output, and how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.latents.jacobian import (
    Grams,
    count_hidden,
    derivatives,
    gram,
    is_rough,
    rounding,
    step_against,
)
from gancheck.samplers.prior import draw_latents
from gancheck.scaled import split_law
from gancheck.study import Study

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

EVALUATIONS = 4000
"""Evaluations of the generator for all derivatives together."""
MOST_POINTS = 32
_PAIRS = 16  # latents whose silent components are drawn anew
_ROWS = 256  # latents that the spread of the outputs is taken from
_DRAWN = 1024  # latents that the spread of each coordinate is taken from
_VALUES = 1 << 24  # outputs held at once
_IMAGE_HIDDEN = 0.29  # grey levels: what rounding to 8 bits changes, 1 / sqrt(12)
_VECTOR_HIDDEN = 1e-3  # of the spread


@dataclass(frozen=True)
class Directions:
    """What the latent directions of a generator do.

    Attributes:
        outputs: Derivatives of the outputs.
        features: Derivatives of the features of the main view.
        hidden: Root mean square change of an output that nobody sees.
        silent: Directions along which one standard deviation changes less than that.
        change: Root mean square change of an output when all of these are drawn anew.
        evaluations: Of the generator.
    """

    outputs: Grams
    features: Grams
    hidden: float
    silent: int
    change: float
    evaluations: int

    @property
    def dimension(self) -> int:
        """Number of latent coordinates."""
        return int(self.outputs.each.shape[1])


@dataclass(frozen=True)
class Outlook:
    """Outputs of a generator at a limited number of coordinates, at a limited cost of memory.

    Attributes:
        study: Has the generator and the view.
        columns: Which coordinates of the flattened outputs are kept; a random choice of large
            images has the same mean square change as all of them.
    """

    study: Study
    columns: IntArray

    @classmethod
    def of(cls, study: Study, most: int) -> Outlook:
        """Choose at most so many coordinates."""
        size = int(np.prod(study.spec.output_shape))
        chosen = np.arange(size)
        if size > most:
            chosen = np.sort(study.rng("columns").choice(size, most, replace=False))
        return cls(study, chosen)

    def outputs(self, latents: FloatArray, labels: int | IntArray | None = None) -> FloatArray:
        """Run latents (n, d): (n, columns) float32, images on the 0..255 scale."""
        return np.concatenate([self._kept(values) for values in self._chunks(latents, labels)])

    def both(self, latents: FloatArray, labels: int | IntArray | None = None) -> FloatArray:
        """Run latents (n, d): outputs and features side by side."""
        embed = self.study.view.embedding
        rows = [
            np.concatenate([self._kept(values), embed(values)], axis=1)
            for values in self._chunks(latents, labels)
        ]
        return np.concatenate(rows)

    def _kept(self, values: FloatArray) -> FloatArray:
        flat = values.reshape(len(values), -1)
        return np.asarray(flat[:, self.columns], dtype=np.float32)

    def _chunks(self, latents: FloatArray, labels: int | IntArray | None) -> Iterator[FloatArray]:
        rows = max(1, _VALUES // max(1, int(np.prod(self.study.spec.output_shape))))
        each = None if labels is None else np.broadcast_to(labels, len(latents))
        for start in range(0, len(latents), rows):
            part = slice(start, start + rows)
            yield self.study.outputs_at(latents[part], None if each is None else each[part])


def directions(study: Study, evaluations: int = EVALUATIONS) -> Directions:
    """Measure the derivatives of a generator at random latents, and the directions they ignore.

    Raises:
        NotAvailable: There are too many coordinates, or outputs do not follow them smoothly.
    """
    d = study.dimension
    points = min(MOST_POINTS, evaluations // (2 * d))
    if points < 1:
        raise NotAvailable(f"{d:,} latent coordinates take more than {evaluations:,} evaluations")
    spec = study.spec
    drawn = draw_latents(spec.latent_law, spec.latent_shape, _DRAWN, study.seed)
    flat = drawn.reshape(_DRAWN, -1).astype(np.float64)
    spread = _spread(spec.latent_law, flat)
    units = np.where(spread > 0, spread, 1.0)
    eyes = Outlook.of(study, _VALUES >> 10)
    hidden = _hidden(study, eyes.outputs(flat[:_ROWS]))
    error = rounding(eyes.outputs, flat[:_PAIRS], spread)
    step, hidden = step_against(error, hidden)
    if is_rough(eyes.outputs, flat[:points], spread, step):
        raise NotAvailable("the output does not follow the latent smoothly: there is noise in it")
    grams = list(_grams(eyes, flat[:points], spread, step))
    outputs, features = (np.stack(part) for part in zip(*grams, strict=True))
    found = Grams(outputs, len(eyes.columns))
    run = _in_units(eyes, units)
    silent, change = count_hidden(run, found, flat[-2 * _PAIRS :] / units, hidden)
    seen = Grams(features, study.view.samples.values.shape[1])
    return Directions(found, seen, hidden, silent, change, 2 * d * points)


def _grams(
    eyes: Outlook, points: FloatArray, spread: FloatArray, step: float
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the Gram matrices of outputs and features at each point."""
    classes = eyes.study.spec.classes
    for number, point in enumerate(points):
        label = None if classes is None else number % classes
        slopes = derivatives(partial(eyes.both, labels=label), point, spread, step)
        split = len(eyes.columns)
        yield gram(slopes[:, :split]), gram(slopes[:, split:])


def _in_units(eyes: Outlook, units: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda standard: eyes.outputs(standard * units)


def _hidden(study: Study, outputs: FloatArray) -> float:
    if study.spec.output_kind == "image":
        return _IMAGE_HIDDEN
    return _VECTOR_HIDDEN * max(float(np.sqrt(outputs.var(axis=0).mean())), 1e-12)


def _spread(law: str, latents: FloatArray) -> FloatArray:
    """Return the standard deviation of each coordinate, one for all where the law is known."""
    if ":" in split_law(law)[0]:
        return np.asarray(latents.std(axis=0))
    return np.full(latents.shape[1], latents.std())
