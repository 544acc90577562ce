"""Large sets of samples in pieces and by row numbers: the same samples as when read whole."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders import LoadOptions, arrayfile, load_samples, streaming
from gancheck.loaders.arrayfile import open_array, open_arrays
from gancheck.loaders.streaming import SampleStream, open_stream

if TYPE_CHECKING:
    from gancheck.types import AnyArray

SPIRAL = Path(__file__).resolve().parents[2] / "examples" / "spiral" / "spiral_better.pt"
RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(53, 7)).astype(np.float32)
GREY = RNG.integers(0, 256, (53, 6, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (53, 3, 6, 5), dtype=np.uint8)
COLOUR[0, 0, 0, :2] = (0, 255)
CASES = {
    "vectors": VECTORS,
    "doubles": VECTORS.astype(np.float64),
    "fortran": np.asfortranarray(VECTORS),
    "grey": GREY,
    "colour": COLOUR,
    "channels last": COLOUR.transpose(0, 2, 3, 1),
    "floats": (COLOUR / 127.5 - 1).astype(np.float32),
    "alpha": np.concatenate([COLOUR, COLOUR[:, :1]], axis=1).transpose(0, 2, 3, 1) / 255.0,
}


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four samples, so that the last holds a single one."""
    monkeypatch.setattr(streaming, "_LEAST_ROWS", 4)
    monkeypatch.setattr(streaming, "PIECE_BYTES", 1)


def written(folder: Path, values: AnyArray, kind: str) -> Path:
    """Write an array in one of the formats."""
    path = folder / f"samples.{kind}"
    if kind == "npy":
        np.save(path, values)
    elif kind == "npz":
        np.savez_compressed(path, samples=values, labels=np.zeros(len(values)))
    elif kind == "stored":
        np.savez(path.with_suffix(".npz"), images=values)
        return path.with_suffix(".npz")
    else:
        torch.save({"samples": torch.from_numpy(np.ascontiguousarray(values))}, path)
    return path


def images(folder: Path, pixels: AnyArray) -> Path:
    """Write images (n, h, w) or (n, h, w, 3), one file each, numbered."""
    for number, each in enumerate(pixels):
        place = folder / f"{number % 3}" / f"{number:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(each).save(place)
    return folder


def joined(stream: SampleStream) -> AnyArray:
    """Put all pieces together."""
    return np.concatenate(list(stream.pieces()))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", ["npy", "npz", "stored", "pt"])
@pytest.mark.parametrize("case", CASES)
def test_pieces_and_rows_are_those_of_the_whole(case: str, kind: str, tmp_path: Path) -> None:
    """Any layout, type and format gives in pieces, and row by row, what reading it whole gives."""
    path = written(tmp_path, CASES[case], kind)
    whole = load_samples(path)
    stream = open_stream(path, LoadOptions())
    assert (len(stream), stream.shape) == (53, whole.shape)
    np.testing.assert_array_equal(joined(stream), whole.values)
    rows = np.array([50, 3, 3, 0, 52])
    np.testing.assert_array_equal(stream.take(rows), whole.values[rows])
    np.testing.assert_array_equal(stream.take(rows[:1]), whole.values[rows[:1]])
    assert len(stream.take(rows[:0])) == 0
    assert stream.sha256 == whole.sha256
    assert stream.notes == whole.notes


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("resize", [None, (4, 4)])
@pytest.mark.parametrize("coloured", [False, True])
def test_folders_are_decoded_in_pieces(
    tmp_path: Path, coloured: bool, resize: tuple[int, int] | None
) -> None:
    """Images come in the order of their names, in the size asked for, each under its name."""
    path = images(tmp_path / "images", COLOUR.transpose(0, 2, 3, 1) if coloured else GREY)
    options = LoadOptions(resize=resize)
    whole, stream = load_samples(path, options), open_stream(path, options)
    np.testing.assert_array_equal(joined(stream), whole.values)
    rows = np.array([40, 2])
    np.testing.assert_array_equal(stream.take(rows), whole.values[rows])
    assert stream.ids == whole.ids
    assert stream.sha256 == whole.sha256


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", ["npy", "pt", "folder"])
def test_grey_is_repeated_where_colour_is_asked_for(kind: str, tmp_path: Path) -> None:
    """Three channels on request, one where nothing or one is asked for."""
    path = images(tmp_path / "i", GREY) if kind == "folder" else written(tmp_path, GREY, kind)
    colour = joined(open_stream(path, LoadOptions(), 3))
    np.testing.assert_array_equal(colour, np.repeat(GREY[:, None], 3, axis=1)[order(path)])
    for channels in (None, 1):
        assert open_stream(path, LoadOptions(), channels).shape == (1, 6, 5)


