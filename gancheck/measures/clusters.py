"""Clusters of features, and the rule that assigns new features to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

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
_MOST_CLASSES = 50  # beyond, pairwise machines are too many: neighbours vote
_FOLDS = 3
_CLASSIFIER_DIMENSIONS = 64
_MISTAKEN, _MOST_ABSTAINED = 0.002, 0.2

Assigner: TypeAlias = Callable[["FloatArray"], "IntArray"]


@dataclass(frozen=True)
class KnownModes:
    """The modes of a reference.

    Attributes:
        labels: (n,) mode of each independent reference sample.
        names: Name of each mode.
        assign: Gives other features (q, d) their modes (q,), -1 where it cannot tell.
    """

    labels: IntArray
    names: tuple[str, ...]
    assign: Assigner


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
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    most = len(features) // _LEAST_PER_MODE
    if most < 2:
        raise NotAvailable(
            f"finds clusters among at least 100 reference samples, got {len(features)}"
        )
    trial = features[:_TRIAL]
    most = min(most, len(np.unique(trial, axis=0)))
    best_count, best_score = min(_REGIONS, most), _CLEAR_SILHOUETTE
    # One thread: the pieces are small, and threads that wait for each other cost far more than
    # they give on a busy machine.
    with threadpool_limits(1):
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


def label_assigner(features: FloatArray, labels: IntArray, seed: int) -> Assigner:
    """Learn to tell given labels apart, and to abstain where they are not told apart well.

    A mode that is confused with a popular one would look drawn when it is not. So features whose
    two best classes are close are left out, as many as it takes (out of fold) for at most one in
    500 of the others to be mistaken, but no more than a fifth; reference and samples alike, so that
    the comparison stays fair. Where hardly any mistake is made hardly anything is left out: a
    generator that draws one spot of each mode would lose whole modes to abstaining.

    Args:
        features: (n, d) features of the independent reference.
        labels: (n,) classes 0..m-1.
        seed: Seed of the folds and of the projection.

    Returns:
        A function from (q, d) features to (q,) classes, -1 where it abstains.
    """
    from sklearn.decomposition import PCA
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    count = int(labels.max()) + 1
    if count < 2:
        return lambda other: np.zeros(len(other), dtype=np.int64)
    if count > _MOST_CLASSES or np.bincount(labels, minlength=count).min() < _FOLDS:
        return lambda other: assign(features, labels, other, 10)
    dims = min(_CLASSIFIER_DIMENSIONS, features.shape[1], len(features) // 2)
    machine = SVC(C=10, gamma="scale", decision_function_shape="ovr")
    model = make_pipeline(PCA(dims, random_state=seed), machine)
    out_of_fold = cross_val_predict(model, features, labels, cv=_FOLDS, method="decision_function")
    least = _least_lead(*_decide(out_of_fold), labels)
    model.fit(features, labels)

    def decide(other: FloatArray) -> IntArray:
        best, margin = _decide(model.decision_function(other))
        return np.where(margin > least, best, -1)

    return decide


def _least_lead(found: IntArray, leads: FloatArray, labels: IntArray) -> float:
    """Return the lead at and below which classes are not told."""
    surest_first = np.argsort(-leads, kind="stable")
    mistakes = np.cumsum((found != labels)[surest_first])
    told = int(np.flatnonzero(mistakes <= _MISTAKEN * np.arange(1, len(leads) + 1)).max(initial=-1))
    if told == len(leads) - 1:
        return -np.inf
    first_open = float(leads[surest_first[told + 1]])
    return min(first_open, float(np.quantile(leads, _MOST_ABSTAINED)))


def _decide(scores: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the best class and its lead over the next; two classes come as one signed score."""
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    ordered = np.sort(scores, axis=1)
    return scores.argmax(axis=1), ordered[:, -1] - ordered[:, -2]
