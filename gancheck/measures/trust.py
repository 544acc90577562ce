"""How far a view may be trusted: what it makes of changes to the reference that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.measures.overlap import TWIN_SHARE, overlap, usual_spacing

if TYPE_CHECKING:
    from gancheck.types import AnyArray, Embedding, FloatArray, SampleSet

MOST, LEAST = 2000, 100
"""Size of each half of the reference, at most and at least."""
NOISE = 0.02
"""Standard deviation of noise that nobody sees, as a share of the range from black to white."""
_WHITE = 255.0
_STREAM = 6


@dataclass(frozen=True)
class Change:
    """What one half of the reference scores against the other under one change.

    Attributes:
        name: One word: ``none``, ``rounding``, ``noise`` or ``shift``.
        words: The change in words, such as ``under noise of sd 0.02``.
        value: Overlap of both halves, 0..1; 1 when the view does not see the change.
        low: Lower end of the 95% interval.
        high: Upper end of the 95% interval.
    """

    name: str
    words: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Trust:
    """The self-test of a view.

    Attributes:
        ceiling: Half the reference against the other half as it is.
        changes: Half the reference against the other half, changed; none for vectors.
        n: Samples in each half.
    """

    ceiling: Change
    changes: tuple[Change, ...]
    n: int

    @property
    def least(self) -> float:
        """The lowest overlap of all, 0..1."""
        return min(change.value for change in (self.ceiling, *self.changes))


class Halves(NamedTuple):
    """The scored reference in two parts of n each, as it is and through the view."""

    samples: SampleSet
    features: FloatArray
    n: int


def merging_radius(spacing: float, tolerance: float) -> float:
    """Return the distance below which points are merged before overlaps are estimated.

    A tenth of the usual spacing of the reference, or the view's own tolerance where that is
    larger, but never more than half the spacing: real neighbours must stay apart.

    Args:
        spacing: Median distance of a reference point to its nearest neighbour.
        tolerance: Distance below which two samples are the same to the view.
    """
    return max(TWIN_SHARE * spacing, min(tolerance, 0.5 * spacing))


def self_test(
    embedding: Embedding,
    samples: SampleSet,
    features: FloatArray,
    *,
    tolerance: float,
    seed: int,
    device: str = "cpu",
) -> Trust | None:
    """Score one half of the reference against the other, as it is and changed.

    Args:
        embedding: The view.
        samples: The scored reference.
        features: The same through the view, (n, d).
        tolerance: Distance below which two samples are the same to the view.
        seed: Seed of the noise.
        device: Torch device of distances.

    Returns:
        The self-test, None where a half has fewer than 100 samples.
    """
    n = min(MOST, len(samples) // 2)
    if n < LEAST:
        return None
    one, other = features[:n], features[n : 2 * n]
    radius = merging_radius(usual_spacing(features[: 2 * n], device=device), tolerance)

    def scored(name: str, words: str, seen: FloatArray) -> Change:
        found = overlap(one, seen, tolerance=radius, device=device)
        return Change(name, words, found.value, found.low, found.high)

    changes: tuple[Change, ...] = ()
    if samples.kind == "image":
        rng = np.random.default_rng([seed, _STREAM])
        changes = tuple(
            scored(name, words, embedding(values))
            for name, words, values in _changed(samples.values[n : 2 * n], rng)
        )
    return Trust(scored("none", "as it is", other), changes, n)


def _changed(images: AnyArray, rng: np.random.Generator) -> Iterator[tuple[str, str, FloatArray]]:
    """Yield (n, c, h, w) images on the 0..255 scale under changes that a viewer ignores."""
    rounding = rng.random(images.shape, dtype=np.float32) - np.float32(0.5)
    yield "rounding", "under what rounding to 8 bits removes", _clipped(images + rounding)
    noise = rng.standard_normal(images.shape, dtype=np.float32) * np.float32(NOISE * _WHITE)
    yield "noise", f"under noise of sd {NOISE}", _clipped(images + noise)
    yield "shift", "shifted by half a pixel", shifted(images)


def shifted(images: AnyArray) -> FloatArray:
    """Shift (n, c, h, w) images to the right by half a pixel, bilinearly; the edge is repeated."""
    plain = np.asarray(images, dtype=np.float32)
    left = np.concatenate([plain[..., :1], plain[..., :-1]], axis=-1)
    return np.asarray((plain + left) / 2)


def _clipped(values: FloatArray) -> FloatArray:
    return np.asarray(np.clip(values, 0.0, _WHITE), dtype=np.float32)
