"""Planes: where their points lie, what they show of a law, and how they are named."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.errors import NotAvailable, UsageError
from gancheck.samplers.planes import coordinate_plane, plane_through, spanned_plane


@pytest.mark.parametrize(("law", "edge"), [("normal", 3.0), ("uniform", 1.0), ("normal:0.5", 1.5)])
def test_two_latents_are_shown_whole(law: str, edge: float) -> None:
    """The window of two latents is the whole space, row by row from the lower left."""
    whole = coordinate_plane(law, 2, (0, 1))
    assert whole.exact
    assert whole.chosen == "the whole latent space"
    assert whole.extent == pytest.approx((-edge, edge, -edge, edge))
    latents = whole.at(whole.grid(5))
    np.testing.assert_allclose(latents[[0, 4, -1]], [[-edge, -edge], [edge, -edge], [edge, edge]])


def test_coordinates_keep_the_others_where_they_are_asked_to_be() -> None:
    """--plane moves two numbers; --at says what the others are."""
    plane = coordinate_plane("normal", 4, (3, 1), np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(plane.at(np.array([[0.5, -1.0]])), [[1.0, 1.0, 3.0, 4.5]])
    assert plane.axes == ("z4", "z2")


@pytest.mark.parametrize("pair", [(0, 0), (0, 4), (-1, 2)])
def test_coordinates_that_are_not_there_are_refused(pair: tuple[int, int]) -> None:
    """The error says which numbers there are."""
    with pytest.raises(UsageError) as refused:
        coordinate_plane("normal", 4, pair)
    assert "1..4" in str(refused.value.hint)


@pytest.mark.parametrize("count", [2, 3])
def test_a_plane_through_latents_holds_them_and_shows_them(count: int) -> None:
    """Each given latent lies on the plane, inside its window."""
    given = np.random.default_rng(0).standard_normal((count, 6))
    plane = plane_through("normal", given, 0)
    places = plane.place(given)
    np.testing.assert_allclose(plane.at(places), given, atol=1e-5)
    assert np.abs(places).max() < plane.extent[1]


def test_latents_on_one_line_or_too_many_are_refused() -> None:
    """Three latents on a line span no plane, and four have none in common."""
    line = np.outer([1.0, 2.0, 3.0], np.ones(5))
    with pytest.raises(UsageError, match="one line"):
        plane_through("normal", line, 0)
    with pytest.raises(UsageError, match="4 latents"):
        plane_through("normal", np.eye(4), 0)


def test_a_spanned_plane_is_flat_upright_and_holds_its_directions() -> None:
    """Directions lie in the plane, distances on it are latent distances, and 0, 0 is typical."""
    normal = np.eye(64)[5:6]
    plane = spanned_plane("normal", normal, "a plane", 0)
    np.testing.assert_allclose(plane.frame @ plane.frame.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane.frame[0], normal[0])
    np.testing.assert_allclose(plane.frame @ plane.centre, 0, atol=1e-12)
    assert np.linalg.norm(plane.centre) == pytest.approx(8, rel=0.25)


def test_a_box_is_shown_to_its_corners_and_not_beyond() -> None:
    """What lies outside the box of a uniform law is not inside; its far corners are in sight."""
    plane = spanned_plane("uniform", np.ones((1, 3)), "a plane", 0)
    points = plane.grid(41)
    np.testing.assert_array_equal(
        plane.inside(points), np.abs(plane.at(points)).max(axis=1) <= 1 + 1e-6
    )
    assert plane.extent[1] == pytest.approx(np.sqrt(3), rel=1e-3)


def test_a_sphere_is_shown_as_half_of_it() -> None:
    """Every point is a latent on the sphere, as far from the middle as on the chart."""
    plane = spanned_plane("sphere", np.eye(8)[:2], "a plane", 0)
    points = plane.grid(41)
    latents = plane.at(points).astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), np.sqrt(8), rtol=1e-5)
    angle = np.arccos(np.clip(latents @ plane.centre / 8, -1, 1))
    inside = plane.inside(points)
    np.testing.assert_allclose(
        (angle * np.sqrt(8))[inside], np.linalg.norm(points, axis=1)[inside], atol=2e-3
    )
    assert 0.7 < inside.mean() < 0.85


@pytest.mark.parametrize(("law", "d"), [("sphere", 2), ("normal", 1), ("mine:law", 4)])
def test_laws_without_a_window_say_so(law: str, d: int) -> None:
    """Circles, single numbers and laws of one's own have no plane to show."""
    with pytest.raises(NotAvailable):
        spanned_plane(law, np.empty((0, d)), "a plane", 0)
