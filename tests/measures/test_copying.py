"""The relabelling test, the mirrored control and the share of copies: valid, and strong enough."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.copying import (
    CLEARLY,
    HALF,
    Mirrored,
    Relabelling,
    Share,
    closeness,
    mirrored_control,
    relabelling_on_both_scales,
    relabelling_test,
    share_of_copies,
)
from gancheck.neighbors import nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

SMALL = 200


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a set of samples is told."""

    near: Relabelling
    both: Relabelling
    control: Mirrored
    share: Share


def judge(
    training: FloatArray, held_out: FloatArray, samples: FloatArray, tolerance: float = 0.0
) -> Verdict:
    """Put samples through everything, over nearest neighbours in the pool."""
    pool = np.concatenate([training, held_out])
    sides = np.arange(len(pool)) < len(training)
    found = nearest(samples, pool, 4)
    gaps = np.linalg.norm(pool[found.indices] - pool[found.indices[:, :1]], axis=2)
    own = nearest(pool[::5], pool, 2).distances[:, 1]
    score, twins = closeness(found.distances, gaps, tolerance), found.indices[:, 0]
    rng, radius = np.random.default_rng(0), float(np.quantile(own, 0.01))
    control = mirrored_control(twins, score, sides)
    return Verdict(
        relabelling_test(twins, found.distances[:, 0], sides, radius, rng),
        relabelling_on_both_scales(twins, found.distances[:, 0], score, sides, radius, rng),
        control,
        share_of_copies(twins, score, sides, control.threshold),
    )


def normal(rng: np.random.Generator, n: int, d: int, sd: float = 1.0) -> FloatArray:
    """Draw from a Gaussian."""
    return np.asarray(np.float32(sd) * rng.standard_normal((n, d), dtype=np.float32))


def honest(d: int, sd: float, runs: int) -> list[Verdict]:
    """Judge samples that copy nothing, of the law of the pool but for their spread."""
    found = []
    for run in range(runs):
        rng = np.random.default_rng([run, d])
        training, held_out = normal(rng, SMALL, d), normal(rng, SMALL, d)
        found.append(judge(training, held_out, normal(rng, SMALL, d, sd)))
    return found


@dataclass(frozen=True, eq=False)
class Twins:
    """Nearest pool points of samples by the Poisson law of volumes: no space is needed."""

    twins: IntArray
    closeness: FloatArray
    training: AnyArray
    copied: AnyArray
    per_sample: FloatArray


def poisson_twins(
    rng: np.random.Generator, share: float, ratio: int = 1, n: int = 2000, d: int = 16
) -> Twins:
    """Draw twins of n samples among ``ratio * n`` training points and n held-out points.

    The volumes out to the first and the second point of each side are sums of exponentials. A
    copy has its first training point far inside.
    """
    own = rng.exponential(size=(n, 2)).cumsum(axis=1) / ratio
    other = rng.exponential(size=(n, 2)).cumsum(axis=1)
    copied = np.arange(n) < round(share * n)
    own[copied, 1], own[copied, 0] = own[copied, 0], own[copied, 0] * 1e-12
    volumes = np.concatenate([own, other], axis=1)
    first, second = np.sort(volumes, axis=1)[:, :2].T
    side = volumes.argmin(axis=1) < 2
    training = np.arange((ratio + 1) * n) < ratio * n
    twins = np.where(side, rng.integers(ratio * n, size=n), ratio * n + rng.integers(n, size=n))
    twins[copied] = rng.permutation(ratio * n)[: copied.sum()]
    per_sample = np.log(other[:, 0] / own[:, 0]) / d
    return Twins(twins, np.log(second / first) / d, training, copied, per_sample)


def false_share(flagged: AnyArray, copied: AnyArray) -> float:
    """Return the share of wrong flags, 0 when there are none."""
    return float((flagged & ~copied).sum() / max(1, flagged.sum()))


