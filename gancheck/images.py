"""Pictures as arrays: canonical layout, resizing, thumbnails. Arrays are (n, c, h, w), 0..255."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

THUMBNAIL_SIDE = 64
_LOSSLESS_SIDE = 32  # below this a lossless tile is smaller than a lossy one, and sharp


def resize(images: AnyArray, height: int, width: int) -> AnyArray:
    """Resize (n, c, h, w) uint8 images with Pillow's anti-aliased bicubic filter, as uint8.

    Down-sampling without a low-pass filter changes every statistic of the images; see Parmar
    et al., "On Aliased Resizing and Surprising Subtleties in GAN Evaluation", 2022.
    """
    from PIL import Image

    if images.shape[2:] == (height, width):
        return images
    out = np.empty((*images.shape[:2], height, width), dtype=np.uint8)
    for row, image in enumerate(images):
        for channel, plane in enumerate(image):
            picture = Image.fromarray(plane)
            out[row, channel] = picture.resize((width, height), Image.Resampling.BICUBIC)
    return out


def center_crop(images: AnyArray, aspect: float) -> AnyArray:
    """Cut (n, c, h, w) images around their centre to width / height = aspect."""
    height, width = images.shape[2:]
    if width > height * aspect:
        keep = max(1, round(height * aspect))
        left = (width - keep) // 2
        return images[:, :, :, left : left + keep]
    keep = max(1, round(width / aspect))
    top = (height - keep) // 2
    return images[:, :, top : top + keep]


def to_pixels(outputs: FloatArray, output_range: tuple[float, float]) -> FloatArray:
    """Map raw outputs to 0..255 without rounding; values outside the range are clipped."""
    black, white = output_range
    pixels = np.asarray(np.asarray(outputs, dtype=np.float32) - black)
    pixels *= np.float32(255.0 / (white - black))
    return np.clip(pixels, 0.0, 255.0, out=pixels)


def to_uint8(outputs: FloatArray, output_range: tuple[float, float]) -> AnyArray:
    """Map raw outputs to the 8-bit images that a user would save and look at."""
    pixels = to_pixels(outputs, output_range)
    return np.rint(pixels, out=pixels).astype(np.uint8)


def data_uri(image: AnyArray, side: int = THUMBNAIL_SIDE) -> str:
    """Encode one (c, h, w) image as a WebP data URI whose longer side is at most ``side``."""
    from PIL import Image

    plane = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    picture = Image.fromarray(plane[0] if plane.shape[0] == 1 else plane[:3].transpose(1, 2, 0))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture_uri(picture, lossless=max(picture.size) <= _LOSSLESS_SIDE)


def picture_uri(picture: object, *, lossless: bool) -> str:
    """Encode a Pillow picture as a WebP data URI."""
    from PIL import Image

    if not isinstance(picture, Image.Image):
        raise TypeError(f"expected a Pillow image, got {type(picture).__name__}")
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=lossless, quality=80, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
