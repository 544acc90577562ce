"""How strongly each pair of columns hangs together, whatever they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.api import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Associated:
    """Columns that are all numbers: ranks of numbers, and numbers of words.

    Attributes:
        values: (n, c) float64.
        words: For each column, how many words there are; 0 for ranks.
    """

    values: FloatArray
    words: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Associated:
        """Return some rows."""
        return Associated(self.values[rows], self.words)


def associations(table: Associated) -> FloatArray:
    """Measure all pairs of c columns.

    Returns:
        (c, c), 0 on the diagonal: -1..1 for two columns of numbers, 0..1 where words take part.
    """
    c = len(table.words)
    out = np.zeros((c, c))
    ranked = [at for at in range(c) if not table.words[at]]
    if len(ranked) > 1:
        out[np.ix_(ranked, ranked)] = _correlations(table.values[:, ranked])
    worded = [at for at in range(c) if table.words[at]]
    for place, one in enumerate(worded):
        words = table.values[:, one].astype(np.int64)
        for other in ranked:
            out[one, other] = out[other, one] = correlation_ratio(table.values[:, other], words)
        for other in worded[place + 1 :]:
            also = table.values[:, other].astype(np.int64)
            out[one, other] = out[other, one] = cramers_v(words, also)
    np.fill_diagonal(out, 0.0)
    return out


def _correlations(values: FloatArray) -> FloatArray:
    """Return correlations (c, c) of columns; 0 for those that never vary."""
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    centred = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    return np.asarray(centred.T @ centred)


def cramers_v(one: IntArray, other: IntArray) -> float:
    """Return Cramer's V of two (n,) columns of numbered words, free of bias (Bergsma 2013)."""
    one = np.unique(one, return_inverse=True)[1].reshape(-1)
    other = np.unique(other, return_inverse=True)[1].reshape(-1)
    n, r, k = len(one), int(one.max()) + 1, int(other.max()) + 1
    if min(r, k) < 2:
        return 0.0
    counts = np.bincount(one * k + other, minlength=r * k).reshape(r, k)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi = float(((counts - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (r - 1) * (k - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    least = min(rows, columns) - 1
    return float(np.sqrt(phi / least)) if least > 0 else 0.0


def correlation_ratio(numbers: FloatArray, words: IntArray) -> float:
    """Return how much of (n,) numbers the words explain, the square root of it, free of bias.

    Kelley's epsilon squared (1935): the correlation ratio minus what chance gives to k groups.
    """
    groups = np.unique(words, return_inverse=True)[1].reshape(-1)
    n, k = len(numbers), int(groups.max()) + 1
    total = float(((numbers - numbers.mean()) ** 2).sum())
    if k < 2 or total <= 0 or n <= k:
        return 0.0
    sums, counts = np.bincount(groups, numbers, k), np.bincount(groups, minlength=k)
    within = total - float((counts * (sums / counts - numbers.mean()) ** 2).sum())
    return float(np.sqrt(max(0.0, 1 - within / total * (n - 1) / (n - k))))
