"""How much of a real class the samples of one class reproduce, and which classes have collapsed.

Every class is compared with real samples of its label, at equal n. The overlap of both (see
`gancheck.measures.overlap`) is low for two reasons that must not be mixed up: the samples have lost
variety, or they lie elsewhere, because the label is not obeyed or the images are poor. Lost variety
shows in that samples crowd (they lie nearer to each other than real ones do), or in that they lie
among the real ones and still reproduce little of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.measures.overlap import Overlap, overlap
from gancheck.measures.prdc import clipped_density
from gancheck.neighbors import nearest
from gancheck.stats import reject_false_discoveries

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

LEAST, MOST = 50, 300
"""Samples of a class on each side: fewer are too few, more are not needed."""
NARROW_BELOW = 0.5
"""Diversity below which a class has lost variety."""
_K = 5
_INSIDE = 0.5
_NEAR = 0.5  # of the usual distance between real neighbours
_LEVEL = 0.05
_DEGREES = 50  # of freedom of the error of an overlap, see `gancheck.stats.split_se`
_T99 = 2.4032719
_LEAST_ERROR = 0.01
_LEAST_DEVIATION = 1e-300


@dataclass(frozen=True)
class Variety:
    """What the samples of one class reproduce of a real class.

    Attributes:
        diversity: Their overlap with the real class, 0..1.
        low: Lower end of its 95% interval.
        high: Upper end of its 95% interval.
        error: Its standard error.
        fidelity: Clipped density among the real samples, 0..1.
        p_crowded: p-value of at most half of the samples lying less than half as far from their
            nearest neighbour as real samples usually do.
        spread: Standard deviation of the samples over that of real ones, over all coordinates.
        n: Samples on each side.
    """

    diversity: float
    low: float
    high: float
    error: float
    fidelity: float
    p_crowded: float
    spread: float
    n: int

    @property
    def elsewhere(self) -> bool:
        """Whether a low diversity may only mean that the samples are not those of the class."""
        return self.p_crowded >= _LEVEL and self.fidelity < _INSIDE

    def p_value(self, margin: float) -> float:
        """Return how likely so low a diversity is where the true one is at the margin."""
        from scipy.stats import t

        return float(t.cdf((self.diversity - margin) / max(self.error, _LEAST_ERROR), _DEGREES))


def variety(
    reference: FloatArray, samples: FloatArray, *, tolerance: float, device: str = "cpu"
) -> Variety | None:
    """Compare the samples of one class with real ones, at most 300 of each.

    Args:
        reference: (m, d) features of real samples of the class, in random order.
        samples: (n, d) features of the samples.
        tolerance: Distance below which two samples are the same.
        device: Torch device.

    Returns:
        None where there are fewer than 50 on either side.
    """
    n = min(len(reference), len(samples), MOST)
    if n < LEAST:
        return None
    real, drawn = reference[:n], samples[:n]
    found = overlap(real, drawn, tolerance=tolerance, device=device)
    inside = float(clipped_density(real, drawn, _K, device).each.mean())
    return Variety(
        found.value,
        found.low,
        found.high,
        _error(found),
        min(1.0, inside),
        _p_crowded(real, drawn, device),
        _deviation(drawn) / max(_deviation(real), _LEAST_DEVIATION),
        n,
    )


def collapsed(found: Sequence[Variety | None], margin: float = NARROW_BELOW) -> AnyArray:
    """Mark the classes that have lost nearly all variety: diversity below a margin, and crowded.

    Both have to be shown: the larger p-value counts.

    Args:
        found: One entry for each class; None where it was not compared.
        margin: Diversity that a class must be shown to fall below.

    Returns:
        (classes,) booleans; false discoveries among them are held at 5%.
    """
    p_values = [1.0 if one is None else max(one.p_value(margin), one.p_crowded) for one in found]
    return np.asarray(reject_false_discoveries(np.array(p_values), _LEVEL))


def narrow(found: Sequence[Variety | None], margin: float = NARROW_BELOW) -> AnyArray:
    """Mark the classes whose variety is shown to be below a margin, the collapsed ones included.

    Classes whose samples may merely lie elsewhere are not marked.

    Args:
        found: One entry for each class; None where it was not compared.
        margin: Diversity that a class must be shown to fall below.

    Returns:
        (classes,) booleans; false discoveries among them are held at 5%.
    """
    p_values = np.array([1.0 if one is None else one.p_value(margin) for one in found])
    own = np.array([one is not None and not one.elsewhere for one in found], dtype=bool)
    return np.asarray(reject_false_discoveries(p_values, _LEVEL) & own)


def _deviation(points: FloatArray) -> float:
    return float(np.sqrt(points.var(axis=0, dtype=np.float64).sum()))


def _error(found: Overlap) -> float:
    return max(0.0, found.tails.at_99.high - found.value) / _T99


def _p_crowded(real: FloatArray, drawn: FloatArray, device: str) -> float:
    """Test whether more than half of the samples have a near neighbour.

    Two samples that are each other's nearest count once: half as many are taken to be independent.
    """
    from scipy.stats import binom

    usual, own = (
        nearest(side, side, 1, exclude_self=True, device=device).distances[:, 0]
        for side in (real, drawn)
    )
    near = int((own < _NEAR * float(np.median(usual))).sum())
    return float(binom.sf(near // 2 - 1, len(drawn) // 2, 0.5))
