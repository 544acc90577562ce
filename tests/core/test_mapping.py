"""The map: drawn by another process from the reference alone, samples placed into it."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.mapping import (
    CARTOGRAPHER,
    LANDMARKS,
    Cartographer,
    as_they_are,
    begin_umap,
    off,
    place,
    principal,
)


@pytest.fixture
def cartographer() -> Cartographer:
    """Return the one that the runs of this process use, whose process may be there already."""
    return CARTOGRAPHER


def clouds() -> np.ndarray:
    """Two clouds of 60 points far apart in five dimensions."""
    rng = np.random.default_rng(0)
    middles = np.repeat([0.0, 20.0], 60)[:, None]
    return (middles + rng.standard_normal((120, 5))).astype(np.float32)


def test_what_is_apart_stays_apart_and_equal_seeds_give_equal_maps(
    cartographer: Cartographer,
) -> None:
    """The map shows two clouds as two, and is a function of features and seed."""
    once = cartographer.begin(clouds(), 3)()
    again = cartographer.begin(clouds(), 3)()
    other = cartographer.begin(clouds(), 4)()

    middles = once[:60].mean(axis=0), once[60:].mean(axis=0)
    spread = max(once[:60].std(), once[60:].std())
    assert once.shape == (120, 2)
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * spread
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_map_nobody_waited_for_does_not_answer_the_next_request(
    cartographer: Cartographer,
) -> None:
    """A run that failed half-way leaves no answer behind for the one after it."""
    cartographer.begin(clouds()[:50], 0)
    placed = cartographer.begin(clouds(), 0)()

    assert placed.shape == (120, 2)


def test_a_process_that_died_is_an_error_and_the_next_map_gets_a_new_one() -> None:
    """A killed process is reported, not waited for, and costs one map."""
    own = Cartographer()
    wait = own.begin(clouds(), 0)
    process = own._process
    assert process is not None
    process.kill()

    with pytest.raises(RuntimeError, match="draws maps ended with -9"):
        wait()
    assert own._running() is not process
    own.close()


def test_a_map_that_was_killed_is_drawn_on_principal_axes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed before it was asked or after, the process costs the layout and not the run."""
    own = Cartographer()
    monkeypatch.setattr("gancheck.mapping.CARTOGRAPHER", own)
    finish = begin_umap(clouds(), None, 0)
    process = own._process
    assert process is not None
    process.kill()
    plane = finish()

    assert (
        plane.how
        == "on the first two principal axes (the process that lays out by UMAP was killed)"
    )
    np.testing.assert_array_equal(plane.samples, principal(clouds(), None).samples)
    own.close()


def test_the_map_of_a_reference_is_the_same_for_every_model(cartographer: Cartographer) -> None:
    """Samples are placed into the layout; they do not move it, and lie with their own cloud."""
    assert cartographer is CARTOGRAPHER
    reference = clouds()
    first, second = reference[:60] + 0.01, reference[60:] + 0.01
    one, two = begin_umap(first, reference, 3)(), begin_umap(second, reference, 3)()

    np.testing.assert_array_equal(one.reference, two.reference)
    for placed, own in ((one.samples, one.reference[:60]), (two.samples, two.reference[60:])):
        reach = np.linalg.norm(own - own.mean(axis=0), axis=1).max()
        assert placed.shape == (60, 2)
        assert np.linalg.norm(placed - own.mean(axis=0), axis=1).max() <= reach
        assert np.linalg.norm(placed - own, axis=1).mean() < 0.2 * reach