def order(path: Path) -> AnyArray:
    """Return the order in which images of a folder come."""
    if not path.is_dir():
        return np.arange(len(GREY))
    return np.array(sorted(range(len(GREY)), key=lambda number: (number % 3, number)))


def test_the_range_is_that_of_the_samples_a_limit_allows(tmp_path: Path) -> None:
    """The reference and all of its file agree on black and white; what is beyond is clipped."""
    values = RNG.random((400, 4, 4)).astype(np.float32)
    rare = 17
    values[rare] *= -1  # one sample that the limit leaves out would change the range
    path = written(tmp_path, values, "npy")
    options = LoadOptions(limit=20)
    part = load_samples(path, options)
    assert str(rare) not in part.ids
    whole = joined(open_stream(path, options))
    np.testing.assert_array_equal(whole[[int(name) for name in part.ids]], part.values)
    assert whole[rare].max() == 0


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_a_part_of_a_file_is_read_without_the_rest(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit bounds the memory that reading takes, not only what is kept."""
    monkeypatch.setattr(arrayfile, "_PIECE", 1 << 18)
    monkeypatch.setattr(arrayfile, "_READ", 1 << 17)
    values = RNG.integers(0, 9, (4_000, 200)).astype(np.float32)
    path = written(tmp_path, values, kind)
    tracemalloc.start()
    part = load_samples(path, LoadOptions(limit=50))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(part.values, values[[int(name) for name in part.ids]])
    assert peak < values.nbytes


def test_pieces_hold_no_more_than_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compressed file passes by in a fraction of what it unpacks to."""
    monkeypatch.setattr(streaming, "PIECE_BYTES", 1 << 17)
    monkeypatch.setattr(arrayfile, "_READ", 1 << 17)
    values = np.zeros((8_000, 200), dtype=np.float32)
    path = written(tmp_path, values, "npz")
    stream = open_stream(path, LoadOptions())
    tracemalloc.start()
    total = sum(len(piece) for piece in stream.pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 8_000
    assert peak < values.nbytes / 4


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_a_broken_sample_anywhere_is_found(kind: str, tmp_path: Path) -> None:
    """NaN in the last piece stops the stream, with the name of the file."""
    values = VECTORS.copy()
    values[-1, 0] = np.nan
    path = written(tmp_path, values, kind)
    with pytest.raises(LoadError, match=r"samples\.np.*NaN"):
        joined(open_stream(path, LoadOptions()))


@pytest.mark.usefixtures("small_pieces")
def test_one_image_unlike_the_others_is_named(tmp_path: Path) -> None:
    """Another size, or colour where all were to be grey, is told with the file's name."""
    path = images(tmp_path / "i", GREY)
    Image.fromarray(COLOUR[3].transpose(1, 2, 0)).save(path / "2" / "005.png")
    with pytest.raises(ShapeError, match=r"005\.png is in colour"):
        joined(open_stream(path, LoadOptions(), 1))
    Image.fromarray(GREY[0, :3]).save(path / "2" / "005.png")
    with pytest.raises(ShapeError, match=r"005\.png is 3x5"):
        joined(open_stream(path, LoadOptions(), 1))
    (path / "2" / "005.png").write_bytes(b"no image")
    with pytest.raises(LoadError, match=r"005\.png cannot be read"):
        joined(open_stream(path, LoadOptions(), 1))


@pytest.mark.usefixtures("small_pieces")
def test_files_cut_short_while_they_are_read(tmp_path: Path) -> None:
    """What was there when the file was opened and no longer is, is a message."""
    path = written(tmp_path, VECTORS, "npy")
    stored = open_array(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(LoadError, match="truncated"):
        list(stored.pieces(4))
    path = written(tmp_path, VECTORS, "npz")
    archived = open_arrays(path, lambda names: ["samples"])["samples"]
    path.unlink()
    with pytest.raises(LoadError, match="damaged"):
        archived.take(np.array([1]))


@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_samples_are_refused(rows: int, tmp_path: Path) -> None:
    """One row is no set of samples."""
    path = written(tmp_path, VECTORS[:rows], "npy")
    with pytest.raises(LoadError, match=f"holds {rows} samples"):
        open_stream(path, LoadOptions())


def test_generators_are_refused(tmp_path: Path) -> None:
    """A model where samples are expected is told as one, before it is run."""
    weights = tmp_path / "weights.pt"
    torch.save({"main.0.weight": torch.zeros(3, 2), "main.0.bias": torch.zeros(3)}, weights)
    for path in (SPIRAL, weights):
        with pytest.raises(LoadError, match="is a generator"):
            open_stream(path, LoadOptions(samples_only=True))
