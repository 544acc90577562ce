"""The fitted view: reproducible, tolerant of what it was told to ignore, and of nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from embedder_samples import blobs, material

from gancheck.embedders import Embedder, create, network
from gancheck.embedders.augment import Invariances
from gancheck.embedders.contrast import (
    Lesson,
    Recipe,
    confusion,
    fit,
    loss,
    nt_xent,
    schedule,
    versions,
)
from gancheck.embedders.fitted import Fitted, FittedView, viewing_size
from gancheck.embedders.interface import Material
from gancheck.errors import ShapeError
from gancheck.neighbors import nearest
from gancheck.types import SampleSet

SHORT = Recipe(steps=2, batch=16, dims=16)


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator with a fixed seed."""
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def discs() -> Material:
    """Five hundred coloured discs to learn from, and other ones to look at."""
    rng = np.random.default_rng(3)
    return material(blobs(64, 20, 3, rng), independent=blobs(500, 20, 3, rng))


@pytest.fixture(scope="module")
def view(discs: Material) -> FittedView:
    """A view fitted for long enough to be of use."""
    return Fitted(recipe=Recipe(steps=60, batch=48, dims=32)).prepare(discs)


def test_equal_seeds_give_equal_bits(discs: Material) -> None:
    """Two fits with one seed are bit-equal; another seed gives another view."""
    embedder = Fitted(recipe=SHORT)
    one, two = embedder.prepare(discs), embedder.prepare(discs)
    other = embedder.prepare(dataclasses.replace(discs, seed=1))
    values = discs.samples.values
    assert one.sha256 == two.sha256
    assert one(values).tobytes() == two(values).tobytes()
    assert one.sha256 != other.sha256


def test_global_generators_are_left_alone(discs: Material) -> None:
    """A fit neither reads nor moves torch's and numpy's global random states."""
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    first = Fitted(recipe=SHORT).prepare(discs)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(12)
    assert Fitted(recipe=SHORT).prepare(discs).sha256 == first.sha256


def test_what_is_ignored_moves_less_than_what_counts(
    view: FittedView, discs: Material, rng: np.random.Generator
) -> None:
    """Noise and a shift move an image's features less than another image is away."""
    values = discs.samples.values
    features = view(values)
    noisy = np.clip(values + rng.normal(0, 0.1 * 255, values.shape), 0, 255)
    shifted = np.roll(values, 1, axis=3)
    others = np.median(np.linalg.norm(features - np.roll(features, 1, axis=0), axis=1))
    for changed in (noisy, shifted):
        moved = np.median(np.linalg.norm(features - view(changed), axis=1))
        assert moved < 0.5 * others


def test_fitting_lowers_the_loss(discs: Material) -> None:
    """Partners are found better after the fit than by an untrained network."""
    assert discs.independent is not None
    images = torch.from_numpy(discs.independent.values).float() / 255.0
    generator = torch.Generator().manual_seed(5)
    watched = versions(images[:64], Invariances(), generator)
    losses = []
    for steps in (1, 40):
        recipe = Recipe(steps=steps, batch=32, dims=16)
        weights = fit(Lesson(images[64:]), recipe, Invariances(), seed=0, progress=lambda *_: None)
        losses.append(loss(network.forward(watched, weights), recipe, parts=2).item())
    assert losses[1] < losses[0] - 0.3


def test_features(view: FittedView, discs: Material) -> None:
    """Features have length one, do not depend on batch mates, and take floats unrounded."""
    values = discs.samples.values
    features = view(values)
    assert features.shape == (64, 32)
    assert features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(view(values[5:6]), features[5:6], atol=1e-5)
    assert np.abs(view(values.astype(np.float32) + np.float32(0.4)) - features).max() > 1e-4


def test_a_view_survives_storage(view: FittedView, discs: Material) -> None:
    """Bytes give back the same view with the same hash."""
    again = FittedView.from_bytes(view.to_bytes())
    assert again.sha256 == view.sha256
    assert again.shape == (3, 20, 20)
    np.testing.assert_array_equal(again(discs.samples.values), view(discs.samples.values))


def test_progress_ends_at_the_total(discs: Material) -> None:
    """Progress counts up to the number of steps, also when a fit ends early."""
    seen: list[tuple[int, int]] = []
    given = dataclasses.replace(discs, progress=lambda done, total: seen.append((done, total)))
    Fitted(recipe=SHORT).prepare(given)
    assert seen[0] == (1, 2)
    assert seen[-1] == (2, 2)


def test_a_generator_that_ignores_its_latent(rng: np.random.Generator) -> None:
    """Images that are all the same can be fitted on, and their features are finite and equal."""
    values = np.repeat(blobs(1, 12, 1, rng), 400, axis=0)
    features = Fitted(recipe=SHORT).prepare(material(values, independent=values))(values)
    assert np.isfinite(features).all()
    assert np.ptp(features, axis=0).max() < 1e-5


def test_too_little_to_learn_from(rng: np.random.Generator) -> None:
    """Without an independent part, or with a small one, the number needed is named."""
    values = blobs(20, 12, 1, rng)
    for independent in (None, blobs(399, 12, 1, rng)):
        with pytest.raises(ShapeError, match="needs 400 images"):
            create("fitted").prepare(material(values, independent=independent))


