"""Clusters of features, and the rule that assigns new features to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.neighbors import nearest

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

_CANDIDATE_COUNTS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 25, 30)
_LEAST_PER_MODE = 50
_REGIONS = 20
_TRIAL = 1000  # points that decide the number of clusters
_CLEAR_SILHOUETTE = 0.5


def assign(
    anchors: FloatArray, labels: IntArray, features: FloatArray, k: int, device: str = "cpu"
) -> IntArray:
    """Assign features to modes by the vote of their k nearest anchors.

    Args:
        anchors: (n, d) features with known modes.
        labels: (n,) modes of the anchors, 0..m-1.
        features: (q, d).
        k: Voters; ties go to the mode with the smaller number.
        device: Torch device.

    Returns:
        (q,) modes.
    """
    voters = labels[nearest(features, anchors, min(k, len(anchors)), device=device).indices]
    votes = np.zeros((len(features), int(labels.max()) + 1), dtype=np.int64)
    np.add.at(votes, (np.arange(len(features))[:, None], voters), 1)
    return np.asarray(votes.argmax(axis=1))


def cluster(features: FloatArray, seed: int) -> IntArray:
    """Cut features into clusters by k-means: as many as stand clearly apart, else regions.

    The number with the best silhouette is taken when that is above 0.5, a usual mark of real
    structure (Kaufman and Rousseeuw 1990); otherwise 20, or fewer when fewer than 50 points would
    fall into each.

    Args:
        features: (n, d).
        seed: Seed of the starting centres.

    Returns:
        (n,) cluster numbers, larger clusters first.

    Raises:
        NotAvailable: There are too few features to cut in two.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    most = len(features) // _LEAST_PER_MODE
    if most < 2:
        raise NotAvailable(
            f"finds clusters among at least 100 reference samples, got {len(features)}"
        )
    best_count, best_score = min(_REGIONS, most), _CLEAR_SILHOUETTE
    trial = features[:_TRIAL]
    for count in (count for count in _CANDIDATE_COUNTS if count <= most):
        labels = KMeans(count, n_init=2, random_state=seed).fit_predict(trial)
        score = silhouette_score(trial, labels)
        if score > best_score + 0.01:
            best_count, best_score = count, score
    best = KMeans(best_count, n_init=4, random_state=seed).fit_predict(features)
    order = np.argsort(-np.bincount(best), kind="stable")
    return np.asarray(np.argsort(order)[best])


def centers(features: FloatArray, labels: IntArray) -> FloatArray:
    """Return the coordinate-wise median of each cluster, (m, d)."""
    count = int(labels.max()) + 1
    return np.stack([np.median(features[labels == mode], axis=0) for mode in range(count)])
