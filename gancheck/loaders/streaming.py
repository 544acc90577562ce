"""Large sets of samples, read in pieces and by row numbers, never all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders import load_samples
from gancheck.loaders.arrays import choose_rows, fit_size, open_raw
from gancheck.loaders.folder import Picture, check_size, image_files, is_grey, read_picture
from gancheck.loaders.hashing import hash_file, hash_files
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.layout import CHANNELS, canonical
from gancheck.loaders.ranges import infer_range
from gancheck.loaders.sniff import sniff

if TYPE_CHECKING:
    from gancheck.loaders.arrays import RawSamples
    from gancheck.types import AnyArray, IntArray, SampleSet

PIECE_BYTES = 32 << 20
"""Size of one piece, about; it depends on nothing else, so that runs can be compared."""
_LEAST_ROWS, _MOST_ROWS = 16, 1024
_COLOUR = 3


class SampleStream(Protocol):
    """Samples in a file or folder: (n, c, h, w) uint8 images or (n, d) float32 vectors."""

    @property
    def path(self) -> Path:
        """The file or folder."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample, (c, h, w) or (d,)."""

    @property
    def ids(self) -> tuple[str, ...]:
        """File name of each sample; empty where numbers name them."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was inferred or doubted."""

    @property
    def held(self) -> int:
        """Bytes of samples that are in memory all the time."""

    @property
    def sha256(self) -> str:
        """Hash of names and content, hexadecimal; large inputs take a while."""

    def __len__(self) -> int: ...

    def pieces(self) -> Iterator[AnyArray]:
        """Yield all samples, from the first to the last, some at a time.

        Raises:
            LoadError: Some of them are no samples.
            ShapeError: Images differ in size, or some are in colour where all were to be grey.
        """

    def take(self, rows: IntArray) -> AnyArray:
        """Read the samples of the given row numbers, in that order; raises like `pieces`."""


def open_stream(path: Path, options: LoadOptions, channels: int | None = None) -> SampleStream:
    """Look at a folder of images or a file of samples without reading all of it.

    Values of floating-point images are taken for black and white as `load_samples` takes them with
    the same options, whose ``limit`` bounds what is looked at for that.

    Args:
        path: Folder or file; tensor files are read whole.
        options: Seed, limit and size of images.
        channels: Channels that images are to have. Grey is repeated to three; a folder of colour
            files that show nothing but grey has one channel where one is asked for.

    Raises:
        LoadError: There is nothing there, it holds no samples, or it is a generator.
        ShapeError: Images differ in size.
    """
    sniffed = sniff(path)
    if sniffed.kind == "directory":
        return _folder(path, options, channels)
    if sniffed.kind in ("npy", "npz"):
        return _arrays(path, open_raw(path, sniffed.kind), options, channels)
    whole = load_samples(path, replace(options, limit=None))
    return HeldStream(path, replace(whole, values=_coloured(whole.values, channels)))


