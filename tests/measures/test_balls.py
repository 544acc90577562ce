"""The balls of one side: their filling, as a whole and in any part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gancheck.measures.balls import Balls, both_sides
from gancheck.measures.calibration import calibrated

if TYPE_CHECKING:
    from gancheck.types import FloatArray

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
    return float(calibrated(np.array([filling]), len(own), len(other), k)[0])


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


def test_the_living_are_counted_as_if_the_others_had_never_been(
    balls: tuple[Balls, Balls],
) -> None:
    """Lists made once give the overlap of many parts, unequal in size and in balls."""
    rng = np.random.default_rng(1)
    mine, theirs = rng.random((200, 4)) < 0.7, rng.random((200, 4)) < 0.6
    spanning = np.array([2, 3, 4, 5])
    one, other = sides()
    slow = [
        slow_overlap(one[mine[:, part]], other[theirs[:, part]], int(spanning[part]))
        for part in range(4)
    ]
    assert balls[0].overlaps(mine, theirs, spanning) == pytest.approx(slow)
    slow = [
        slow_overlap(other[theirs[:, part]], one[mine[:, part]], int(spanning[part]))
        for part in range(4)
    ]
    assert balls[1].overlaps(theirs, mine, spanning) == pytest.approx(slow)


def test_a_ball_reaches_no_further_than_its_list() -> None:
    """Where too few of a part are among a ball's neighbours, it ends at the last of the list."""
    one, other = sides()
    balls = both_sides(one, other, 1, "cpu")[0]
    reach = balls.own.indices.shape[1]
    mine = np.zeros((200, 1), dtype=bool)
    mine[:2] = True
    everyone = np.ones((200, 1), dtype=bool)
    within = np.sort(cdist(one, one), axis=1)[:2, reach]
    apart = cdist(one[:1], one[1:2])[0, 0]
    radius = np.where(apart <= within, apart, within)
    filled = (cdist(one[:2], other) <= radius[:, None]).any(axis=1).mean()
    expected = calibrated(np.array([filled]), 2, 200, 1)
    assert balls.overlaps(mine, everyone, np.array([1])) == pytest.approx(expected)
