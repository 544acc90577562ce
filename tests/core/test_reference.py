"""The reference with and without its samples: what is there, and what is said of the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from analyzers.studies import normal, sample_set
from gancheck.errors import NotAvailable
from gancheck.reference import Part, Reference, among, row_hashes
from gancheck.thumbnails import thumbnails


def test_a_part_gives_what_its_samples_give() -> None:
    """Labels, names, shape, values and hashes are those of the samples."""
    labels = np.arange(4) % 2
    samples = dataclasses.replace(
        sample_set(normal(4, 3, 0), labels), ids=("a", "b", "c", "d"), label_names=("x", "y")
    )
    part = Part.of(samples)
    assert (len(part), part.kind, part.shape) == (4, "vector", (3,))
    assert part.label_names == ("x", "y")
    assert part.id_of(2) == "c"
    np.testing.assert_array_equal(part.labels, labels)
    np.testing.assert_array_equal(part.values, samples.values)
    np.testing.assert_array_equal(part.hashes, row_hashes(samples.values))


def test_without_samples_the_reason_is_given() -> None:
    """Values, hashes and pictures that were not stored raise the error that skips analyzers."""
    bare = Part(5, (1, 8, 8))
    absent: tuple[Callable[[], object], ...] = (
        lambda: bare.values,
        lambda: bare.hashes,
        lambda: bare.pictures(np.arange(2)),
    )
    for touch in absent:
        with pytest.raises(NotAvailable, match="--reference with the original data"):
            touch()


def test_thumbnails_stand_in_for_the_images() -> None:
    """Pictures come from the thumbnails, with the samples or without them."""
    images = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
    whole = dataclasses.replace(Part.of(sample_set(images)), thumbnails=thumbnails(images))
    for part in (whole, whole.with_samples(None)):
        np.testing.assert_array_equal(part.pictures(np.array([4, 1])), images[[4, 1]])


def test_exact_copies_are_told_by_their_hashes() -> None:
    """A row that occurs is found wherever it lies; one that differs in the last bit is not."""
    known = normal(50, 6, 0)
    values = np.concatenate([known[30:32], np.nextafter(known[:2], 9, dtype=np.float32)])
    np.testing.assert_array_equal(among(values, row_hashes(known)), [True, True, False, False])
    assert row_hashes(known).shape == (50, 16)


def test_labels_of_both_parts_are_counted_together() -> None:
    """Shares of labels follow from the whole reference; without labels there are none."""
    scored = Part.of(sample_set(normal(3, 2, 0), np.array([0, 0, 1])))
    apart = Part.of(sample_set(normal(2, 2, 1), np.array([2, 2])))
    found = Reference(scored, apart, "made", "", 5).labels()
    assert found is not None
    assert sorted(found.tolist()) == [0, 0, 1, 2, 2]
    plain = Part.of(sample_set(normal(2, 2, 1)))
    assert Reference(plain, plain, "made", "", 4).labels() is None
