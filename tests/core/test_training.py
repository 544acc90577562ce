"""Training and held-out sets: all of them, cleaned, searched in blocks, kept and never torn."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist

from analyzers.studies import normal
from core.references import prepared
from gancheck import cache, preparation, prepare
from gancheck.errors import NotAvailable, OutputError
from gancheck.gcref import to_bytes
from gancheck.neighbors import nearest
from gancheck.preparation import build_study, gather
from gancheck.reference import row_hashes
from gancheck.settings import Clock, Settings, Silence
from gancheck.study import Study
from gancheck.training import Side, Training, sides, tables
from gancheck.training.tables import Chunk, Table, blocks, find, take, write
from gancheck.training.twins import find_twins

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

VECTORS = Settings(samples=300, cache=False)
IMAGES = Settings(samples=300, cache=False, embedder="pixels")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept features of one test's own."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of one test's own."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def saved(path: Path, values: AnyArray) -> Path:
    """Write samples to an ``.npz`` file, or as images of a folder where the name has no ending."""
    if path.suffix == ".npz":
        np.savez(path, samples=values)
        return path
    path.mkdir()
    for number, image in enumerate(values):
        Image.fromarray(image[0]).save(path / f"{number:04}.png")
    return path


def study_of(folder: Path, train: AnyArray, held: AnyArray, settings: Settings = VECTORS) -> Study:
    """Write both sides and run up to the study; what is judged is more of the same."""
    reference = saved(folder / "train.npz", train)
    settings = dataclasses.replace(settings, holdout=saved(folder / "held.npz", held))
    return begun(folder, reference, settings, train[:300])


def begun(folder: Path, reference: Path, settings: Settings, samples: AnyArray) -> Study:
    """Run up to the study."""
    clock = Clock(Silence())
    model = saved(folder / "samples.npz", samples)
    return build_study(gather(model, reference, settings, clock), settings, clock).study


def noise(n: int, seed: int) -> AnyArray:
    """Draw n grey images of 8 x 8 pixels that are far from each other."""
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 8, 8), dtype=np.uint8)


def pool_of(training: Training) -> FloatArray:
    """Put both sides together."""
    return np.concatenate([training.training.features, training.held_out.features])


def sides_of(train: FloatArray, held: FloatArray, block_bytes: int = 1 << 20) -> Training:
    """Build clean sides of arrays."""
    one, other = (Side(each, row_hashes(each), (), np.arange(len(each))) for each in (train, held))
    return Training(one, other, block_bytes=block_bytes)


def table_of(values: FloatArray) -> Table:
    """Wrap features that are their own samples."""
    return Table(values, np.arange(len(values)), row_hashes(values), len(values))


def chunks(values: FloatArray, size: int = 100) -> Iterator[Chunk]:
    """Cut features into chunks."""
    for at in range(0, len(values), size):
        part = values[at : at + size]
        yield Chunk(part, np.arange(at, at + len(part)), row_hashes(part))


@pytest.mark.parametrize("d", [2, 3, 16])
def test_all_of_both_sides_goes_through_the_main_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, d: int
) -> None:
    """The reference reads a part of the training set; the training side holds every sample."""
    for module in (prepare, preparation):
        monkeypatch.setattr(module, "SCORED_MOST", 100)
        monkeypatch.setattr(module, "INDEPENDENT_MOST", 150)
    train, held = normal(900, d, 0), normal(400, d, 1)
    study = study_of(tmp_path, train, held)
    assert study.reference.total == 450
    known = study.training
    for side, values in ((known.training, train), (known.held_out, held)):
        np.testing.assert_array_equal(side.rows, np.arange(len(values)))
        np.testing.assert_array_equal(side.features, study.view.embedding(values))
        np.testing.assert_array_equal(side.hashes, row_hashes(values))
        np.testing.assert_array_equal(side.samples(np.array([7, 3])), values[[7, 3]])
        assert side.id_of(12) == "12"
    assert known.totals == (900, 400)
    assert (known.duplicates, known.held_out_duplicates, known.twins) == (0, 0, 0)


def test_repeats_are_left_out_of_each_side(tmp_path: Path) -> None:
    """Of equal samples the first stays, under its own number; the others are counted."""
    train, held = normal(700, 5, 0), normal(400, 5, 1)
    train[[50, 60, 699]] = train[10]
    held[[1, 399]] = held[0]
    known = study_of(tmp_path, train, held).training
    assert (known.duplicates, known.held_out_duplicates, known.twins) == (3, 2, 0)
    assert (len(known.training), len(known.held_out)) == (697, 398)
    assert 10 in known.training.rows
    assert not set(known.training.rows) & {50, 60, 699}
    assert known.training.id_of(695) == "697"
    assert len(np.unique(known.training.hashes, axis=0)) == 697


def test_samples_on_both_sides_are_left_out_of_both(tmp_path: Path) -> None:
    """Byte-equal pairs and pairs within the view's tolerance go, with every partner they have."""
    train, held = normal(700, 5, 0), normal(400, 5, 1)
    held[7] = train[30]
    held[8] = train[31] + np.float32(1e-6)
    train[32:34] = train[31] + np.array([[2e-6], [3e-6]], dtype=np.float32)
    held[9] = train[40] + np.float32(0.01)
    study = study_of(tmp_path, train, held)
    assert 1e-5 < study.view.tolerance < 1e-3
    known = study.training
    assert known.twins == 1 + 3
    assert sorted(set(range(700)) - set(known.training.rows)) == [30, 31, 32, 33]
    assert sorted(set(range(400)) - set(known.held_out.rows)) == [7, 8]
    np.testing.assert_array_equal(
        known.training.features, study.view.embedding(train[known.training.rows])
    )
    assert cdist(known.training.features, known.held_out.features).min() > study.view.tolerance


