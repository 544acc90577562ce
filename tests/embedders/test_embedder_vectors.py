"""Vectors are standardised by what may be looked at, and by nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from embedder_samples import material

from gancheck.embedders import create, restore
from gancheck.embedders.vectors import Vectors, standardisation
from gancheck.errors import ShapeError
from gancheck.types import SampleSet


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(7)


def test_every_coordinate_gets_unit_spread(rng: np.random.Generator) -> None:
    """Coordinates in different units count equally once standardised by the pool."""
    values = rng.normal([5.0, -1e4], [1e-3, 1e3], (500, 2)).astype(np.float32)
    features = create("vectors").prepare(material(values))(values)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.std(axis=0), 1.0, rtol=1e-3)
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-3)


def test_the_independent_part_sets_the_scale(rng: np.random.Generator) -> None:
    """The independent part decides where it is large enough; the pool decides otherwise."""
    values = rng.normal(0, 1, (200, 3)).astype(np.float32)
    wide = rng.normal(0, 10, (200, 3)).astype(np.float32)
    by_independent = create("vectors").prepare(material(values, independent=wide))(values)
    by_pool = create("vectors").prepare(material(values, independent=wide[:5]))(values)
    assert by_independent.std() == pytest.approx(0.1, rel=0.15)
    assert by_pool.std() == pytest.approx(1.0, rel=1e-3)


def test_a_constant_coordinate_keeps_its_units() -> None:
    """Zero variance, also up to float32 rounding, gives scale 1 instead of a division by zero."""
    values = np.zeros((100, 3), dtype=np.float32)
    values[:, 1] = 1e4
    values[::2, 1] = np.nextafter(np.float32(1e4), np.float32(2e4))
    values[:, 2] = np.linspace(0, 1e-9, 100)
    _, scale = standardisation(values)
    assert scale[0] == 1.0
    assert scale[1] == 1.0
    assert scale[2] == pytest.approx(np.linspace(0, 1e-9, 100).std(), rel=1e-3)


def test_equal_fits_have_equal_hashes(rng: np.random.Generator) -> None:
    """The hash names the fitted centre and scale, not only the embedder."""
    values = rng.normal(0, 1, (100, 4)).astype(np.float32)
    embedder = create("vectors")
    one = embedder.prepare(material(values))
    assert one.sha256 == embedder.prepare(material(values.copy())).sha256
    assert one.sha256 != embedder.prepare(material(values * 2)).sha256


def test_too_few_to_learn_from_and_no_pool(rng: np.random.Generator) -> None:
    """Where the samples must not be looked at, the number of vectors needed is named."""
    values = rng.normal(0, 1, (29, 3)).astype(np.float32)
    alone = dataclasses.replace(material(values, independent=values), pool=None)
    with pytest.raises(ShapeError, match=r"needs 30 vectors .* there are 29"):
        Vectors().prepare(alone)


def test_a_view_survives_storage(rng: np.random.Generator) -> None:
    """Bytes give back the same view with the same hash."""
    values = rng.normal(3, 2, (100, 4)).astype(np.float32)
    view = Vectors().prepare(material(values))
    again = restore("vectors", view.to_bytes(), SampleSet(values, "", ""), "cpu")
    assert again.sha256 == view.sha256
    np.testing.assert_array_equal(again(values), view(values))


def test_images_and_other_widths_are_refused(rng: np.random.Generator) -> None:
    """Flattened images are not vectors, and a view fits one number of coordinates only."""
    with pytest.raises(ShapeError, match="looks at vectors"):
        create("vectors").prepare(material(np.zeros((10, 1, 8, 8), dtype=np.uint8)))
    view = create("vectors").prepare(material(rng.normal(0, 1, (50, 4)).astype(np.float32)))
    with pytest.raises(ShapeError, match=r"shape \(4,\)"):
        view(np.zeros((3, 5), dtype=np.float32))
