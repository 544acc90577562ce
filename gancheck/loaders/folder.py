"""Samples in a folder of image files; subfolders name the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders.arrays import choose_rows, fit_size
from gancheck.loaders.hashing import hash_files
from gancheck.loaders.interface import LOADERS, LoadOptions
from gancheck.loaders.sniff import Sniffed
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from PIL import Image

    from gancheck.types import AnyArray, IntArray

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_MODEL_SUFFIXES = (".pt", ".pth", ".pt2", ".onnx", ".safetensors", ".ckpt", ".bin", ".npz", ".npy")


@dataclass(frozen=True)
class Folder:
    """Reads every image below a folder."""

    name: str = "folder"

    def recognises(self, sniffed: Sniffed) -> bool:
        """Any folder."""
        return sniffed.kind == "directory"

    def load(self, path: Path, options: LoadOptions) -> SampleSet:
        """Read the images, or a seeded random part of them, as uint8."""
        found = image_files(path)
        files = [found[int(row)] for row in choose_rows(len(found), options)]
        values, notes = _read_all(files, options)
        if len(files) < len(found):
            notes = (f"A random {len(files)} of {len(found)} images were read.", *notes)
        labels, names = _classes(path, files)
        return SampleSet(
            values=values,
            origin=str(path),
            format=self.name,
            labels=labels,
            label_names=names,
            ids=tuple(file.relative_to(path).as_posix() for file in files),
            sha256=hash_files(path, files),
            notes=notes,
        )


LOADERS.register("folder")(Folder())


@dataclass(frozen=True)
class Picture:
    """One decoded image (c, h, w) uint8, and what was done to it."""

    pixels: AnyArray
    dropped_alpha: bool
    was_rgb: bool


def image_files(root: Path) -> list[Path]:
    """Return the images below a folder, sorted; hidden ones are left out.

    Raises:
        LoadError: There are fewer than two.
    """
    every = sorted(path for path in root.rglob("*") if path.is_file() and not _hidden(path, root))
    files = [path for path in every if path.suffix.lower() in IMAGE_SUFFIXES]
    if len(files) >= 2:
        return files
    models = [path.name for path in every if path.suffix.lower() in _MODEL_SUFFIXES]
    found = f"{len(files) or 'no'} image{'' if len(files) == 1 else 's'} among {len(every)} files"
    hint = f"It holds {models[0]}: give that file." if models else None
    raise LoadError(
        f"the folder {root} holds {found}; at least 2 are needed",
        hint or f"Images end in {', '.join(IMAGE_SUFFIXES)}.",
    )


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.relative_to(root).parts)


def _read_all(files: Sequence[Path], options: LoadOptions) -> tuple[AnyArray, tuple[str, ...]]:
    pictures: list[Picture] = []
    for file in files:
        picture = read_picture(file, options.resize)
        pictures.append(picture)
        check_size(pictures[0], picture, files[0], file)
    notes = []
    if options.resize is not None:
        notes.append(f"Images were cropped and resized to {options.resize}.")
    alphas = sum(picture.dropped_alpha for picture in pictures)
    if alphas:
        notes.append(f"The alpha channel of {alphas} images was dropped.")
    planes = [picture.pixels for picture in pictures]
    if all(is_grey(plane) for plane in planes):
        if any(picture.was_rgb for picture in pictures):
            notes.append("All images are grey; colour files were read as one channel.")
        return np.stack([plane[:1] for plane in planes]), tuple(notes)
    return np.stack([np.broadcast_to(plane, (3, *plane.shape[1:])) for plane in planes]), tuple(
        notes
    )


def check_size(first: Picture, picture: Picture, first_file: Path, file: Path) -> None:
    """Refuse an image of another size than the first.

    Raises:
        ShapeError: Height or width differ.
    """
    if picture.pixels.shape[1:] == first.pixels.shape[1:]:
        return
    sizes = ["x".join(map(str, each.pixels.shape[1:])) for each in (first, picture)]
    raise ShapeError(
        f"images differ in size: {first_file.name} is {sizes[0]}, {file.name} is {sizes[1]} "
        "(height x width)",
        "Bring them to one size: `--resize HEIGHT,WIDTH`.",
    )


def is_grey(plane: AnyArray) -> bool:
    """Tell whether all channels of a (c, h, w) image are the same."""
    return len(plane) == 1 or bool((plane == plane[:1]).all())


def read_picture(file: Path, size: tuple[int, int] | None = None) -> Picture:
    """Decode an image, and crop and resize it to (height, width).

    Raises:
        LoadError: It cannot be decoded.
    """
    from PIL import Image

    try:
        with Image.open(file) as image:
            picture = _decode(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LoadError(f"the image {file} cannot be read: {error}") from error
    if size is None:
        return picture
    return replace(picture, pixels=fit_size(picture.pixels[None], size)[0])


def _decode(image: Image.Image) -> Picture:
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow would clip, not scale
        pixels = np.rint(np.asarray(image, dtype=np.float64) / 257.0).astype(np.uint8)
        return Picture(pixels[None], dropped_alpha=False, was_rgb=False)
    alpha = image.has_transparency_data
    grey = image.mode in ("1", "L", "LA", "La")
    pixels = np.array(image.convert("L" if grey else "RGB"))
    planes = pixels[None] if grey else pixels.transpose(2, 0, 1)
    return Picture(planes, dropped_alpha=alpha, was_rgb=not grey)


def _classes(root: Path, files: Sequence[Path]) -> tuple[IntArray | None, tuple[str, ...]]:
    parts = [file.relative_to(root).parts for file in files]
    names = tuple(sorted({part[0] for part in parts if len(part) > 1}))
    if len(names) < 2 or any(len(part) == 1 for part in parts):
        return None, ()
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[part[0]] for part in parts], dtype=np.int64), names
