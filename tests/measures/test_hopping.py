"""Hops from mode to mode are found in order, and counts that only sway are no hops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.hopping import Hopping, hopping

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray

N = 1000
SHARES = {
    "equal": np.full(10, 0.1),
    "halving": 0.5 ** np.arange(1, 9) / (1 - 0.5**8),
    "two": np.full(2, 0.5),
    "many": 1 / np.arange(1, 61) / np.sum(1 / np.arange(1, 61)),
}


def draw(rng: np.random.Generator, shares: FloatArray, kept: float) -> IntArray:
    """Draw counts (T, m) for shares (T, m); each sample keeps its luck from one to the next."""
    luck, counts = rng.random(N), []
    for row in shares:
        luck = np.where(rng.random(N) < kept, luck, rng.random(N))
        modes = np.searchsorted(np.cumsum(row), luck, side="right").clip(max=len(row) - 1)
        counts.append(np.bincount(modes, minlength=len(row)))
    return np.array(counts)


def healthy(rng: np.random.Generator, base: FloatArray) -> FloatArray:
    """Draw what the reference holds, at every checkpoint."""
    return np.tile(base, (int(rng.integers(10, 61)), 1))


def static(rng: np.random.Generator, base: FloatArray) -> FloatArray:
    """Draw nine tenths of everything from one mode."""
    one = np.eye(len(base))[rng.integers(len(base))]
    return healthy(rng, 0.9 * one + 0.1 * base)


def tied(rng: np.random.Generator, base: FloatArray) -> FloatArray:
    """Draw nearly everything from two modes, as often as the reference has them."""
    pair = np.zeros(len(base))
    chosen = rng.choice(len(base), 2, replace=False)
    pair[chosen] = base[chosen] / base[chosen].sum()
    return healthy(rng, 0.95 * pair + 0.05 * base)


def swaying(rng: np.random.Generator, base: FloatArray) -> FloatArray:
    """Draw from two modes that lead by turns, by a factor just below two."""
    one, other = rng.choice(len(base), 2, replace=False)
    shares = np.zeros((int(rng.integers(10, 61)), len(base)))
    shares[:, one], shares[:, other] = base[one], base[other]
    shares[::2, one] *= 1.9
    shares[1::2, other] *= 1.9
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def planted(rng: np.random.Generator, base: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Draw stays of 2..6 checkpoints in one mode after another, half of the moves in two steps."""
    length, here = int(rng.integers(10, 61)), -1
    shares: list[FloatArray] = []
    places: list[int] = []
    while len(shares) < length:
        there = int(rng.choice([mode for mode in range(len(base)) if mode != here]))
        if here >= 0 and rng.random() < 0.5:
            part = rng.uniform(0.4, 0.6)
            shares.append(part * np.eye(len(base))[there] + (1 - part) * np.eye(len(base))[here])
        most = rng.uniform(0.6, 1)
        shares += [most * np.eye(len(base))[there] + (1 - most) * base] * int(rng.integers(2, 7))
        places.append(there)
        here = there
    return np.array(shares), tuple(places)


def followed(hits: IntArray | list[list[int]], base: IntArray | list[int] | None = None) -> Hopping:
    """Follow counts that are all of low checkpoints, by default against equal modes."""
    counts = np.array(hits)
    known = np.full(counts.shape[1], 100) if base is None else np.array(base)
    return hopping(counts, known, np.ones(len(counts), dtype=bool))


@pytest.mark.parametrize("base", SHARES)
@pytest.mark.parametrize("kind", [healthy, static, tied, swaying])
def test_what_stays_does_not_hop(
    kind: Callable[[np.random.Generator, FloatArray], FloatArray], base: str
) -> None:
    """Not one of 25 traces has a hop, even where every checkpoint is taken to be low."""
    for seed in range(25):
        rng = np.random.default_rng([seed, len(base)])
        known = rng.multinomial(2000, SHARES[base])
        hits = draw(rng, kind(rng, SHARES[base]), rng.choice([0.0, 0.5, 0.95]))
        assert followed(hits, known).hops == ()


@pytest.mark.parametrize("base", SHARES)
def test_planted_hops_are_found_in_order(base: str) -> None:
    """All places of 30 random traces are visited in the planted order, each move one hop."""
    for seed in range(30):
        rng = np.random.default_rng([seed, len(base)])
        known = rng.multinomial(2000, SHARES[base])
        shares, places = planted(rng, SHARES[base])
        found = followed(draw(rng, np.array(shares), 0.5), known)
        assert found.places == places
        assert len(found.hops) == len(places) - 1
        assert found.shown == (len(places) > 2)


def test_visits_tell_when_where_and_how_much() -> None:
    """First and last checkpoint, largest share; hops with their sides and p-values."""
    found = followed([[900, 50, 50], [950, 25, 25], [20, 960, 20], [10, 970, 20], [980, 10, 10]])
    assert [(one.mode, one.first, one.last) for one in found.visits] == [
        (0, 0, 1),
        (1, 2, 3),
        (0, 4, 4),
    ]
    assert [one.peak_share for one in found.visits] == [0.95, 0.97, 0.98]
    assert [(hop.index, hop.source, hop.target) for hop in found.hops] == [(2, 0, 1), (4, 1, 0)]
    assert max(hop.p_value for hop in found.hops) < 1e-50
    assert found.shown


