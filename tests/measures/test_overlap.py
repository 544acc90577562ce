"""The two-sided overlap reads what closed forms say, where single numbers of old go blind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures.overlap import Overlap, ball_size, overlap, spread, twin_radius

if TYPE_CHECKING:
    from gancheck.types import FloatArray

N, RUNS = 2000, 100


def modes(
    seed: int, n: int, d: int, shares: FloatArray | None = None, *, exact: bool = False
) -> FloatArray:
    """Draw from ten unit Gaussians, far apart; ``exact`` deals every mode just its share."""
    middles = 8 * np.random.default_rng(0).standard_normal((10, d))
    if d == 2:
        angle = 2 * np.pi * np.arange(10) / 10
        middles = 30 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rng = np.random.default_rng(seed)
    which = rng.choice(10, n, p=shares)
    if exact:
        ends = np.round(np.cumsum(np.full(10, 0.1) if shares is None else shares) * n)
        which = rng.permutation(np.searchsorted(ends, np.arange(n), side="right"))
    return (middles[which] + rng.standard_normal((n, d))).astype(np.float32)


def kept(count: int) -> FloatArray:
    """Equal shares of the first modes, none of the others."""
    return np.where(np.arange(10) < count, 1.0, 0.0) / count


@pytest.mark.parametrize(("d", "counts"), [(2, range(1, 11)), (16, (2, 6, 9)), (64, (1, 5, 8, 10))])
def test_dropped_modes_lower_the_overlap_linearly(d: int, counts: Sequence[int]) -> None:
    """With mass m dropped the overlap is 1 - m within 0.03, for every tenth, in any dimension."""
    reference = modes(1, N, d, exact=True)
    for count in counts:
        found = overlap(reference, modes(2, N, d, kept(count), exact=True))
        assert found.value == pytest.approx(count / 10, abs=0.03)
        assert found.low <= found.value <= found.high


def test_more_points_sharpen_the_number_and_do_not_move_it() -> None:
    """A law drawn too wide: 1,500 and 6,000 points agree; the interval narrows."""
    rng = np.random.default_rng(4)
    reference = rng.standard_normal((6000, 16)).astype(np.float32)
    samples = (1.1 * rng.standard_normal((6000, 16))).astype(np.float32)
    many = overlap(reference, samples)
    parts = [slice(start, start + 1500) for start in range(0, 6000, 1500)]
    few = [overlap(reference[part], samples[part]) for part in parts]
    assert np.mean([one.value for one in few]) == pytest.approx(many.value, abs=0.02)
    widths = [one.high - one.low for one in few]
    assert many.high - many.low < 0.7 * np.mean(widths)


@pytest.mark.parametrize(("n", "k"), [(30, 5), (999, 5), (1000, 10), (10_000, 10)])
def test_a_ball_holds_ten_points_or_five_of_few(n: int, k: int) -> None:
    """Ten neighbours span a ball, five among fewer than 1,000 points."""
    assert ball_size(n) == k


@pytest.mark.parametrize("d", [2, 64])
def test_imbalance_reads_as_the_sum_of_smaller_shares(d: int) -> None:
    """Shares that halve from mode to mode against equal ones: sum of min(p, q) = 0.424."""
    halving = 0.5 ** np.arange(1, 11)
    halving /= halving.sum()
    wanted = np.minimum(halving, 0.1).sum()
    assert wanted == pytest.approx(0.424, abs=1e-3)
    found = overlap(modes(1, N, d, exact=True), modes(2, N, d, halving, exact=True))
    assert found.value == pytest.approx(wanted, abs=0.03)


@pytest.mark.parametrize("r", [2, 5, 20])
def test_repeating_every_sample_divides_by_the_repetitions(r: int) -> None:
    """R copies of each sample leave one r-th, through the uniqueness."""
    reference, some = modes(1, N, 16), modes(2, N // r, 16)
    found = overlap(reference, np.repeat(some, r, axis=0))
    assert found.uniqueness == pytest.approx(1 / r, abs=1e-3)
    assert found.value == pytest.approx(1 / r, abs=0.03)


@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("d", [2, 16, 64])
def test_junk_lowers_the_overlap_by_its_share(d: int, share: float) -> None:
    """A fraction x of far-away junk leaves 1 - x on average: junk cannot pose as variety."""
    read = []
    for seed in (1, 3, 5):
        samples = modes(seed + 1, N, d)
        count = int(share * N)
        samples[:count] = 300 * np.random.default_rng(seed).standard_normal((count, d))
        read.append(overlap(modes(seed, N, d), samples).value)
    assert np.mean(read) == pytest.approx(1 - share, abs=0.03)


def test_outliers_of_the_reference_cost_no_more_than_themselves() -> None:
    """Three per cent of real outliers do not drag the overlap below 0.95."""
    reference = modes(1, N, 16)
    reference[:60] += 200 * np.random.default_rng(3).standard_normal((60, 16)).astype(np.float32)
    assert overlap(reference, modes(2, N, 16)).value >= 0.95


def test_a_single_point_has_no_overlap() -> None:
    """All samples at one point of the reference: next to nothing is reproduced."""
    reference = modes(1, N, 16)
    found = overlap(reference, np.repeat(reference[:1], N, axis=0))
    assert found.value <= 0.001
    assert found.high < 0.02


@pytest.mark.parametrize("d", [2, 16, 64])
@pytest.mark.parametrize("spread_of_samples", [0.0, 1e-3])
def test_modes_collapsed_to_points_have_no_overlap(d: int, spread_of_samples: float) -> None:
    """Every mode is hit and holds one point: at most 0.02 of the variety is there."""
    rng = np.random.default_rng(3)
    centres = modes(2, N, d) * 0
    centres += modes(7, 10, d)[rng.integers(0, 10, N)]
    samples = centres + (spread_of_samples * rng.standard_normal((N, d))).astype(np.float32)
    assert overlap(modes(1, N, d), samples).value <= 0.02


@pytest.mark.parametrize(("d", "spread"), [(2, 1e-3), (16, 1e-3), (64, 1e-3), (64, 0.5)])
def test_collapse_to_the_mean_is_seen_where_coverage_is_blind(d: int, spread: float) -> None:
    """All at the mean: nothing is left, though in 64 dimensions every ball holds it."""
    rng = np.random.default_rng(5)
    reference = rng.standard_normal((N, d)).astype(np.float32)
    samples = (spread * rng.standard_normal((N, d))).astype(np.float32)
    found = overlap(reference, samples)
    assert found.value <= 0.02
    assert found.high <= 0.02
    if d == 64:
        assert overlap(reference, samples, tolerance=0.0).from_reference >= 0.99


@pytest.mark.parametrize(
    ("sd", "wanted", "slack"), [(0.5, 0.528, 0.04), (1.5, 0.710, 0.04), (1.2, 0.867, 0.05)]
)
def test_rescaled_gaussians_overlap_as_their_densities_do(
    sd: float, wanted: float, slack: float
) -> None:
    """In two dimensions the value is the integral of min(p, q) of two Gaussians."""
    rng = np.random.default_rng(6)
    reference = rng.standard_normal((N, 2)).astype(np.float32)
    samples = (sd * rng.standard_normal((N, 2))).astype(np.float32)
    assert overlap(reference, samples).value == pytest.approx(wanted, abs=slack)


def test_the_two_sides_tell_shrinking_from_spreading() -> None:
    """Samples that crowd fill the reference's balls; samples that spread leave them empty."""
    rng = np.random.default_rng(8)
    reference = rng.standard_normal((1000, 16)).astype(np.float32)
    narrow = overlap(reference, (0.8 * rng.standard_normal((1000, 16))).astype(np.float32))
    wide = overlap(reference, (1.2 * rng.standard_normal((1000, 16))).astype(np.float32))
    assert narrow.from_reference > 1 > narrow.from_samples
    assert wide.from_samples > 1 > wide.from_reference


