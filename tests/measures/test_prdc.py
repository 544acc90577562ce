"""The errors of means over points: both sides count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gancheck.measures.membership import some_of, steps_down, variance_of, weight_inside
from gancheck.measures.prdc import Mean, clipped_density, prdc

if TYPE_CHECKING:
    from gancheck.types import FloatArray

N, D, RUNS = 300, 4, 120


def normals(seed: int, n: int = N) -> FloatArray:
    """Draw points of one law."""
    return np.random.default_rng(seed).standard_normal((n, D)).astype(np.float32)


def half_junk(seed: int) -> FloatArray:
    """Draw points of which a third lie elsewhere."""
    points = normals(seed)
    points[np.random.default_rng([seed, 1]).random(N) < 1 / 3] += 20
    return points


@pytest.fixture(scope="module")
def repeated() -> dict[str, list[Mean]]:
    """Every score of many independent pairs of sets."""
    found: dict[str, list[Mean]] = {}
    for run in range(RUNS):
        reference, samples = normals(2 * run), half_junk(2 * run + 1)
        every = {**prdc(reference, samples, 5), "fidelity": clipped_density(reference, samples, 5)}
        for name, mean in every.items():
            found.setdefault(name, []).append(mean)
    return found


@pytest.mark.parametrize(
    ("name", "off"),
    [("fidelity", 0.3), ("precision", 0.2), ("recall", 0.25), ("coverage", 0.25), ("density", 0.3)],
)
def test_the_standard_error_is_the_spread_over_repetitions(
    name: str, off: float, repeated: dict[str, list[Mean]]
) -> None:
    """What is said of the error within one run is what repeating the run shows."""
    spread = np.std([mean.each.mean() for mean in repeated[name]], ddof=1)
    said = np.mean([mean.se for mean in repeated[name]])
    assert said == pytest.approx(spread, rel=off)


def test_holding_the_balls_fixed_would_understate_the_error(
    repeated: dict[str, list[Mean]],
) -> None:
    """The reference has a share of its own in the error of the fidelity, and it is counted."""
    fixed = np.mean([mean.each.std() / N**0.5 for mean in repeated["fidelity"]])
    spread = np.std([mean.each.mean() for mean in repeated["fidelity"]], ddof=1)
    assert fixed < 0.95 * spread
    assert np.mean([mean.se for mean in repeated["fidelity"]]) > 1.2 * fixed


@pytest.mark.parametrize("reach_of_points", [False, True])
def test_weights_inside_balls_are_summed(reach_of_points: bool) -> None:
    """Sums over tiles equal sums over all distances, whichever side the radii belong to."""
    here, there = normals(1, 70), normals(2, 9000)
    rng = np.random.default_rng(3)
    weights = rng.random((9000, 2))
    radii = rng.random((1, 9000) if reach_of_points else (70, 1)) + 1.0
    found = weight_inside(here, there, radii, weights)
    slow = (cdist(here, there) <= radii) @ weights
    np.testing.assert_allclose(found, slow, rtol=1e-3)


def test_a_step_down_is_half_of_the_steps_to_both_sides() -> None:
    """A point in one ball loses half of what it adds; one in many loses nothing of a hit."""
    counts = np.array([0, 1, 2, 5])
    np.testing.assert_allclose(steps_down(counts, lambda c: 1.0 * (c > 0)), [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(steps_down(counts, lambda c: c / 5), [0.1, 0.2, 0.2, 0.2])


def test_some_of_few_are_all_and_of_many_are_spread() -> None:
    """Up to a thousand rows are all looked at; of more, the first, the last and between."""
    assert some_of(3).tolist() == [0, 1, 2]
    rows = some_of(5000)
    assert (len(rows), rows[0], rows[-1]) == (1000, 0, 4999)
    assert len(set(rows.tolist())) == 1000


def test_the_variance_of_some_stands_for_all() -> None:
    """Independent effects add up to their number times the variance of one."""
    effects = np.random.default_rng(0).normal(0, 0.1, 2000)
    assert variance_of(effects[:1000], 2000) == pytest.approx(2000 * 0.01, rel=0.1)
