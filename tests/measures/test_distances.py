"""Distances against closed forms, against slow obvious code, and where the usual code fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats as reference
from scipy.linalg import sqrtm
from scipy.special import gamma

from gancheck.measures.distances import (
    GROUPS,
    LEAST,
    directions,
    earth_moved,
    frechet,
    frechet_of_moments,
    kernel,
    moments,
    sliced_wasserstein,
)
from gancheck.measures.overlap import overlap
from gancheck.stats import jackknife_se

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def normal(n: int, d: int, seed: int) -> FloatArray:
    """Draw n points of a standard normal law in d dimensions, float64."""
    return np.random.default_rng(seed).standard_normal((n, d))


def covariance(d: int, seed: int) -> FloatArray:
    """Return a covariance of full rank."""
    return moments(normal(4 * d, d, seed) @ normal(d, d, seed + 1))[1]


def without(rows: FloatArray, group: int) -> FloatArray:
    """Return the rows that are left when every twentieth is taken out."""
    return np.asarray(rows[np.arange(len(rows)) % GROUPS != group])


def mean_projection(d: int) -> float:
    """Return E|u_1| of a direction that is uniform on the sphere in d dimensions."""
    return float(gamma(d / 2) / gamma((d + 1) / 2) / np.sqrt(np.pi))


def test_equal_covariances_leave_the_squared_gap_of_the_means() -> None:
    """Zeros against ones in 1024 dimensions, both with the identity, are 1024 apart."""
    eye = np.eye(1024)
    assert frechet_of_moments(np.zeros(1024), eye, np.ones(1024), eye) == pytest.approx(1024)


@pytest.mark.parametrize("scale", [4.0, 0.0])
def test_a_wider_law_and_a_point_are_sixteen_away(scale: float) -> None:
    """N(0, I) in 16 dimensions is 16 away from N(0, 4 I), and from a point mass at 0."""
    eye, zero = np.eye(16), np.zeros(16)
    assert frechet_of_moments(zero, eye, zero, scale * eye) == pytest.approx(16)
    assert frechet_of_moments(zero, scale * eye, zero, eye) == pytest.approx(16)


def test_full_rank_agrees_with_the_root_of_a_matrix() -> None:
    """On covariances of full rank the formula with scipy's matrix root gives the same."""
    one, other = covariance(12, 1), covariance(12, 5)
    gap = np.arange(12.0)
    wanted = gap @ gap + np.trace(one + other - 2 * np.real(sqrtm(one @ other)))
    assert frechet_of_moments(gap, one, np.zeros(12), other) == pytest.approx(wanted, rel=1e-9)


def test_covariances_without_full_rank_have_their_closed_form() -> None:
    """Turned diagonal matrices with zeros on both sides give the sum of (sqrt a - sqrt b)^2."""
    a, b = np.array([4.0, 1.0, 0.0, 0.0, 9.0]), np.array([1.0, 0.0, 2.0, 0.0, 9.0])
    turn = np.linalg.qr(normal(5, 5, 3))[0]
    one, other = (turn @ np.diag(v) @ turn.T for v in (a, b))
    wanted = float(((np.sqrt(a) - np.sqrt(b)) ** 2).sum())
    assert frechet_of_moments(np.zeros(5), one, np.zeros(5), other) == pytest.approx(wanted)


@pytest.mark.parametrize(("n", "d"), [(400, 16), (50, 120)])
def test_features_and_their_moments_read_the_same(n: int, d: int) -> None:
    """The distance of features is that of their moments, with fewer points than dimensions too."""
    one, other = normal(n, d, 1), 1.5 * normal(n + 7, d, 2) + 0.3
    wanted = frechet_of_moments(*moments(one), *moments(other))
    assert frechet(one, other).value == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(moments(one)[1], np.cov(one, rowvar=False), atol=1e-12)