@pytest.mark.parametrize("d", [2, 64])
def test_identical_laws_read_one_on_average(d: int) -> None:
    """Reference against reference: the mean over seeds is 1, and the interval reaches it."""
    seeds = range(100, 132, 2)
    found = [overlap(modes(seed, 500, d), modes(seed + 1, 500, d)) for seed in seeds]
    raw = [(one.from_reference + one.from_samples) / 2 for one in found]
    assert np.mean(raw) == pytest.approx(1, abs=0.03)
    assert np.mean([one.value for one in found]) >= 0.97
    assert sum(one.high < 1 for one in found) <= 1


def test_the_order_of_points_hardly_matters() -> None:
    """Shuffling both sides moves the value by far less than its interval is wide."""
    reference, samples = modes(1, 1000, 16), modes(2, 1000, 16, kept(6))
    rng = np.random.default_rng(9)
    first = overlap(reference, samples)
    again = overlap(reference[rng.permutation(1000)], samples[rng.permutation(1000)])
    assert again.value == pytest.approx(first.value, abs=(first.high - first.low) / 10)


def test_units_do_not_matter() -> None:
    """Features measured in other units, or moved as a whole, have the same overlap."""
    reference, samples = modes(1, 500, 4), modes(2, 500, 4, kept(6))
    first = overlap(reference, samples)
    scaled = overlap(reference * 1024, samples * 1024)
    moved = overlap(reference + 64, samples + 64)
    assert scaled == first
    assert moved.value == pytest.approx(first.value, abs=0.01)