@pytest.mark.parametrize("rows", [3, 17, 1000])
def test_twins_do_not_depend_on_the_blocks(rows: int) -> None:
    """The pairs are those of a full distance matrix, whatever is compared at once."""
    left, right = normal(80, 2, 0), normal(50, 2, 1)
    right[4] = left[9]
    close = cdist(left, right) <= 0.1
    found = find_twins(table_of(left), table_of(right), 0.1, rows)
    np.testing.assert_array_equal(found.training, close.any(axis=1))
    np.testing.assert_array_equal(found.held_out, close.any(axis=0))
    assert found.pairs == close.sum() > 3


def test_equal_bytes_are_twins_even_where_the_view_sees_them_apart() -> None:
    """Features of equal samples that rounding moved by more than the tolerance still pair."""
    left, right = normal(20, 2, 0), normal(20, 2, 1)
    hashes = row_hashes(right).copy()
    hashes[3] = row_hashes(left)[5]
    moved = dataclasses.replace(table_of(right), hashes=hashes)
    found = find_twins(table_of(left), moved, 0.0, 8)
    assert np.flatnonzero(found.training).tolist() == [5]
    assert np.flatnonzero(found.held_out).tolist() == [3]
    assert found.pairs == 1


@pytest.mark.parametrize("block_bytes", [1, 4 * 16 * 7, 4 * 16 * 100, 1 << 20])
def test_neighbours_are_those_of_the_whole_pool(block_bytes: int) -> None:
    """In blocks of any size: what one search over both sides finds, training rows first."""
    known = sides_of(normal(300, 16, 0), normal(200, 16, 1), block_bytes)
    queries = np.concatenate([normal(40, 16, 2), pool_of(known)[[5, 450]]])
    seen = [len(block) for block in known._blocks()]
    assert sum(seen) == len(known) == 500
    assert max(seen) == min(300, max(1, block_bytes // (4 * 16)))
    found, wanted = known.nearest(queries, 3), nearest(queries, pool_of(known), 3)
    np.testing.assert_array_equal(found.distances, wanted.distances)
    np.testing.assert_array_equal(found.indices, wanted.indices)
    assert found.indices[-2:, 0].tolist() == [5, 450]


def test_a_budget_bounds_the_blocks_and_changes_nothing_else(tmp_path: Path) -> None:
    """A run with little memory holds small blocks and finds the same."""
    train, held = normal(700, 5, 0), normal(400, 5, 1)
    runs = []
    for budget in (None, 700 * 2**20):
        place = tmp_path / str(budget)
        place.mkdir()
        settings = dataclasses.replace(VECTORS, max_memory=budget)
        runs.append(study_of(place, train, held, settings).training)
    free, tight = runs
    assert tight.block_bytes < free.block_bytes
    np.testing.assert_array_equal(pool_of(free), pool_of(tight))
    assert free.radius == tight.radius


def test_gaps_are_distances_within_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between samples of either side, however few are looked up at once."""
    monkeypatch.setattr(sides, "_GATHER_FLOATS", 50)
    known = sides_of(normal(30, 4, 0), normal(20, 4, 1))
    far = cdist(pool_of(known), pool_of(known))
    rng = np.random.default_rng(0)
    twins, others = rng.integers(50, size=25), rng.integers(50, size=(25, 3))
    gaps = known.gaps(twins, others)
    np.testing.assert_allclose(gaps, far[twins[:, None], others], rtol=1e-5)
    found = known.nearest(pool_of(known), 3)
    again = known.gaps(np.arange(50), found.indices)
    np.testing.assert_array_equal(again, found.distances)


def test_the_radius_leaves_a_hundredth_of_the_pool_inside() -> None:
    """It is the 1% quantile of the distance to the nearest other sample, whatever its side."""
    train, held = normal(500, 3, 0), normal(300, 3, 1)
    known = sides_of(train, held)
    far = cdist(pool_of(known), pool_of(known))
    np.fill_diagonal(far, np.inf)
    assert known.radius == pytest.approx(np.quantile(far.min(axis=1), 0.01), rel=1e-5)
    assert sides_of(held, train).radius == known.radius


def test_near_duplicates_within_a_side_do_not_set_the_radius() -> None:
    """Samples that the view sees alike are left out, or their distance would be the scale."""
    train, held = normal(500, 3, 0), normal(300, 3, 1)
    train[:20] = train[20:40]  # ties at distance zero
    known = sides_of(train, held)
    far = cdist(pool_of(known), pool_of(known))
    np.fill_diagonal(far, np.inf)
    apart = far.min(axis=1)[far.min(axis=1) > 1e-6]
    assert len(apart) == 760
    assert known.radius == pytest.approx(np.quantile(apart, 0.01), rel=1e-5)


def test_the_radius_of_a_large_pool_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the pool asks, all of it answers; equal seeds give equal parts."""
    whole = sides_of(normal(2000, 3, 0), normal(1000, 3, 1)).radius
    monkeypatch.setattr(sides, "_RADIUS_QUERIES", 600)
    known = sides_of(normal(2000, 3, 0), normal(1000, 3, 1))
    assert known.radius != whole
    assert known.radius == pytest.approx(whole, rel=0.5)
    assert dataclasses.replace(known).radius == known.radius
    assert dataclasses.replace(known, seed=1).radius != known.radius


@pytest.mark.parametrize("kind", ["train", "train.npz"])
def test_images_are_read_again_by_their_names(tmp_path: Path, kind: str) -> None:
    """From a folder or an archive: features of the pixels, names, and the images themselves."""
    train, held = noise(620, 1), noise(400, 2)
    settings = dataclasses.replace(IMAGES, holdout=saved(tmp_path / "held.npz", held))
    reference = saved(tmp_path / kind, train)
    study = begun(tmp_path, reference, settings, noise(300, 3))
    known = study.training
    rows = np.array([5, 600, 5])
    np.testing.assert_array_equal(known.training.samples(rows), train[known.training.rows[rows]])
    np.testing.assert_allclose(
        known.training.features, study.view.embedding(train[known.training.rows]), atol=1e-5
    )
    number = known.training.rows[600]
    assert known.training.id_of(600) == (f"{number:04}.png" if kind == "train" else str(number))


def test_grey_held_out_images_are_repeated_to_colour(tmp_path: Path) -> None:
    """As those of the reference are, so that both sides are looked at alike."""
    train = np.repeat(noise(620, 1), 3, axis=1)
    train[0, 0] //= 2
    settings = dataclasses.replace(IMAGES, holdout=saved(tmp_path / "held.npz", noise(400, 2)))
    reference = saved(tmp_path / "train.npz", train)
    study = begun(tmp_path, reference, settings, np.repeat(noise(300, 3), 3, axis=1))
    images = study.training.held_out.samples(np.array([3]))
    assert images is not None
    assert images.shape == (1, 3, 8, 8)


@pytest.mark.parametrize("kind", ["images", "vectors"])
def test_of_a_prepared_reference_both_parts_are_the_training_side(
    tmp_path: Path, kind: str
) -> None:
    """Scored and independent samples, under their names; what is not all of it is said so."""
    settings = IMAGES if kind == "images" else VECTORS
    train = noise(700, 1) if kind == "images" else normal(700, 5, 0)
    held = noise(400, 2) if kind == "images" else normal(400, 5, 1)
    ready = prepared(saved(tmp_path / "train.npz", train), settings)
    path = tmp_path / "train.gcref"
    path.write_bytes(to_bytes(ready))
    given = dataclasses.replace(settings, holdout=saved(tmp_path / "held.npz", held))
    known = begun(tmp_path, path, given, train[:300]).training
    side, scored = known.training, len(ready.reference.scored)
    assert len(side) == 700 - known.duplicates - known.twins
    assert "what the prepared reference holds" in known.notes[0]
    row = int(np.flatnonzero(side.rows < scored)[3])
    assert side.id_of(row) == ready.reference.scored.id_of(int(side.rows[row]))
    original = train[int(side.id_of(row))]
    assert (side.hashes[row] == row_hashes(original[None])[0]).all()
    shown = side.samples(np.array([row]))
    assert shown is not None
    np.testing.assert_array_equal(shown[0], original)
    apart = np.flatnonzero(side.rows >= scored)[:1]
    number = int(side.rows[apart[0]]) - scored
    assert side.id_of(int(apart[0])) == ready.reference.independent.id_of(number)
    again = side.samples(apart)
    assert again is not None
    np.testing.assert_array_equal(again[0], train[int(side.id_of(int(apart[0])))])


def test_without_held_out_data_there_is_no_training_set(tmp_path: Path) -> None:
    """The reason names the flag; with too little of either side it has the numbers."""
    reference = saved(tmp_path / "train.npz", normal(700, 5, 0))
    alone = begun(tmp_path, reference, VECTORS, normal(300, 5, 3))
    with pytest.raises(NotAvailable, match="--holdout"):
        _ = alone.training
    held = normal(210, 5, 1)
    held[:15] = normal(700, 5, 0)[:15]
    few = study_of(tmp_path, normal(700, 5, 0), held)
    with pytest.raises(NotAvailable, match=r"685 of 700 and 195 of 210 .* 15 pairs"):
        _ = few.training


def test_features_are_kept_and_found_by_content(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run reads them, also under other file names; another view or input does not."""
    kept = dataclasses.replace(VECTORS, cache=True)
    train, held = normal(700, 5, 0), normal(400, 5, 1)
    train[9] = train[8]
    first = study_of(tmp_path, train, held, kept).training
    files = sorted(path.name for path in folder.iterdir())
    assert [Path(name).suffix for name in files] == [".features"] * 2
    (tmp_path / "again").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("gancheck.training.building.write", None)
        second = study_of(tmp_path / "again", train, held, kept).training
    np.testing.assert_array_equal(pool_of(first), pool_of(second))
    np.testing.assert_array_equal(first.training.rows, second.training.rows)
    np.testing.assert_array_equal(first.training.hashes, second.training.hashes)
    assert (second.duplicates, second.totals) == (1, (700, 400))
    study_of(tmp_path, train, held[:-1], kept)
    assert len(list(folder.iterdir())) == 3
    study_of(tmp_path, train, held, dataclasses.replace(kept, seed=1))
    assert len(list(folder.iterdir())) == 5


def test_without_the_cache_nothing_is_kept(tmp_path: Path, folder: Path, scratch: Path) -> None:
    """Features lie in files without a name while they are needed, and nowhere afterwards."""
    known = study_of(tmp_path, normal(700, 5, 0), normal(400, 5, 1)).training
    assert known.radius > 0
    assert not folder.parent.exists()
    assert list(scratch.iterdir()) == []


def test_what_is_too_large_for_the_cache_is_not_kept(
    folder: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such features are used all the same; smaller ones make the oldest go."""
    values = normal(300, 8, 0)
    monkeypatch.setattr(tables, "MOST_BYTES", values.nbytes)
    table = write(chunks(values), 300, "large")
    np.testing.assert_array_equal(table.features, values)
    assert [*folder.iterdir(), *scratch.iterdir()] == []
    monkeypatch.setattr(tables, "MOST_BYTES", 2 * values.nbytes)
    old, new = "a" * 64, "b" * 64
    for age, key in enumerate((old, new)):
        write(chunks(values), 300, key)
        os.utime(folder / f"{key}.features", (age, age))
    assert find(old) is None
    assert find(new) is not None


def test_what_was_read_of_a_file_leaves_memory_again(scratch: Path) -> None:
    """Walking through a file, or picking rows all over it, leaves little of it resident."""
    part = normal(1000, 256, 0)
    pieces = (
        Chunk(part, np.arange(at, at + 1000), np.zeros((1000, 16), np.uint8))
        for at in range(0, 64_000, 1000)
    )
    table = write(pieces, 64_000, None)
    before = resident()
    most = max(resident() - before for _ in blocks(table.features, 4000) if _.sum())
    assert most < table.features.nbytes / 4
    assert len(take(table.features, np.arange(0, 64_000, 16))) == 4000
    assert resident() - before < table.features.nbytes / 4


def resident() -> int:
    """Return the bytes of mapped files that are in the memory of this process."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssFile:"))
    return 1024 * int(line.split()[1])


@pytest.mark.parametrize("damage", ["cut", "flip", "hash", "empty", "shorter", "other"])
def test_torn_and_damaged_files_are_never_trusted(folder: Path, damage: str) -> None:
    """A part of a file, a changed byte anywhere, another file: as if nothing were there."""
    values = normal(300, 8, 0)
    write(chunks(values), 300, "key")
    path = folder / "key.features"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[1000] ^= 1
    elif damage == "hash":
        content[values.nbytes + 300 * 8 + 50] ^= 1
    changed: dict[str, bytes | bytearray] = {
        "cut": content[:-1],
        "empty": b"",
        "shorter": content[values.nbytes // 2 :],
        "other": bytes(5000),
    }
    assert find("key") is not None
    path.write_bytes(changed.get(damage, content))
    assert find("key") is None
    again = write(chunks(values), 300, "key")
    np.testing.assert_array_equal(again.features, values)
    assert find("key") is not None


def test_a_run_that_is_killed_leaves_nothing_that_is_trusted(folder: Path) -> None:
    """Killed in the middle of writing, it leaves a part, which the next to write removes."""
    key = "a" * 64
    code = (
        "import os, signal, numpy as np\n"
        "from gancheck.training.tables import Chunk, write\n"
        "def chunks():\n"
        "    part = np.ones((50, 4), np.float32)\n"
        "    for at in range(0, 200, 50):\n"
        "        yield Chunk(part, np.arange(at, at + 50), np.zeros((50, 16), np.uint8))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"write(chunks(), 200, '{key}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    assert find(key) is None
    assert len(write(chunks(normal(200, 4, 0)), 200, key)) == 200
    assert [path.name for path in folder.iterdir()] == [f"{key}.features"]
    found = find(key)
    assert found is not None
    np.testing.assert_array_equal(found.features, normal(200, 4, 0))


def test_two_runs_at_once_do_not_mix(folder: Path) -> None:
    """While one writes, another writes the same; both have it whole, and so has the cache."""
    values = normal(300, 8, 0)

    def interrupted() -> Iterator[Chunk]:
        pieces = chunks(values)
        yield from itertools.islice(pieces, 1)
        np.testing.assert_array_equal(write(chunks(values), 300, "key").features, values)
        yield from pieces

    np.testing.assert_array_equal(write(interrupted(), 300, "key").features, values)
    found = find("key")
    assert found is not None
    np.testing.assert_array_equal(found.features, values)
    assert [path.name for path in folder.iterdir()] == ["key.features"]


def test_an_error_while_reading_leaves_no_file(folder: Path, scratch: Path) -> None:
    """What breaks off half-way is removed, in the cache and out of it."""

    def broken() -> Iterator[Chunk]:
        yield from itertools.islice(chunks(normal(300, 8, 0)), 2)
        raise NotAvailable("gone")

    for key in ("key", None):
        with pytest.raises(NotAvailable):
            write(broken(), 300, key)
    assert [*folder.iterdir(), *scratch.iterdir()] == []


def test_a_full_disk_is_one_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room, the message tells how much is needed and what names another place."""
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=100))
    with pytest.raises(OutputError, match="no room") as caught:
        write(chunks(normal(300, 8, 0)), 300, "key")
    assert cache.ENVIRONMENT in str(caught.value.hint)


def test_a_cache_that_cannot_be_written_is_done_without(folder: Path, scratch: Path) -> None:
    """A file where the folder should be costs time in the next run, not this one."""
    folder.parent.mkdir()
    folder.write_text("in the way")
    assert len(write(chunks(normal(300, 8, 0)), 300, "key")) == 300
    assert find("key") is None


def test_stages_are_announced_and_progress_is_told(tmp_path: Path) -> None:
    """Reading both sides, comparing them, and a search of the pool each reach their total."""
    heard: list[tuple[str, int, int]] = []

    class Ear:
        """Remembers stages and progress."""

        name = ""

        def stage(self, name: str) -> None:
            """A stage begins."""
            self.name = name

        def progress(self, done: int, total: int) -> None:
            """It has come that far."""
            heard.append((self.name, done, total))

    clock = Clock(Ear())
    reference = saved(tmp_path / "train.npz", normal(700, 5, 0))
    holdout = saved(tmp_path / "held.npz", normal(400, 5, 1))
    model = saved(tmp_path / "samples.npz", normal(300, 5, 2))
    settings = dataclasses.replace(VECTORS, holdout=holdout)
    study = build_study(gather(model, reference, settings, clock), settings, clock).study
    with clock.stage("search"):
        study.training.nearest(study.view.samples.values, 1)
    assert ("embed training set", 700, 700) in heard
    assert ("embed held-out set", 400, 400) in heard
    assert ("compare training and held-out set", 280_000, 280_000) in heard
    assert ("search", 1100, 1100) in heard
