"""PRD, NDB, Frechet distance and clipped coverage, as the bench has them, against their sources.

A comparison is fair only when the other side is right: these are the numbers of the authors' own
tests, examples and code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.accuracy.peers import (
    Bins,
    clipped_coverage,
    clipped_filling,
    differing_bins,
    frechet,
    frechet_distance,
    jensen_shannon,
    prd,
    prd_curve,
    prd_f,
)
from gancheck.measures.balls import both_sides
from gancheck.measures.overlap import ball_size, overlap
from gancheck.measures.prdc import clipped_density

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def uniform(kept: int, of: int) -> FloatArray:
    """Equal shares of the first bins, none of the others."""
    return np.asarray(np.where(np.arange(of) < kept, 1 / kept, 0.0))


def seven_modes(n: int, kept: int, seed: int) -> FloatArray:
    """Draw the seven-mode mixture of TopPR (Kim et al. 2023), with some modes dropped."""
    middles = np.array([0, 30, 20, 10, -10, -20, -30])
    noise = np.random.RandomState(seed).randn(n, 64)
    return np.asarray(noise + middles[np.arange(n) % kept, None])


def test_prd_of_half_a_distribution() -> None:
    """[1, 0] against [.5, .5]: precision up to 1, recall up to .5 (Sajjadi et al. 2018, tests)."""
    precision, recall = prd_curve(np.array([1.0, 0.0]), np.array([0.5, 0.5]))

    assert precision.max() == pytest.approx(1)
    assert recall.max() == pytest.approx(0.5)


def test_prd_at_its_ends() -> None:
    """No common bin: 0 everywhere; equal laws: 1 and 1 on one curve (their tests)."""
    apart = prd_curve(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    equal = prd_curve(np.array([0.5, 0.5]), np.array([0.5, 0.5]))

    assert max(side.max() for side in apart) == 0
    assert prd_f(*equal) == pytest.approx((1, 1))


@pytest.mark.parametrize(
    ("kept", "of", "recall", "precision"),
    [(1, 2, 0.503863, 0.984829), (1, 7, 0.144764, 0.915153), (4, 10, 0.403718, 0.977404)],
)
def test_prd_f_of_dropped_modes(kept: int, of: int, recall: float, precision: float) -> None:
    """F_8 and F_1/8 of the authors' code for some of equal modes kept."""
    got = prd_f(*prd_curve(uniform(kept, of), uniform(of, of)))

    assert got == pytest.approx((recall, precision), abs=1e-6)


def test_prd_of_points_follows_the_bins() -> None:
    """Four of ten point clouds, clustered first: F_8 near the .4037 of exact bins."""
    rng = np.random.default_rng(0)
    middles = 50 * rng.standard_normal((10, 8))
    reference = middles[np.arange(1000) % 10] + rng.standard_normal((1000, 8))
    samples = middles[np.arange(1000) % 4] + rng.standard_normal((1000, 8))

    assert prd(reference, samples) == pytest.approx(0.4037, abs=0.03)
    assert prd(reference, reference) > 0.97


def test_the_z_test_of_ndb() -> None:
    """Shares .1 .1 0 of 10,000 and .1 .05 0 of 1,000: only the second differs at 5%.

    Richardson and Weiss 2018 (eitanrich/gans-n-gmms); bins empty on both sides do not differ.
    """
    shares, other = np.array([0.1, 0.1, 0]), np.array([0.1, 0.05, 0])

    assert differing_bins(shares, 10_000, other, 1000).tolist() == [False, True, False]


def test_the_divergence_of_ndb() -> None:
    """JS of [.5, .5] and [1, 0] is 0.2157615543 nats; of disjoint laws ln 2."""
    got = jensen_shannon(np.array([0.5, 0.5]), np.array([1.0, 0.0]))

    assert got == pytest.approx(0.2157615543, abs=1e-10)
    assert jensen_shannon(uniform(1, 2), 1 - uniform(1, 2)) == pytest.approx(np.log(2))


def test_ndb_of_equal_laws_is_not_zero() -> None:
    """45,000 and 10,000 draws in 100 equal bins: 5 differ at 5%, .25 beyond three errors, JS .0015.

    The README's "validation" row (Richardson and Weiss 2018) reads 0 and .0014 at three errors or
    more; at the package's own level of 5% five bins of a hundred differ by chance.
    """
    rng, level, three, divergence = np.random.default_rng(0), [], [], []
    for _ in range(400):
        shares = rng.multinomial(45_000, uniform(100, 100)) / 45_000
        other = rng.multinomial(10_000, uniform(100, 100)) / 10_000
        level.append(differing_bins(shares, 45_000, other, 10_000).sum())
        three.append(differing_bins(shares, 45_000, other, 10_000, alpha=0.0027).sum())
        divergence.append(jensen_shannon(shares, other))

    assert np.mean(level) == pytest.approx(5, abs=0.4)
    assert np.mean(three) == pytest.approx(0.25, abs=0.1)
    assert np.mean(divergence) == pytest.approx(0.0015, abs=5e-5)


