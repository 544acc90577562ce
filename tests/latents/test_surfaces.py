"""Crossings are sorted into the surfaces that a map really jumps at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.latents.scan import bisect, candidates, walk
from gancheck.latents.surfaces import Crossings, Map, Surface, find_surfaces, local_normal
from gancheck.samplers.slices import random_lines

if TYPE_CHECKING:
    from gancheck.types import FloatArray

OUTPUTS = 16


def smooth(d: int, rng: np.random.Generator) -> Map:
    """Make a random smooth network."""
    first = rng.standard_normal((d, 64)) / np.sqrt(d)
    second = rng.standard_normal((64, OUTPUTS)) / 8
    return lambda z: np.tanh(np.asarray(z, dtype=np.float64) @ first) @ second


def jumping(d: int, side: Callable[[FloatArray], FloatArray], rng: np.random.Generator) -> Map:
    """Add a jump of length 3 for each column of sides (n, k) of 0 and 1."""
    base = smooth(d, rng)
    count = side(np.zeros((1, d))).shape[1]
    jumps = rng.standard_normal((count, OUTPUTS))
    jumps *= 3 / np.linalg.norm(jumps, axis=1, keepdims=True)
    return lambda z: base(z) + side(np.asarray(z, dtype=np.float64)) @ jumps


def crossings_of(run: Map, law: str, d: int, lines: int = 200) -> Crossings:
    """Scan a map as the analyzer does, and return its discontinuities."""
    through = random_lines(law, d, lines, 0)
    secants = walk(through, run, 64)
    chosen = candidates(secants, contrast=8.0, least=0.3)
    jumps = bisect(through, run, secants, chosen)
    sharp = jumps.exponent < 0.3
    return Crossings(
        points=through.at(jumps.line, jumps.length)[sharp].astype(np.float64),
        directions=through.headings(jumps.line, jumps.length)[sharp],
        sizes=jumps.size[sharp],
        widths=jumps.width[sharp],
    )


def surfaces_of(run: Map, law: str, d: int) -> tuple[Surface, ...]:
    """Scan and sort."""
    return find_surfaces(crossings_of(run, law, d), run, tolerance=0.02, least=3, most=48)


@pytest.mark.parametrize(
    ("d", "planes"),
    [*((d, planes) for d in (2, 32) for planes in range(5)), (128, 0), (128, 1), (128, 3)],
)
def test_every_plane_is_found_as_its_own_surface(d: int, planes: int) -> None:
    """Each hyperplane comes back within a tenth of a degree and 0.001, and nothing else does."""
    rng = np.random.default_rng([d, planes])
    normals = rng.standard_normal((planes, d))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    offsets = rng.uniform(0, 1, planes)
    run = jumping(d, lambda z: (z @ normals.T > offsets).astype(float), rng)

    found = surfaces_of(run, "normal", d)

    assert len(found) == planes
    for normal, offset in zip(normals, offsets, strict=True):
        nearest = max(found, key=lambda surface: abs(float(surface.normal @ normal)))
        assert abs(float(nearest.normal @ normal)) > np.cos(np.radians(0.1))
        assert nearest.offset == pytest.approx(offset, abs=1e-3)
        assert nearest.accuracy > 0.9


def test_a_ring_is_one_surface_though_it_bends_all_the_way() -> None:
    """A jump at radius 1 in the plane is one surface of several pieces."""
    rng = np.random.default_rng(0)
    run = jumping(2, lambda z: ((z**2).sum(axis=1, keepdims=True) > 1).astype(float), rng)

    found = surfaces_of(run, "normal", 2)

    assert len(found) == 1
    assert len(found[0].pieces) > 3


def test_two_rings_one_inside_the_other_stay_two() -> None:
    """Surfaces a tenth apart that run side by side do not join."""
    rng = np.random.default_rng(1)

    def side(z: FloatArray) -> FloatArray:
        radius = np.linalg.norm(z, axis=1, keepdims=True)
        return np.concatenate([radius > 1.0, radius > 1.3], axis=1).astype(float)

    found = surfaces_of(jumping(2, side, rng), "normal", 2)

    assert len(found) == 2


def test_crossing_planes_stay_two() -> None:
    """Planes that intersect in the middle of everything are not a bend."""
    rng = np.random.default_rng(2)
    run = jumping(2, lambda z: (z > 0).astype(float), rng)

    found = surfaces_of(run, "normal", 2)

    assert sorted(round(abs(float(one.normal[0])), 3) for one in found) == [0.0, 1.0]


def test_the_normal_is_found_from_a_line_that_hardly_crosses() -> None:
    """In 128 dimensions a random line meets a plane at a flat angle; its normal is found."""
    rng = np.random.default_rng(3)
    run = jumping(128, lambda z: (z[:, :1] > 0.2).astype(float), rng)
    direction = rng.standard_normal(128)
    direction /= np.linalg.norm(direction)
    point = rng.standard_normal(128)
    point[0] = 0.2
    one = Crossings(point[None], direction[None], np.ones(1), np.zeros(1))

    normal, smooth = local_normal(one, 0, run)

    assert abs(direction[0]) < 0.15
    assert abs(normal[0]) > 0.9999
    assert smooth


def test_few_crossings_are_no_surface() -> None:
    """What was met less often than asked for is left out."""
    rng = np.random.default_rng(4)
    run = jumping(2, lambda z: (z[:, :1] > 0).astype(float), rng)
    few = crossings_of(run, "normal", 2, lines=2)

    assert len(few) < 3
    assert find_surfaces(few, run, tolerance=0.02, least=3, most=8) == ()
