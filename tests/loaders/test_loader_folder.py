"""Samples in folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gancheck.errors import LoadError, ShapeError
from gancheck.loaders import LoadOptions, load_samples

RNG = np.random.default_rng(1)


def picture(*shape: int) -> Any:
    """Return random pixels (h, w) or (h, w, c)."""
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def save(path: Path, pixels: Any) -> None:
    """Write pixels in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, lossless=True) if path.suffix == ".webp" else (
        Image.fromarray(pixels).save(path)
    )


def test_formats_and_order(tmp_path: Path) -> None:
    """Lossless formats give exact pixels in the order of names; ids are the names."""
    pixels = [picture(6, 5, 3) for _ in range(3)]
    for name, each in zip(("c.png", "a.bmp", "b.webp"), pixels, strict=True):
        save(tmp_path / name, each)
    save(tmp_path / "d.JPG", picture(6, 5, 3))
    save(tmp_path / "e.jpeg", picture(6, 5, 3))
    (tmp_path / "notes.txt").write_text("no image")
    samples = load_samples(tmp_path)
    assert samples.ids == ("a.bmp", "b.webp", "c.png", "d.JPG", "e.jpeg")
    assert samples.values.shape == (5, 3, 6, 5)
    for row, index in ((0, 1), (1, 2), (2, 0)):
        np.testing.assert_array_equal(samples.values[row], pixels[index].transpose(2, 0, 1))
    assert (samples.format, samples.labels, samples.notes) == ("folder", None, ())


def test_subfolders_are_classes(tmp_path: Path) -> None:
    """Two subfolders and more name the classes; a hidden one is not read."""
    for name in ("dog/1.png", "cat/2.png", "cat/old/3.png", ".cache/4.png"):
        save(tmp_path / name, picture(4, 4))
    samples = load_samples(tmp_path)
    assert samples.ids == ("cat/2.png", "cat/old/3.png", "dog/1.png")
    assert samples.label_names == ("cat", "dog")
    assert samples.labels is not None
    assert samples.labels.tolist() == [0, 0, 1]


def test_one_subfolder_is_no_class(tmp_path: Path) -> None:
    """A single subfolder says nothing about classes."""
    for name in ("train/1.png", "train/2.png"):
        save(tmp_path / name, picture(4, 4))
    samples = load_samples(tmp_path)
    assert samples.labels is None
    assert samples.label_names == ()


def test_grey_pictures_have_one_channel(tmp_path: Path) -> None:
    """Colour files that are all grey are read as one channel, which the notes say."""
    grey = picture(4, 4)
    save(tmp_path / "a.png", np.stack([grey] * 3, axis=2))
    save(tmp_path / "b.png", grey)
    samples = load_samples(tmp_path)
    assert samples.values.shape == (2, 1, 4, 4)
    np.testing.assert_array_equal(samples.values[0, 0], grey)
    assert any("All images are grey" in note for note in samples.notes)


def test_one_colour_picture_makes_all_colour(tmp_path: Path) -> None:
    """Grey among colour is repeated over three channels."""
    grey = picture(4, 4)
    save(tmp_path / "a.png", grey)
    save(tmp_path / "b.png", picture(4, 4, 3))
    samples = load_samples(tmp_path)
    assert samples.values.shape == (2, 3, 4, 4)
    np.testing.assert_array_equal(samples.values[0], np.stack([grey] * 3))


def test_alpha_is_dropped(tmp_path: Path) -> None:
    """Transparency is no part of the picture; the notes count it."""
    pixels = picture(4, 4, 4)
    save(tmp_path / "a.png", pixels)
    save(tmp_path / "b.png", picture(4, 4, 3))
    samples = load_samples(tmp_path)
    np.testing.assert_array_equal(samples.values[0], pixels[:, :, :3].transpose(2, 0, 1))
    assert "The alpha channel of 1 images was dropped." in samples.notes


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    """Pictures of 16 bits a pixel are scaled to 8, not clipped."""
    wide = (picture(4, 4).astype(np.uint16)) * 257
    save(tmp_path / "a.png", wide)
    save(tmp_path / "b.png", wide)
    np.testing.assert_array_equal(load_samples(tmp_path).values[0, 0], wide // 257)


def test_mixed_sizes(tmp_path: Path) -> None:
    """Two sizes are named with a file each; with a wanted size they are brought to it."""
    save(tmp_path / "a.png", picture(8, 8, 3))
    save(tmp_path / "b.png", picture(8, 12, 3))
    with pytest.raises(ShapeError, match=r"(?s)a\.png is 8x8, b\.png is 8x12.*--resize"):
        load_samples(tmp_path)
    samples = load_samples(tmp_path, LoadOptions(resize=(4, 6)))
    assert samples.shape == (3, 4, 6)
    assert "Images were cropped and resized to (4, 6)." in samples.notes


def test_folders_without_images(tmp_path: Path) -> None:
    """An empty folder, one image alone, and a folder of models are told apart."""
    with pytest.raises(LoadError, match="holds no images among 0 files"):
        load_samples(tmp_path)
    (tmp_path / "generator.onnx").write_text("x")
    with pytest.raises(LoadError, match=r"It holds generator\.onnx: give that file"):
        load_samples(tmp_path)
    save(tmp_path / "a.png", picture(4, 4))
    with pytest.raises(LoadError, match="holds 1 image among 2 files; at least 2"):
        load_samples(tmp_path)


def test_broken_images_are_named(tmp_path: Path) -> None:
    """A cut image and a text file that pretends to be one are named."""
    for name in ("a.png", "b.png"):
        save(tmp_path / name, picture(16, 16, 3))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:200])
    with pytest.raises(LoadError, match=r"b\.png cannot be read"):
        load_samples(tmp_path)
    (tmp_path / "b.png").write_text("hello")
    with pytest.raises(LoadError, match=r"b\.png cannot be read"):
        load_samples(tmp_path)


def test_limit_reads_a_seeded_part(tmp_path: Path) -> None:
    """A limit reads that many files, the same for one seed, others for another."""
    for number in range(20):
        save(tmp_path / f"{number:02}.png", picture(4, 4))
    one = load_samples(tmp_path, LoadOptions(limit=6, seed=1))
    again = load_samples(tmp_path, LoadOptions(limit=6, seed=1))
    two = load_samples(tmp_path, LoadOptions(limit=6, seed=2))
    assert len(one) == 6
    assert one.ids == again.ids != two.ids
    assert one.sha256 == again.sha256 != two.sha256
    assert "A random 6 of 20 images were read." in one.notes


def test_hash_follows_names_and_content(tmp_path: Path) -> None:
    """The hash changes with a name or a pixel, and not with the place of the folder."""
    pixels = [picture(4, 4) for _ in range(2)]
    for folder in ("one", "two", "three"):
        for number, each in enumerate(pixels):
            save(tmp_path / folder / f"{number}.png", each)
    one, two = load_samples(tmp_path / "one"), load_samples(tmp_path / "two")
    assert one.sha256 == two.sha256
    (tmp_path / "two" / "1.png").rename(tmp_path / "two" / "2.png")
    save(tmp_path / "three" / "1.png", pixels[0])
    hashes = {load_samples(tmp_path / name).sha256 for name in ("one", "two", "three")}
    assert len(hashes) == 3