def test_the_example_of_ndb() -> None:
    """Uniform in 100 dimensions, then up to .9 and .75 only: NDB 4, 30 and 65 of 100.

    The ``__main__`` of the authors' ndb.py with seed 0: JS .0120, .0508 and .1906.
    """
    rng = np.random.RandomState(0)
    training = rng.uniform(size=(10_000, 100))
    order = rng.choice(100, 100, replace=False)  # theirs visits the dimensions in this order
    bins = Bins.of(training[:, order], 100)
    found = [
        bins.ndb(rng.uniform(high=high, size=(1000, 100))[:, order]) for high in (1.0, 0.9, 0.75)
    ]

    assert [count for count, _ in found] == pytest.approx([4, 30, 65], abs=1)
    assert [js for _, js in found] == pytest.approx([0.0120, 0.0508, 0.1906], abs=2e-3)


def test_the_frechet_distance_of_equal_spreads() -> None:
    """Zeros against ones in 2048 dimensions, unit covariances: 2048 (pytorch-fid, tests)."""
    one = np.eye(2048)

    assert frechet(np.zeros(2048), one, np.ones(2048), one) == pytest.approx(2048)


@pytest.mark.parametrize(("scale", "expected"), [(4.0, 16.0), (0.0, 16.0), (1.0, 0.0)])
def test_the_frechet_distance_of_concentric_gaussians(scale: float, expected: float) -> None:
    """N(0, I_16) against N(0, 4 I) and against one point: 16 both, finite, in closed form."""
    middle, one = np.zeros(16), np.eye(16)

    assert frechet(middle, one, middle, scale * one) == pytest.approx(expected, abs=1e-9)


def test_the_frechet_distance_of_points_uses_their_moments() -> None:
    """Two samples of one Gaussian, one of them moved by 2 in each of 4 dimensions: near 16."""
    rng = np.random.default_rng(0)
    reference, samples = rng.standard_normal((2, 4000, 4))

    assert frechet_distance(reference, samples + 2) == pytest.approx(16, abs=0.6)


@pytest.mark.parametrize(
    ("k", "half", "all_of_them"),
    [
        (3, 0.441, 0.688),
        (5, 0.470, 0.754),
        (10, 0.492, 0.824),
        (20, 0.499, 0.875),
        (50, 0.500, 0.921),
    ],
)
def test_the_calibration_of_clipped_coverage(k: int, half: float, all_of_them: float) -> None:
    """The function f of Salvy et al. 2025 for 2,000 points on each side, to three decimals."""
    table = clipped_filling(2000, 2000, k)

    assert (table[1000], table[2000]) == pytest.approx((half, all_of_them), abs=1e-3)
    assert table[0] == 0
    assert (np.diff(table) > 0).all()


@pytest.mark.parametrize(
    ("kept", "density", "coverage"),
    [(7, 0.9675, 0.9962), (5, 0.9857, 0.7339), (3, 0.9843, 0.4312), (1, 0.9758, 0.1428)],
)
def test_clipped_density_and_coverage_of_seven_modes(
    kept: int, density: float, coverage: float
) -> None:
    """What the package of Salvy et al. (ClippedDensityCoverage) prints for 2,100 points, K = 5.

    Coverage is that of the bench, density that of gancheck.
    """
    reference, samples = seven_modes(2100, 7, 1), seven_modes(2100, kept, 2)
    each = clipped_density(reference.astype(np.float32), samples.astype(np.float32), 5).each

    assert clipped_coverage(reference, samples) == pytest.approx(coverage, abs=5e-4)
    assert each.mean() == pytest.approx(density, abs=6e-5)


def test_clipped_coverage_of_copies_and_of_junk() -> None:
    """The reference itself reads 1, with half of the samples far away .50 (same package)."""
    reference, samples = seven_modes(2100, 7, 1), seven_modes(2100, 7, 2)
    samples[:1050] += 1e4

    assert clipped_coverage(reference, reference) == 1.0
    assert clipped_coverage(reference, samples) == pytest.approx(0.5007, abs=5e-4)


@pytest.mark.parametrize("sd", [0.5, 0.8, 1.0, 1.3])
def test_one_side_of_the_overlap_is_clipped_coverage(sd: float) -> None:
    """Balls around the reference, at equal size and k: the published number, but not cut at 1.

    The mean over halves looks at the same share of the law in each ball, and reads about that.
    """
    rng = np.random.default_rng(3)
    reference = rng.standard_normal((2000, 2)).astype(np.float32)
    samples = (sd * rng.standard_normal((2000, 2))).astype(np.float32)
    k = ball_size(len(reference))

    published = clipped_coverage(reference, samples, k)
    whole = both_sides(reference, samples, k, "cpu")[0]
    assert min(1.0, whole.overlap) == pytest.approx(published, abs=2e-3)
    halved = overlap(reference, samples, tolerance=0.0).from_reference
    assert min(1.0, halved) == pytest.approx(published, abs=0.03)


def test_published_coverage_is_blind_to_collapse_onto_the_mean() -> None:
    """64 dimensions, all samples at the mean: clipped density and coverage 1, the overlap 0."""
    rng = np.random.default_rng(5)
    reference = rng.standard_normal((2000, 64)).astype(np.float32)
    samples = (1e-3 * rng.standard_normal((2000, 64))).astype(np.float32)

    assert clipped_coverage(reference, samples) == 1.0
    assert min(1.0, clipped_density(reference, samples, 5).each.mean()) == 1.0
    assert overlap(reference, samples).value <= 0.01
