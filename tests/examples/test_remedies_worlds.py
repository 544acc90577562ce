"""The worlds of the remedies: their laws are exact, and so is what is counted on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from examples.remedies.judging import POINTS, drawn, perfect_overlap
from examples.remedies.published import PUBLISHED
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import (
    EXACT,
    GRID,
    RING,
    SPIRAL,
    WORLDS,
    Exact,
    Gaussians,
    exact_overlap,
)
from gancheck.measures.captured import captured

if TYPE_CHECKING:
    from gancheck.types import FloatArray

MANY = 100_000


def points_of(world: Exact, n: int = MANY) -> FloatArray:
    """Draw real points."""
    points, _ = world.draw(n, torch.Generator().manual_seed(4))
    return np.asarray(points.double().numpy())


def test_layouts_are_the_published_ones() -> None:
    """Eight centres on the unit circle, and five by five with gaps of two."""
    assert len(RING.centres) == 8
    assert np.hypot(*RING.centres.T) == pytest.approx(np.ones(8))
    assert sorted(set(GRID.centres.ravel().tolist())) == [-4, -2, 0, 2, 4]
    assert len(GRID.centres) == 25
    assert (RING.sd, GRID.sd) == (0.01, 0.05)


@pytest.mark.parametrize(("world", "floor"), [(RING, 0.0014), (GRID, 0.0049)])
def test_a_perfect_sampler_reaches_the_ceilings(world: Gaussians, floor: float) -> None:
    """All modes, 98.889% of high quality, and a reverse KL of chance alone."""
    found = [
        captured(points, world.centres, world.sd)
        for points in np.split(points_of(world), MANY // POINTS)
    ]

    assert {one.modes for one in found} == {world.classes}
    assert np.mean([one.high_quality for one in found]) == pytest.approx(0.98889, abs=0.002)
    assert np.mean([one.reverse_kl for one in found]) == pytest.approx(floor, rel=0.2)


@pytest.mark.parametrize("world", EXACT.values(), ids=EXACT)
def test_cells_hold_equal_mass(world: Exact) -> None:
    """Each cell gets its share of real points, and no real point is outside."""
    cells = world.cells_of(points_of(world))
    counts = np.bincount(cells, minlength=world.cells)

    assert cells.min() >= 0
    assert len(counts) == world.cells
    spread = math.sqrt(MANY / world.cells)
    assert np.abs(counts - MANY / world.cells).max() < 5 * spread


@pytest.mark.parametrize("world", EXACT.values(), ids=EXACT)
def test_a_perfect_sampler_overlaps_but_for_chance(world: Exact) -> None:
    """What is counted of real points is what the page says of a perfect sampler."""
    assert exact_overlap(world, points_of(world)) == pytest.approx(
        perfect_overlap(world), abs=0.005
    )


@pytest.mark.parametrize("kept", [1, 4, 8])
def test_dropped_modes_are_lost_overlap(kept: int) -> None:
    """With k of eight modes drawn, k eighths of the law are reproduced."""
    few = Gaussians("few", RING.middles[:kept], RING.sd)

    assert exact_overlap(RING, points_of(few)) == pytest.approx(kept / 8, abs=0.02)


def test_narrow_modes_are_lost_overlap_though_all_are_captured() -> None:
    """Modes of half the spread pass the counting, and overlap 0.53 of the law at most 0.6."""
    narrow = Gaussians("narrow", RING.middles, RING.sd / 2)
    points = points_of(narrow)

    assert captured(points[:POINTS], RING.centres, RING.sd).modes == 8
    assert captured(points[:POINTS], RING.centres, RING.sd).high_quality > 0.99
    # The overlap of two round Gaussians in the plane, one half as wide: 0.5275; cells round it up.
    assert 0.5275 - 0.02 < exact_overlap(RING, points) < 0.62


def test_points_off_the_spiral_are_in_no_cell() -> None:
    """Between the arms and far away the law has no mass; on the arms it has."""
    between = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, -0.62]])

    assert (SPIRAL.cells_of(between) == -1).all()
    assert (SPIRAL.cells_of(points_of(SPIRAL, 1000)) >= 0).all()
    assert exact_overlap(SPIRAL, between) == 0


def test_one_collapsed_mode_reads_as_published_arithmetic_says() -> None:
    """A ring in one mode: one captured, reverse KL ln 8, one effective mode."""
    one = Gaussians("one", RING.middles[:1], RING.sd)
    found = captured(points_of(one, POINTS), RING.centres, RING.sd)

    assert found.modes == 1
    assert found.reverse_kl == pytest.approx(math.log(8))
    assert found.effective == pytest.approx(1)


def test_published_rows_are_possible() -> None:
    """No mean of reverse KL is below what the mean of modes captured allows, within its spread."""
    for row in PUBLISHED:
        classes = WORLDS[row.world].classes
        assert row.system in SYSTEMS
        assert 0 < row.modes.value <= classes
        if row.divergence is not None:
            least = math.log(classes / (row.modes.value + (row.modes.spread or 0)))
            assert row.divergence.value + (row.divergence.spread or 0) >= least, row.row


def test_labels_are_the_gaussian_or_the_third_of_the_spiral() -> None:
    """Points lie where their label says."""
    source = torch.Generator().manual_seed(0)
    points, labels = GRID.draw(500, source)
    away = np.linalg.norm(points.numpy() - GRID.centres[labels.numpy()], axis=1)
    assert away.max() < 6 * GRID.sd
    points, labels = SPIRAL.draw(3000, source)
    radii = [float(torch.linalg.norm(points[labels == third], dim=1).mean()) for third in range(3)]

    assert radii == sorted(radii)
    assert set(labels.tolist()) == {0, 1, 2}


def test_conditional_points_are_drawn_under_all_labels() -> None:
    """A generator that answers with its label is asked for each of them equally often."""

    class Echo(torch.nn.Module):
        def forward(self, latents: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            """Return the label twice."""
            return labels[:, None].expand(-1, 2).to(latents.dtype)

    from examples.remedies.system import Players

    found = drawn(SYSTEMS["conditional"], RING, Players(Echo(), Echo()), 8000)

    assert np.bincount(found[:, 0].astype(int)) == pytest.approx(np.full(8, 1000), abs=150)
