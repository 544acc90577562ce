"""Counting distinct samples: published reference values and laws whose support is known."""

from __future__ import annotations

import numpy as np
import pytest

from analyzers.studies import (
    SIDE,
    blob_map,
    findings,
    normal,
    sample_set,
    scores,
    study_of,
)
from gancheck.analyzers.duplicates import (
    Duplicates,
    duplicate_radius,
    intrinsic_dimension,
    support_size,
)
from gancheck.neighbors import count_within
from gancheck.samplers.batches import Sampler
from gancheck.types import Severity


@pytest.mark.parametrize("atoms", [20, 100, 1000])
def test_the_support_of_a_uniform_law_is_covered(atoms: int) -> None:
    """Over 40 draws of 500 from so many atoms, the interval misses at most five times."""
    rng = np.random.default_rng(atoms)
    values, misses = [], 0
    for _ in range(40):
        drawn = rng.integers(atoms, size=500)
        twins = np.bincount(drawn, minlength=atoms)[drawn] - 1
        value, low, high = support_size(twins, 0.0)
        values.append(value)
        misses += not low <= atoms <= high
    assert misses <= 5
    assert np.median(values) == pytest.approx(atoms, rel=0.1)


def test_unequal_atoms_have_an_effective_number() -> None:
    """For shares p the estimate is 1 / sum p^2, and its interval covers that."""
    shares = 0.9 ** np.arange(60)
    shares /= shares.sum()
    rng, misses = np.random.default_rng(0), 0
    for _ in range(40):
        drawn = rng.choice(60, 1000, p=shares)
        twins = np.bincount(drawn, minlength=60)[drawn] - 1
        value, low, high = support_size(twins, 0.0)
        assert value == pytest.approx(1 / (shares**2).sum(), rel=0.25)
        misses += not low <= 1 / (shares**2).sum() <= high
    assert misses <= 5


def test_without_coincidences_there_is_only_a_lower_bound() -> None:
    """No pair among n: at least n (n - 1) / 2 over 3.7, less one in a hundred, and no upper end."""
    value, low, high = support_size(np.zeros(1000, dtype=np.int64), 0.0)
    assert value == low == pytest.approx(0.99 * 1000 * 999 / 2 / 3.689, rel=1e-3)
    assert high == float("inf")


def test_coincidences_that_the_reference_has_too_are_taken_off() -> None:
    """As many twins as the reference would have are no evidence; three times as many are."""
    twins = np.zeros(1000, dtype=np.int64)
    twins[:60] = 1
    assert support_size(twins, 30.0)[2] == float("inf")
    value, low, high = support_size(twins, 10.0)
    assert low < value < high < float("inf")
    assert value == pytest.approx(1000 * 999 / 2 / 20)


@pytest.mark.parametrize(("dimension", "ambient"), [(1, 3), (2, 10), (5, 20)])
def test_the_dimension_of_a_flat_set_is_found(dimension: int, ambient: int) -> None:
    """A uniform cube of some dimension, turned into a larger space, has that dimension."""
    rng = np.random.default_rng(1)
    frame = np.linalg.qr(rng.standard_normal((ambient, ambient)))[0][:dimension]
    points = rng.random((2000, dimension)) @ frame
    assert intrinsic_dimension(points.astype(np.float32)) == pytest.approx(dimension, rel=0.12)


def test_the_dimension_of_a_sphere_is_one_less() -> None:
    """Points on the unit sphere in three dimensions lie on a surface."""
    points = normal(2000, 3, 2)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert intrinsic_dimension(points) == pytest.approx(2, rel=0.1)


def test_copies_do_not_change_the_dimension() -> None:
    """Repeating every point leaves the dimension alone, and copies of one point have none."""
    points = normal(500, 2, 3)
    once, thrice = intrinsic_dimension(points), intrinsic_dimension(np.repeat(points, 3, axis=0))
    assert once == thrice
    assert intrinsic_dimension(np.ones((200, 4), dtype=np.float32)) == 0.0