def test_swapping_the_sides_keeps_the_overlap() -> None:
    """The overlap of two laws is symmetric; only uniqueness asks which side is judged."""
    one, other = modes(1, 500, 4), modes(2, 500, 4, kept(6))
    first, second = overlap(one, other, tolerance=0.0), overlap(other, one, tolerance=0.0)
    assert (first.from_reference, first.from_samples) == (
        second.from_samples,
        second.from_reference,
    )
    assert first.value == pytest.approx(second.value, abs=1e-12)


def test_too_few_or_unequal_points_are_refused() -> None:
    """Both sizes are named."""
    points = modes(1, 40, 2)
    with pytest.raises(ValueError, match="equal size >= 30: 40, 39"):
        overlap(points, points[:39])
    with pytest.raises(ValueError, match="equal size >= 30: 29, 29"):
        overlap(points[:29], points[:29])


def test_constant_sets_are_defined() -> None:
    """Two constant sets at one place agree; at two places the balls see nothing of each other."""
    here = np.ones((100, 3), dtype=np.float32)
    assert overlap(here, here).value == 1.0


def test_twins_are_closer_than_a_tenth_of_the_spacing() -> None:
    """On a lattice with spacing 2 the default tolerance is 0.2."""
    lattice = 2 * np.stack(np.meshgrid(*[np.arange(5.0)] * 2), axis=-1).reshape(-1, 2)
    assert twin_radius(lattice.astype(np.float32)) == pytest.approx(0.2)


def test_spread_picks_evenly() -> None:
    """Rows are chosen over their whole range, ends included, and none twice."""
    rows = np.arange(0, 300, 3)
    chosen = spread(rows, 10)
    assert (chosen[0], chosen[-1], len(set(chosen))) == (0, 297, 10)
    np.testing.assert_array_equal(spread(rows, 100), rows)


@pytest.fixture(scope="module")
def repeated() -> list[Overlap]:
    """A law that is drawn to 80%, estimated again and again."""
    return [
        overlap(modes(2 * run, 300, 4), modes(2 * run + 1, 300, 4, kept(8))) for run in range(RUNS)
    ]


def test_one_sided_bounds_fail_at_the_truth_as_often_as_they_say(repeated: list[Overlap]) -> None:
    """The truth lies above the upper 95% bound in about 5% of repetitions."""
    missed = [sum(one.tails.at_95.high < 0.8 for one in repeated)]
    missed += [sum(one.tails.at_99.high < 0.8 for one in repeated)]
    assert missed[0] / RUNS <= 0.10
    assert missed[1] <= missed[0]


def test_the_interval_covers_the_truth(repeated: list[Overlap]) -> None:
    """The two-sided 95% interval holds 0.8 in about 95% of repetitions."""
    assert sum(one.low <= 0.8 <= one.high for one in repeated) / RUNS >= 0.89


def test_the_standard_error_is_the_spread_over_repetitions(repeated: list[Overlap]) -> None:
    """What one run says of its error is what repeating the run shows, within a fifth."""
    spread = np.std([one.value for one in repeated], ddof=1)
    said = np.mean([one.tails.at_95.high - one.value for one in repeated]) / 1.645
    assert said == pytest.approx(spread, rel=0.2)


def test_pairs_share_their_halves_whatever_is_repeated() -> None:
    """Replicates split the same rows in two runs, although one of them has duplicates."""
    reference, samples = modes(1, 600, 4), modes(2, 600, 4)
    repeating = samples.copy()
    repeating[:5] = samples[5:10]
    one, other = overlap(reference, samples), overlap(reference, repeating)
    assert one.replicates is not None
    assert other.replicates is not None
    pairs = (
        (one.replicates.first, other.replicates.first),
        (one.replicates.second, other.replicates.second),
    )
    for first, second in pairs:
        assert len(first) == len(second) == 200
        assert np.corrcoef(first, second)[0, 1] > 0.9


def test_equal_inputs_have_equal_replicates() -> None:
    """A run against itself differs in nothing, half by half."""
    reference, samples = modes(1, 400, 4), modes(2, 400, 4, kept(6))
    assert overlap(reference, samples).replicates == overlap(reference, samples).replicates


def test_a_bound_that_a_classifier_proves_has_no_replicates() -> None:
    """A value cut by a classifier is not a function of the halves; its bounds are cut with it."""
    found = overlap(modes(1, 400, 4), modes(2, 400, 4)).bounded(0.5)
    assert found.value == found.tails.at_95.high == found.tails.at_99.high == 0.5 * found.uniqueness
    assert found.replicates is None
    assert found.tails.at_95.low >= found.tails.at_99.low
