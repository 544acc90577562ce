"""Vendi score, RKE and the birthday estimate: numbers from papers, packages and closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from gancheck.analyzers.duplicates import support_size
from gancheck.measures.vendi import rke, vendi

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "mnist"
README_SCORES = (7.68, 5.31, 12.18, 9.97, 11.10, 13.51, 9.06, 9.58, 9.69, 8.56)


def factor(kernel: FloatArray) -> FloatArray:
    """Return rows whose products are a kernel matrix with ones on its diagonal."""
    values, axes = np.linalg.eigh(kernel)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))


@pytest.fixture(scope="module")
def digits() -> tuple[AnyArray, AnyArray]:
    """The 10,000 test digits of MNIST: both shipped files together."""
    parts = [np.load(DIGITS / f"mnist_{name}.npz") for name in ("reference", "held_out")]
    images, labels = (np.concatenate([part[key] for part in parts]) for key in ("images", "labels"))
    return images, labels


def test_the_example_of_the_readme() -> None:
    """Samples 0, 0, 10, 10, 20, 20 under exp(-|a - b|) score 2.9999 (vertaix/Vendi-Score)."""
    points = np.array([0, 0, 10, 10, 20, 20])
    kernel = np.exp(-np.abs(points[:, None] - points[None, :]))

    assert vendi(factor(kernel)) == pytest.approx(2.999999996, abs=1e-8)


def test_the_kernel_matrix_of_the_readme() -> None:
    """Two samples of similarity .9 and a third apart score 2.1573 (vertaix/Vendi-Score)."""
    kernel = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])

    assert vendi(factor(kernel)) == pytest.approx(2.1573004834, abs=1e-9)


def test_a_matrix_scored_by_the_package() -> None:
    """``vendi_score`` 0.0.3 gives 7.494491933643 for RandomState(0).randn(50, 8), both ways."""
    points = np.random.RandomState(0).randn(50, 8)
    wide = np.hstack([points, np.zeros((50, 60))])  # the larger side decides how it is solved

    assert vendi(points) == pytest.approx(7.494491933643, abs=1e-11)
    assert vendi(wide) == pytest.approx(7.494491933643, abs=1e-9)


@pytest.mark.parametrize("digit", range(10))
def test_the_digits_of_the_readme(digits: tuple[AnyArray, AnyArray], digit: int) -> None:
    """Pixel Vendi score of each MNIST test digit, as the README of Vendi-Score lists them.

    Images are enlarged to 32 x 32 by Pillow, flattened and normalised (Friedman and Dieng 2023).
    """
    images, labels = digits
    large = [np.asarray(Image.fromarray(one).resize((32, 32))) for one in images[labels == digit]]

    assert vendi(np.stack(large).reshape(len(large), -1)) == pytest.approx(
        README_SCORES[digit], abs=0.0055
    )


def test_the_score_rises_while_digits_are_dropped(digits: tuple[AnyArray, AnyArray]) -> None:
    """``vendi_score`` reads 23.631 for all ten digits and 24.446 without eights and nines.

    Why it is no measure of missing modes on its own, whatever it is compared with.
    """
    images, labels = digits
    rows = images.reshape(len(images), -1).astype(np.float32)

    assert vendi(rows) == pytest.approx(23.631, abs=1e-3)
    assert vendi(rows[labels < 8]) == pytest.approx(24.446, abs=1e-3)
    assert vendi(rows[labels < 2]) == pytest.approx(12.877, abs=1e-3)


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_rke_counts_points_with_repetition(count: int) -> None:
    """1 / mean k^2 over all pairs is the number of far point modes (Jalali et al. 2023).

    Published over pairs with repetition; taking the n pairs of a sample with itself back in gives
    exactly m.
    """
    n = 600
    points = np.repeat(100.0 * np.arange(count)[:, None], n // count, axis=0)
    apart = 1 / rke(points, 1.0)
    with_repetition = (apart * n * (n - 1) + n) / n**2

    assert 1 / with_repetition == pytest.approx(count, abs=1e-9)


@pytest.mark.parametrize(("width", "expected"), [(0.1, 8.32), (0.3, 8.036)])
def test_rke_of_the_ring(width: float, expected: float) -> None:
    """Eight Gaussians of sd .01 on the unit circle: 8 (1 + 4 (.01 / s)^2), to 1%.

    At a width of .3 neighbouring modes begin to be seen together, which the formula leaves out.
    """
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(2400) / 8
    middle = np.stack([np.cos(angle), np.sin(angle)], axis=1)

    got = rke(middle + 0.01 * rng.standard_normal((2400, 2)), width)
    assert got == pytest.approx(expected, rel=0.01)


def test_the_support_behind_coincidences() -> None:
    """500 draws from 1,000 atoms speak for 1,000 of them, to a fifth (Arora and Zhang 2017)."""
    rng, found = np.random.default_rng(0), []
    for _ in range(50):
        drawn = rng.integers(1000, size=500)
        twins = np.bincount(drawn, minlength=1000)[drawn] - 1
        found.append(support_size(twins, 0.0)[0])

    assert np.median(found) == pytest.approx(1000, rel=0.05)
    assert np.mean(np.abs(np.array(found) - 1000) < 200) >= 0.8


@pytest.mark.parametrize("atoms", [100, 1000])
def test_the_birthday_batch(atoms: int) -> None:
    """A batch of sqrt(2 ln 2 N) holds a duplicate half of the time (Arora and Zhang 2017).

    In such a batch the support estimate with one coincidence is N / (2 ln 2) times its own two.
    """
    size = round(float(np.sqrt(2 * np.log(2) * atoms)))
    rng = np.random.default_rng(atoms)
    batches = [rng.integers(atoms, size=size) for _ in range(2000)]
    share = np.mean([len(np.unique(batch)) < size for batch in batches])

    assert share == pytest.approx(0.5, abs=0.04)
    twins = np.zeros(size, dtype=np.int64)
    twins[:2] = 1
    assert support_size(twins, 0.0)[0] == size * (size - 1) / 2
