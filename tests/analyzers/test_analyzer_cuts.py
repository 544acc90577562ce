"""Cuts and bridges on maps whose truth is known, with and without a reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import norm

from analyzers.studies import (
    blob_map,
    drawn_study,
    findings,
    mapped,
    normal,
    sample_set,
    scores,
    study_of,
    study_of_map,
)
from gancheck.analyzers.cuts import Cuts
from gancheck.errors import NotAvailable
from gancheck.latents.search import Effort
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import Condition, Cut, Evidence, Severity

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def cuts(evidence: list[Evidence]) -> list[Cut]:
    """Return the cuts and bridges among evidence."""
    return [one for one in evidence if isinstance(one, Cut)]


def crossings(evidence: list[Evidence]) -> int:
    """Return how many lines cross a jump, as the finding says."""
    return int(findings(evidence)["cuts.crossings"].title.split()[0])


def sign(z: FloatArray) -> FloatArray:
    """Two modes, chosen by the sign of the first latent coordinate."""
    return np.asarray(np.concatenate([np.sign(z[:, :1]), 0.05 * z[:, 1:]], axis=1))


def voronoi(sharpness: float, d: int = 2) -> Callable[[FloatArray], FloatArray]:
    """Eight modes on a ring, each drawn in the cell of one direction, softly blended."""
    angle = 2 * np.pi * np.arange(8) / 8
    middles = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    turn = np.random.default_rng(0).standard_normal((8, d)) if d > 2 else middles
    turn = turn / np.linalg.norm(turn, axis=1, keepdims=True)

    def run(z: FloatArray) -> FloatArray:
        weight = sharpness * (z @ turn.T)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        return np.asarray(weight @ middles + 0.02 * z[:, :2])

    return run


def spiral(z: FloatArray) -> FloatArray:
    """The exact map of the spiral: radius and angle from two uniform latents."""
    radius = 0.05 + 0.9 * (z[:, 0] + 1) / 2 + 0.05 * z[:, 1]
    angle = 3 * np.pi * z[:, 0]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def perceptron(z: FloatArray) -> FloatArray:
    """A random smooth network."""
    rng = np.random.default_rng(1)
    hidden = np.tanh(z @ rng.standard_normal((z.shape[1], 32)))
    return np.asarray(np.tanh(hidden @ rng.standard_normal((32, 16)) / 4))


def ramp(place: float, width: float) -> Callable[[FloatArray], FloatArray]:
    """Two modes with a linear passage of some width between them, at some first coordinate."""

    def run(z: FloatArray) -> FloatArray:
        rise = np.clip((z[:, :1] - place) / width + 0.5, 0, 1)
        return np.concatenate([2 * rise, 0.02 * z[:, 1:]], axis=1)

    return run


def test_a_sign_is_one_cut_that_most_lines_cross() -> None:
    """83% of lines cross sign(z1); the one surface is that plane, without width."""
    found = list(Cuts().analyze(study_of_map(mapped(sign, 2, (2,)))))
    assert crossings(found) / 200 == pytest.approx(0.83, abs=0.06)
    (one,) = cuts(found)
    assert (one.kind, one.pieces, one.modes, one.off_reference) == ("cut", 1, (), None)
    assert abs(one.normal[0]) == pytest.approx(1.0, abs=1e-4)
    assert one.offset == pytest.approx(0.0, abs=1e-4)
    assert one.crossings == crossings(found)
    assert one.rate.low < one.crossings / 1200 < one.rate.high
    assert one.boundary_accuracy == 1.0
    verdict = findings(found)["cuts.crossings"]
    assert (verdict.severity, verdict.condition) == (Severity.WARN, Condition.LATENT_CUTS)
    assert scores(found)["cut_mass"].value < 1e-5


@pytest.mark.parametrize("law", ["normal", "sphere"])
def test_a_sharp_partition_is_cut_into_its_cells(law: str) -> None:
    """A softmax that is all but a choice of one of eight: four lines, each of two opposite rays."""
    found = list(Cuts().analyze(study_of_map(mapped(voronoi(1e4), 2, (2,), law=law))))
    walls = cuts(found)
    assert {one.kind for one in walls} == {"cut"}
    if law == "normal":
        assert len(walls) == 4
        assert all(one.offset < 1e-3 for one in walls)


def test_cells_in_many_dimensions_are_cuts_too() -> None:
    """In eight dimensions the eight cells have up to 28 walls: every surface found is a cut."""
    found = list(Cuts().analyze(study_of_map(mapped(voronoi(1e5, 8), 8, (2,)))))
    assert len(cuts(found)) >= 8
    assert {one.kind for one in cuts(found)} == {"cut"}


@pytest.mark.parametrize("sharpness", [30.0, 100.0, 1000.0])
def test_a_softer_partition_has_bridges(sharpness: float) -> None:
    """The same walls with a width shrink with the step: bridges, not cuts."""
    found = list(Cuts().analyze(study_of_map(mapped(voronoi(sharpness), 2, (2,)))))
    assert len(cuts(found)) >= 4
    assert {one.kind for one in cuts(found)} == {"bridge"}
    # Four lines through the middle of the plane, 4.39 / (0.765 sharpness) wide; they overlap there.
    whole = min(0.15, 4 * norm.pdf(0) * 4.39 / 0.765 / sharpness)
    assert scores(found)["cut_mass"].value == pytest.approx(whole, rel=0.25)


@pytest.mark.parametrize(
    ("run", "d", "shape", "law"),
    [
        (spiral, 2, (2,), "uniform"),
        (perceptron, 8, (16,), "normal"),
        (perceptron, 8, (16,), "sphere"),
        (voronoi(1.0), 2, (2,), "normal"),
        (voronoi(3.0), 2, (2,), "normal"),
    ],
)
def test_smooth_maps_have_no_cuts(
    run: Callable[[FloatArray], FloatArray], d: int, shape: tuple[int, ...], law: str
) -> None:
    """A spiral, a random network and a soft partition: no jump of any kind."""
    found = list(Cuts().analyze(study_of_map(mapped(run, d, shape, law=law))))
    assert cuts(found) == []
    assert findings(found)["cuts.crossings"].severity is Severity.OK
    assert scores(found)["cut_mass"].value == 0.0


def test_a_smooth_map_beside_a_reference_has_no_cuts() -> None:
    """With a reference, and not one step to look at closer, there is simply nothing."""
    sampler = Sampler(mapped(perceptron, 8, (16,)))
    study = study_of(sampler.draw(400, 0), sample_set(sampler.draw(900, 1).values), sampler=sampler)
    found = list(Cuts().analyze(study))
    assert cuts(found) == []
    assert findings(found)["cuts.crossings"].severity is Severity.OK


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_have_no_cut(seed: int) -> None:
    """Twenty smooth networks of several depths, widths and latent lengths: not one cut."""
    rng = np.random.default_rng(seed)
    d, width = int(rng.choice([2, 8, 32])), int(rng.choice([16, 64]))
    layers = [rng.standard_normal((d, width)) * rng.uniform(0.5, 2) / np.sqrt(d)]
    layers += [rng.standard_normal((width, width)) / np.sqrt(width) for _ in range(rng.integers(3))]
    last = rng.standard_normal((width, 4)) / np.sqrt(width)

    def run(z: FloatArray) -> FloatArray:
        for layer in layers:
            z = np.tanh(z @ layer) if seed % 2 else np.maximum(z @ layer, 0.1 * (z @ layer))
        return np.asarray(z @ last)

    found = list(Cuts().analyze(study_of_map(mapped(run, d, (4,)))))
    assert "cut" not in {one.kind for one in cuts(found)}


@pytest.mark.parametrize("run", [perceptron, voronoi(30.0), lambda z: np.exp(1.5 * z)])
def test_outputs_of_half_precision_have_no_cut(run: Callable[[FloatArray], FloatArray]) -> None:
    """Rounding to 16 bits makes small steps of any smooth map, none of which is a jump."""
    rounded = mapped(lambda z: run(z).astype(np.float16), 2, run(np.zeros((1, 2))).shape[1:])
    found = list(Cuts().analyze(study_of_map(rounded)))
    assert "cut" not in {one.kind for one in cuts(found)}


def test_an_exponential_is_steep_but_no_cut() -> None:
    """exp(1.5 z) outgrows its median slope a hundredfold, and has no discontinuity."""
    found = list(Cuts().analyze(study_of_map(mapped(lambda z: np.exp(1.5 * z), 2, (2,)))))
    assert "cut" not in {one.kind for one in cuts(found)}


def test_steep_passages_count_only_off_the_reference() -> None:
    """With a reference, a passage through empty space is a bridge; one through data is none."""
    generator = mapped(ramp(0.0, 0.05), 2, (2,))
    sampler = Sampler(generator)
    drawn = sampler.draw(600, 0)
    modes_only = sampler.draw(1500, 1).values
    modes_only = modes_only[(modes_only[:, 0] <= 0) | (modes_only[:, 0] >= 2)]
    empty = study_of(drawn, sample_set(modes_only), sampler=sampler)
    found = list(Cuts().analyze(empty))
    (bridge,) = cuts(found)
    assert bridge.crossings >= 50
    assert bridge.off_reference is not None
    assert bridge.off_reference > 1
    assert len(bridge.modes) == 2
    assert "times the share of all samples" in findings(found)["cuts.crossings"].detail
    rng = np.random.default_rng(0)
    filled = np.stack([rng.uniform(-0.1, 2.1, 4000), 0.02 * rng.standard_normal(4000)], axis=1)
    full = study_of(drawn, sample_set(filled.astype(np.float32)), sampler=sampler)
    assert sum(one.crossings for one in cuts(list(Cuts().analyze(full)))) <= 5


@pytest.mark.parametrize("place", [0.0, 1.5])
def test_the_mass_is_that_of_the_prior(place: float) -> None:
    """Of a passage of width 0.04, from 10% to 90% hold what the normal density holds there."""
    many = Cuts(effort=Effort(evaluations=600 * 64))
    found = list(many.analyze(study_of_map(mapped(ramp(place, 0.04), 2, (2,)))))
    whole = norm.cdf(place + 0.016) - norm.cdf(place - 0.016)
    assert scores(found)["cut_mass"].value == pytest.approx(whole, rel=0.25)


@pytest.mark.parametrize("law", ["uniform", "sphere"])
def test_other_laws_have_their_mass_too(law: str) -> None:
    """In two dimensions the passage holds its width / 2 of the box, width / (pi r) of a circle."""
    generator = mapped(ramp(0.0, 0.02), 2, (2,), law=law)
    many = Cuts(effort=Effort(evaluations=400 * 64))
    found = list(many.analyze(study_of_map(generator)))
    whole = 0.016 / 2 if law == "uniform" else 0.016 / (np.pi * np.sqrt(2))
    assert scores(found)["cut_mass"].value == pytest.approx(whole, rel=0.3)


def test_short_chords_of_a_box_are_scanned_all_the_same() -> None:
    """A plane through a box of 128 dimensions, whose chords are short, is found."""

    def halves(z: FloatArray) -> FloatArray:
        return np.concatenate([np.sign(z[:, :1] - 0.2), 0.05 * z[:, 1:8]], axis=1)

    found = list(Cuts().analyze(study_of_map(mapped(halves, 128, (8,), law="uniform"))))
    (one,) = cuts(found)
    assert abs(one.normal[0]) > np.cos(np.radians(5))
    assert one.offset == pytest.approx(0.2, abs=0.05)


def test_a_chance_inside_the_generator_is_no_cut() -> None:
    """A generator that answers one latent differently is not a map, and is refused."""
    rng = np.random.default_rng(0)
    noisy = mapped(lambda z: z + rng.standard_normal(z.shape), 2, (2,))
    with pytest.raises(NotAvailable, match="not a map"):
        list(Cuts().analyze(study_of_map(noisy)))


def test_noise_that_follows_the_latent_like_a_hash_is_no_map() -> None:
    """Outputs that the slightest move draws anew are refused, not called free of jumps."""

    def hashed(z: FloatArray) -> FloatArray:
        seeds = [abs(hash(row.tobytes())) for row in np.ascontiguousarray(z)]
        return np.stack([np.random.default_rng(seed).standard_normal(8) for seed in seeds])

    with pytest.raises(NotAvailable, match="does not follow the latent"):
        list(Cuts().analyze(study_of_map(mapped(hashed, 4, (8,)))))


def test_the_latent_plane_is_drawn_with_its_cuts() -> None:
    """For two latents the picture is the whole space, with its cuts as lines on it."""
    found = list(Cuts().analyze(study_of_map(mapped(sign, 2, (2,)))))
    picture = findings(found)["cuts.crossings"].exhibits[0]
    assert picture.kind == "slice"
    (line,) = picture.payload["lines"]
    np.testing.assert_allclose(np.array(line["points"])[:, 0], 0, atol=1e-3)


def test_images_across_a_jump_are_shown() -> None:
    """For an image generator that jumps, a film strip shows both sides of the surface."""
    base = blob_map()
    jumping = mapped(
        lambda z: np.where(z[:, :1, None, None] > 0, 255 - base.run(z), base.run(z)),
        4,
        base.spec.output_shape,
    )
    found = list(Cuts(effort=Effort(evaluations=30 * 64)).analyze(drawn_study(jumping, 200)))
    strips = [one for one in findings(found)["cuts.crossings"].exhibits if one.kind == "strip"]
    assert len(strips) == 1
    tiles = [tile["image"] for tile in strips[0].payload["tiles"]]
    assert tiles[0] != tiles[-1]
    assert "cut" in {one.kind for one in cuts(found)}


def test_equal_seeds_find_equal_cuts_and_others_find_others() -> None:
    """The lines are those of the seed."""

    def positions(seed: int) -> list[tuple[tuple[float, ...], ...]]:
        study: Study = study_of_map(mapped(sign, 2, (2,)), seed=seed)
        few = Cuts(effort=Effort(evaluations=20 * 64))
        return [one.points for one in cuts(list(few.analyze(study)))]

    assert positions(0) == positions(0)
    assert positions(0) != positions(1)


def test_it_needs_the_generator() -> None:
    """A set of samples has no latent space to scan."""
    with pytest.raises(NotAvailable, match="needs the generator itself"):
        list(Cuts().analyze(study_of(sample_set(normal(200, 2, 0)))))
