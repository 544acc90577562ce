"""Small pictures of many images, kept for the reports: exact when tiny, lossy when not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from gancheck.images import THUMBNAIL_SIDE

if TYPE_CHECKING:
    from PIL import Image

    from gancheck.types import AnyArray

LOSSLESS_SIDE = 32
_ACROSS = 16  # tiles in one row of a sheet, and rows in a sheet
_BLOCK = 16  # pixels that lossy WebP codes together: tiles on its grid do not stain each other
_QUALITY = 80


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Thumbnails of n images with one or three channels.

    Attributes:
        count: How many there are, n.
        shape: Shape of one, (c, h, w), the longer side at most 64 px.
        tiles: (n, c, h, w) uint8, where the images are small enough to be kept as they are.
        sheets: WebP files of 16 x 16 tiles each, where they are not.
    """

    count: int
    shape: tuple[int, int, int]
    tiles: AnyArray | None = None
    sheets: tuple[bytes, ...] = ()

    def take(self, rows: AnyArray) -> AnyArray:
        """Return the thumbnails at the given row numbers, (m, c, h, w) uint8."""
        if self.tiles is not None:
            chosen: AnyArray = self.tiles[rows]
            return chosen
        out = np.empty((len(rows), *self.shape), dtype=np.uint8)
        _, height, width = self.shape
        for place, row in enumerate(np.asarray(rows, dtype=np.int64)):
            sheet, tile = divmod(int(row), _ACROSS**2)
            top, left = cell(height) * (tile // _ACROSS), cell(width) * (tile % _ACROSS)
            picture = _decoded(self.sheets[sheet], self.shape[0])
            out[place] = picture[:, top : top + height, left : left + width]
        return out


def thumbnails(images: AnyArray) -> Thumbnails:
    """Shrink (n, c, h, w) uint8 images until both sides fit into 64 px, and store them."""
    channels, height, width = images.shape[1:]
    if max(height, width) <= LOSSLESS_SIDE:
        return Thumbnails(len(images), (channels, height, width), images)
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    sheets = tuple(_sheets(images, *size))
    return Thumbnails(len(images), (channels, *size), sheets=sheets)


def cell(side: int) -> int:
    """Return the side of the cell of a sheet that a tile of this side lies in."""
    return -(-side // _BLOCK) * _BLOCK


def _sheets(images: AnyArray, height: int, width: int) -> Iterator[bytes]:
    from PIL import Image

    down, right = cell(height), cell(width)
    for start in range(0, len(images), _ACROSS**2):
        part = images[start : start + _ACROSS**2]
        sheet = Image.new("RGB" if images.shape[1] == 3 else "L", (_ACROSS * right, _ACROSS * down))
        for number, image in enumerate(part):
            tile = np.asarray(_picture(image).resize((width, height), Image.Resampling.LANCZOS))
            edges = [(0, down - height), (0, right - width), (0, 0)][: tile.ndim]
            row, column = divmod(number, _ACROSS)
            padded = Image.fromarray(np.pad(tile, edges, mode="edge"))
            sheet.paste(padded, (column * right, row * down))
        buffer = io.BytesIO()
        sheet.save(buffer, "WEBP", quality=_QUALITY, method=4)
        yield buffer.getvalue()


def _picture(image: AnyArray) -> Image.Image:
    from PIL import Image

    return Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))


@lru_cache(maxsize=8)
def _decoded(sheet: bytes, channels: int) -> AnyArray:
    """Return a sheet as (c, H, W) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(sheet)) as picture:
        pixels = np.asarray(picture.convert("RGB" if channels == 3 else "L"))
    planes: AnyArray = pixels.transpose(2, 0, 1) if channels == 3 else pixels[None]
    return planes
