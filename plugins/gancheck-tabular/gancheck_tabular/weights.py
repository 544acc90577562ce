"""How one column is weighed: numbers by normal scores, words by coordinates of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from gancheck.api import JSON, FloatArray, IntArray

_MOST_KNOTS = 1000
_MOST_WORDS = 200
_LEAST_SPREAD = 1e-6  # beside the values themselves: less is float32 rounding


@dataclass(frozen=True, eq=False)
class NumberWeights:
    """Normal scores of a column of numbers, and a coordinate for missing ones.

    Attributes:
        knots: (k,) rising values.
        scores: (k,) their scores, of mean square 1 over the rows that were fitted.
        step: Beyond the knots, what a score of 1 is worth.
        missing: What missing is worth: two random rows differ by 2 in it, in the mean square.
    """

    knots: FloatArray
    scores: FloatArray
    step: float
    missing: float

    @classmethod
    def fit(cls, numbers: FloatArray) -> NumberWeights:
        """Rank (n,) numbers, NaN where they are missing.

        Values that several rows share get the score of the middle of their ranks (the
        mid-distribution of Parzen 2004), so that a column of zeros with a tail keeps both apart.
        """
        from scipy.special import ndtri

        there = numbers[~np.isnan(numbers)]
        n, gone = len(numbers), len(numbers) - len(there)
        share = (gone + 1) / (n + 2)
        missing = float((share * (1 - share)) ** -0.5)
        if not len(there):
            return cls(np.zeros(1), np.zeros(1), 1.0, missing)
        values, counts = np.unique(there, return_counts=True)
        middle = (np.cumsum(counts) - counts / 2) / len(there)
        scores = ndtri(middle)
        scores -= np.average(scores, weights=counts)
        spread = float(np.sqrt(np.average(scores**2, weights=counts)))
        scores = scores / spread if spread > 0 else scores
        deviation = float(there.std())
        least = _LEAST_SPREAD * float(np.abs(there).max())
        step = deviation if deviation > least else max(1.0, float(np.abs(there).max()))
        kept = np.unique(np.linspace(0, len(values) - 1, min(_MOST_KNOTS, len(values))).astype(int))
        return cls(values[kept], scores[kept], step, missing)

    def __call__(self, numbers: FloatArray) -> FloatArray:
        """Map (n,) numbers to (n, 2) scores and missing; missing numbers score 0."""
        gone = np.isnan(numbers)
        inside = np.interp(numbers, self.knots, self.scores)
        beyond = np.maximum(numbers - self.knots[-1], 0) - np.maximum(self.knots[0] - numbers, 0)
        scores = np.where(gone, 0.0, inside + beyond / self.step)
        return np.stack([scores, gone * self.missing], axis=1)

    def to_json(self) -> JSON:
        """Return all of it."""
        return [self.knots.tolist(), self.scores.tolist(), self.step, self.missing]

    @classmethod
    def from_json(cls, said: JSON) -> NumberWeights:
        """Read what `to_json` returned."""
        knots, scores, step, missing = said
        return cls(np.asarray(knots, float), np.asarray(scores, float), float(step), float(missing))


@dataclass(frozen=True, eq=False)
class WordWeights:
    """Coordinates of words: one for each that was seen at least twice, one for all others.

    Attributes:
        codes: (k,) rising codes of the words with a coordinate of their own.
        weight: Length of a word's coordinate.
        rest: The same for words that were seen once or never.
    """

    codes: IntArray
    weight: float
    rest: float

    @classmethod
    def fit(cls, codes: IntArray) -> WordWeights:
        """Count (n,) codes.

        Words that were seen once say how likely a new one is (Good 1953, after Turing); where that
        is the rule, a new word is not far away.
        """
        n = len(codes)
        values, counts = np.unique(codes, return_counts=True)
        often = np.argsort(-counts, kind="stable")[:_MOST_WORDS]
        kept = np.sort(often[counts[often] > 1])
        differing = 1.0 - float(((counts / n) ** 2).sum())
        share = (n - int(counts[kept].sum()) + 1) / (n + 1)
        weight = max(differing, 1 / (n + 1)) ** -0.5
        return cls(values[kept], weight, max(share**-0.5, weight))

    def __call__(self, codes: IntArray) -> FloatArray:
        """Map (n,) codes to (n, k + 1) coordinates."""
        out = np.zeros((len(codes), len(self.codes) + 1))
        place = np.searchsorted(self.codes, codes)
        near = np.minimum(place, max(len(self.codes) - 1, 0))
        known = self.codes[near] == codes if len(self.codes) else np.zeros(len(codes), dtype=bool)
        out[known, near[known]] = self.weight
        out[~known, -1] = self.rest
        return out

    def to_json(self) -> JSON:
        """Return all of it."""
        return [self.codes.tolist(), self.weight, self.rest]

    @classmethod
    def from_json(cls, said: JSON) -> WordWeights:
        """Read what `to_json` returned."""
        codes, weight, rest = said
        return cls(np.asarray(codes, dtype=np.int64), float(weight), float(rest))


Weights: TypeAlias = NumberWeights | WordWeights
