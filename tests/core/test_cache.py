"""The cache: found again by what shaped it, never trusted, never needed, never too large."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from analyzers.studies import Identity
from core.references import VECTORS, blobs, prepared, read, vector_file
from core.test_atomic import shorter_files
from gancheck import LoadOptions, cache, preparation
from gancheck.preparation import prepare_once
from gancheck.reference import PreparedReference
from gancheck.settings import Clock, Settings, Silence

if TYPE_CHECKING:
    from gancheck.types import AnyArray


ONE, TWO = "1" * 64, "2" * 64
BUSY = """
import sys
from pathlib import Path
import numpy as np
from gancheck import cache
from gancheck.gcref import read
known, rng = read(Path(sys.argv[1])), np.random.default_rng(int(sys.argv[3]))
cache.MOST_BYTES, found, missed = int(sys.argv[2]), 0, 0
for step in range(120):
    key = str(rng.integers(6)) * 64
    if step % 3:
        again = cache.find(key, "cpu", "vectors")
        missed += again is None
        found += again is not None
        if again is not None:
            assert np.array_equal(again.main.scored.values, known.main.scored.values)
    else:
        problem = cache.store(key, known)
        assert problem is None, problem
print(found, missed)
"""


def script_to(module: torch.nn.Module, path: Path) -> None:
    """Write a module as TorchScript."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))  # type: ignore[no-untyped-call]


def names(folder: Path) -> set[str]:
    """List a folder."""
    return {path.name for path in folder.iterdir()}


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
    assert cache.find(ONE, "cpu", "vectors") is None
    assert cache.store(ONE, known) is None
    found = cache.find(ONE, "cpu", "vectors")
    assert found is not None
    np.testing.assert_array_equal(found.main.scored.values, known.main.scored.values)
    assert cache.find(TWO, "cpu", "vectors") is None
    assert names(folder) == {f"{ONE}.gcref"}


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x93NUMPY", bytes(5000)])
def test_foreign_files_are_ignored_and_replaced(
    folder: Path, known: PreparedReference, content: bytes
) -> None:
    """Whatever lies under the key, it is as if nothing did; storing puts it right."""
    cache.store(ONE, known)
    (folder / f"{ONE}.gcref").write_bytes(content)
    assert cache.find(ONE, "cpu", "vectors") is None
    cache.store(ONE, known)
    assert cache.find(ONE, "cpu", "vectors") is not None


