"""Preparing a reference: what is read, how it is split, what may be learned from what."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.references import IMAGES, VECTORS, blob_file, blobs, prepared, read, vector_file
from gancheck.errors import LoadError, ShapeError
from gancheck.prepare import INDEPENDENT_MOST, prepare, read_reference
from gancheck.settings import Clock, Settings, Silence
from gancheck.types import SampleSet


@pytest.mark.parametrize(
    ("n", "most", "split"),
    [
        (300, 10_000, (200, 100)),
        (900, 400, (400, 500)),
        (6000, 1000, (1000, INDEPENDENT_MOST)),
        (7000, 1000, (1000, INDEPENDENT_MOST)),
    ],
)
def test_the_split_sets_a_third_aside_or_what_is_not_scored(
    tmp_path: Path, n: int, most: int, split: tuple[int, int]
) -> None:
    """At least a third is set aside, at most 5,000; never more is scored than was asked for."""
    found = read_reference(vector_file(tmp_path, n), VECTORS, scored_most=most)
    assert (len(found.scored), len(found.independent)) == split
    assert found.total == sum(split)
    rows = {row.tobytes() for row in found.scored.values}
    assert not rows & {row.tobytes() for row in found.independent.values}


def test_the_split_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    """The same rows in another order are split the same way; another seed splits otherwise."""
    one = read(vector_file(tmp_path), VECTORS)
    with np.load(tmp_path / "vectors.npz") as file:
        np.savez(tmp_path / "turned.npz", samples=file["samples"][::-1])
    other = read(tmp_path / "turned.npz", VECTORS)
    np.testing.assert_array_equal(one.scored.values, other.scored.values)
    reseeded = read(tmp_path / "vectors.npz", Settings(seed=1))
    assert (one.scored.values != reseeded.scored.values).any()


def test_grey_images_are_repeated_where_colour_is_wanted(tmp_path: Path) -> None:
    """Three channels are made of one when asked for, and one channel stays one otherwise."""
    path = blob_file(tmp_path, n=60)
    assert read(path, IMAGES, channels=3).shape == (3, 12, 12)
    assert read(path, IMAGES, channels=1).shape == (1, 12, 12)


def test_what_is_learned_comes_from_the_independent_part(tmp_path: Path) -> None:
    """With 200 independent images the samples change nothing; with fewer they are needed."""
    large = read(blob_file(tmp_path, n=600), IMAGES)
    samples = SampleSet(255 - blobs(300, 9), "made", "arrays")
    clock = Clock(Silence())
    alone, along = prepare(large, IMAGES, clock), prepare(large, IMAGES, clock, samples)
    assert alone.portable
    assert along.portable
    assert alone.main.embedding.sha256 == along.main.embedding.sha256

    small = read(blob_file(tmp_path, n=597), IMAGES)
    assert not prepare(small, IMAGES, clock, samples).portable
    with pytest.raises(ShapeError, match=r"needs 200 images .* there are 199") as caught:
        prepare(small, IMAGES, clock)
    assert "600 images are enough" in str(caught.value.hint)


def test_vectors_need_thirty_to_learn_from(tmp_path: Path) -> None:
    """Ninety vectors are enough to be prepared alone, 87 are not."""
    assert prepared(vector_file(tmp_path, n=90), VECTORS).portable
    with pytest.raises(ShapeError, match=r"needs 30 vectors .* there are 29"):
        prepared(vector_file(tmp_path, n=87), VECTORS)


def test_a_prepared_reference_is_complete(tmp_path: Path) -> None:
    """Main and strict view are tested, thumbnails made, and the choice is justified."""
    known = prepared(blob_file(tmp_path), dataclasses.replace(IMAGES, embedder="auto"))
    assert known.strict is known.main
    assert known.main.trust is not None
    assert [change.name for change in known.main.trust.changes] == ["rounding", "noise", "shift"]
    assert known.reference.scored.thumbnails is not None
    assert "720 images is too small to fit a view on" in known.reason
    assert len(known.main.scored) == len(known.reference.scored) == 480


def test_hardly_any_reference_is_refused(tmp_path: Path) -> None:
    """Two samples cannot be split."""
    with pytest.raises(ShapeError, match="holds 2 samples"):
        read(vector_file(tmp_path, n=2), VECTORS)


def test_a_generator_is_no_reference() -> None:
    """A model file is refused before anything of it is run."""
    model = Path(__file__).resolve().parents[2] / "examples" / "spiral" / "spiral_better.pt"
    with pytest.raises(LoadError, match="is a generator"):
        read(model, VECTORS)
