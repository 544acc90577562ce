"""Pixels: shrunk, flattened, projected on axes that belong to both sides alike."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from embedder_samples import blobs, material

from gancheck.embedders import create, restore
from gancheck.embedders.pixels import Pixels, flattened, principal_axes
from gancheck.errors import LoadError, ShapeError
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(7)


def test_axes_keep_the_most_variance(rng: np.random.Generator) -> None:
    """The variance kept equals the sum of the leading eigenvalues of the covariance."""
    rows = rng.normal(0, np.linspace(3, 0.1, 40), (300, 40)).astype(np.float32)
    mean, axes = principal_axes(rows, 8)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(rows.T.astype(np.float64))))[::-1]
    kept = ((rows - mean) @ axes).var(axis=0, ddof=1)
    np.testing.assert_allclose(kept, eigenvalues[:8], rtol=1e-4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(8), atol=1e-5)


@pytest.mark.parametrize("level", [0, 77])
def test_images_that_are_all_the_same_can_be_looked_at(level: int) -> None:
    """A constant has no principal axes; it is one point, and other images are still others."""
    images = np.full((250, 1, 12, 12), level, dtype=np.uint8)
    view = Pixels().prepare(material(images))
    features = view(images)
    assert np.ptp(features, axis=0).max() < 1e-5
    other = images[:1] + np.uint8(100)
    assert np.linalg.norm(view(other) - features[:1]) > 0.1


def test_axes_do_not_depend_on_the_order_of_the_pool(rng: np.random.Generator) -> None:
    """A pool in another order has the same axes, signs included."""
    rows = rng.normal(0, np.linspace(3, 0.1, 40), (300, 40)).astype(np.float32)
    _, axes = principal_axes(rows, 5)
    _, shuffled = principal_axes(rows[rng.permutation(300)], 5)
    np.testing.assert_allclose(axes, shuffled, atol=1e-4)


def test_full_rank_projection_keeps_all_distances(rng: np.random.Generator) -> None:
    """With as many axes as pixels, distances are those of the pixels themselves in 0..1."""
    images = rng.integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)
    features = Pixels(dims=16).prepare(material(images))(images)
    flat = images.reshape(60, -1) / 255.0
    expected = np.linalg.norm(flat[0] - flat[1:], axis=1)
    np.testing.assert_allclose(np.linalg.norm(features[0] - features[1:], axis=1), expected, 1e-4)


def test_both_sides_of_the_pool_are_treated_alike(rng: np.random.Generator) -> None:
    """Halves of one law lose the same share of their variance; axes of one half favour it."""
    images = rng.integers(0, 256, (200, 1, 12, 12), dtype=np.uint8)
    left, right = images[:100], images[100:]

    def excess(pool: AnyArray) -> float:
        view = Pixels().prepare(material(left, pool=pool))
        return float(view(left).var(axis=0).sum() / view(right).var(axis=0).sum())

    assert excess(images) == pytest.approx(1.0, abs=0.08)
    assert excess(left) > 1.3


def test_the_independent_part_is_preferred_to_the_pool(rng: np.random.Generator) -> None:
    """From 200 independent images on, axes come from them alone; below, from the pool or not."""
    images = blobs(500, 12, 1, rng)
    apart, pool = images[:200], images[200:]

    def hashed(pool: AnyArray | None, independent: AnyArray) -> str:
        given = material(images[:5], independent=independent)
        return Pixels().prepare(dataclasses.replace(given, pool=pool)).sha256

    assert hashed(None, apart) == hashed(pool, apart) == hashed(pool[:50], apart)
    assert hashed(pool, apart[:199]) != hashed(pool[:50], apart[:199])
    with pytest.raises(ShapeError, match=r"needs 200 images .* there are 199"):
        hashed(None, apart[:199])


def test_a_view_survives_storage(rng: np.random.Generator) -> None:
    """Bytes give back the same view, which rounds the same; damaged bytes are refused."""
    images = blobs(80, 40, 3, rng)
    view = Pixels().prepare(material(images))
    again = restore("pixels", view.to_bytes(), SampleSet(images, "", ""), "cpu")
    assert (again.name, again.sha256) == (view.name, view.sha256)
    np.testing.assert_array_equal(again(images), view(images))
    with pytest.raises(LoadError, match="damaged"):
        restore("pixels", view.to_bytes()[:-1], SampleSet(images, "", ""), "cpu")


def test_large_images_are_shrunk_without_aliasing(rng: np.random.Generator) -> None:
    """A checkerboard finer than the target becomes flat grey instead of a pattern."""
    board = (np.indices((128, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, None]
    rows = flattened(board, (32, 16))
    assert rows.shape == (1, 512)
    np.testing.assert_allclose(rows, 0.5, atol=0.05)


def test_batch_size_and_rounding_do_not_matter(rng: np.random.Generator) -> None:
    """One image alone has the features it has among others; floats are not rounded to 8 bits."""
    images = blobs(80, 40, 3, rng)
    view = create("pixels").prepare(material(images))
    np.testing.assert_allclose(view(images[:1]), view(images)[:1], atol=1e-5)
    moved = view(images.astype(np.float32) + np.float32(0.25)) - view(images)
    assert np.abs(moved).max() > 1e-3


def test_name_hash_and_shape(rng: np.random.Generator) -> None:
    """The report names size and axes; the hash follows the fit; other shapes are refused."""
    images = blobs(80, 48, 1, rng)
    view = create("pixels").prepare(material(images))
    assert view.name == "pixels (32x32 px, 32 principal axes)"
    assert view.sha256 == create("pixels").prepare(material(images.copy())).sha256
    assert view.sha256 != create("pixels").prepare(material(images[:60])).sha256
    with pytest.raises(ShapeError, match="prepared for samples of the shape"):
        view(images[:, :, :40])
    with pytest.raises(ShapeError, match="looks at images"):
        create("pixels").prepare(material(np.zeros((9, 4), dtype=np.float32)))