def test_closeness_is_the_log_ratio_to_the_next_point() -> None:
    """A sample three times as near to its twin has log 3; one that lies on its twin is beyond."""
    distances = np.array([[1.0, 3.0, 4.0], [0.0, 2.0, 2.0], [2.0, 2.0, 5.0]])
    found = closeness(distances, np.array([[0.0, 3.0, 3.0]] * 3), 0.1)

    assert found.tolist() == [pytest.approx(math.log(3)), math.inf, 0.0]


def test_the_rival_is_no_near_duplicate_of_the_twin() -> None:
    """A twin that lies in the pool twice does not hide its copy; the last of k stands in."""
    distances = np.array([[1.0, 1.1, 4.0], [1.0, 1.1, 1.2]])
    gaps = np.array([[0.0, 0.05, 3.0], [0.0, 0.05, 0.06]])

    assert closeness(distances, gaps, 0.1) == pytest.approx(np.log([4.0, 1.2]))
    assert closeness(distances, gaps, 0.0) == pytest.approx(np.log([1.1, 1.1]))


@pytest.mark.parametrize("twins", [[0, 1, 2, 6], [0, 0, 0, 1, 5], [4, 4, 1], [3]])
def test_relabelling_agrees_with_every_relabelling(twins: list[int]) -> None:
    """The drawn p-value is that of all ways to choose 4 training points out of 7."""
    training = np.arange(7) < 4
    counts = np.bincount(twins, minlength=7)
    sums = np.array([counts[list(rows)].sum() for rows in itertools.combinations(range(7), 4)])
    hits = counts[training].sum()
    found = relabelling_test(
        np.array(twins), np.zeros(len(twins)), training, 1.0, np.random.default_rng(1), 20_000
    )

    assert (found.hits, found.rounds) == (hits, 20_000)
    assert found.expected == pytest.approx(sums.mean())
    assert found.p_value == pytest.approx((sums >= hits).mean(), abs=0.015)


def test_only_near_samples_count_and_none_means_one() -> None:
    """Samples at the radius or beyond are left out; without any p is 1."""
    twins, training = np.array([0, 1, 2]), np.array([True, True, True, False])
    distances = np.array([0.5, 1.0, 2.0])

    assert relabelling_test(twins, distances, training, 1.0, np.random.default_rng(0)).hits == 1
    none = relabelling_test(twins, distances, training, 0.0, np.random.default_rng(0))
    assert (none.hits, none.expected, none.p_value) == (0, 0.0, 1.0)


def test_samples_of_one_law_are_not_accused() -> None:
    """200 runs without copies: p <= .05 in at most 7%; flags in hardly any.

    Ten points in a row on the training side are as good as proof, and chance does it once in 700.
    """
    found = honest(16, 1.0, 200)

    assert np.mean([one.near.p_value <= 0.05 for one in found]) <= 0.07
    assert np.mean([one.both.p_value <= 0.05 for one in found]) <= 0.07
    assert np.mean([one.control.flagged.any() for one in found]) <= 0.01
    assert np.mean([one.share.low == 0 for one in found]) >= 0.95


@pytest.mark.parametrize("sd", [0.8, 1.2])
@pytest.mark.parametrize("d", [16, 64])
def test_a_wrong_spread_is_no_copying(d: int, sd: float) -> None:
    """Shrunken samples are nearer to everything, to held-out points as well: no alarm, no flag.

    The p-value is uniform where samples are near, and 1 where hardly any is.
    """
    found = honest(d, sd, 40)

    assert np.mean([one.near.p_value <= 0.05 for one in found]) <= 0.1
    assert np.mean([one.both.p_value <= 0.05 for one in found]) <= 0.1
    assert np.mean([one.near.p_value for one in found]) >= 0.4
    assert not any(one.control.flagged.any() for one in found)