def rows_at_once(each: int) -> int:
    """Return how many samples of so many bytes make one piece."""
    return int(np.clip(PIECE_BYTES // max(1, each), _LEAST_ROWS, _MOST_ROWS))


@dataclass(frozen=True, eq=False)
class ArrayStream:
    """Samples of an ``.npy`` or ``.npz`` file; compressed archives are unpacked as they pass.

    Attributes:
        path: The file.
        raw: The array in it.
        options: Size of images, and the values of black and white that were given or inferred.
        channels: Channels that images are to have, None for as they come.
        shape: Shape of one sample.
        notes: What was inferred.
    """

    path: Path
    raw: RawSamples
    options: LoadOptions
    channels: int | None
    shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    held: int = 0

    def __len__(self) -> int:
        return len(self.raw)

    @cached_property
    def sha256(self) -> str:
        """Hash of the file."""
        return hash_file(self.path)

    def pieces(self) -> Iterator[AnyArray]:
        """Yield all samples."""
        stored = self.raw.values
        row = int(np.prod(stored.shape[1:])) * stored.dtype.itemsize
        made = int(np.prod(self.shape)) * (1 if len(self.shape) == 3 else 4)
        for piece in self.raw.pieces(rows_at_once(max(row, made))):
            yield self.fitted(piece)

    def take(self, rows: IntArray) -> AnyArray:
        """Read some samples."""
        if len(rows) == 0:
            return np.empty((0, *self.shape), np.uint8 if len(self.shape) == 3 else np.float32)
        return self.fitted(self.raw.read(rows))

    def fitted(self, values: AnyArray) -> AnyArray:
        """Bring samples into the canonical layout, size and colour."""
        alone = len(values) == 1  # which is no set of samples
        try:
            pair = np.repeat(values, 2, axis=0) if alone else values
            plain = canonical(pair, self.options.output_range).values[: len(values)]
        except LoadError as error:
            raise type(error)(f"{self.path}: {error.message}", error.hint) from error
        if self.options.resize is not None and plain.ndim == 4:
            plain = fit_size(plain, self.options.resize)
        return _coloured(plain, self.channels)


@dataclass(frozen=True, eq=False)
class FolderStream:
    """Images below a folder, decoded as they are asked for.

    Attributes:
        path: The folder.
        files: The images, sorted.
        first: The first of them, which says the size.
        options: Size to crop and resize to.
        shape: Shape of one image.
    """

    path: Path
    files: tuple[Path, ...]
    first: Picture
    options: LoadOptions
    shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    held: int = 0

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the files, relative to the folder."""
        return tuple(file.relative_to(self.path).as_posix() for file in self.files)

    @cached_property
    def sha256(self) -> str:
        """Hash of all names and contents."""
        return hash_files(self.path, self.files)

    def pieces(self) -> Iterator[AnyArray]:
        """Yield all images."""
        rows = rows_at_once(int(np.prod(self.shape)))
        for at in range(0, len(self.files), rows):
            yield self._decoded(self.files[at : at + rows])

    def take(self, rows: IntArray) -> AnyArray:
        """Decode some images."""
        return self._decoded(tuple(self.files[int(row)] for row in rows))

    def _decoded(self, files: tuple[Path, ...]) -> AnyArray:
        out = np.empty((len(files), *self.shape), dtype=np.uint8)
        for row, file in enumerate(files):
            picture = read_picture(file, self.options.resize)
            check_size(self.first, picture, self.files[0], file)
            if self.shape[0] == 1 and not is_grey(picture.pixels):
                raise ShapeError(
                    f"{file.name} is in colour, and the samples it is compared with are grey",
                    "Convert the images to grey, or leave those in colour out.",
                )
            out[row] = picture.pixels[: self.shape[0]]
        return out


@dataclass(frozen=True, eq=False)
class HeldStream:
    """Samples that are in memory, because their format cannot be read in pieces."""

    path: Path
    samples: SampleSet

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.samples.shape

    @property
    def ids(self) -> tuple[str, ...]:
        """Names, where they have any."""
        return self.samples.ids

    @property
    def notes(self) -> tuple[str, ...]:
        """What was inferred while reading them."""
        return self.samples.notes

    @property
    def held(self) -> int:
        """All of them."""
        return self.samples.values.nbytes

    @property
    def sha256(self) -> str:
        """Hash of the file they came from."""
        return self.samples.sha256

    def pieces(self) -> Iterator[AnyArray]:
        """Yield all samples."""
        values = self.samples.values
        rows = rows_at_once(values.nbytes // max(1, len(values)))
        yield from (values[at : at + rows] for at in range(0, len(values), rows))

    def take(self, rows: IntArray) -> AnyArray:
        """Return some samples."""
        chosen: AnyArray = self.samples.values[rows]
        return chosen


def _arrays(
    path: Path, raw: RawSamples, options: LoadOptions, channels: int | None
) -> SampleStream:
    """Find out the range of values and the shape of one sample."""
    if len(raw) < 2:
        raise LoadError(f"{path} holds {len(raw)} samples; at least 2 are needed")
    layout = _layout(path, raw, options)
    options = replace(options, output_range=layout.output_range)
    unfitted = ArrayStream(path, raw, options, channels, (), layout.notes)
    few = unfitted.take(np.arange(2))
    return replace(unfitted, shape=tuple(int(side) for side in few.shape[1:]))


class _Layout(NamedTuple):
    """Which values are black and white, None where bytes or vectors need none, and sentences."""

    output_range: tuple[float, float] | None
    notes: tuple[str, ...]


def _layout(path: Path, raw: RawSamples, options: LoadOptions) -> _Layout:
    """Find out the layout from as many samples as a limit allows, from two where that is enough."""
    stored, asked = raw.values, options.output_range
    plain = len(stored.shape) == 2 or stored.dtype == np.uint8 or asked is not None
    values = raw.read(np.arange(2) if plain else choose_rows(len(raw), options))
    try:
        notes = canonical(values, asked).notes
        if plain:
            return _Layout(asked, notes)
        if values.ndim == 4 and values.shape[3] == 4 and values.shape[1] not in CHANNELS:
            values = values[..., :3]  # the fourth is alpha
        return _Layout(infer_range(values)[0], notes)
    except LoadError as error:
        raise type(error)(f"{path}: {error.message}", error.hint) from error


def _folder(path: Path, options: LoadOptions, channels: int | None) -> SampleStream:
    files = tuple(image_files(path))
    first = read_picture(files[0], options.resize)
    grey = channels != _COLOUR and is_grey(first.pixels)
    shape = (1 if grey else _COLOUR, *first.pixels.shape[1:])
    return FolderStream(path, files, first, options, shape)


def _coloured(values: AnyArray, channels: int | None) -> AnyArray:
    """Repeat grey images to three channels where three are asked for."""
    if channels == _COLOUR and values.ndim == 4 and values.shape[1] == 1:
        return np.repeat(values, _COLOUR, axis=1)
    return values
