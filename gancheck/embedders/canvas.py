"""What every view of images needs: checks, batches, anti-aliased resizing, hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.devices import is_out_of_memory, kernel, let_go, placed
from gancheck.errors import ShapeError

if TYPE_CHECKING:
    import torch

    from gancheck.types import AnyArray, FloatArray


def require_images(values: AnyArray, view: str) -> None:
    """Refuse anything but images (n, c, h, w).

    Raises:
        ShapeError: The values have another number of axes.
    """
    if values.ndim != 4:
        raise ShapeError(
            f"embedder {view!r} looks at images (n, c, h, w), and these samples have the shape "
            f"{values.shape}",
            "Vectors are embedded with --embedder vectors.",
        )


def require_shape(values: AnyArray, shape: tuple[int, ...], view: str) -> None:
    """Refuse samples of another shape than the view was fitted on.

    Raises:
        ShapeError: One sample has another shape.
    """
    if values.shape[1:] != shape:
        raise ShapeError(
            f"embedder {view!r} was prepared for samples of the shape {shape}, and these have "
            f"the shape {tuple(values.shape[1:])}"
        )


def batches(values: AnyArray, size: int) -> Iterator[tuple[slice, AnyArray]]:
    """Cut values into runs of at most ``size`` rows: where each run lies, and its rows."""
    for start in range(0, len(values), size):
        rows = slice(start, start + size)
        yield rows, values[rows]


def shown(
    values: AnyArray,
    size: int,
    view: Callable[[AnyArray], FloatArray],
    *,
    device: str = "cpu",
    fixed: bool = False,
) -> Iterator[tuple[slice, FloatArray]]:
    """Show values to a view in batches, half as many at once whenever memory runs out.

    Args:
        values: (n, ...) samples.
        size: Rows of a batch, at most.
        view: Maps some rows to their features.
        device: Torch device of the view.
        fixed: Whether the view only takes batches of this size.

    Yields:
        Where the rows of a batch lie, and their features.
    """
    start = 0
    while start < len(values):
        part = values[start : start + size]
        features = _seen(view, part, last=fixed or len(part) == 1)
        if features is None:
            size = len(part) // 2
            let_go(device)
            continue
        yield slice(start, start + len(part)), features
        start += len(part)


def _seen(view: Callable[[AnyArray], FloatArray], part: AnyArray, *, last: bool) -> Any:
    """Return the features of a batch, None where there is not enough memory for it.

    Raises:
        Exception: What the view raises; and if it has to be now, that memory does not suffice.
    """
    try:
        with kernel("embedder"):
            return view(part)
    except Exception as error:  # runtimes share no type for it
        if last or not is_out_of_memory(error):
            raise
    return None


def within(height: int, width: int, side: int) -> tuple[int, int]:
    """Return the size of an image shrunk, never enlarged, until both sides fit into ``side``."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resized(values: AnyArray, height: int, width: int, device: str = "cpu") -> torch.Tensor:
    """Resize (n, c, h, w) images to a float32 tensor on the same 0..255 scale, unrounded.

    Shrinking low-passes with a triangle as wide as the step, see Parmar et al., "On Aliased
    Resizing and Surprising Subtleties in GAN Evaluation", 2022.
    """
    import torch
    from torch.nn import functional

    if device.startswith("cuda"):  # bytes travel faster than floats
        images = placed(np.ascontiguousarray(values), device).float()
    else:
        images = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(device)
    if images.shape[2:] == (height, width):
        return images
    return functional.interpolate(
        images, (height, width), mode="bilinear", align_corners=False, antialias=True
    )


def as_rgb(values: AnyArray, view: str) -> AnyArray:
    """Repeat grey images to three channels; colour images pass.

    Raises:
        ShapeError: The images have neither one nor three channels.
    """
    channels = values.shape[1]
    if channels not in (1, 3):
        raise ShapeError(
            f"embedder {view!r} needs grey or RGB images, and these have {channels} channels",
            "Any number of channels works with --embedder pixels.",
        )
    return values if channels == 3 else np.repeat(values, 3, axis=1)


def digest(*parts: str | bytes | AnyArray) -> str:
    """Hash texts, bytes and arrays, each closed off from the next, to hexadecimal sha256."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        elif not isinstance(part, bytes):
            part = f"{part.dtype.str}{part.shape}".encode() + np.ascontiguousarray(part).tobytes()
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()
