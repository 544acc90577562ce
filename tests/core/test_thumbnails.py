"""Thumbnails: exact where images are tiny, and close to them where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.images import resize
from gancheck.thumbnails import thumbnails

if TYPE_CHECKING:
    from gancheck.types import AnyArray


def gradients(n: int, channels: int, height: int, width: int) -> AnyArray:
    """Draw smooth images, each with a level of its own."""
    level = np.linspace(20, 180, n)[:, None, None, None]
    colour = np.linspace(1.0, 0.6, channels)[None, :, None, None]
    slope = np.linspace(0, 60, width)[None, None, None, :] + np.zeros((1, 1, height, 1))
    return np.rint((level + slope) * colour).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_tiny_images_are_kept_as_they_are(channels: int) -> None:
    """Up to 32 px nothing is lost."""
    images = np.random.default_rng(0).integers(0, 256, (5, channels, 32, 20), dtype=np.uint8)
    small = thumbnails(images)
    np.testing.assert_array_equal(small.take(np.array([3, 0])), images[[3, 0]])
    assert not small.sheets


@pytest.mark.parametrize(("shape", "size"), [((128, 96), (64, 48)), ((40, 33), (40, 33))])
@pytest.mark.parametrize("channels", [1, 3])
def test_larger_images_are_shrunk_and_found_again(
    channels: int, shape: tuple[int, int], size: tuple[int, int]
) -> None:
    """Each row of several sheets comes back as itself: the longer side at most 64 px, aspect kept.

    Neighbouring tiles differ by less than the tolerance only if rows are not mixed up: the level
    climbs by 160 over all of them.
    """
    images = gradients(300, channels, *shape)
    small = thumbnails(images)
    assert small.shape == (channels, *size)
    assert len(small.sheets) == 2
    rows = np.array([299, 0, 255, 256, 17])
    expected = resize(images[rows], *size).astype(float)
    found = small.take(rows).astype(float)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 3
    assert np.abs(found.mean(axis=(1, 2, 3)) - expected.mean(axis=(1, 2, 3))).max() < 2


def test_equal_images_give_equal_sheets() -> None:
    """The bytes depend on nothing but the images."""
    images = gradients(20, 3, 70, 70)
    assert thumbnails(images).sheets == thumbnails(images.copy()).sheets
