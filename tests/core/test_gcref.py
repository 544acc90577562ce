"""The file of a prepared reference: complete, reproducible, and refused when anything is off."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from analyzers.studies import sample_set
from core.references import IMAGES, VECTORS, blob_file, blobs, prepared, vector_file
from gancheck.embedders import create
from gancheck.embedders.contrast import Recipe
from gancheck.embedders.fitted import Fitted
from gancheck.embedders.interface import Material
from gancheck.errors import LoadError, NotAvailable, UsageError
from gancheck.gcref import FORMAT, from_bytes, read, to_bytes
from gancheck.packed import REFERENCE, pack, unpack
from gancheck.reference import PreparedReference, ReferenceView
from gancheck.settings import Settings
from gancheck.study import embedded
from gancheck.thumbnails import thumbnails

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> PreparedReference:
    """A prepared reference of images."""
    return prepared(blob_file(tmp_path_factory.mktemp("images")), IMAGES)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> PreparedReference:
    """A prepared reference of vectors."""
    return prepared(vector_file(tmp_path_factory.mktemp("vectors")), VECTORS)


def changed(content: bytes, **facts: JSON) -> bytes:
    """Write a file anew with other facts, and hashes that fit them."""
    arrays, known = unpack(content, REFERENCE, "the file")
    return pack(arrays, {**known, **facts}, REFERENCE)


def same_view(one: ReferenceView, other: ReferenceView, values: AnyArray) -> None:
    """Check that two views of a reference hold and see the same, to the last bit."""
    assert (one.text, one.tolerance, one.trust) == (other.text, other.tolerance, other.trust)
    assert one.embedding.name == other.embedding.name
    assert one.embedding.sha256 == other.embedding.sha256 == other.scored.sha256
    np.testing.assert_array_equal(one.scored.values, other.scored.values)
    np.testing.assert_array_equal(one.independent.values, other.independent.values)
    np.testing.assert_array_equal(one.embedding(values), other.embedding(values))


def test_images_come_back_but_for_the_images(images: PreparedReference) -> None:
    """Views, labels, names, hashes and thumbnails are those of the reference; values are absent."""
    again = from_bytes(to_bytes(images), what="file")
    same_view(images.main, again.main, blobs(20, 5))
    assert again.strict is again.main
    assert (again.reason, again.seed, again.version) == (images.reason, 0, images.version)
    one, other = images.reference, again.reference
    assert (other.path, other.sha256, other.total) == (one.path, one.sha256, 720)
    for mine, theirs in ((one.scored, other.scored), (one.independent, other.independent)):
        assert (mine.shape, len(mine), mine.label_names) == (theirs.shape, len(theirs), ())
        np.testing.assert_array_equal(mine.labels, theirs.labels)
    assert other.scored.ids == one.scored.ids
    np.testing.assert_array_equal(other.scored.hashes, one.scored.hashes)
    np.testing.assert_array_equal(other.independent.hashes, one.independent.hashes)
    rows = np.array([7, 0])
    np.testing.assert_array_equal(other.scored.pictures(rows), one.scored.values[rows])
    with pytest.raises(NotAvailable, match="prepared reference"):
        _ = other.scored.values


def test_vectors_come_back_whole(vectors: PreparedReference) -> None:
    """A reference of vectors holds the vectors of both parts."""
    again = from_bytes(to_bytes(vectors), what="file")
    one, other = vectors.reference, again.reference
    np.testing.assert_array_equal(other.scored.values, one.scored.values)
    np.testing.assert_array_equal(other.independent.values, one.independent.values)
    assert other.scored.thumbnails is None
    same_view(vectors.main, again.main, one.scored.values[:9])


def test_equal_references_give_equal_bytes(images: PreparedReference, tmp_path: Path) -> None:
    """Nothing of the time or of the run is in the file: prepared twice, written twice, equal."""
    path = Path(images.reference.path)
    assert to_bytes(prepared(path, IMAGES)) == to_bytes(images)
    other = dataclasses.replace(IMAGES, seed=1)
    assert to_bytes(prepared(path, other)) != to_bytes(images)
    again = from_bytes(to_bytes(images), what="file")
    assert to_bytes(again) == to_bytes(images)


def test_lossy_thumbnails_come_back_as_they_were(images: PreparedReference) -> None:
    """Above 32 px the file holds sheets, and what is shown from them is the same to the bit."""
    large = np.repeat(np.repeat(images.reference.scored.values, 4, axis=2), 4, axis=3)
    scored = dataclasses.replace(images.reference.scored, thumbnails=thumbnails(large))
    known = dataclasses.replace(
        images, reference=dataclasses.replace(images.reference, scored=scored)
    )
    again = from_bytes(to_bytes(known), what="file").reference.scored
    rows = np.array([479, 3])
    assert again.pictures(rows).shape == (2, 1, 48, 48)
    np.testing.assert_array_equal(again.pictures(rows), scored.pictures(rows))


def test_a_fitted_view_comes_back(images: PreparedReference) -> None:
    """What the network learned is in the file, beside a strict view of its own."""
    scored, apart = images.reference.scored.given(), images.reference.independent.given()
    recipe = Recipe(steps=2, batch=16, dims=8)
    enough = sample_set(np.tile(apart.values, (2, 1, 1, 1)))
    material = Material(apart, None, enough)
    view = Fitted(recipe=recipe).prepare(material)
    main = ReferenceView("fitted", view, embedded(view, scored), embedded(view, apart), 0.1, None)
    known = dataclasses.replace(images, main=main)
    again = from_bytes(to_bytes(known), what="file")
    same_view(main, again.main, blobs(20, 5))
    same_view(images.main, again.strict, blobs(20, 5))


@pytest.mark.parametrize("place", [40, -1])
def test_a_changed_byte_is_refused(images: PreparedReference, place: int) -> None:
    """Damage is noticed before anything is used."""
    content = bytearray(to_bytes(images))
    content[place] ^= 1
    with pytest.raises(LoadError, match="damaged"):
        from_bytes(bytes(content), what="file")


def test_another_format_is_refused(images: PreparedReference) -> None:
    """A file of another format names both formats and the command that helps."""
    content = changed(to_bytes(images), format=FORMAT + 1)
    with pytest.raises(LoadError, match=f"format {FORMAT + 1}.*reads format {FORMAT}") as caught:
        from_bytes(content, what="file")
    assert "gancheck prepare" in str(caught.value.hint)


def test_a_view_that_became_another_is_refused(images: PreparedReference) -> None:
    """A restored view must have the hash that the file names."""
    _, facts = unpack(to_bytes(images), REFERENCE, "the file")
    facts["views"]["main"]["sha256"] = "0" * 64
    content = changed(to_bytes(images), views=facts["views"])
    with pytest.raises(LoadError, match="is not the one") as caught:
        from_bytes(content, what="file")
    assert "gancheck prepare" in str(caught.value.hint)


def test_missing_pieces_are_refused(images: PreparedReference) -> None:
    """A file that lacks an array is incomplete, not a bug."""
    arrays, facts = unpack(to_bytes(images), REFERENCE, "the file")
    del arrays["main.scored"]
    with pytest.raises(LoadError, match="incomplete"):
        from_bytes(pack(arrays, facts, REFERENCE), what="file")


def test_another_view_cannot_be_asked_for(images: PreparedReference) -> None:
    """The file decides the view: the same name is accepted, another is a contradiction."""
    content = to_bytes(images)
    assert from_bytes(content, what="file", embedder="pixels").main.text == "pixels"
    with pytest.raises(UsageError, match="--embedder fitted contradicts file"):
        from_bytes(content, what="file", embedder="fitted")


def saved_network(path: Path, scale: float) -> Path:
    """Write a network that averages each image's rows."""

    class Rows(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return scale * images.mean(dim=3).flatten(1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.trace(Rows(), torch.zeros(1, 1, 12, 12))  # type: ignore[no-untyped-call]
        torch.jit.save(program, str(path))
    return path


def test_a_network_of_ones_own_is_found_again_by_its_hash(tmp_path: Path) -> None:
    """It is loaded when the user names it, wherever it moved, unless it has changed or gone."""
    network = saved_network(tmp_path / "rows.pt", 1.0)
    known = prepared(blob_file(tmp_path), Settings(embedder=f"torch:{network}"))
    content = to_bytes(known)
    values = blobs(20, 5)
    with pytest.raises(UsageError, match="which loads what it names"):
        from_bytes(content, what="file")
    named = f"torch:{network}"
    same_view(known.main, from_bytes(content, what="file", embedder=named).main, values)
    moved = network.rename(tmp_path / "moved.pt")
    found = from_bytes(content, what="file", embedder=f"torch:{moved}")
    np.testing.assert_array_equal(found.main.embedding(values), known.main.embedding(values))
    with pytest.raises(LoadError, match=r"rows\.pt does not exist"):
        from_bytes(content, what="file", embedder=named)
    saved_network(network, 2.0)
    with pytest.raises(LoadError, match="is not the one"):
        from_bytes(content, what="file", embedder=named)
    other = saved_network(tmp_path / "other.pt", 3.0)
    with pytest.raises(UsageError, match="is not the one"):
        from_bytes(content, what="file", embedder=f"torch:{other}")


def test_a_view_that_cannot_be_restored_is_not_written(images: PreparedReference) -> None:
    """A view whose name alone gives another view is refused when it is written."""
    other = create("pixels").prepare(
        Material(images.reference.scored.given(), images.reference.scored.values, None)
    )
    view = dataclasses.replace(images.main, text="vectors", embedding=other)
    with pytest.raises(UsageError, match="cannot be stored"):
        to_bytes(dataclasses.replace(images, main=view))


def test_a_missing_file_is_a_message(tmp_path: Path) -> None:
    """What cannot be opened is named."""
    with pytest.raises(LoadError, match=r"nowhere\.gcref cannot be read"):
        read(tmp_path / "nowhere.gcref")
