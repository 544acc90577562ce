"""Clusters are found where there are some, and votes assign points to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.errors import NotAvailable
from gancheck.measures.clusters import assign, centers, cluster, label_assigner

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray


def ring() -> FloatArray:
    """The eight centres of the ring benchmark."""
    angle = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def grid() -> FloatArray:
    """The 25 centres of the grid benchmark."""
    side = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def around(middles: FloatArray, sd: float, n: int) -> tuple[FloatArray, IntArray]:
    """Draw n points around middles, and say which is whose."""
    rng = np.random.default_rng(3)
    own = rng.integers(len(middles), size=n)
    points = middles[own] + sd * rng.standard_normal((n, middles.shape[1]))
    return points.astype(np.float32), own


@pytest.mark.parametrize(("middles", "sd", "n"), [(ring(), 0.01, 500), (grid(), 0.05, 1250)])
def test_clear_clusters_are_found_one_by_one(middles: FloatArray, sd: float, n: int) -> None:
    """Ring and grid fall into exactly their 8 and 25 Gaussians, the larger ones first."""
    points, own = around(middles, sd, n)
    found = cluster(points, 1)
    pairs = set(zip(found.tolist(), own.tolist(), strict=True))
    assert len(pairs) == len(middles)
    sizes = np.bincount(found)
    assert len(sizes) == len(middles)
    assert (np.diff(sizes) <= 0).all()


@pytest.mark.parametrize(("n", "regions"), [(1000, 20), (400, 8)])
def test_one_cloud_is_cut_into_regions(n: int, regions: int) -> None:
    """A single Gaussian has no clear clusters: 20 regions, or fewer of at least 50 points."""
    points = np.random.default_rng(4).standard_normal((n, 8)).astype(np.float32)
    assert len(np.unique(cluster(points, 0))) == regions


def test_equal_seeds_give_equal_clusters() -> None:
    """The same seed cuts one cloud in the same way twice."""
    points = np.random.default_rng(5).standard_normal((200, 2)).astype(np.float32)
    np.testing.assert_array_equal(cluster(points, 7), cluster(points, 7))


def test_too_few_points_are_not_clustered() -> None:
    """Below a hundred points the reason is given."""
    with pytest.raises(NotAvailable, match="at least 100 reference samples, got 99"):
        cluster(np.zeros((99, 2), dtype=np.float32), 0)


@pytest.mark.parametrize("values", [1, 2, 5])
def test_points_with_few_values_fall_into_as_many_clusters(values: int) -> None:
    """Repeated values are clusters of their own, and a constant set is one cluster."""
    points = (np.arange(600) % values)[:, None] * np.ones((1, 3), dtype=np.float32)
    found = cluster(points.astype(np.float32), 0)
    assert len(np.unique(found)) == values
    np.testing.assert_array_equal(np.unique(found), np.arange(values))


def test_neighbours_vote_on_the_mode() -> None:
    """A point between two groups goes to the one that holds most of its k nearest anchors."""
    anchors = np.array([[0.0], [1.0], [10.0], [11.0], [12.0]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1, 1])
    queries = np.array([[2.0], [7.0], [30.0]], dtype=np.float32)
    np.testing.assert_array_equal(assign(anchors, labels, queries, 3), [0, 1, 1])
    np.testing.assert_array_equal(assign(anchors, labels, queries, 50), [1, 1, 1])


def test_ties_go_to_the_smaller_number() -> None:
    """One vote each is decided by the number of the mode, not by the order of the anchors."""
    anchors = np.array([[1.0], [-1.0]], dtype=np.float32)
    query = np.zeros((1, 1), dtype=np.float32)
    assert assign(anchors, np.array([1, 0]), query, 2)[0] == 0
    assert assign(anchors, np.array([0, 1]), query, 2)[0] == 0


def test_centers_are_medians() -> None:
    """One outlier does not move the middle of its cluster."""
    points = np.array([[0.0], [1.0], [900.0], [5.0]])
    np.testing.assert_array_equal(centers(points, np.array([0, 0, 0, 1])), [[1.0], [5.0]])


def test_no_mode_is_lost_where_none_is_mistaken() -> None:
    """Modes that stand apart are told everywhere, so that drawing one spot of each loses none."""
    rng = np.random.default_rng(0)
    middles = 10 * np.eye(8, 2 * 4)
    labels = np.arange(1600) % 8
    points = middles[labels] + rng.normal(size=(1600, 8))
    spots = middles + 0.1 * rng.normal(size=(20, 8, 8)) + rng.normal(size=(8, 8))
    told = label_assigner(points, labels, 0)(spots.reshape(-1, 8))

    assert np.array_equal(told, np.tile(np.arange(8), 20))


def test_what_may_be_mistaken_is_not_told() -> None:
    """Between classes that overlap the fifth around the tie is left open, and no more."""
    rng = np.random.default_rng(1)
    labels = np.arange(3000) % 2
    points = rng.normal(size=(3000, 2))
    points[:, 0] += labels
    told = label_assigner(points[:1500], labels[:1500], 0)(points[1500:])
    from_tie = abs(points[1500:, 0] - 0.5)

    assert 0.15 < (told == -1).mean() < 0.25
    assert from_tie[told == -1].mean() < from_tie[told != -1].mean() / 2