def test_points_beyond_the_landmarks_are_placed_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A larger reference has all of its points on the map; a copy lies on its original."""
    asked = []

    def begin(features: np.ndarray, seed: int) -> object:
        asked.append((len(features), seed))
        return lambda: np.asarray(features[:, :2], dtype=np.float32)

    monkeypatch.setattr(CARTOGRAPHER, "begin", begin)
    reference = np.random.default_rng(0).standard_normal((LANDMARKS, 3)).astype(np.float32)
    alone = begin_umap(np.concatenate([reference, reference[:5]]), None, 7)()

    assert asked == [(LANDMARKS, 7)]
    assert alone.samples.shape == (LANDMARKS + 5, 2)
    assert len(alone.reference) == 0
    np.testing.assert_allclose(alone.samples[-5:], reference[:5, :2], atol=2e-3)


def test_a_point_between_two_clusters_goes_with_the_most_of_its_neighbours() -> None:
    """Where a mean would fall into the gap, the median stays with five neighbours of eight."""
    landmarks = np.concatenate([np.full((5, 4), -1.0), np.full((3, 4), 1.0)]).astype(np.float32)
    layout = np.concatenate([np.zeros((5, 2)), np.full((3, 2), 10.0)]).astype(np.float32)

    middle = place(np.zeros((1, 4), dtype=np.float32), landmarks, layout)

    np.testing.assert_allclose(middle, 0.0, atol=0.05)
    assert place(landmarks[:0], landmarks, layout).shape == (0, 2)


def test_what_lies_far_from_the_reference_is_told_apart() -> None:
    """A sample beyond nearly all nearest distances of the reference is off it, others are not."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((1000, 3)).astype(np.float32)
    fresh = rng.standard_normal((1000, 3)).astype(np.float32)
    far = np.array([[0.0, 0.0, 9.0]], dtype=np.float32)

    assert off(far, reference).tolist() == [True]
    assert off(fresh, reference).mean() < 0.01
    assert not off(fresh, reference[:1]).any()


def test_principal_axes_are_those_of_the_reference() -> None:
    """The plane is fitted on the reference: the longest spread of the samples does not turn it."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((400, 3)) * [5.0, 2.0, 0.1]
    samples = rng.standard_normal((100, 3)) * [1.0, 1.0, 50.0]
    plane = principal(samples.astype(np.float32), reference.astype(np.float32))

    for placed, points in ((plane.reference, reference), (plane.samples, samples)):
        for axis in (0, 1):
            assert abs(np.corrcoef(placed[:, axis], points[:, axis])[0, 1]) > 0.95
    assert plane.off.mean() > 0.9


@pytest.mark.parametrize("shape", [(3, 8), (1, 4)])
def test_too_small_a_reference_is_laid_out_without_umap(shape: tuple[int, int]) -> None:
    """A handful of real samples still gives a map, of two columns and no gaps."""
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((60, shape[1])).astype(np.float32)
    plane = begin_umap(samples, rng.standard_normal(shape).astype(np.float32), 0)()

    assert plane.samples.shape == (60, 2)
    assert plane.reference.shape == (shape[0], 2)
    assert np.isfinite(plane.samples).all()


def test_equal_points_are_a_map_too(cartographer: Cartographer) -> None:
    """A generator that draws one thing only has a map: all distances are zero."""
    assert cartographer is CARTOGRAPHER
    plane = begin_umap(np.ones((80, 4), dtype=np.float32), None, 0)()

    assert plane.samples.shape == (80, 2)
    assert np.isfinite(plane.samples).all()


def test_points_of_the_plane_stay_where_they_are() -> None:
    """Two coordinates need no layout; only what is off is added."""
    samples = np.array([[0.0, 0.0], [50.0, 0.0]])
    reference = np.random.default_rng(0).standard_normal((200, 2))
    plane = as_they_are(samples, reference)

    assert plane.samples is samples
    assert plane.off.tolist() == [False, True]
    assert not as_they_are(samples, None).off.any()


def test_points_that_are_all_the_same_have_a_place() -> None:
    """A constant generator is laid out without a warning: everything lies in the middle."""
    plane = principal(np.ones((60, 3), dtype=np.float32), None)

    np.testing.assert_allclose(plane.samples, 0, atol=1e-6)