def test_two_percent_of_copies_are_found() -> None:
    """N = 2,000 and d = 16, noise .05: every run is significant; power and false share as told."""
    found, wrong, power = [], [], []
    for run in range(6):
        rng = np.random.default_rng(run)
        training, held_out, samples = (normal(rng, 2000, 16) for _ in range(3))
        samples[:40] = training[:40] + normal(rng, 40, 16, 0.05)
        found.append(judge(training, held_out, samples))
        copied = np.arange(2000) < 40
        wrong.append(false_share(found[-1].control.flagged, copied))
        power.append(found[-1].control.flagged[copied].mean())

    assert max(max(one.near.p_value, one.both.p_value) for one in found) <= 0.05
    assert np.mean(wrong) <= 0.15
    assert np.mean(power) >= 0.95
    assert all(abs(one.share.value - 0.02) <= 0.3 * 0.02 for one in found)
    assert all(one.share.low <= 0.02 <= one.share.high for one in found)


def test_a_few_copies_show_where_samples_crowd() -> None:
    """A shrunken generator is near to everything; relative distances see 2% of copies, in both."""
    near, both = [], []
    for run in range(4):
        rng = np.random.default_rng(run)
        training, held_out = normal(rng, 1000, 64), normal(rng, 1000, 64)
        samples = normal(rng, 1000, 64, 0.8)
        samples[:20] = training[:20] + normal(rng, 20, 64, 0.05)
        found = judge(training, held_out, samples)
        near.append(found.near.p_value)
        both.append(found.both)

    assert max(near) > 0.05
    assert max(one.p_value for one in both) <= 0.01
    assert all((one.relative, one.radius) == (True, HALF) for one in both)
    assert all(one.hits >= 19 > one.expected for one in both)


