"""An upper bound on the overlap of two laws, from how well a classifier tells them apart.

Balls of nearest neighbours look at places. In many dimensions two laws can differ in a direction
that no single place shows: half of each mode missing, all of it shifted a little. A classifier sees
that, and what it sees is a bound: whoever is right more often than chance by b proves that the laws
share at most 1 - 2 b of their mass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.stats import proportion_interval

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_MOST = 5000
_DIMENSIONS = 64
_LEAST = 100
_CONFIDENCE = 0.95


def overlap_bound(reference: FloatArray, samples: FloatArray, seed: int = 0) -> float:
    """Return an upper confidence limit of the overlap of two laws.

    A linear and a boosted-trees classifier learn to tell the sides apart on one half of each; their
    mistakes on the other half bound the overlap: 1 - TV <= 2 (1 - balanced accuracy), for any
    classifier (Lopez-Paz and Oquab 2017 use the accuracy as a test). The smaller of both limits is
    returned, each at 97.5%, so that both hold together at 95%.

    Args:
        reference: (n, d) features without near-duplicates.
        samples: (n, d) features without near-duplicates.
        seed: Seed of the choice of halves and of the trees.

    Returns:
        The limit, 0..2; values above 1 say nothing. 2 when there are fewer than 100 points a side.
    """
    n = min(len(reference), len(samples), _MOST)
    if n < _LEAST:
        return 2.0
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = np.random.default_rng([seed, n])
    sides = [side[rng.permutation(len(side))[:n]] for side in (reference, samples)]
    half = n // 2
    train = np.concatenate([side[:half] for side in sides])
    test = np.concatenate([side[half:] for side in sides])
    truth = np.repeat([0, 1], half), np.repeat([0, 1], n - half)
    with threadpool_limits(1):
        return min(_limit(model, train, test, truth) for model in _classifiers(train, seed))


def _limit(model: Any, train: FloatArray, test: FloatArray, truth: Any) -> float:
    """Return twice the upper limit of the error of a classifier on unseen points."""
    model.fit(train, truth[0])
    wrong = int((model.predict(test) != truth[1]).sum())
    return 2 * proportion_interval(wrong, len(test), _CONFIDENCE).high


def _classifiers(train: FloatArray, seed: int) -> list[Any]:
    from sklearn.decomposition import PCA
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dims = min(_DIMENSIONS, train.shape[1], len(train) // 2)
    return [
        make_pipeline(PCA(dims, random_state=seed), model)
        for model in (
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)),
            HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed),
        )
    ]
