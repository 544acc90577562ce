"""Look-up generators: they draw real images, and do one known thing to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import Real, Subject, kept_share

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

Draw = Callable[[Real, np.random.Generator], Subject]


def unchanged() -> Draw:
    """Return what draws held-out images."""
    return lambda real, rng: Subject(_some(real.held_out, real.n, rng), 1.0)


def kept(count: int, *, change: Callable[[AnyArray], AnyArray] | None = None) -> Draw:
    """Return what draws only the first classes, each image once, and changes them as told.

    There are as many samples as there are held-out images of those classes.
    """

    def draw(real: Real, rng: np.random.Generator) -> Subject:
        chosen = _some(real.held_out[real.held_out_labels < count], real.n, rng)
        return Subject(chosen if change is None else change(chosen), kept_share(real.labels, count))

    return draw


def uneven(shares: FloatArray) -> Draw:
    """Return what draws classes with the given shares, each image once, as many as there are."""

    def draw(real: Real, rng: np.random.Generator) -> Subject:
        have = np.bincount(real.held_out_labels, minlength=len(shares))
        wanted = np.floor(shares * min(real.n, (have / shares).min())).astype(int)
        rows = np.concatenate(
            [
                rng.permutation(np.flatnonzero(real.held_out_labels == label))[:count]
                for label, count in enumerate(wanted)
            ]
        )
        law = np.bincount(real.labels, minlength=len(shares)) / len(real.labels)
        truth = float(np.minimum(law, wanted / wanted.sum()).sum())
        return Subject(real.held_out[rng.permutation(rows)], truth)

    return draw


def few(count: int, sd: float) -> Draw:
    """Return what redraws a fixed number of images, each time under new faint noise.

    The truth is the share of distinct images among the samples.
    """

    def draw(real: Real, rng: np.random.Generator) -> Subject:
        atoms = _some(real.held_out, count, rng)
        rows = rng.integers(len(atoms), size=real.n)
        return Subject(noisy(atoms[rows], sd, rng), len(np.unique(rows)) / real.n)

    return draw


def under_noise(sd: float) -> Draw:
    """Return what adds noise to held-out images: nothing is lost but their quality."""
    return lambda real, rng: Subject(noisy(_some(real.held_out, real.n, rng), sd, rng), 1.0)


def under_blur() -> Draw:
    """Return what blurs held-out images: nothing is lost but their sharpness."""
    return lambda real, rng: Subject(blurred(_some(real.held_out, real.n, rng)), 1.0)


def with_copies(share: float) -> Draw:
    """Return what replaces a part of held-out images by exact copies of the reference."""

    def draw(real: Real, rng: np.random.Generator) -> Subject:
        samples = _some(real.held_out, real.n, rng)
        copies = int(share * len(samples))
        samples[:copies] = _some(real.reference, copies, rng)
        return Subject(rng.permutation(samples), 1.0)

    return draw


def noisy(images: AnyArray, sd: float, rng: np.random.Generator) -> AnyArray:
    """Add noise to uint8 images; its standard deviation is a share of the range."""
    noise = 255 * sd * rng.standard_normal(images.shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(images + noise), 0, 255), dtype=np.uint8)


def blurred(images: AnyArray) -> AnyArray:
    """Replace every pixel of (n, c, h, w) images by the mean of the 3 x 3 around it."""
    from scipy.ndimage import uniform_filter

    smooth = uniform_filter(images.astype(np.float32), size=(1, 1, 3, 3), mode="nearest")
    return np.asarray(np.clip(np.rint(smooth), 0, 255), dtype=np.uint8)


def _some(images: AnyArray, n: int, rng: np.random.Generator) -> AnyArray:
    return np.asarray(images[rng.permutation(len(images))[:n]])