def test_a_file_that_lacks_or_changed_a_byte_is_never_believed(
    folder: Path, known: PreparedReference
) -> None:
    """Cut anywhere, or with one bit turned anywhere, a file is a miss and never an error."""
    cache.store(ONE, known)
    path, rng = folder / f"{ONE}.gcref", np.random.default_rng(0)
    whole = path.read_bytes()
    for at in rng.integers(0, len(whole), 40):
        path.write_bytes(whole[:at])
        assert cache.find(ONE, "cpu", "vectors") is None
        turned = bytearray(whole)
        turned[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(turned)
        assert cache.find(ONE, "cpu", "vectors") is None


def test_a_link_to_nowhere_and_a_link_to_something_else_are_replaced(
    folder: Path, known: PreparedReference, tmp_path: Path
) -> None:
    """The link goes, what it led to stays as it was."""
    (tmp_path / "mine").write_text("mine")
    folder.mkdir(parents=True)
    for target in ("nowhere", "mine"):
        (folder / f"{ONE}.gcref").unlink(missing_ok=True)
        (folder / f"{ONE}.gcref").symlink_to(tmp_path / target)
        assert cache.find(ONE, "cpu", "vectors") is None
        assert cache.store(ONE, known) is None
        assert cache.find(ONE, "cpu", "vectors") is not None
    assert (tmp_path / "mine").read_text() == "mine"


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
    monkeypatch.setattr(cache, "_version", lambda package: f"{package} 99")
    keys.add(cache.key_of(facts))
    assert len(keys) == 5


def test_the_key_of_a_run_follows_the_files_and_the_way_they_are_read(tmp_path: Path) -> None:
    """Another content, seed, size or view has another key; the same again has the same."""
    images = blobs(600, 0)[:, 0]
    base = Settings(samples=150, embedder="pixels")

    def key(content: AnyArray, settings: Settings) -> str:
        np.savez(tmp_path / "real.npz", images=content)
        return preparation._key(read(tmp_path / "real.npz", settings), settings)

    changed = images.copy()
    changed[0, 0, 0] ^= 1
    keys = [
        key(images, base),
        key(changed, base),
        key(images, dataclasses.replace(base, seed=1)),
        key(images, dataclasses.replace(base, embedder="efficientnet")),
        key(images[:-1], base),
        key(images[:, :8, :8], base),
    ]
    assert len(set(keys)) == len(keys)
    assert key(images, base) == keys[0]
    resized = dataclasses.replace(base, load=LoadOptions(resize=(8, 8)))
    known = read(tmp_path / "real.npz", base)
    assert preparation._key(known, resized) != preparation._key(known, base)


def test_another_network_under_the_same_name_is_not_mistaken_for_the_first(
    tmp_path: Path, folder: Path
) -> None:
    """A view from a file is known by the content of the file, not by its path."""
    path = vector_file(tmp_path)
    settings = dataclasses.replace(VECTORS, embedder=f"torch:{tmp_path / 'view.pt'}")
    seen = []
    for factor in (1.0, 2.0, 2.0):
        view = torch.nn.Linear(5, 3, bias=False)
        torch.nn.init.constant_(view.weight, factor)
        script_to(view, tmp_path / "view.pt")
        made, _ = prepare_once(read(path, settings), None, settings, Clock(Silence()))
        seen.append(made.main.scored.values)
    np.testing.assert_allclose(2 * seen[0], seen[1], rtol=1e-5)
    np.testing.assert_array_equal(seen[1], seen[2])
    assert len(names(folder)) == 1


def test_the_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable decides; without it the cache lies where the system keeps caches."""
    assert cache.folder() == folder
    monkeypatch.delenv(cache.ENVIRONMENT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    assert cache.folder().parts[-2:] == ("gancheck", "references")


def test_a_disk_that_cannot_be_written_is_a_sentence(
    folder: Path, known: PreparedReference
) -> None:
    """A full disk, or a file where the folder should be, is reported and leaves nothing behind."""
    folder.parent.mkdir()
    folder.write_text("in the way")
    said = cache.store(ONE, known)
    assert said is not None
    assert cache.ENVIRONMENT in said
    folder.unlink()
    with shorter_files(1000):
        assert "File too large" in str(cache.store(ONE, known))
    assert list(folder.iterdir()) == []
    assert cache.find(ONE, "cpu", "vectors") is None


def test_what_was_not_used_for_longest_goes_first(
    folder: Path, known: PreparedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above its size the cache keeps what was stored or found last, and the new file itself."""
    old, older, oldest, new = (letter * 64 for letter in "abcd")
    for age, key in enumerate((old, older, oldest), start=1):
        cache.store(key, known)
        os.utime(folder / f"{key}.gcref", (1e9 - age, 1e9 - age))
    (folder / f".{ONE}.gcref.1-ab.part").write_bytes(b"half")
    cache.find(older, "cpu", "vectors")
    size = (folder / f"{old}.gcref").stat().st_size
    monkeypatch.setattr(cache, "MOST_BYTES", 2 * size)
    cache.store(new, known)
    assert names(folder) == {f"{new}.gcref", f"{older}.gcref"}
    monkeypatch.setattr(cache, "MOST_BYTES", size - 1)
    assert cache.store(ONE, known) is None
    assert names(folder) == {f"{new}.gcref", f"{older}.gcref"}


def test_what_others_put_there_is_not_removed(
    folder: Path, known: PreparedReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for want of room nor on demand: other names, links and folders stay."""
    folder.mkdir(parents=True)
    (tmp_path / "mine").write_text("mine")
    foreign = {"data.gcref", f"{ONE}.txt", f"{TWO}.gcref", f"{'f' * 64}.gcref", ".mine.part"}
    for name in ("data.gcref", f"{ONE}.txt", ".mine.part"):
        (folder / name).write_text("mine")
    (folder / f"{TWO}.gcref").symlink_to(tmp_path / "mine")
    (folder / f"{'f' * 64}.gcref").mkdir()
    cache.store(ONE, known)
    assert cache.contents()[0].count == 1
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    cache.prune(folder, ".gcref", 0)
    assert names(folder) == foreign
    assert [one.count for one in cache.clear()] == [0, 0, 0]
    assert names(folder) == foreign
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_the_cache_holds_is_told_and_cleared(folder: Path, known: PreparedReference) -> None:
    """Numbers, bytes and the oldest use, by kind; then nothing, and half-written files go too."""
    assert [(one.kind, one.count, one.size, one.oldest) for one in cache.contents()] == [
        ("references", 0, 0, None),
        ("features", 0, 0, None),
        ("traces", 0, 0, None),
    ]
    for key in (ONE, TWO):
        cache.store(key, known)
    size = (folder / f"{ONE}.gcref").stat().st_size
    os.utime(folder / f"{ONE}.gcref", (1e9, 1e9))
    features = cache.features_folder()
    features.mkdir()
    (features / f"{ONE}.features").write_bytes(bytes(100))
    (features / f".{TWO}.features.7-ab.part").write_bytes(bytes(100))
    traces = cache.traces_folder()
    traces.mkdir()
    (traces / f"{ONE}.checkpoint").write_bytes(bytes(50))
    held = [(one.kind, one.count, one.size, one.oldest) for one in cache.contents()]
    assert held[0] == ("references", 2, 2 * size, 1e9)
    assert held[1][:3] == ("features", 1, 100)
    assert held[2][:3] == ("traces", 1, 50)
    assert [one.count for one in cache.clear()] == [2, 1, 1]
    assert names(folder) | names(features) | names(traces) == set()
    assert [one.count for one in cache.clear()] == [0, 0, 0]


def test_the_cache_may_lie_behind_a_link(
    folder: Path, known: PreparedReference, tmp_path: Path
) -> None:
    """A folder that was moved to another disk works, and clearing it keeps the link."""
    (tmp_path / "disk").mkdir()
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "disk")
    cache.store(ONE, known)
    assert names(tmp_path / "disk") == {f"{ONE}.gcref"}
    assert cache.clear()[0].count == 1
    assert folder.is_symlink()
    assert names(tmp_path / "disk") == set()


def test_processes_that_write_and_remove_at_once_do_no_harm(
    folder: Path, known: PreparedReference, tmp_path: Path
) -> None:
    """Three processes share a cache that is too small for them: nobody fails, or reads a part."""
    cache.store(ONE, known)
    size = (folder / f"{ONE}.gcref").stat().st_size
    (tmp_path / "one.gcref").write_bytes((folder / f"{ONE}.gcref").read_bytes())
    arguments = [sys.executable, "-c", BUSY, str(tmp_path / "one.gcref"), str(3 * size)]
    busy = [
        subprocess.Popen([*arguments, str(seed)], stdout=subprocess.PIPE, text=True)
        for seed in range(3)
    ]
    said = [process.communicate(timeout=60)[0].split() for process in busy]
    assert [process.returncode for process in busy] == [0, 0, 0]
    assert all(int(found) > 0 for found, _ in said)
    assert any(int(missed) > 0 for _, missed in said)
    assert cache.contents()[0].count <= 3
    assert not [name for name in names(folder) if name.endswith(".part")]


def test_what_cannot_be_stored_is_left_out(folder: Path, known: PreparedReference) -> None:
    """A view that cannot be restored is fitted in each run, without a warning."""
    view = dataclasses.replace(known.main, embedding=Identity())
    assert cache.store(ONE, dataclasses.replace(known, main=view, strict=view)) is None
    assert not folder.exists()
