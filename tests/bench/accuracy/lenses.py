"""What the other measures look through: vectors as they are, pixels, and EfficientNet-Lite0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import Real, Scale, World, stream
from bench.accuracy.judge import Band
from bench.accuracy.measures import read
from gancheck.embedders import Material, create
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, Embedding, FloatArray

PLAIN = "vectors"


@dataclass(eq=False)
class Lens:
    """Real samples through one kind of features, and the controls measured on them.

    A third of the reference is set aside, as gancheck does. What has to be fitted, the principal
    axes of the pixels, is fitted on it: nothing is compared that its features were fitted on.

    Attributes:
        kind: ``vectors``, ``pixels`` or ``efficientnet``.
        world: Name of the real data.
        real: The real samples.
        scale: Size and seed of the run.
    """

    kind: str
    world: str
    real: Real
    scale: Scale

    def __post_init__(self) -> None:
        self._bands: dict[int, dict[str, Band]] = {}

    @cached_property
    def reference(self) -> FloatArray:
        """Features of the part of the reference that is compared with, (m, d)."""
        return self.features(self.real.reference[self._rows[self._aside :]])

    @cached_property
    def pool(self) -> FloatArray:
        """Features of all real samples that are compared, for the controls."""
        return np.concatenate([self.reference, self.features(self.real.held_out)])

    def features(self, values: AnyArray) -> FloatArray:
        """Show samples to the lens: (n, d) float32."""
        return values if self._embedding is None else self._embedding(values)

    def measure(self, samples: AnyArray) -> tuple[dict[str, float], int]:
        """Read every measure of samples against as many reference points; return also how many."""
        n = min(len(samples), len(self.reference))
        return read(self.reference[:n], self.features(samples[:n])), n

    def controls(self, n: int) -> dict[str, Band]:
        """Read every measure of real samples against other real samples, n on each side.

        Real samples that are compared are dealt anew to both sides in each repetition.
        """
        if n not in self._bands:
            found = []
            for repeat in range(self.scale.repeats):
                rng = stream(self.scale.seed, self.world, "control", str(repeat))
                rows = rng.permutation(len(self.pool))
                found.append(read(self.pool[rows[:n]], self.pool[rows[n : 2 * n]]))
            self._bands[n] = {
                name: Band.of([reading[name] for reading in found]) for name in found[0]
            }
        return self._bands[n]

    @cached_property
    def _rows(self) -> AnyArray:
        return stream(self.scale.seed, self.world, "split").permutation(len(self.real.reference))

    @property
    def _aside(self) -> int:
        return len(self._rows) // 3

    @cached_property
    def _embedding(self) -> Embedding | None:
        if self.kind == PLAIN:
            return None
        apart = self.real.reference[self._rows[: self._aside]]
        shown = SampleSet(apart, self.world, "made")
        return create(self.kind).prepare(Material(shown, apart, shown, self.scale.seed))


def lenses(world: World, real: Real, scale: Scale) -> tuple[Lens, ...]:
    """Return the lenses for one kind of real data."""
    kinds = (PLAIN,) if real.reference.ndim == 2 else ("pixels", "efficientnet")
    return tuple(
        Lens(kind, world.name, real, scale) for kind in kinds[: 1 if scale.pixels_only else 2]
    )
