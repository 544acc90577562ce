"""The balls of one side: their filling, what each point does to it, and halves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gancheck.measures.balls import Balls, both_sides
from gancheck.measures.calibration import calibrated

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

K = 5


def sides(n: int = 200, m: int = 200, d: int = 3, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Draw two normal sets, the second narrower."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, d)).astype(np.float32),
        (0.8 * rng.standard_normal((m, d))).astype(np.float32),
    )


def slow_overlap(own: FloatArray, other: FloatArray, k: int = K) -> float:
    """Count every distance."""
    within = np.sort(cdist(own, own), axis=1)[:, k]
    counts = (cdist(own, other) <= within[:, None] * (1 + 1e-6)).sum(axis=1)
    filling = float(np.minimum(counts, k).mean()) / k
    return calibrated(filling, len(own), len(other), k)


@pytest.fixture(scope="module")
def balls() -> tuple[Balls, Balls]:
    """Balls of both sides of one pair of sets."""
    return both_sides(*sides(), K, "cpu")


def test_the_overlap_is_that_of_counting_every_distance(balls: tuple[Balls, Balls]) -> None:
    """Neighbour lists give the same filling as all distances, for sides of unequal size too."""
    one, other = sides()
    assert balls[0].overlap == pytest.approx(slow_overlap(one, other))
    assert balls[1].overlap == pytest.approx(slow_overlap(other, one))
    one, other = sides(150, 230)
    assert both_sides(one, other, K, "cpu")[0].overlap == pytest.approx(slow_overlap(one, other))


def test_everyone_alive_is_the_whole(balls: tuple[Balls, Balls]) -> None:
    """The overlap of the living is the overlap itself when nobody is left out."""
    everyone = np.ones(200, dtype=bool)
    assert balls[0].overlap_of(everyone, everyone, K) == pytest.approx(balls[0].overlap)


def test_the_living_are_counted_as_if_the_others_had_never_been(
    balls: tuple[Balls, Balls],
) -> None:
    """Lists made once give the overlap of any part, also of parts of unequal size."""
    rng = np.random.default_rng(1)
    mine, theirs = rng.random(200) < 0.7, rng.random(200) < 0.6
    one, other = sides()
    found = balls[0].overlap_of(mine, theirs, 3)
    assert found == pytest.approx(slow_overlap(one[mine], other[theirs], 3))


def test_effects_sum_to_nothing(balls: tuple[Balls, Balls]) -> None:
    """Effects are deviations: on average leaving out a point does nothing."""
    own, other = balls[0].effects()
    assert own.shape == other.shape == (200,)
    assert abs(own.mean()) < 1e-12
    assert abs(other.mean()) < 1e-12


def test_effects_say_what_leaving_out_points_does(balls: tuple[Balls, Balls]) -> None:
    """The overlap without a tenth of each side moves as the sum of their effects says."""
    own, other = balls[0].effects()
    rng = np.random.default_rng(2)
    said, seen = [], []
    for _ in range(200):
        mine, theirs = rng.random(200) > 0.1, rng.random(200) > 0.1
        said.append(own[~mine].sum() + other[~theirs].sum())
        seen.append(balls[0].overlap_of(mine, theirs, K))
    assert np.corrcoef(said, seen)[0, 1] > 0.7
    assert np.polyfit(said, seen, 1)[0] == pytest.approx(1, abs=0.3)


def slow_effects(own: FloatArray, other: FloatArray) -> tuple[AnyArray, AnyArray]:
    """Write out, ball by ball, what each point holds up."""
    near, across = cdist(own, own), cdist(own, other)
    mine, theirs = np.zeros(len(own)), np.zeros(len(other))
    for ball in range(len(own)):
        order = np.argsort(near[ball])
        counts = [
            int((across[ball] <= near[ball][order[at]] * (1 + 1e-6)).sum()) for at in range(8)
        ]
        filled = [min(count, K) for count in counts]
        mine[ball] -= filled[K]
        for neighbour in order[1 : K + 1]:
            mine[neighbour] += (filled[K + 1] - filled[K - 1]) / 2
        inside = np.flatnonzero(across[ball] <= near[ball][order[K]] * (1 + 1e-6))
        theirs[inside] -= 1.0 if counts[K] < K else 0.5 if counts[K] == K else 0.0
    return mine - mine.mean(), theirs - theirs.mean()


def test_effects_are_those_written_out_ball_by_ball(balls: tuple[Balls, Balls]) -> None:
    """The fast sums equal a loop over all balls, up to the slope of the calibration."""
    own, other = balls[0].effects()
    mine, theirs = slow_effects(*sides())
    np.testing.assert_allclose(own * 199 / mine, (own * 199 / mine)[0], rtol=1e-6)
    np.testing.assert_allclose(own * 199, mine * (own[0] * 199 / mine[0]), atol=1e-9)
    np.testing.assert_allclose(other * 200, theirs * (own[0] * 199 / mine[0]), atol=1e-9)
