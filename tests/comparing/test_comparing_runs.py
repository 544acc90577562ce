"""Whole comparisons of models and sets with known truth, on small vectors and images."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch

from gancheck.analyzing import analyze
from gancheck.comparing import Comparison, Ruling, compare
from gancheck.errors import ShapeError, UsageError
from gancheck.loaders import LoadOptions
from gancheck.measures import spectrum
from gancheck.pipeline import diagnose
from gancheck.settings import Settings

N, SIDE = 400, 8
SETTINGS = Settings(
    samples=N, map="none", cache=False, load=LoadOptions(latent_dim=3, latent_law="normal")
)
ALONE = dataclasses.replace(SETTINGS, load=LoadOptions())


class Square(torch.nn.Module):
    """Four Gaussians at the corners of a square, of which some are never drawn."""

    def __init__(self, drawn: tuple[int, ...] = (0, 1, 2, 3), latent: int = 3) -> None:
        super().__init__()
        self.drawn, self.latent = drawn, latent

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Choose a corner by the first coordinate of the latent."""
        place = (torch.special.ndtr(z[:, 0]) * len(self.drawn)).long().clamp(0, len(self.drawn) - 1)
        corner = torch.tensor(self.drawn)[place]
        return 4 * torch.stack([corner % 2, corner // 2], 1) + 0.3 * z[:, 1:3]


def points(seed: int, n: int = N, drawn: tuple[int, ...] = (0, 1, 2, 3)) -> np.ndarray:
    """Draw the same as a set of samples."""
    latents = np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)
    return np.asarray(Square(drawn)(torch.as_tensor(latents)))


def pictures(seed: int, drawn: tuple[int, ...] = (0, 1, 2, 3), n: int = N) -> np.ndarray:
    """Draw images with a bright quarter: which one is the mode."""
    rng = np.random.default_rng(seed)
    quarter = rng.choice(drawn, size=n)
    images = rng.integers(0, 60, (n, 1, SIDE, SIDE))
    for row, own in enumerate(quarter):
        top, left = 4 * (own // 2), 4 * (own % 2)
        images[row, 0, top : top + 4, left : left + 4] += 150 + rng.integers(0, 40)
    return images.astype(np.uint8)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Run the analyzers that decide, and a smaller spectrum: the others are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        some = partial(analyze, names=("coverage", "modes"))
        patch.setattr("gancheck.comparing.sides.analyze", some)
        patch.setattr(spectrum, "_FREQUENCIES", 60)
        patch.setattr(spectrum, "_KEPT", 30)
        yield


@pytest.fixture(scope="module")
def lost() -> Comparison:
    """Compare a model with one that lost a corner, drawn from the same latents."""
    return compare(Square(), Square((0, 1, 2)), points(0, 1200), SETTINGS)


def test_a_lost_corner_is_named_in_pairs(lost: Comparison) -> None:
    """B is worse: diversity fell by about a quarter, one mode is lost, pairs are known."""
    change = next(one for one in lost.scores if one.name == "diversity")

    assert lost.ruling is Ruling.WORSE
    assert lost.pairing.latents
    assert lost.pairing.reference
    assert change.paired
    assert change.low < -0.25 < change.high
    assert len(lost.shifted("lost")) == 1
    assert lost.modes_of == "reference"
    assert lost.spectrum is not None
    assert lost.spectrum.lost[0].b.high < 0.1 < lost.spectrum.lost[0].a.low
    assert [one.kind for one in lost.exhibits] == ["scatter"]


def test_a_model_against_itself_is_no_difference() -> None:
    """The same model draws the same samples from the same latents: nothing differs at all."""
    found = compare(Square(), Square(), points(0, 1200), SETTINGS)

    assert found.ruling is Ruling.SAME
    assert {one.value for one in found.scores} == {0.0}
    assert "Every sample of B is the same as that of A." in found.warnings


def test_sets_of_one_law_are_no_difference_and_not_paired() -> None:
    """Two independent sets are compared as such, and the reason is given."""
    found = compare(points(1), points(2), points(0, 1200), ALONE)

    assert found.ruling is Ruling.SAME
    assert not found.pairing.latents
    assert "A and B are sets of samples" in found.pairing.reason
    assert found.power is not None
    assert found.power.needed > 0


def test_latents_of_other_shapes_are_not_paired() -> None:
    """Where the latents differ in shape the comparison goes on without pairs, and says so."""
    settings = dataclasses.replace(SETTINGS, load=LoadOptions(latent_law="normal"))
    models = [torch.nn.Sequential(torch.nn.Linear(size, 2)) for size in (3, 4)]
    found = compare(models[0], models[1], None, settings)

    assert not found.pairing.latents
    assert found.pairing.reason == "the latents of A have the shape 3, those of B 4"


def test_without_a_reference_a_lost_corner_is_a_difference() -> None:
    """Clusters of the pool show what B lacks; which side is better stays open."""
    found = compare(points(1), points(2, drawn=(0, 1, 2)), None, ALONE)

    assert found.ruling is Ruling.DIFFERENT
    assert found.modes_of == "pool"
    assert len(found.shifted("lost")) == 1
    assert found.settings["reference"] is None
    assert "Without a reference" in found.reasons[-1]


def test_a_lost_picture_is_shown() -> None:
    """Of images, what A has in the lost mode is shown, and the samples furthest off."""
    reference = pictures(0, n=900)
    settings = dataclasses.replace(ALONE, embedder="pixels")
    found = compare(pictures(1), pictures(2, (0, 1, 2)), reference, settings)
    titles = [one.title for one in found.exhibits]

    assert found.ruling is Ruling.WORSE
    assert any(title.startswith("Lost: ") and title.endswith("(A)") for title in titles)
    assert "More in A: direction 1" in titles


def test_the_larger_set_is_cut() -> None:
    """Both sides are compared at the same number of samples, and it is said which one was cut."""
    found = compare(points(1, 500), points(2, 300), None, ALONE)

    assert found.settings["samples"] == 300
    assert any("300 of the" in said and "of A are used" in said for said in found.warnings)


def test_samples_of_two_shapes_are_refused() -> None:
    """What has no common shape has no common view."""
    with pytest.raises(ShapeError, match="A have the shape 2, those of B 3"):
        compare(points(1), np.random.default_rng(0).standard_normal((300, 3)), None, ALONE)


def test_a_report_and_a_model_are_compared_where_settings_match() -> None:
    """The model is diagnosed as the report was, and compared with it in pairs of scores."""
    reference = points(0, 1200)
    quick = dataclasses.replace(SETTINGS, samples=200)
    stored = diagnose(Square((0, 1, 2)), reference, quick)

    found = compare(stored, Square(), reference, quick)

    assert found.ruling is Ruling.BETTER
    assert next(one for one in found.scores if one.name == "diversity").paired
    with pytest.raises(UsageError, match="made with samples 200") as refused:
        compare(stored, Square(), reference, SETTINGS)
    assert refused.value.hint == "Give --samples 200."
    with pytest.raises(UsageError, match="two stored reports"):
        compare(stored, stored, reference, quick)


def test_the_order_of_stored_samples_does_not_matter() -> None:
    """Sets are put into an order of their own: a shuffled file gives the same numbers."""
    a, b = points(1, 300), points(2, 300)
    found = [compare(a, one, points(0, 600), ALONE) for one in (b, b[::-1].copy())]

    assert found[0].scores == found[1].scores
    assert found[0].modes == found[1].modes
    assert found[0].spectrum == found[1].spectrum
