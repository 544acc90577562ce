"""Whether samples show what their label asked for, by a classifier learned on real labels.

Real samples that the classifier has not seen are shown to it as well: what it gets wrong of them is
no fault of the generator. Samples that it cannot tell are left out on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.stats import reject_false_discoveries

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

OBEYED_ABOVE = 0.5
"""Share of what real samples get, below which a label is not obeyed."""
_LEAST = 10  # samples of a class on each side
_TOLD_APART = 0.5  # of the real samples of a class that must be recognised
_RATE = 0.05
_IGNORED = 0.1  # of the way from chance to real samples


@dataclass(frozen=True, eq=False)
class Obedience:
    """How often samples show what their label asked for.

    Attributes:
        table: (classes, classes) samples by the class asked for and the class they look like.
        real: The same of real samples, by their label.
        disobeyed: (classes,) booleans: fewer than half as many as of real samples look like it.
    """

    table: IntArray
    real: IntArray
    disobeyed: AnyArray

    @property
    def shares(self) -> FloatArray:
        """(classes,) share of each class that looks like it; nan where none could be told."""
        return _shares(self.table)

    @property
    def usual(self) -> FloatArray:
        """The same of real samples."""
        return _shares(self.real)

    @property
    def hits(self) -> tuple[int, int]:
        """Samples that look like what was asked for, and all that could be told."""
        return int(np.trace(self.table)), int(self.table.sum())

    @property
    def ceiling(self) -> float:
        """Share that real samples get, in the proportions in which labels were asked for."""
        asked = self.table.sum(axis=1)
        known = np.isfinite(self.usual) & (asked > 0)
        weight = asked[known]
        return float(self.usual[known] @ weight / max(1, weight.sum()))

    @property
    def ignored(self) -> bool:
        """Whether samples show what was asked for hardly more often than by chance."""
        hits, total = self.hits
        asked, drawn = (
            self.table.sum(axis=1) / max(1, total),
            self.table.sum(axis=0) / max(1, total),
        )
        chance = float(asked @ drawn)
        return total > 0 and hits / total <= chance + _IGNORED * max(0.0, self.ceiling - chance)

    def mostly(self, label: int) -> int:
        """Return the class that more than half of a class's samples look like, -1 without one."""
        row = self.table[label]
        return int(row.argmax()) if 2 * row.max(initial=0) > row.sum() else -1


def obedience(asked: IntArray, looks: IntArray, real: IntArray, real_looks: IntArray) -> Obedience:
    """Hold what samples look like against what was asked for.

    A class is not obeyed when the share of its samples that look like it is shown to be below half
    of what real samples get; false discoveries among the classes are held at 5%. Classes whose real
    samples are not recognised themselves are not judged.

    Args:
        asked: (n,) class that each sample was drawn under, 0..; -1 leaves it out.
        looks: (n,) class it looks like, -1 where that cannot be told.
        real: (m,) label of each real sample.
        real_looks: (m,) class it looks like, -1 where that cannot be told.
    """
    count = 1 + max(int(part.max(initial=0)) for part in (asked, looks, real, real_looks))
    table, known = _cross(asked, looks, count), _cross(real, real_looks, count)
    tried, base = table.sum(axis=1), known.sum(axis=1)
    judged = (tried >= _LEAST) & (base >= _LEAST) & (np.diag(known) >= _TOLD_APART * base)
    found = _p_values((np.diag(table), tried), (np.diag(known), base))
    p_values = np.where(judged, found, 1.0)
    return Obedience(table, known, np.asarray(reject_false_discoveries(p_values, _RATE)))


def _p_values(drawn: tuple[IntArray, IntArray], real: tuple[IntArray, IntArray]) -> FloatArray:
    """Test whether each share is at least a multiple of the real one, both given as hits and total.

    Normal, with a success and a failure added to each count (Agresti and Caffo 2000).
    """
    from scipy.special import ndtr

    (p, n), (q, m) = (((hits + 1) / (total + 2), total + 2) for hits, total in (drawn, real))
    variance = p * (1 - p) / n + OBEYED_ABOVE**2 * q * (1 - q) / m
    return np.asarray(ndtr((p - OBEYED_ABOVE * q) / np.sqrt(variance)))


def _cross(asked: IntArray, looks: IntArray, count: int) -> IntArray:
    kept = (asked >= 0) & (looks >= 0)
    pairs = asked[kept] * count + looks[kept]
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def _shares(table: IntArray) -> FloatArray:
    total = table.sum(axis=1)
    return np.where(total > 0, np.diag(table) / np.maximum(total, 1), np.nan)