def test_collapsed_samples_have_a_distance() -> None:
    """Samples that are one point are as far off as mean and spread of the reference say."""
    real = normal(500, 16, 1)
    mean, spread = moments(real)
    point = np.full((500, 16), 0.5)
    found = frechet(real, point)
    assert found.value == pytest.approx(((mean - 0.5) ** 2).sum() + np.trace(spread), rel=1e-9)
    assert np.isfinite(found.se)
    assert frechet(point, point) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("shift", "scale", "within"), [(0.0, 1.0, 0.15), (0.5, 1.2, 0.05), (0.0, 0.0, 0.02)]
)
def test_the_error_of_frechet_is_that_of_the_full_jackknife(
    shift: float, scale: float, within: float
) -> None:
    """One decomposition gives the error of twenty, nearly so where the laws are equal."""
    one, other = normal(400, 16, 1), scale * normal(400, 16, 2) + shift
    slow = [
        frechet_of_moments(*moments(without(one, group)), *moments(without(other, group)))
        for group in range(GROUPS)
    ]
    assert frechet(one, other).se == pytest.approx(jackknife_se(np.array(slow)), rel=within)


def cubic(one: FloatArray, other: FloatArray) -> float:
    """Compute the unbiased discrepancy pair by pair."""

    def value(x: FloatArray, y: FloatArray) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    same = [np.mean([value(x, y) for x in s for y in s if x is not y]) for s in (one, other)]
    return float(sum(same) - 2 * np.mean([value(x, y) for x in one for y in other]))


def test_the_kernel_distance_is_the_mean_over_all_pairs() -> None:
    """Tiles of groups give what a loop over pairs gives, with unequal sizes too."""
    one, other = normal(43, 3, 1), normal(51, 3, 2) + 0.4
    assert kernel(one, other).value == pytest.approx(cubic(list_of(one), list_of(other)), rel=1e-9)


def list_of(rows: FloatArray) -> FloatArray:
    """Return rows as objects of their own, so that ``is`` tells them apart."""
    made = np.empty(len(rows), dtype=object)
    made[:] = list(rows)
    return made


def test_the_error_of_the_kernel_distance_is_the_full_jackknife() -> None:
    """Sums by group give exactly the error of computing the distance without each group."""
    one, other = normal(90, 5, 1), 1.3 * normal(107, 5, 2)
    slow = [kernel(without(one, g), without(other, g)).value for g in range(GROUPS)]
    assert kernel(one, other).se == pytest.approx(jackknife_se(np.array(slow)), rel=1e-9)


def test_the_kernel_distance_is_unbiased() -> None:
    """For equal laws it averages zero over 300 draws, and is negative in many of them."""
    values = np.array([kernel(normal(60, 8, s), normal(60, 8, s + 900)).value for s in range(300)])
    assert abs(values.mean()) <= 3 * values.std() / np.sqrt(300)
    assert 0.3 < (values < 0).mean() < 0.8


@pytest.mark.parametrize("distance", [frechet, kernel, sliced_wasserstein])
def test_errors_match_the_spread_over_draws(distance: object) -> None:
    """Over 60 draws of two different laws the error is the value's spread, or a little more."""
    assert callable(distance)
    draws = [distance(normal(400, 8, s), 1.2 * normal(400, 8, s + 500) + 0.5) for s in range(60)]
    ratio = np.mean([one.se for one in draws]) / np.std([one.value for one in draws], ddof=1)
    assert 0.8 < ratio < 1.6


def test_on_a_line_the_earth_moved_is_known() -> None:
    """In one dimension it is scipy's Wasserstein distance, for unequal sizes too."""
    one, other = normal(70, 1, 1), 2 * normal(91, 1, 2)
    wanted = reference.wasserstein_distance(one[:, 0], other[:, 0])
    assert earth_moved(one, other, np.ones((1, 1))) == pytest.approx(wanted)


