"""The errors of means over points: both sides count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gancheck.measures.membership import Members, some_of, steps_down, variance_of
from gancheck.measures.prdc import Mean, clipped_density, compare, prdc
from gancheck.neighbors import Counting, Scan, nearest

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


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("of_points", [False, True])
def test_weights_inside_balls_are_summed(of_points: bool, crowded: bool) -> None:
    """Noted pairs, and noted tiles full of pairs, sum to what all distances sum to."""
    here, there = normals(1, 70), normals(2, 9000)
    rng = np.random.default_rng(3)
    weights, others = rng.random(9000), rng.random(70)
    radii = rng.random(70) + (3.0 if crowded else 0.1)
    chosen = np.arange(0, 9000 if of_points else 70, 3)
    members = Members(chosen, 9000 if of_points else 70, points=of_points)
    Scan(here, there).show([Counting(here, there, radii, "cpu", [members])])
    inside = (cdist(here, there) <= radii[:, None]).astype(float)
    slow = others @ inside if of_points else inside @ weights
    found = members.summed(others if of_points else weights)
    assert crowded == bool(members._bits)
    np.testing.assert_allclose(found, slow[::3], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("collapsed", [False, True])
def test_all_at_once_is_what_each_says_alone(collapsed: bool) -> None:
    """One comparison gives the same means and errors as separate calls, and the same neighbours."""
    reference, samples = normals(1), half_junk(2)
    if collapsed:
        samples[50:] = samples[:50].repeat(5, axis=0)
    found = compare(reference, samples, 5)
    alone = {**prdc(reference, samples, 5), "clipped": clipped_density(reference, samples, 5)}
    for name, mean in alone.items():
        np.testing.assert_array_equal(found.means[name].each, mean.each)
        assert found.means[name].beside == mean.beside
    for one, other, near in zip(
        (reference, samples), (samples, reference), found.across, strict=True
    ):
        np.testing.assert_array_equal(near.distances, nearest(one, other, 5).distances)
    for side, near in zip((reference, samples), found.own, strict=True):
        again = nearest(side, side, 6, exclude_self=True)
        np.testing.assert_array_equal(near.distances, again.distances)


@pytest.mark.parametrize("same", [0, 1, 40, 300])
def test_clipped_density_of_repeated_points_counts_all_in_reach(same: int) -> None:
    """Where more than k points are equally near, a ball holds them all, listed or not."""
    reference, samples = normals(5), normals(6)
    reference[:same] = reference[0]
    far = cdist(reference, reference)
    radii = np.sort(far, axis=1)[:, 5]
    radii = np.minimum(radii, np.median(radii)) * (1 + 1e-6)
    real = (far <= radii[:, None]).sum(axis=0) - 1
    drawn = (cdist(reference, samples) <= radii[:, None]).sum(axis=0)
    wanted = np.minimum(drawn / 5, 1) / max(np.minimum(real / 5, 1).mean(), 1e-12)
    found = clipped_density(reference, samples, 5)
    np.testing.assert_allclose(found.each, wanted)


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
