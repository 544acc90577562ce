"""Intrinsic dimension: on manifolds whose dimension is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.intrinsic import intrinsic_dimension

if TYPE_CHECKING:
    from gancheck.types import FloatArray

N = 1500


def gaussian(d: int, n: int = N, seed: int = 0) -> FloatArray:
    """A d-dimensional Gaussian turned into 64 dimensions."""
    frame = np.linalg.qr(np.random.default_rng(9).standard_normal((64, d)))[0]
    return np.asarray(np.random.default_rng(seed).standard_normal((n, d)) @ frame.T)


def swiss_roll(n: int = N) -> FloatArray:
    """A rolled-up sheet in three dimensions."""
    rng = np.random.default_rng(0)
    angle = 1.5 * np.pi * (1 + 2 * rng.random(n))
    return np.stack([angle * np.cos(angle), 21 * rng.random(n), angle * np.sin(angle)], axis=1)


def sphere(d: int, n: int = N) -> FloatArray:
    """The surface of a ball of d + 1 dimensions."""
    points = np.random.default_rng(0).standard_normal((n, d + 1))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("points", "dimension"),
    [
        (gaussian(1), 1),
        (gaussian(2), 2),
        (gaussian(5), 5),
        (swiss_roll(), 2),
        (sphere(2), 2),
        (sphere(4), 4),
    ],
)
def test_known_manifolds(points: FloatArray, dimension: int) -> None:
    """Both estimates lie within 10% of the dimension of the manifold."""
    found = intrinsic_dimension(points)
    assert found.value == pytest.approx(dimension, rel=0.1)
    assert found.two_nearest == pytest.approx(dimension, rel=0.1)
    assert found.low < found.value < found.high


def test_many_dimensions_come_out_low_but_in_order() -> None:
    """Ten, fifteen and twenty dimensions are underestimated, and told apart by their intervals."""
    found = [intrinsic_dimension(gaussian(d)) for d in (10, 15, 20)]
    assert found[0].high < found[1].low < found[1].high < found[2].low
    assert [one.value < d for one, d in zip(found, (10, 15, 20), strict=True)] == [True] * 3


def test_the_interval_is_honest() -> None:
    """Of two draws from one law, at most 3 in 40 pairs have intervals apart."""
    apart = 0
    for seed in range(40):
        one = intrinsic_dimension(gaussian(4, 300, 2 * seed))
        other = intrinsic_dimension(gaussian(4, 300, 2 * seed + 1))
        apart += one.high < other.low or other.high < one.low
    assert apart <= 3


def test_copies_are_counted_once() -> None:
    """Doubling points changes nothing, and too few distinct ones have no dimension."""
    points = gaussian(3, 400)
    assert intrinsic_dimension(np.concatenate([points, points])) == intrinsic_dimension(points)
    assert intrinsic_dimension(np.tile(points[:50], (20, 1))).value == 0.0


def test_order_does_not_matter() -> None:
    """The same points in another order give the same dimension to the last digit."""
    points = gaussian(3, 400)
    assert intrinsic_dimension(points[::-1]) == intrinsic_dimension(points)
