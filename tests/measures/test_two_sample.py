"""The classifier's bound holds where the overlap is known, and sees what balls cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import norm

from gancheck.measures.overlap import overlap
from gancheck.measures.two_sample import overlap_bound

if TYPE_CHECKING:
    from gancheck.types import FloatArray

N = 2000


def normal(seed: int, d: int, shift: float = 0.0) -> FloatArray:
    """Draw from a unit Gaussian, moved by the same amount along every axis."""
    rng = np.random.default_rng(seed)
    return (shift + rng.standard_normal((N, d))).astype(np.float32)


@pytest.mark.parametrize("d", [2, 64])
def test_equal_laws_are_not_bounded(d: int) -> None:
    """Nobody tells equal laws apart: the limit stays near or above 1 in six draws."""
    assert min(overlap_bound(normal(s, d), normal(s + 1, d)) for s in range(0, 12, 2)) >= 0.97


def test_a_small_shift_in_many_dimensions_is_bounded() -> None:
    """A quarter along each of 64 axes: the overlap is 0.317, balls read twice that."""
    reference, samples = normal(1, 64), normal(2, 64, 0.25)
    truth = 2 * norm.cdf(-0.25 * np.sqrt(64) / 2)
    assert truth == pytest.approx(0.317, abs=1e-3)
    assert overlap(reference, samples).value > truth + 0.2
    assert truth - 0.02 <= overlap_bound(reference, samples) <= truth + 0.1


def test_half_of_every_mode_in_many_dimensions_is_bounded() -> None:
    """Samples on one side of the middle only: the overlap is a half, balls read far more."""
    reference, samples = normal(1, 64), normal(2, 64)
    samples[:, 0] = np.abs(samples[:, 0])
    assert overlap(reference, samples).value > 0.75
    assert 0.48 <= overlap_bound(reference, samples) <= 0.7


@pytest.mark.parametrize("kept", [0.7, 0.3])
def test_the_bound_holds_for_dropped_mass(kept: float) -> None:
    """It lies above the true overlap when far-away modes are dropped: equal shares leave errors."""
    places = 20 * np.arange(10)[np.random.default_rng(0).integers(0, 10, N)]
    few = 20 * np.arange(10)[np.random.default_rng(1).integers(0, round(10 * kept), N)]
    reference, samples = normal(1, 4), normal(2, 4)
    reference[:, 0] += places
    samples[:, 0] += few
    assert kept - 0.02 <= overlap_bound(reference, samples) <= kept + 0.16


def test_equal_seeds_give_equal_bounds_and_few_points_give_none() -> None:
    """The limit is repeatable; fewer than 100 points a side say nothing."""
    reference, samples = normal(1, 8), normal(2, 8, 0.3)
    assert overlap_bound(reference, samples, 5) == overlap_bound(reference, samples, 5)
    assert overlap_bound(reference[:99], samples[:99]) == 2.0
