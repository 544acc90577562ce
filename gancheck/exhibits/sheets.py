"""Many small pictures on one sheet, within a budget of bytes."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck.images import THUMBNAIL_SIDE

if TYPE_CHECKING:
    from gancheck.types import JSON, AnyArray

MOST_TILES = 4096
BUDGET = 1_600_000  # bytes; a third more as text
_BLOCK = 16  # pixels that lossy WebP codes together: tiles on its grid do not stain each other
_TRIES = ((64, 60), (56, 45), (40, 45), (32, 40), (24, 40))  # side, quality
_PROBE = 128  # tiles that tell how large the sheet will be


def sheet(groups: Sequence[AnyArray]) -> dict[str, JSON] | None:
    """Lay pictures out row by row on a WebP sheet, as large and good as the budget allows.

    Args:
        groups: (n, c, h, w) uint8 arrays of one proportion; their pictures follow each other.

    Returns:
        ``image``, its ``columns``, and width and height of a ``tile`` and of the ``cell`` whose
        top left corner it fills; None where there are no pictures.
    """
    images = [image for group in groups for image in group]
    if not images:
        return None
    longest = max(max(image.shape[1:]) for image in images)
    sides = dict.fromkeys((min(side, longest, THUMBNAIL_SIDE), quality) for side, quality in _TRIES)
    probe = images[:: max(1, len(images) // _PROBE)]
    side, quality = next(
        (
            (side, quality)
            for side, quality in sides
            if len(_coded(probe, side, quality)) * len(images) <= BUDGET * len(probe)
        ),
        list(sides)[-1],
    )
    width, height = _size(images[0], side)
    return {
        "image": "data:image/webp;base64,"
        + base64.b64encode(_coded(images, side, quality)).decode("ascii"),
        "columns": _columns(len(images)),
        "tile": [width, height],
        "cell": [_cell(width), _cell(height)],
    }


def _coded(images: Sequence[AnyArray], side: int, quality: int) -> bytes:
    from PIL import Image

    tiles = _tiles(images, *_size(images[0], side))
    down, right = (_cell(length) for length in tiles.shape[1:3])
    margins = [(0, 0), (0, down - tiles.shape[1]), (0, right - tiles.shape[2]), (0, 0)]
    padded = np.pad(tiles, margins, mode="edge")
    columns = _columns(len(tiles))
    rows = math.ceil(len(tiles) / columns)
    cells = np.zeros((rows * columns, *padded.shape[1:]), dtype=np.uint8)
    cells[: len(padded)] = padded
    grid = cells.reshape(rows, columns, *padded.shape[1:]).swapaxes(1, 2)
    whole = grid.reshape(rows * down, columns * right, -1)
    buffer = io.BytesIO()
    picture = Image.fromarray(whole if whole.shape[2] == 3 else whole[:, :, 0])
    picture.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def _tiles(images: Sequence[AnyArray], width: int, height: int) -> AnyArray:
    """Bring (c, h, w) images to one size and one number of channels: (n, height, width, c)."""
    from PIL import Image

    channels = 3 if any(len(image) >= 3 for image in images) else 1
    out = np.empty((len(images), height, width, channels), dtype=np.uint8)
    for row, image in enumerate(images):
        planes = image[: 3 if len(image) >= 3 else 1].transpose(1, 2, 0)
        if planes.shape[:2] != (height, width):
            picture = Image.fromarray(planes[:, :, 0] if planes.shape[2] == 1 else planes)
            shrunk = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
            planes = np.asarray(shrunk).reshape(height, width, -1)
        out[row] = planes
    return out


def _size(image: AnyArray, side: int) -> tuple[int, int]:
    height, width = image.shape[1:]
    scale = side / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _cell(side: int) -> int:
    return -(-side // _BLOCK) * _BLOCK


def _columns(count: int) -> int:
    return math.ceil(math.sqrt(count))
