"""Precision, recall, density and coverage: numbers that were published or are in closed form.

Numbers given for a seed were printed by the authors' package ``prdc`` (Naeem et al. 2020,
clovaai/generative-evaluation-prdc) on the arrays that the test makes again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from gancheck.measures.prdc import prdc
from gancheck.neighbors import count_pairs, nearest

if TYPE_CHECKING:
    from gancheck.types import FloatArray

K = 5
NAMES = ("precision", "recall", "density", "coverage")


@pytest.fixture
def every_core() -> Iterator[None]:
    """Use every core: the numbers do not depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    yield
    torch.set_num_threads(before)


def means(reference: FloatArray, samples: FloatArray, k: int = K) -> tuple[float, ...]:
    """Return precision, recall, density and coverage."""
    found = prdc(reference.astype(np.float32), samples.astype(np.float32), k)
    return tuple(float(found[name].each.mean()) for name in NAMES)


def normals(seed: int, n: int, d: int) -> tuple[FloatArray, FloatArray]:
    """Draw reference and samples as the README of ``prdc`` does, from one stream."""
    rng = np.random.RandomState(seed)
    return rng.randn(n, d), rng.randn(n, d)


@pytest.mark.usefixtures("every_core")
def test_the_example_of_the_readme() -> None:
    """10,000 points of N(0, I_1000) on each side: the README's numbers, and those of seed 0.

    README of clovaai/generative-evaluation-prdc: precision .4772, density 1.0555, coverage .9735,
    without a seed; in a thousand dimensions a few points are neighbours of very many, so draws
    differ. Recall needs the other side's balls and as much time again: it is checked below.
    """
    reference, samples = (side.astype(np.float32) for side in normals(0, 10_000, 1000))
    radii = nearest(reference, reference, K, exclude_self=True).distances[:, -1]
    held, inside = count_pairs(reference, samples, radii)
    got = (inside > 0).mean(), inside.mean() / K, (held > 0).mean()

    assert got == pytest.approx((0.4910, 1.1512, 0.9799), abs=6e-5)
    slacks = (0.03, 0.2, 0.02)
    for mine, published, slack in zip(got, (0.4772, 1.0555, 0.9735), slacks, strict=True):
        assert mine == pytest.approx(published, abs=slack)


def test_a_gaussian_in_64_dimensions() -> None:
    """2,000 points of N(0, I_64) on each side, seed 0, to the last printed digit of ``prdc``."""
    got = means(*normals(0, 2000, 64))

    assert got == pytest.approx((0.7095, 0.7175, 0.9470, 0.9705), abs=6e-5)


def test_a_set_against_itself() -> None:
    """``prdc`` prints 1, 1, 1, 1; balls that include their surface hold one point more each."""
    points = np.random.RandomState(0).randn(1000, 16)

    assert means(points, points) == pytest.approx((1, 1, 1 + 1 / K, 1))


def test_one_reference_point_repeated() -> None:
    """The first point, a thousand times: 1, 0, 1.2 and .006, as ``prdc`` prints.

    ``prdc`` leaves the surface of a ball out and reads a recall of 0; torch-fidelity includes it,
    as here, and reads .001.
    """
    points = np.random.RandomState(0).randn(1000, 16)

    assert means(points, np.repeat(points[:1], 1000, axis=0)) == pytest.approx(
        (1.0, 0.001, 1.2, 0.006)
    )


def test_ten_reference_points_repeated() -> None:
    """The first ten points, a hundred times each: coverage .059, and what lies on a surface.

    For seven points the fifth neighbour is one of the ten: their balls are covered by their
    surface alone, which ``prdc`` does not count.
    """
    points = np.random.RandomState(0).randn(1000, 16)
    far = np.sort(cdist(points, points), axis=1)[:, K]
    touched = (np.abs(cdist(points, points[:10]).min(axis=1) - far) < 1e-9).mean()

    got = means(points, np.repeat(points[:10], 100, axis=0))
    assert got[3] - touched == pytest.approx(0.059)
    assert touched == pytest.approx(0.007)


def test_the_mean_repeated() -> None:
    """A thousand samples at the mean of N(0, I_16): 1, 0, 13.4 and .067, as ``prdc`` prints."""
    points = np.random.RandomState(0).randn(1000, 16)
    got = means(points, np.repeat(points.mean(axis=0, keepdims=True), 1000, axis=0))

    assert got == pytest.approx((1.0, 0.0, 13.4, 0.067), abs=1e-4)


def test_equal_constants_agree() -> None:
    """All ones against all ones: 1 and 1 as in torch-fidelity, where ``prdc`` prints 0 and 0."""
    ones = np.ones((200, 16))

    assert means(ones, ones)[:2] == (1.0, 1.0)


def test_the_sides_are_not_swapped() -> None:
    """The check of torch-fidelity: samples in the middle of the reference, precision 1, recall 0.

    toshas/torch-fidelity, ``test_prc_convention``: seed 42, N(0, .1) against N(0, 3), k = 3.
    """
    generator = torch.Generator().manual_seed(42)
    samples = torch.randn(200, 16, generator=generator) * 0.1
    reference = torch.randn(200, 16, generator=generator) * 3

    assert means(reference.numpy(), samples.numpy(), 3)[:2] == (1.0, 0.0)


@pytest.mark.parametrize(("kept", "recall", "coverage"), [(4, 0.4011, 0.5683), (1, 0.0973, 0.1429)])
def test_seven_modes_of_which_some_are_dropped(kept: int, recall: float, coverage: float) -> None:
    """The seven-mode mixture of TopPR (Kim et al. 2023) in 64 dimensions, 7,000 points.

    The recall and coverage that ``prdc`` prints; coverage falls as kept / 7, precision does not.
    """
    middles, row = np.array([0, 30, 20, 10, -10, -20, -30]), np.arange(7000)
    reference = np.random.RandomState(1).randn(7000, 64) + middles[row % 7, None]
    samples = np.random.RandomState(2).randn(7000, 64) + middles[row % kept, None]
    got = means(reference, samples)

    assert (got[1], got[3]) == pytest.approx((recall, coverage), abs=6e-5)
    assert 0.72 <= got[0] <= 0.75
    assert got[3] == pytest.approx(kept / 7, abs=0.005)


@pytest.mark.parametrize(
    ("n", "m", "expected"), [(100, 100, 0.9711), (1000, 1000, 0.9690), (5000, 500, 0.3792)]
)
def test_coverage_of_equal_laws_depends_on_the_sizes(n: int, m: int, expected: float) -> None:
    """E[coverage] = 1 - prod (N - i) / (N + M - i) for N reference points and M samples.

    Naeem et al. 2020, lemma 2, for unequal sizes: two equal laws can read anything.
    """
    draws = range(max(4, 4000 // n))
    pairs = [np.random.RandomState(seed) for seed in draws]
    got = [means(rng.randn(n, 2), rng.randn(m, 2))[3] for rng in pairs]

    assert np.mean(got) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize(("k", "expected"), [(1, 0.5), (2, 0.75), (3, 0.875), (7, 0.9922)])
def test_coverage_of_equal_laws_has_a_ceiling_for_each_k(k: int, expected: float) -> None:
    """E[coverage] = 1 - 2^-k for equal sizes (Naeem et al. 2020)."""
    streams = [np.random.RandomState(seed) for seed in range(6)]
    got = [means(rng.randn(1000, 3), rng.randn(1000, 3), k)[3] for rng in streams]

    assert np.mean(got) == pytest.approx(expected, abs=0.015)