@pytest.mark.parametrize(
    ("atoms", "severity"), [(50, Severity.FAIL), (2000, Severity.WARN), (10**9, Severity.OK)]
)
def test_few_distinct_images_are_flagged_by_their_number(atoms: int, severity: Severity) -> None:
    """Images drawn from 50, 2,000 or no fixed number of images: failure, warning, calm."""
    images = Sampler(blob_map()).draw(min(atoms, 1500), seed=1).values
    rng = np.random.default_rng(2)
    rows = rng.integers(min(atoms, 10**6), size=1500) if atoms < 10**9 else np.arange(1500)
    if atoms == 2000:
        images = Sampler(blob_map()).draw(2000, seed=1).values
    samples = images[rows]
    reference = Sampler(blob_map()).draw(1800, seed=3).values
    study = study_of(sample_set(samples), sample_set(reference))
    found = list(Duplicates().analyze(study))
    verdict = findings(found)["duplicates.support"]
    assert verdict.severity is severity
    if atoms < 10**9:
        support = scores(found)["distinct_samples"]
        assert support.low <= atoms * 1.1
        assert support.high >= atoms * 0.9


def test_a_reference_that_repeats_itself_more_is_named() -> None:
    """Where real rows coincide and samples never do, no number is made up of that."""
    rng = np.random.default_rng(0)
    reference = sample_set(normal(60, 4, seed=1)[rng.integers(60, size=1500)])
    found = list(Duplicates().analyze(study_of(sample_set(normal(1000, 4, seed=2)), reference)))
    support = findings(found)["duplicates.support"]
    assert support.severity is Severity.OK
    assert support.title == "samples repeat each other no more than those of the reference do"


def test_near_copies_count_like_copies() -> None:
    """Noise that nobody sees on copies of 20 images does not hide them; the groups are shown."""
    images = Sampler(blob_map()).draw(20, seed=1).values
    rng = np.random.default_rng(0)
    noisy = images[rng.integers(20, size=600)] + rng.normal(0, 2, (600, 1, SIDE, SIDE))
    samples = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    found = list(Duplicates().analyze(study_of(sample_set(samples))))
    assert scores(found)["distinct_samples"].value == pytest.approx(20, rel=0.3)
    verdict = findings(found)["duplicates.support"]
    assert verdict.severity is Severity.FAIL
    groups = findings(found)["duplicates.rate"].exhibits
    assert len(groups) == Duplicates().groups_shown
    assert all(len(group.payload["tiles"]) == 8 for group in groups)


def test_dense_vectors_are_no_duplicates() -> None:
    """In one dimension thousands of honest points lie close together, and nothing is flagged."""
    study = study_of(sample_set(normal(1500, 1, 1)), sample_set(normal(2500, 1, 2)))
    found = list(Duplicates().analyze(study))
    assert findings(found)["duplicates.support"].severity is Severity.OK
    assert duplicate_radius(study.view) <= study.view.twin_radius


def test_the_groups_hold_what_the_counts_say() -> None:
    """The largest group of samples is as large as its most connected member's twin count says."""
    points = normal(300, 6, 0)
    points[:40] = points[0]
    study = study_of(sample_set(points))
    twins = count_within(points, points, duplicate_radius(study.view), exclude_self=True)
    assert twins.max() == 39
    rate = findings(Duplicates().analyze(study))["duplicates.rate"]
    assert rate.value == pytest.approx(40 / 300)
    assert "39 are exact copies" in rate.title


def test_ratios_to_the_reference_are_one_for_equal_laws_and_fall_on_a_line() -> None:
    """Equal laws have ratios near 1; a line through the cloud has a small part of its dimension."""
    reference = sample_set(normal(1200, 8, 1))
    equal = scores(Duplicates().analyze(study_of(sample_set(normal(800, 8, 2)), reference)))
    for name in ("vendi_ratio", "rke_ratio", "dimension_ratio"):
        assert equal[name].value == pytest.approx(1, abs=0.15)
        assert equal[name].ceiling == pytest.approx(1, abs=0.2)
    line = normal(800, 1, 3) * np.ones((1, 8), dtype=np.float32)
    flat = scores(Duplicates().analyze(study_of(sample_set(line), reference)))
    assert flat["dimension_ratio"].value < 0.3
    assert flat["vendi_ratio"].value < 0.3
