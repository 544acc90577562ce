"""The cache: found again by what shaped it, never trusted, never needed, never too large."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from analyzers.studies import Identity
from core.references import VECTORS, prepared, vector_file
from gancheck import cache
from gancheck.reference import PreparedReference


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of one test's own."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache" / "references"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> PreparedReference:
    """A prepared reference of vectors."""
    return prepared(vector_file(tmp_path_factory.mktemp("vectors"), n=300), VECTORS)


def test_what_was_stored_is_found(folder: Path, known: PreparedReference) -> None:
    """A reference comes back under its key, and under no other; only one file is left."""
    assert cache.find("one", "cpu", "vectors") is None
    assert cache.store("one", known) is None
    found = cache.find("one", "cpu", "vectors")
    assert found is not None
    np.testing.assert_array_equal(found.main.scored.values, known.main.scored.values)
    assert cache.find("two", "cpu", "vectors") is None
    assert [path.name for path in folder.iterdir()] == ["one.gcref"]


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x93NUMPY", bytes(5000)])
def test_damaged_files_are_ignored_and_replaced(
    folder: Path, known: PreparedReference, content: bytes
) -> None:
    """Whatever lies under the key, it is as if nothing did; storing puts it right."""
    cache.store("one", known)
    (folder / "one.gcref").write_bytes(content)
    assert cache.find("one", "cpu", "vectors") is None
    cache.store("one", known)
    assert cache.find("one", "cpu", "vectors") is not None


def test_the_key_follows_everything_that_shapes_a_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other facts, another version of gancheck and other source code each give another key."""
    facts = {"reference": "abc", "seed": 0}
    keys = {cache.key_of(facts), cache.key_of({**facts, "seed": 1})}
    assert cache.key_of(dict(reversed(list(facts.items())))) in keys
    monkeypatch.setattr(cache, "__version__", "9.9.9")
    keys.add(cache.key_of(facts))
    monkeypatch.setattr(cache, "_code", lambda: "changed")
    keys.add(cache.key_of(facts))
    assert len(keys) == 4


def test_the_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable decides; without it the cache lies where the system keeps caches."""
    assert cache.folder() == folder
    monkeypatch.delenv(cache.ENVIRONMENT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    assert cache.folder().parts[-2:] == ("gancheck", "references")


def test_a_disk_that_cannot_be_written_is_a_sentence(
    folder: Path, known: PreparedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or a file where the folder should be, is reported and leaves nothing behind."""
    folder.parent.mkdir()
    folder.write_text("in the way")
    said = cache.store("one", known)
    assert said is not None
    assert cache.ENVIRONMENT in said
    folder.unlink()

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left on device" in str(cache.store("one", known))
    assert list(folder.iterdir()) == []
    assert cache.find("one", "cpu", "vectors") is None


def test_what_was_not_used_for_longest_goes_first(
    folder: Path, known: PreparedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above its size the cache keeps what was stored or found last, and the new file itself."""
    for age, name in enumerate(("old", "older", "oldest"), start=1):
        cache.store(name, known)
        os.utime(folder / f"{name}.gcref", (1e9 - age, 1e9 - age))
    (folder / ".left.gcref.1.part").write_bytes(b"half")
    os.utime(folder / ".left.gcref.1.part", (1e8, 1e8))
    cache.find("older", "cpu", "vectors")
    size = (folder / "old.gcref").stat().st_size
    monkeypatch.setattr(cache, "MOST_BYTES", 2 * size)
    cache.store("new", known)
    assert sorted(path.name for path in folder.iterdir()) == ["new.gcref", "older.gcref"]


def test_what_cannot_be_stored_is_left_out(folder: Path, known: PreparedReference) -> None:
    """A view that cannot be restored is fitted in each run, without a warning."""
    view = dataclasses.replace(known.main, embedding=Identity())
    assert cache.store("one", dataclasses.replace(known, main=view, strict=view)) is None
    assert not folder.exists()