def test_both_scales_pay_for_the_choice() -> None:
    """The smaller p-value is doubled, and at most 1."""
    twins, training = np.arange(12), np.arange(40) < 20
    distances, score = np.full(12, 1.0), np.zeros(12)
    one = relabelling_test(twins, distances, training, 2.0, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    both = relabelling_on_both_scales(twins, distances, score, training, 2.0, rng)

    assert (both.p_value, both.relative, both.hits) == (2 * one.p_value, False, 12)
    rng = np.random.default_rng(0)
    none = relabelling_on_both_scales(twins, distances, score, training, 0.0, rng)
    assert none.p_value == 1.0


def the_mean(rng: np.random.Generator) -> FloatArray:
    """Draw samples within 1e-3 of the mean."""
    return normal(rng, SMALL, 16, 2e-4)


def few_points(rng: np.random.Generator) -> FloatArray:
    """Draw samples within 1e-3 of 20 points that are no training points."""
    return normal(rng, 20, 16)[rng.integers(20, size=SMALL)] + normal(rng, SMALL, 16, 2e-4)


def clusters(rng: np.random.Generator) -> FloatArray:
    """Draw samples that all differ, in 20 tight clusters."""
    return normal(rng, 20, 16)[rng.integers(20, size=SMALL)] + normal(rng, SMALL, 16, 0.1)


@pytest.mark.parametrize("collapsed", [the_mean, few_points, clusters])
def test_a_collapsed_generator_is_no_copier(
    collapsed: Callable[[np.random.Generator], FloatArray],
) -> None:
    """Many samples next to few pool points are evidence about few points: no flag, p not small."""
    found = []
    for run in range(40):
        rng = np.random.default_rng([run, 1])
        sides = normal(rng, SMALL, 16), normal(rng, SMALL, 16)
        found.append(judge(*sides, collapsed(rng)))

    assert not any(one.control.flagged.any() for one in found)
    assert np.mean([one.near.p_value for one in found]) >= 0.4
    assert np.mean([one.near.p_value <= 0.05 for one in found]) <= 0.1
    assert all(one.share.low == 0 for one in found)


def test_one_point_is_never_proof() -> None:
    """All samples on one training point: nothing is flagged, and the share may be all or none."""
    twins, training = np.zeros(500, np.int64), np.arange(100) < 50
    score = np.full(500, np.inf)
    found = mirrored_control(twins, score, training)

    assert not found.flagged.any()
    assert found.threshold == math.inf
    share = share_of_copies(twins, score, training, found.threshold)
    assert (share.value, share.low, share.high) == (1 / 500, 0.0, 1.0)


def test_samples_that_lie_on_training_points_are_flagged() -> None:
    """Ten samples on ten training points: infinite closeness, finite threshold."""
    training = np.arange(60) < 30
    twins, score = np.arange(20, 50), np.r_[np.full(10, np.inf), np.full(20, 0.0)]
    found = mirrored_control(twins, score, training)

    assert found.flagged.tolist() == [True] * 10 + [False] * 20
    assert math.isfinite(found.threshold)
    assert share_of_copies(twins, score, training, found.threshold).value == pytest.approx(1 / 3)


def slow_threshold(score: dict[int, float], training: AnyArray, rate: float) -> float:
    """Try every score as the threshold, lowest first."""
    ratio = training.sum() / (~training).sum()
    for cut in sorted(set(score.values()) - {0.0}):
        beyond = [point for point, value in score.items() if value >= cut]
        hits = sum(bool(training[point]) for point in beyond)
        if hits and (1 + len(beyond) - hits) * ratio <= rate * hits:
            return cut
    return math.inf


@pytest.mark.parametrize("ratio", [1, 3])
def test_the_control_agrees_with_trying_every_threshold(ratio: int) -> None:
    """Threshold, flags, twins and expected false ones are those of the obvious loop."""
    rng = np.random.default_rng(ratio)
    for share in (0.0, 0.02, 0.05, 0.2):
        one = poisson_twins(rng, share, ratio, n=400)
        coarse = np.round(one.closeness, 2)  # ties
        best: dict[int, float] = {}
        for point, value in zip(one.twins.tolist(), coarse.tolist(), strict=True):
            best[point] = max(best.get(point, 0.0), value)
        cut = slow_threshold(best, one.training, 0.1)
        found = mirrored_control(one.twins, coarse, one.training)
        decoys = sum(value >= cut and not one.training[point] for point, value in best.items())

        assert found.threshold == cut
        assert (found.flagged == (one.training[one.twins] & (coarse >= cut))).all()
        assert found.twins.tolist() == sorted(set(one.twins[found.flagged].tolist()))
        assert found.expected == decoys * ratio


def test_unequal_sides_need_a_count_of_points() -> None:
    """Six training points for every held-out one: the pool's own proportion holds the rate.

    The ratio of the distances to both sides exceeds a large value 36 times as often on the
    training side, not 6 times: scaled by 6 it accuses honest samples.
    """
    ours, theirs, power = [], [], []
    for run in range(30):
        one = poisson_twins(np.random.default_rng(run), 0.1, ratio=6)
        found = mirrored_control(one.twins, one.closeness, one.training)
        ours.append(false_share(found.flagged, one.copied))
        power.append(found.flagged[one.copied].mean())
        levels = np.sort(one.per_sample[one.per_sample > 0])
        passed = [
            cut
            for cut in levels
            if (1 + (one.per_sample <= -cut).sum()) * 6 <= 0.1 * (one.per_sample >= cut).sum()
        ]
        theirs.append(false_share(one.per_sample >= min(passed, default=np.inf), one.copied))
    volumes = np.random.default_rng(0).exponential(size=(400_000, 2)) / [6, 1]
    ratio = volumes[:, 1] / volumes[:, 0]

    assert np.mean(ours) <= 0.12
    assert np.mean(power) >= 0.99
    assert np.mean(theirs) >= 0.3
    for s in (1, 10, 100):
        expected = 6 * (1 + 6 * s) / (6 + s)
        assert (ratio >= s).mean() / (ratio <= 1 / s).mean() == pytest.approx(expected, rel=0.1)


def test_copies_of_repeated_training_points_are_found() -> None:
    """Near-duplicates that nobody removed hide copies from a plain ratio, and not from ours."""
    rng = np.random.default_rng(3)
    training, held_out, samples = (normal(rng, 1000, 16) for _ in range(3))
    training[500:] = training[:500] + normal(rng, 500, 16, 1e-3)
    samples[:50] = training[:50] + normal(rng, 50, 16, 0.05)
    aware = judge(training, held_out, samples, tolerance=0.2).control.flagged
    plain = judge(training, held_out, samples).control.flagged

    assert aware[:50].mean() >= 0.95
    assert false_share(aware, np.arange(1000) < 50) <= 0.2
    assert plain[:50].mean() <= 0.1


@pytest.mark.parametrize("ratio", [1, 6])
@pytest.mark.parametrize("truth", [0.0, 0.005, 0.02, 0.1])
def test_the_interval_of_the_share_holds_the_truth(truth: float, ratio: int) -> None:
    """Of 200 intervals at least 95% do; the estimate lies near the truth where copies are found."""
    shares, found = [], 0
    for run in range(200):
        one = poisson_twins(np.random.default_rng([run, ratio]), truth, ratio)
        control = mirrored_control(one.twins, one.closeness, one.training)
        found += bool(control.flagged.any())
        shares.append(share_of_copies(one.twins, one.closeness, one.training, control.threshold))

    assert np.mean([one.low <= truth <= one.high for one in shares]) >= 0.95
    assert all(one.low <= one.value <= one.high for one in shares)
    assert np.mean([one.value for one in shares]) == pytest.approx(truth, rel=0.15, abs=2e-4)
    assert (found / 200 >= 0.95) == (truth * 2000 >= 10 * ratio)  # as many points as proof needs


def test_the_share_counts_samples_and_discounts_repeats() -> None:
    """40 points copied twice each are 80 samples; one point copied 80 times more is less sure."""
    training = np.arange(2000) < 1000
    twins = np.concatenate([np.repeat(np.arange(40), 2), np.arange(100, 220) * 9])
    score = np.where(np.arange(200) < 80, 3.0, 0.01)
    even = share_of_copies(twins, score, training, 2.0)
    uneven = share_of_copies(
        np.concatenate([twins, np.zeros(80, np.int64)]), np.append(score, [3.0] * 80), training, 2.0
    )

    assert even.value == 0.4
    assert uneven.value == pytest.approx(160 / 280)
    assert uneven.high - uneven.low > 1.5 * (even.high - even.low)


def test_without_a_threshold_points_are_counted_once() -> None:
    """Two training points and one held-out point twice as near as the next: one too many, of 9."""
    training = np.arange(20) < 10
    twins = np.array([0, 0, 0, 1, 15, 2, 3, 4, 16])
    score = np.array([1.0, 1.0, CLEARLY, 2.0, 2.0, 0.1, 0.2, 0.3, 0.0])
    found = share_of_copies(twins, score, training, math.inf)

    assert found.value == pytest.approx(1 / 9)
    assert (found.low, found.high) == (0.0, 1.0)


def test_without_held_out_points_nothing_is_claimed() -> None:
    """There is nothing to compare with: no flag, and a share of anything."""
    twins, score, training = np.arange(50), np.full(50, 3.0), np.ones(60, dtype=bool)

    assert not mirrored_control(twins, score, training).flagged.any()
    share = share_of_copies(twins, score, training, math.inf)
    assert (share.value, share.low, share.high) == (0.0, 0.0, 1.0)


def test_ties_name_no_twin() -> None:
    """Samples as near to another point as to their twin are never flagged, however many."""
    training = np.arange(60) < 50
    twins, score = np.arange(50), np.zeros(50)

    assert not mirrored_control(twins, score, training).flagged.any()