def test_other_samples_are_refused(view: FittedView) -> None:
    """Vectors, and images of another shape than the view was fitted on, cannot be looked at."""
    embedder: Embedder = create("fitted")
    with pytest.raises(ShapeError, match="looks at images"):
        embedder.prepare(material(np.zeros((9, 4), dtype=np.float32)))
    with pytest.raises(ShapeError, match="prepared for samples of the shape"):
        view(np.zeros((2, 3, 20, 24), dtype=np.uint8))


@pytest.mark.parametrize("shape", [(1, 8, 40), (2, 5, 5), (3, 64, 48), (4, 3, 90)])
def test_any_aspect_and_any_channels(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    """Flat, tiny, large and many-channelled images can be fitted and looked at."""
    values = rng.integers(0, 256, (420, *shape), dtype=np.uint8)
    recipe = Recipe(steps=1, batch=8, dims=4)
    view = Fitted(recipe=recipe).prepare(material(values[:20], independent=values))
    assert view(values[:3]).shape == (3, 4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((1, 28, 28), (28, 28)),
        ((1, 8, 8), (28, 28)),
        ((3, 64, 32), (32, 16)),
        ((3, 30, 31), (30, 31)),
    ],
)
def test_viewing_size(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    """The longer side is brought to 28..32 px and the aspect is kept."""
    assert viewing_size(shape) == size


def test_loss_against_the_formula(rng: np.random.Generator) -> None:
    """The loss equals equation 1 of the paper, written out pair by pair."""
    rows = rng.normal(0, 1, (8, 5))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    likeness = np.exp(unit @ unit.T / 0.2)
    partner = np.roll(np.arange(8), 4)
    terms = [
        -np.log(likeness[row, partner[row]] / (likeness[row].sum() - likeness[row, row]))
        for row in range(8)
    ]
    assert nt_xent(torch.from_numpy(unit), 0.2).item() == pytest.approx(np.mean(terms), rel=1e-6)


def test_schedule() -> None:
    """The learning rate rises to its peak within a tenth of the steps and ends at zero."""
    rates = [schedule(step, 100) for step in range(1, 101)]
    assert max(rates) == rates[9] == 1.0
    assert rates[-1] == pytest.approx(0.0, abs=1e-6)
    assert min(rates[:10]) > 0


def test_no_invariance_changes_nothing(rng: np.random.Generator) -> None:
    """With every limit at zero, images come back as they went in."""
    images = torch.from_numpy(rng.random((4, 3, 9, 7), dtype=np.float32))
    still = Invariances(rotation=0, scale=0, shift=0, blur=0, noise=0, recolour=False)
    first, second = versions(images, still, torch.Generator().manual_seed(0)).chunk(2)
    np.testing.assert_allclose(first.numpy(), images.numpy(), atol=1e-5)
    np.testing.assert_allclose(second.numpy(), images.numpy(), atol=1e-5)


def test_limits_are_kept(rng: np.random.Generator) -> None:
    """A shift moves the centre of a spot by no more than its limit, and does move it."""
    images = torch.zeros(200, 1, 28, 28)
    images[:, :, 12:16, 12:16] = 1.0
    only_shift = Invariances(rotation=0, scale=0, shift=0.1, blur=0, noise=0)
    varied = only_shift.moved(images, torch.Generator().manual_seed(0)).numpy()[:, 0]
    columns = (varied.sum(axis=1) * np.arange(28)).sum(axis=1) / varied.sum(axis=(1, 2))
    assert np.abs(columns - 13.5).max() <= 2.8 + 0.05
    assert columns.std() > 1.0


def test_labels_pull_their_images_apart(rng: np.random.Generator) -> None:
    """Labels by brightness: neighbours agree on them more often when they were learned."""
    values = blobs(600, 12, 3, rng)
    light = values.mean(axis=(1, 2, 3))
    labels = (light > np.median(light)).astype(np.int64)
    agreeing = []
    for known in (None, labels):
        apart = SampleSet(values, "test", "arrays", labels=known)
        given = Material(samples=apart, pool=values, independent=apart)
        features = Fitted(recipe=Recipe(steps=40, batch=64, dims=16)).prepare(given)(values)
        close = nearest(features, features, 1, exclude_self=True).indices[:, 0]
        agreeing.append(np.mean(labels[close] == labels))
    assert agreeing[1] > agreeing[0] + 0.01


def test_confusion_is_the_cross_entropy_of_cosines() -> None:
    """Directions on their own prototypes are hardly confused, on another's badly."""
    prototypes = torch.eye(3)
    right = confusion(prototypes, prototypes, torch.arange(3)).item()
    wrong = confusion(prototypes, prototypes, torch.tensor([1, 2, 0])).item()
    assert right == pytest.approx(np.log(1 + 2 * np.exp(-10)), rel=1e-3)
    assert wrong == pytest.approx(10 + right, rel=1e-3)


def test_colours_count_in_one_half_of_the_features_only(view: FittedView, discs: Material) -> None:
    """Inverted colours move the half that looks at colours more than the half that does not."""
    values = discs.samples.values
    before, after = (view(part).reshape(len(values), 2, -1) for part in (values, 255 - values))
    moved = np.linalg.norm(before - after, axis=2).mean(axis=0)
    assert moved[0] > 1.3 * moved[1]