@pytest.mark.parametrize("d", [2, 16, 64])
def test_shifts_are_read_in_proportion_where_overlaps_are_blind(d: int) -> None:
    """Far clouds read s E|u_1|, so ten times the shift ten times as much; the overlap reads 0."""
    one, other = normal(300, d, 1), normal(300, d, 2)
    axis = np.eye(d)[0]
    near, far = (sliced_wasserstein(one, other + s * axis).value for s in (1000.0, 10000.0))
    assert far == pytest.approx(10 * near, rel=0.01)
    assert far == pytest.approx(10000 * mean_projection(d), rel=0.07)
    exact = 10000 * np.abs(directions(d)[0]).mean()
    assert far == pytest.approx(exact, rel=0.001)
    assert overlap(one, other + 1000 * axis).value == overlap(one, other + 10000 * axis).value == 0


def test_a_lost_share_counts_by_its_size() -> None:
    """Half of the mass moved by a length counts half of what all of it does: the order is 1."""
    real = normal(400, 4, 1)
    half, whole = real.copy(), real + 50.0
    half[::2] += 50.0
    quotient = sliced_wasserstein(real, half).value / sliced_wasserstein(real, whole).value
    assert quotient == pytest.approx(0.5, abs=0.02)


def test_the_error_of_earth_moved_is_the_full_jackknife() -> None:
    """One sort gives exactly the error of asking POT without each group."""
    one, other = normal(90, 5, 1), 1.3 * normal(90, 5, 2)
    along = directions(5, 32)
    slow = [earth_moved(without(one, g), without(other, g), along) for g in range(GROUPS)]
    found = sliced_wasserstein(one, other, along)
    assert found.value == pytest.approx(earth_moved(one, other, along))
    assert found.se == pytest.approx(jackknife_se(np.array(slow)), rel=1e-9)


def test_many_points_are_projected_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directions taken a few at a time give the distance and the error of all at once."""
    one, other = normal(90, 5, 1), normal(90, 5, 2) + 0.2
    whole = sliced_wasserstein(one, other)
    monkeypatch.setattr("gancheck.measures.distances._PROJECTED", 90 * 7)
    assert sliced_wasserstein(one, other) == pytest.approx(whole)


@pytest.mark.parametrize("d", [1, 3, 64, 200])
def test_directions_are_unit_vectors_at_right_angles(d: int) -> None:
    """Runs of d are orthonormal, equal seeds give equal ones, other seeds do not."""
    found = directions(d)
    assert found.shape == (d, 128)
    run = found[:, : min(d, 128)]
    np.testing.assert_allclose(run.T @ run, np.eye(run.shape[1]), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1)
    np.testing.assert_array_equal(found, directions(d))
    assert d == 1 or not np.array_equal(found, directions(d, seed=1))


@pytest.mark.parametrize("distance", [frechet, kernel, sliced_wasserstein])
def test_too_few_points_and_other_widths_are_refused(distance: object) -> None:
    """Fewer points than two to a group, or sets of different width, have no distance."""
    assert callable(distance)
    with pytest.raises(ValueError, match="need two sets"):
        distance(normal(LEAST - 1, 3, 1), normal(LEAST, 3, 2))
    with pytest.raises(ValueError, match="need two sets"):
        distance(normal(LEAST, 3, 1), normal(LEAST, 4, 2))
    with pytest.raises(ValueError, match="equal size"):
        sliced_wasserstein(normal(LEAST, 3, 1), normal(LEAST + 1, 3, 2))


def test_no_other_array_library_is_woken(tmp_path: Path) -> None:
    """POT imports no array library that is installed but not in use, and prints nothing."""
    for name in ("jax", "cupy", "tensorflow"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this library was imported')\n")
    code = (
        "import os, sys, warnings\n"
        "warnings.simplefilter('error')\n"
        "import numpy as np\n"
        "from gancheck.measures.distances import directions, earth_moved\n"
        "before = dict(os.environ)\n"
        "earth_moved(np.zeros((40, 2)), np.ones((40, 2)), directions(2))\n"
        "print(before == dict(os.environ), {'jax', 'cupy', 'tensorflow', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("True set()\n", "")
