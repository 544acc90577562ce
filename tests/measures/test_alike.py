"""Pictures and rows that repeat others are found, also moved; honest ones are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gancheck.measures.alike import SAME, Alike, aligned, fingerprints, fit, most_alike
from gancheck.measures.repeats import (
    Honest,
    Pictures,
    picture_repeats,
    repeated,
    row_repeats,
    spacings,
    trusted_distance,
)

Images = NDArray[np.uint8]


def textures(n: int, seed: int, *, side: int = 40, channels: int = 1) -> Images:
    """Draw smooth random pictures whose content runs over every edge."""
    rng = np.random.default_rng(seed)
    waves = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    noise = np.fft.fft2(rng.standard_normal((n, channels, side, side)))
    smooth = np.fft.ifft2(noise / np.maximum(waves, 1 / side) ** 1.3).real
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    return np.rint(np.clip(128 + 50 * smooth, 0, 255)).astype(np.uint8)


def window(images: Images, down: int, right: int, side: int = 28) -> Images:
    """Cut the same window out of larger pictures, moved by some pixels."""
    edge = (images.shape[-1] - side) // 2
    top, left = edge - down, edge - right
    return images[:, :, top : top + side, left : left + side]


def noisy(images: Images, sd: float, seed: int = 0) -> Images:
    """Add noise of a standard deviation that is a share of the range."""
    drawn = np.random.default_rng(seed).normal(0, 255 * sd, images.shape)
    return np.rint(np.clip(images + drawn, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("channels", "shift", "least"),
    [(1, (0, 0), 1.0), (1, (1, 2), 0.97), (3, (-2, 0), 1.0), (3, (3, -3), 0.95)],
)
def test_moved_copies_are_found_with_their_move(
    channels: int, mirrored: bool, shift: tuple[int, int], least: float
) -> None:
    """Noisy copies lead to their original and to how it was moved.

    Nearly all do even where a fifth of the picture has come in at an edge.
    """
    whole = textures(300, 1, channels=channels)
    known = window(whole, 0, 0)
    turned = whole[..., ::-1] if mirrored else whole
    samples = noisy(window(turned[:40], *shift), 0.015)
    found = most_alike(samples, fingerprints(known), lambda rows: known[rows])
    right = found.rows == np.arange(40)
    assert right.mean() >= least
    assert found.distances[right].max() < 0.018 < SAME < found.distances[~right].min(initial=1)
    assert (found.mirrored[right] == mirrored).all()
    assert (found.shifts[right] == shift).all()


def test_other_pictures_are_not_near() -> None:
    """Pictures of the same law are far beyond what counts as the same."""
    known, others = textures(500, 1, side=28), textures(200, 2, side=28)
    found = most_alike(others, fingerprints(known), lambda rows: known[rows])
    assert found.distances.min() > 2 * SAME


def test_the_best_fit_is_that_of_all_shifts_tried_one_by_one() -> None:
    """The Fourier transform finds the shift that trying all of them finds, or an equal one."""
    left, right = textures(20, 3, side=24), textures(20, 4, side=24)
    found = fit(left, right)
    a, turned = left[:, 0] / 255.0, [right[:, 0] / 255.0, right[:, 0, :, ::-1] / 255.0]
    best = np.full(20, np.inf)
    for b in turned:
        for down in range(-3, 4):
            for across in range(-3, 4):
                here = a[:, max(0, down) : 24 + min(0, down), max(0, across) : 24 + min(0, across)]
                there = b[
                    :, max(0, -down) : 24 + min(0, -down), max(0, -across) : 24 + min(0, -across)
                ]
                best = np.minimum(best, np.sqrt(((here - there) ** 2).mean(axis=(1, 2))))
    np.testing.assert_allclose(found.distances, best, atol=1e-4)


def test_moving_a_picture_as_found_makes_it_fit() -> None:
    """What was found of flip and shift, applied to the original, gives the sample but for edges."""
    known = textures(5, 5, side=28)
    moved = aligned(known, np.full(5, True), np.tile([2, -1], (5, 1)))
    found = fit(moved, known)
    assert found.distances.max() < 1e-6
    again = aligned(known, found.mirrored, found.shifts)
    np.testing.assert_array_equal(again, moved)


def test_small_pictures_are_not_shifted_far() -> None:
    """A picture of 8 pixels may be off by one, not by three: that would be another picture."""
    known = textures(50, 6, side=14)
    near, far = (window(known, 0, step, side=8) for step in (1, 3))
    middle = window(known, 0, 0, side=8)
    assert fit(near, middle).distances.max() < 1e-6
    assert fit(far, middle).distances.min() > 0


def test_a_picture_is_not_its_own_neighbour() -> None:
    """Among themselves, pictures are compared with others only; a second copy is another."""
    known = textures(60, 7, side=28)
    known[1] = known[0]
    pictures = Pictures.of(lambda rows: known[rows], len(known))
    apart = pictures.among_themselves(np.array([0, 5, 9]))
    assert apart[0] == 0
    assert apart[1:].min() > SAME


def test_another_candidate_is_looked_at() -> None:
    """A candidate from elsewhere is compared, too, and -1 stands for none."""
    known = textures(10, 8, side=28)
    prints = fingerprints(known)[:5]
    samples = known[[7, 8]]
    found = most_alike(samples, prints, lambda rows: known[rows], also=np.array([7, -1]))
    assert (found.rows[0], found.distances[0]) == (7, 0)
    assert found.rows[1] != 8


def test_large_and_flat_pictures_have_fingerprints() -> None:
    """Fingerprints have one length for one shape, also above 64 pixels, for constants and none."""
    large = textures(2, 9, side=150, channels=3)
    assert fingerprints(large).shape == (2, 3 * 98)
    assert np.isfinite(fingerprints(np.zeros((2, 1, 28, 28), dtype=np.uint8))).all()
    assert len(fingerprints(large[:0])) == 0


def alike(distances: list[float]) -> Alike:
    """Make a comparison with given distances."""
    n = len(distances)
    flat = np.zeros(n, dtype=bool), np.zeros((n, 2), dtype=np.int64)
    return Alike(np.arange(n), np.array(distances), *flat)


def test_pictures_are_sorted_into_exact_near_and_others() -> None:
    """Equal bytes are exact, small differences near, the rest nothing; each names its original."""
    equal = np.array([9, -1, -1])
    found = picture_repeats(equal, alike([0.0, 0.01, 0.2]), Honest(np.array([0.08, 0.09]), 1.0))
    assert found.exact.tolist() == [True, False, False]
    assert found.near.tolist() == [False, True, False]
    assert found.rows[:2].tolist() == [9, 1]
    assert (found.expected, found.doubted) == (0, 0)


def test_without_pictures_only_equal_ones_are_known() -> None:
    """Hashes alone find exact copies and nothing else."""
    found = picture_repeats(np.array([-1, 4]), None, Honest(np.empty(0), 0.0))
    assert found.exact.tolist() == [False, True]
    assert not found.near.any()
    assert np.isinf(found.differences[0])


def test_where_honest_pictures_come_as_near_nothing_is_believed() -> None:
    """Low-dimensional pictures are near each other by nature: no sample is accused for it."""
    rng = np.random.default_rng(0)
    honest, samples = rng.uniform(0, 0.1, 500), rng.uniform(0, 0.1, 1000)
    found = picture_repeats(np.full(1000, -1), alike(samples.tolist()), Honest(honest, 2.0))
    assert not found.near.any()
    assert found.doubted == int((samples <= SAME).sum())


def test_copies_far_more_common_than_chance_are_believed_there_too() -> None:
    """Where honest ones come near now and then, ten times as many samples are needed."""
    rng = np.random.default_rng(1)
    honest = rng.uniform(0, 0.5, 1000)
    samples = np.concatenate([rng.uniform(0, 0.5, 500), rng.uniform(0, 0.002, 500)])
    trusted = trusted_distance(samples, Honest(honest, 1.0), SAME)
    assert 0.0019 < trusted.distance <= SAME
    assert trusted.expected == (honest <= trusted.distance).sum()
    assert 10 * (1 + trusted.expected) <= (samples <= trusted.distance).sum()


def test_rows_that_repeat_by_nature_prove_nothing() -> None:
    """Rows of few values are equal by chance; rows of real numbers are not."""
    zero, far = np.zeros(50), np.full(50, 1.0)
    rows = np.arange(50)
    believed = row_repeats(zero, rows, Honest(far, 1.0), 1e-4)
    doubted = row_repeats(zero, rows, Honest(np.concatenate([zero, far]), 0.5), 1e-4)
    assert believed.exact.all()
    assert not doubted.any.any()
    assert doubted.doubted == 50


def test_hashes_lead_to_the_first_of_equal_ones() -> None:
    """Each hash finds the first row that has it, -1 where none has."""
    known = np.array([[1, 2], [3, 4], [1, 2]], dtype=np.uint8)
    asked = np.array([[1, 2], [9, 9], [3, 4]], dtype=np.uint8)
    assert repeated(asked, known).tolist() == [0, -1, 1]


def test_spacings_leave_the_point_itself_out() -> None:
    """The distance of a point to the nearest other one; zero where it is there twice."""
    points = np.array([[0.0, 0], [0, 0], [3, 4], [10, 0]], dtype=np.float32)
    assert spacings(points, np.array([0, 2])).tolist() == [0, 5]