def test_rate_stay_and_return() -> None:
    """Two hops in four intervals, two checkpoints each, four from an arrival to the next."""
    found = followed([[900, 100], [900, 100], [100, 900], [100, 900], [900, 100]])
    assert found.rate == 0.5
    assert found.stay == 2.0
    assert found.return_time == 4.0
    interval = found.rate_interval
    assert interval is not None
    assert interval == pytest.approx((0.0676, 0.9324), abs=1e-4)  # two of four, exactly


def test_a_hop_over_several_checkpoints_counts_once() -> None:
    """Checkpoints where both modes are drawn alike lie between two visits."""
    found = followed([[980, 10, 10], [700, 290, 10], [480, 510, 10], [520, 470, 10], [10, 980, 10]])
    assert found.places == (0, 1)
    assert [hop.index for hop in found.hops] == [4]
    assert not found.shown


def test_a_slow_drift_from_region_to_region_is_movement() -> None:
    """Half a region a checkpoint: every second one is plainly elsewhere."""
    whole, half = [1000, 0, 0, 0], [500, 500, 0, 0]
    hits = [np.roll(row, at).tolist() for at in range(3) for row in (whole, half)]
    found = followed(hits)
    assert found.places == (0, 1, 2)
    assert found.shown


def test_one_hop_is_not_hopping() -> None:
    """A collapse that moves once and stays has found its place."""
    found = followed([[1000, 0, 0]] * 5 + [[0, 1000, 0]] * 20)
    assert len(found.hops) == 1
    assert not found.shown


def test_a_start_between_two_modes_is_named_by_the_one_it_settles_in() -> None:
    """Settling is no hop: the first mode was never shown to lead."""
    hits = [[510, 490, 0, 0, 0], [490, 510, 0, 0, 0], [20, 980, 0, 0, 0], [0, 0, 1000, 0, 0]]
    found = followed(hits)
    assert found.places == (1, 2)
    assert found.visits[0].first == 0
    assert [(hop.source, hop.target) for hop in found.hops] == [(1, 2)]


def test_a_healthy_checkpoint_between_ends_the_visit() -> None:
    """What comes after a recovery is another collapse, not a hop."""
    hits = np.array([[1000, 0], [1000, 0], [500, 500], [0, 1000], [0, 1000]])
    low = np.array([True, True, False, True, True])
    found = hopping(hits, np.array([100, 100]), low)
    assert found.places == (0, 1)
    assert found.hops == ()
    assert found.intervals == 2


def test_a_failed_checkpoint_between_does_not() -> None:
    """One without counts is passed over."""
    hits = np.array([[1000, 0], [0, 0], [0, 1000], [1000, 0]])
    found = hopping(hits, np.array([100, 100]), np.array([True, False, True, True]))
    assert [hop.index for hop in found.hops] == [2, 3]
    assert found.intervals == 2


def test_few_samples_prove_nothing() -> None:
    """The same shares from 12 samples and from 120."""
    moved = np.array([[9, 1, 2], [1, 9, 2], [9, 1, 2], [1, 9, 2]])
    assert followed(moved).hops == ()
    assert len(followed(10 * moved).hops) == 3


def test_a_broad_generator_that_moves_a_tenth_does_not_lead_anywhere() -> None:
    """Twice a mode's share is a factor, yet too little of the samples to be their place."""
    row = np.full(20, 45)
    hits = np.array([row + 100 * (np.arange(20) == at) for at in range(10)])
    found = followed(hits)
    assert found.visits == ()
    assert found.hops == ()
    assert found.stay is None
    assert found.return_time is None


def test_p_values_are_exact_and_corrected() -> None:
    """A slow sum of binomials, times checkpoints, modes, modes and two, gives the same number."""
    hits, base = [[300, 150, 50], [30, 450, 20]], [100, 200, 300]
    (hop,) = followed(hits, base).hops

    def tail(one: int, two: int, known: float, other: float) -> float:
        odds = 2 * known / (2 * known + other)
        ways = range(one, one + two + 1)
        n = one + two
        return math.fsum(math.comb(n, k) * odds**k * (1 - odds) ** (n - k) for k in ways)

    wanted = 2 * 3 * 3 * 2 * max(tail(300, 150, 100.5, 200.5), tail(450, 30, 200.5, 100.5))
    assert hop.p_value == pytest.approx(wanted, rel=1e-6)


def test_a_mode_that_the_reference_lacks_can_be_visited() -> None:
    """A count of nothing gets half a sample, not an error; nor do two of them."""
    hits = [[1000, 0, 0, 0], [0, 0, 1000, 0], [0, 0, 0, 1000], [1000, 0, 0, 0]]
    assert followed(hits, [500, 500, 0, 0]).places == (0, 2, 3, 0)


def test_modes_are_compared_relative_to_the_reference_too() -> None:
    """A rare mode at seven times its share leads, though a common one is drawn more often."""
    found = followed([[350, 500, 150], [20, 900, 80]], [50, 500, 450])
    assert found.places == (0, 1)
    assert len(found.hops) == 1


def test_no_low_checkpoint_no_rate() -> None:
    """A healthy trace has nothing to follow, and shapes that do not fit are refused."""
    hits = np.array([[1000, 0], [0, 1000]])
    found = hopping(hits, np.array([1, 1]), np.zeros(2, dtype=bool))
    assert (found.visits, found.rate, found.rate_interval, found.shown) == ((), None, None, False)
    with pytest.raises(ValueError, match=r"need \(T, m\)"):
        hopping(hits, np.array([1, 1, 1]), np.ones(2, dtype=bool))
    with pytest.raises(ValueError, match="counts of the reference"):
        hopping(hits, np.array([0, 0]), np.ones(2, dtype=bool))
