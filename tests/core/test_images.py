"""Pictures keep their pixels: ranges, crops, sizes and data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from gancheck.images import center_crop, data_uri, picture_uri, resize, to_pixels, to_uint8


def decoded(uri: str) -> Image.Image:
    """Read back the picture in a data URI."""
    head, _, body = uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


@pytest.mark.parametrize(("black", "white"), [(-1.0, 1.0), (0.0, 1.0), (0.0, 255.0), (1.0, -1.0)])
def test_every_range_lands_on_the_same_scale(black: float, white: float) -> None:
    """Black is 0, white is 255, the middle lies between, and what is beyond is clipped."""
    raw = np.array([black, (black + white) / 2, white, white + (white - black)])
    np.testing.assert_allclose(to_pixels(raw, (black, white)), [0, 127.5, 255, 255])
    assert to_uint8(raw, (black, white)).dtype == np.uint8


def test_pixels_are_not_rounded_and_images_are() -> None:
    """Half a grey level survives in pixels, and is rounded in images."""
    raw = np.array([10.4, 10.6])
    np.testing.assert_allclose(to_pixels(raw, (0.0, 255.0)), raw, rtol=1e-6)
    np.testing.assert_array_equal(to_uint8(raw, (0.0, 255.0)), [10, 11])


@pytest.mark.parametrize(
    ("height", "width", "aspect", "wanted"),
    [
        (10, 20, 1.0, (10, 10)),
        (20, 10, 1.0, (10, 10)),
        (10, 20, 2.0, (10, 20)),
        (9, 9, 3.0, (3, 9)),
    ],
)
def test_crops_keep_the_centre(
    height: int, width: int, aspect: float, wanted: tuple[int, int]
) -> None:
    """The larger side is cut evenly at both ends."""
    images = np.zeros((1, 1, height, width), dtype=np.uint8)
    images[:, :, height // 2, width // 2] = 255
    cut = center_crop(images, aspect)
    assert cut.shape[2:] == wanted
    row, column = np.argwhere(cut[0, 0])[0]
    assert (row, column) == (wanted[0] // 2, wanted[1] // 2)


def test_shrinking_does_not_alias() -> None:
    """A checkerboard of single pixels shrinks to an even grey, not to a pattern."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = resize(board[None, None], 16, 16)
    assert small.shape == (1, 1, 16, 16)
    assert np.ptp(small[0, 0, 2:-2, 2:-2].astype(int)) <= 8
    assert abs(int(small.mean()) - 127) <= 2


def test_the_same_size_is_left_alone() -> None:
    """Images of the wanted size come back untouched, and channels are resized one by one."""
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8)).astype(np.uint8)
    assert resize(images, 8, 8) is images
    one = resize(images[:, 1:2], 4, 6)
    np.testing.assert_array_equal(resize(images, 4, 6)[:, 1:2], one)


@pytest.mark.parametrize(("channels", "mode"), [(1, "RGB"), (3, "RGB"), (4, "RGB")])
def test_small_tiles_are_lossless(channels: int, mode: str) -> None:
    """A small tile reads back pixel for pixel; more than three channels show the first three."""
    image = np.random.default_rng(1).integers(0, 256, (channels, 12, 10)).astype(np.uint8)
    picture = decoded(data_uri(image)).convert(mode)
    wanted = image if channels >= 3 else np.repeat(image, 3, axis=0)
    np.testing.assert_array_equal(np.asarray(picture).transpose(2, 0, 1), wanted[:3])


def test_large_images_become_thumbnails() -> None:
    """The longer side of a tile is at most what was asked for, and the shape is kept."""
    image = np.zeros((3, 200, 100), dtype=np.uint8)
    assert decoded(data_uri(image)).size == (32, 64)
    assert decoded(data_uri(image, side=20)).size == (10, 20)


def test_only_pictures_are_encoded() -> None:
    """An array is refused with its type."""
    with pytest.raises(TypeError, match="ndarray"):
        picture_uri(np.zeros((2, 2)), lossless=True)
