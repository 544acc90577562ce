"""Slices of maps whose jumps are known: where the lines run, what the layers say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from analyzers.studies import Mapped, drawn_study, mapped, study_of_map
from analyzers.test_analyzer_cuts import sign, spiral, voronoi
from gancheck.critic import Critic
from gancheck.errors import UsageError
from gancheck.latents.search import Effort, scan
from gancheck.latents.slice import Slice, Wish, resolution, take_slice
from gancheck.loaders.interface import LoadOptions
from gancheck.loaders.network import CallPlan, Network
from gancheck.preparation import build_study, gather
from gancheck.settings import Clock, Settings, Silence

if TYPE_CHECKING:
    from gancheck.study import Study
    from gancheck.types import FloatArray

LITTLE = Effort(evaluations=1280)
SPIRAL = Path(__file__).parents[2] / "examples" / "spiral"


def sliced(generator: Mapped, side: int = 64, **wish: object) -> Slice:
    """Take a slice of a map after a short scan."""
    study = study_of_map(generator)
    return take_slice(study, scan(study, LITTLE), Wish(side=side, **wish))  # type: ignore[arg-type]


def ring(z: FloatArray) -> FloatArray:
    """Two modes, one inside radius 1."""
    outside = np.linalg.norm(z, axis=1, keepdims=True) > 1
    return np.concatenate([2.0 * outside, 0.05 * z], axis=1)


def between(z: FloatArray, width: float = 0.3) -> FloatArray:
    """Two modes with a passage between them that is curved and has a width."""
    place = (z[:, 0] - 0.3 * np.sin(2 * z[:, 1])) / width
    return np.stack([2 * np.clip(place + 0.5, 0, 1), 0.02 * z[:, 1]], axis=1)


def test_a_sign_is_one_straight_line_finer_than_a_cell() -> None:
    """The line of sign(z1) runs from edge to edge at 0, to a hundredth of a cell."""
    taken = sliced(mapped(sign, 2, (2,)))
    (line,) = taken.lines
    assert (line.trace.kind, line.trace.closed, line.surface) == ("cut", False, 0)
    assert np.abs(line.trace.points[:, 0]).max() < 1e-3
    assert line.trace.length == pytest.approx(6.0, abs=0.2)


def test_a_ring_is_one_closed_line() -> None:
    """A jump at radius 1 comes back to its beginning and keeps its radius."""
    (line,) = sliced(mapped(ring, 2, (3,))).lines
    assert line.trace.closed
    np.testing.assert_allclose(np.linalg.norm(line.trace.points, axis=1), 1.0, atol=1e-3)
    assert line.trace.length == pytest.approx(2 * np.pi, rel=0.01)


def test_a_partition_has_eight_rays_and_nothing_else() -> None:
    """Every point of a line lies on a wall, and all eight walls are drawn to near the middle."""
    taken = sliced(mapped(voronoi(1e4), 2, (2,)))
    cell = taken.plane.width / 63
    drawn = np.concatenate([line.trace.dense(0.01) for line in taken.lines])
    walls = 2 * np.pi * (np.arange(8) + 0.5) / 8
    rays = np.stack([np.cos(walls), np.sin(walls)], axis=1)
    height = np.abs(drawn @ np.stack([-rays[:, 1], rays[:, 0]])).min(axis=1)
    radius = np.linalg.norm(drawn, axis=1)
    assert height[radius > 0.5].max() < 1e-3
    for ray in rays:
        for reach in (0.6, 1.5, 2.8):
            assert np.linalg.norm(drawn - reach * ray, axis=1).min() < cell


def test_a_passage_is_traced_along_its_middle() -> None:
    """A bridge as wide as six cells is one line half way across it."""
    generator = mapped(between, 2, (2,))
    study = study_of_map(generator)
    (line,) = take_slice(study, scan(study, LITTLE), Wish(side=120)).lines
    assert line.trace.kind == "bridge"
    along = line.trace.dense(0.05)
    assert np.abs(along[:, 0] - 0.3 * np.sin(2 * along[:, 1])).max() < 0.05


@pytest.mark.parametrize("run", [spiral, lambda z: np.exp(1.5 * z), lambda z: 0 * z])
def test_smooth_maps_have_no_line(run: object) -> None:
    """The exact spiral, a steep exponential and a constant have nothing to trace."""
    assert sliced(mapped(run, 2, (2,)), side=48).lines == ()  # type: ignore[arg-type]


def test_the_plane_of_most_crossings_shows_the_cut_upright() -> None:
    """In 12 dimensions the one cut is seen as a straight line across its own normal."""
    normal = np.random.default_rng(3).standard_normal(12)
    normal /= np.linalg.norm(normal)

    def run(z: FloatArray) -> FloatArray:
        return np.concatenate([np.sign(z @ normal[:, None] - 0.4), 0.05 * z], axis=1)

    taken = sliced(mapped(run, 12, (13,)))
    assert taken.plane.chosen.startswith("the plane of the normal of the only surface")
    (line,) = taken.lines
    assert line.surface == 0
    assert line.trace.length > 5.5
    latents = taken.plane.at(line.trace.dense(0.1))
    np.testing.assert_allclose(latents @ normal, 0.4, atol=1e-3)


def test_without_a_surface_the_plane_is_random_and_says_so() -> None:
    """A smooth generator of many latents has no plane that shows more than another."""
    taken = sliced(mapped(lambda z: np.tanh(z), 6, (6,)), side=24)
    assert "random plane" in taken.plane.chosen
    assert taken.lines == ()


def test_layers_are_the_jump_and_the_distance_to_the_reference() -> None:
    """Jumps are counted in random pairs, and what is off the reference comes first."""
    study = drawn_study(mapped(sign, 2, (2,)), 600)
    taken = take_slice(study, scan(study, LITTLE), Wish(side=32))
    off, jump = taken.layers
    assert (off.name, jump.name) == ("off_reference", "jump")
    assert jump.values.max() == pytest.approx(0.0, abs=0.35)
    assert np.isfinite(off.values).all()
    facts = taken.to_dict()
    assert facts["resolution"] == 32
    assert [one["kind"] for one in facts["lines"]] == ["cut"]


def test_a_discriminator_is_a_layer_of_its_own() -> None:
    """D(G(z)) is offered beside the jump: here certain on one side of the cut, not on the other."""

    def above(inputs: tuple[object, ...]) -> object:
        (samples,) = inputs
        assert isinstance(samples, torch.Tensor)
        return 9 * samples[:, 0]

    study = drawn_study(mapped(sign, 2, (2,)), 100)
    judged = dataclasses.replace(study, critic=Critic(Network(above, CallPlan(("x",), "x"))))

    taken = take_slice(judged, scan(judged, LITTLE), Wish(side=32))

    layer = {one.name: one for one in taken.layers}["discriminator"]
    inside = np.isfinite(layer.values)
    left, right = layer.values[:, :16][inside[:, :16]], layer.values[:, 16:][inside[:, 16:]]
    assert left.max() < 0.01
    assert right.min() > 0.99


def test_equal_runs_take_equal_slices() -> None:
    """The same seed and the same wish give the same values and lines."""
    one, again = (sliced(mapped(voronoi(30.0), 2, (2,)), side=40) for _ in range(2))
    np.testing.assert_array_equal(one.layers[0].values, again.layers[0].values)
    assert one.to_dict() == again.to_dict()


def test_a_latent_of_another_length_is_refused() -> None:
    """--at and --through have to fit the generator."""
    with pytest.raises(UsageError, match="3 numbers, the generator takes 2"):
        sliced(mapped(sign, 2, (2,)), at=np.zeros(3))


def test_costly_outputs_get_fewer_cells() -> None:
    """Points in the plane get 400 cells an edge, others fewer; what is asked for is done."""
    plain = study_of_map(mapped(sign, 2, (2,)), n=10)
    many = study_of_map(mapped(lambda z: z, 8, (8,)), n=10)
    assert (resolution(plain, Wish()), resolution(many, Wish())) == (400, 160)
    assert resolution(plain, Wish(side=33)) == 33


@pytest.fixture(scope="module")
def shipped() -> Study:
    """Return the study of the spiral generator that comes with gancheck."""
    settings = Settings(samples=400, load=LoadOptions(latent_law="uniform", device="cpu"))
    clock = Clock(Silence())
    paths = SPIRAL / "spiral_better.pt", SPIRAL / "spiral_reference.npz"
    return build_study(gather(*paths, settings, clock), settings, clock).study


def test_the_two_red_lines_of_the_spiral_are_traced(shipped: Study) -> None:
    """The inner and the outer cut of the shipped generator come out as long clean lines."""
    taken = take_slice(shipped, scan(shipped, LITTLE), Wish(side=160))
    long = [line.trace for line in taken.lines if line.trace.length > 0.8]
    assert len(taken.lines) <= 5
    inner = [one for one in long if one.points[:, 0].max() < 0.4 and one.points[:, 1].max() < 0.3]
    assert len(inner) == 1
    outer = [one for one in long if one is not inner[0]]
    assert sum(one.length for one in outer) == pytest.approx(4.0, abs=0.5)
    for known in ([-1.0, 0.46], [0.5, 0.5], [0.62, 0.0], [0.52, -0.49], [-0.6, -1.0]):
        assert min(np.linalg.norm(one.dense(0.01) - known, axis=1).min() for one in outer) < 0.12
    for known in ([-0.41, 0.03], [0.0, 0.09], [0.28, -0.4], [-1.0, -0.79]):
        assert np.linalg.norm(inner[0].dense(0.01) - known, axis=1).min() < 0.12
