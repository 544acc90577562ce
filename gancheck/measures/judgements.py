"""What the outputs of a discriminator say: saturation, gradients, divergence, overfitting.

Pure maths over logits of generated and of real samples; ``log D / (1 - D)`` for probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.stats import tails_around

if TYPE_CHECKING:
    from gancheck.types import FloatArray, Interval, Tails

LOG2 = math.log(2)
SATURATED = math.log(99)
"""Logit of 0.99, 4.6: beyond it on either side a discriminator is as good as certain."""
_SURE = 1e-7  # probabilities are kept this far from 0 and 1: float32 cannot tell more
_SHUFFLES = 999
_STEEPEST = 1e6  # of the recalibration: all but unbounded


def are_probabilities(outputs: FloatArray) -> bool:
    """Tell whether all outputs lie in [0, 1]; logits of either sign do not."""
    return bool(outputs.min() >= 0 and outputs.max() <= 1)


def to_logits(probabilities: FloatArray) -> FloatArray:
    """Return ``log p / (1 - p)``, finite also for certain ones."""
    inside = np.clip(np.asarray(probabilities, dtype=np.float64), _SURE, 1 - _SURE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return the probabilities that logits stand for."""
    from scipy.special import expit

    return np.asarray(expit(logits))


def minimax_gradient(generated: FloatArray) -> float:
    """Return the mean factor of the generator's gradient under ``log(1 - D)``: D itself."""
    return float(sigmoid(generated).mean())


def nonsaturating_gradient(generated: FloatArray) -> float:
    """Return the mean factor of the generator's gradient under ``-log D``: 1 - D."""
    return float(sigmoid(-generated).mean())


@dataclass(frozen=True)
class Divergence:
    """A lower bound of the Jensen-Shannon divergence, in nats, with its 95% interval."""

    value: float
    interval: Interval
    tails: Tails

    @property
    def at_ceiling(self) -> bool:
        """Whether it is as large as it can get, log 2, but for 1%."""
        return self.value > 0.99 * LOG2


def jensen_shannon(real: FloatArray, generated: FloatArray, seed: int) -> Divergence:
    """Bound the divergence of two laws by how well logits tell them apart.

    The logits are recalibrated by logistic regression on one half and judged on the other, both
    ways around, so that the bound holds whatever the discriminator's scale. For the best possible
    discriminator it is the divergence itself: ``log 2 + E log D / 2 + E log(1 - D) / 2``.

    Args:
        real: (n,) logits of real samples.
        generated: (m,) logits of generated samples.
        seed: Seed of the choice of halves.
    """
    rng = np.random.default_rng([seed, len(real), len(generated)])
    sides = [side[rng.permutation(len(side))] for side in (generated, real)]
    halves = [[side[half::2] for side in sides] for half in (0, 1)]
    means, variances = [], []
    for fitted, judged in (halves, halves[::-1]):
        false, true = _log_likelihoods(fitted, judged)
        means.append(LOG2 + false.mean() / 2 + true.mean() / 2)
        variances.append((false.var() / len(false) + true.var() / len(true)) / 4)
    value = float(np.clip(np.mean(means), 0.0, LOG2))
    error = float(np.sqrt(np.mean(variances) / 2))
    return Divergence(value, *tails_around(value, error, value, high=LOG2))


def _log_likelihoods(
    fitted: list[FloatArray], judged: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Fit on generated and real logits; return the log likelihood of the truth of others."""
    from sklearn.linear_model import LogisticRegression

    both = np.concatenate(fitted)
    middle, spread = both.mean(), max(float(both.std()), 1e-12)
    truth = np.repeat([0, 1], [len(side) for side in fitted])
    model = LogisticRegression(C=_STEEPEST, max_iter=500, class_weight="balanced")
    model.fit(((both - middle) / spread)[:, None], truth)
    known = [model.decision_function(((side - middle) / spread)[:, None]) for side in judged]
    return -np.logaddexp(0, known[0]), -np.logaddexp(0, -known[1])


def share_above(one: FloatArray, other: FloatArray) -> float:
    """Return the chance that a member of one is above a member of the other; ties count half."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([one, other]))[: len(one)]
    return float((ranks.sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(other)))


def permutation_p_value(one: FloatArray, other: FloatArray, rng: np.random.Generator) -> float:
    """Return the p-value of two sets of numbers having one law, by permuting their ranks."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([one, other]))
    usual = ranks.mean()
    found = abs(ranks[: len(one)].mean() - usual)
    shuffled = [abs(rng.permutation(ranks)[: len(one)].mean() - usual) for _ in range(_SHUFFLES)]
    as_far = sum(bool(value >= found - 1e-9) for value in shuffled)
    return (1 + as_far) / (_SHUFFLES + 1)
