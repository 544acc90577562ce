"""Lines stay where the prior has its mass."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.errors import NotAvailable
from gancheck.samplers.slices import REACH, Lines, random_lines

DIMENSIONS = [2, 3, 64]


def points_of(lines: Lines, ticks: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate every line at evenly spaced lengths, ends included."""
    share = np.linspace(0, 1, ticks)
    lengths = lines.spans[:, :1] + share * (lines.spans[:, 1:] - lines.spans[:, :1])
    rows = np.repeat(np.arange(len(lines.starts)), ticks)
    return rows, lines.at(rows, lengths.ravel()).reshape(len(lines.starts), ticks, -1)


@pytest.mark.parametrize("d", [1, *DIMENSIONS])
def test_chords_of_the_box_end_on_its_surface(d: int) -> None:
    """Under the uniform law points stay in the box, and both ends of a line touch it."""
    _, points = points_of(random_lines("uniform", d, 50, 0))
    assert np.abs(points).max() <= 1 + 1e-5
    np.testing.assert_allclose(np.abs(points[:, [0, -1]]).max(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_great_circles_stay_on_the_sphere_and_close(d: int) -> None:
    """Under the sphere law every point has length sqrt(d), and the ends of a line meet."""
    _, points = points_of(random_lines("sphere", d, 50, 0))
    np.testing.assert_allclose(np.linalg.norm(points, axis=2), np.sqrt(d), rtol=1e-4)
    np.testing.assert_allclose(points[:, 0], points[:, -1], atol=1e-3)


@pytest.mark.parametrize("d", [1, *DIMENSIONS])
def test_normal_lines_reach_three_deviations(d: int) -> None:
    """The middle of a line is its point nearest to the origin, its own coordinate spans -3..3."""
    lines = random_lines("normal", d, 50, 0)
    np.testing.assert_allclose((lines.starts * lines.directions).sum(axis=1), 0, atol=1e-6)
    np.testing.assert_array_equal(lines.spans, np.tile([-REACH, REACH], (50, 1)))
    _, points = points_of(lines)
    ends = points[:, -1] - points[:, 0]
    np.testing.assert_allclose(np.linalg.norm(ends, axis=1), 2 * REACH, rtol=1e-4)


def test_normal_lines_lie_like_the_prior() -> None:
    """The squared distance of lines from the origin has the mean d - 1 of its chi-square law."""
    lines = random_lines("normal", 10, 2000, 0)
    assert (lines.starts**2).sum(axis=1).mean() == pytest.approx(9, rel=0.05)


@pytest.mark.parametrize("law", ["normal", "uniform", "sphere"])
def test_lengths_are_lengths(law: str) -> None:
    """A small step along a line moves the latent by that much, and directions are units."""
    lines = random_lines(law, 8, 20, 1)
    np.testing.assert_allclose(np.linalg.norm(lines.directions, axis=1), 1, rtol=1e-6)
    rows, middle = np.arange(20), lines.spans.mean(axis=1)
    step = lines.at(rows, middle + 0.01).astype(float) - lines.at(rows, middle - 0.01)
    np.testing.assert_allclose(np.linalg.norm(step, axis=1), 0.02, rtol=1e-3)


def test_seeds_choose_the_lines() -> None:
    """The same seed gives the same lines, another one others."""
    one, again, other = (random_lines("normal", 4, 10, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.starts, again.starts)
    assert (one.directions != other.directions).all()


def test_lines_through_ones_own_law_are_not_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the mass of a foreign law lies is not known, and said."""
    from gancheck.laws import LAWS
    from gancheck.samplers.prior import normal

    monkeypatch.setitem(LAWS._items, "mine", normal)
    with pytest.raises(NotAvailable, match="'mine'"):
        random_lines("mine", 4, 10, 0)


@pytest.mark.parametrize("law", ["normal", "uniform", "sphere"])
def test_headings_point_along_the_line(law: str) -> None:
    """The heading at a length is the direction of a small step there, also on a circle."""
    lines = random_lines(law, 6, 20, 1)
    rows, place = np.arange(20), 0.8 * lines.spans[:, 1]
    step = lines.at(rows, place + 0.01).astype(float) - lines.at(rows, place - 0.01)
    np.testing.assert_allclose(lines.headings(rows, place), step / 0.02, atol=1e-3)


@pytest.mark.parametrize("d", [2, 5])
@pytest.mark.parametrize("law", ["normal", "uniform", "sphere"])
def test_lines_weigh_sets_as_the_prior_does(law: str, d: int) -> None:
    """The mean over lines of the density inside a half-space off the centre is its mass."""
    from gancheck.samplers.prior import draw_latents

    ticks = 200
    lines = random_lines(law, d, 1500, 2)
    share = (np.arange(ticks) + 0.5) / ticks
    width = lines.spans[:, 1:] - lines.spans[:, :1]
    lengths = lines.spans[:, :1] + share * width
    rows = np.repeat(np.arange(1500), ticks)
    inside = lines.at(rows, lengths.ravel())[:, 0] > 0.7
    weight = lines.density(rows, lengths.ravel()) * np.repeat(width[:, 0] / ticks, ticks)
    np.testing.assert_allclose(np.bincount(rows, weight), 1, atol=1e-3)
    wanted = (draw_latents(law, (d,), 50_000, 9)[:, 0] > 0.7).mean()
    assert (weight * inside).sum() / 1500 == pytest.approx(wanted, abs=0.02)
