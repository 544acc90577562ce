"""The subjects of the bench are what their truth says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import digits, gaussians, lookup, shapes
from bench.accuracy.cases import Case, Real, Scale, Subject, World, stream
from bench.accuracy.lenses import Lens, lenses
from bench.accuracy.run import Bench, run
from gancheck import load
from gancheck.types import SampleSet

SCALE = Scale(n=400, repeats=2)
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def real() -> Real:
    """Shipped digits."""
    return digits.real(SCALE)


@pytest.mark.parametrize(
    "world", [*gaussians.WORLDS, *shapes.WORLDS, *digits.WORLDS], ids=lambda world: world.name
)
def test_every_case_draws_samples_like_the_real_ones(world: World) -> None:
    """Same kind and shape, at most n of them, with a truth between 0 and 1, equal on repetition."""
    known = world.real(SCALE)
    for case in world.cases:
        first, again = (case.draw(known, stream(0, case.name)) for _ in range(2))
        assert first.samples.dtype == known.reference.dtype
        assert first.samples.shape[1:] == known.reference.shape[1:]
        assert 30 <= len(first.samples) <= SCALE.n
        assert first.truth is not None
        assert 0 <= first.truth <= 1
        np.testing.assert_array_equal(first.samples, again.samples)


def test_the_truth_of_shares_is_the_sum_of_the_smaller_ones() -> None:
    """Ten halving shares against equal ones: 0.424."""
    uneven = next(case for case in gaussians.WORLDS[0].cases if case.name.startswith("shares"))
    law = gaussians.ten_modes(2)

    assert uneven.draw(law.real(SCALE, "x"), RNG(0)).truth == pytest.approx(0.424, abs=1e-3)


def test_kept_classes_are_the_only_ones(real: Real) -> None:
    """Every image is a held-out one of a kept class, drawn once; the truth is their share."""
    subject = lookup.kept(2)(real, RNG(0))
    allowed = {one.tobytes() for one in real.held_out[real.held_out_labels < 2]}

    assert {one.tobytes() for one in subject.samples} <= allowed
    assert len({one.tobytes() for one in subject.samples}) >= len(subject.samples) - 1
    assert subject.truth == pytest.approx((real.labels < 2).mean())


def test_uneven_classes_have_their_shares(real: Real) -> None:
    """Half of the samples are of the first class, a quarter of the second."""
    subject = lookup.uneven(gaussians.halving())(real, RNG(0))
    label = {
        one.tobytes(): int(of) for one, of in zip(real.held_out, real.held_out_labels, strict=True)
    }
    counts = np.bincount([label[one.tobytes()] for one in subject.samples], minlength=10)

    np.testing.assert_allclose(counts / counts.sum(), gaussians.halving(), atol=0.01)


def test_few_images_are_few(real: Real) -> None:
    """Without noise, 20 images redrawn 400 times are 20 different ones: a truth of .05."""
    subject = lookup.few(20, 0.0)(real, RNG(0))

    assert len({one.tobytes() for one in subject.samples}) == 20
    assert subject.truth == pytest.approx(20 / SCALE.n)


def test_copies_are_copies_and_their_share_is_right(real: Real) -> None:
    """One in twenty samples is in the reference, and none of the held-out ones is."""
    known = {one.tobytes() for one in real.reference}

    def copied(subject: Subject) -> int:
        return sum(one.tobytes() in known for one in subject.samples)

    assert copied(lookup.unchanged()(real, RNG(0))) == 0
    assert copied(lookup.with_copies(0.05)(real, RNG(0))) == 20


def test_noise_and_blur_do_what_they_say(real: Real) -> None:
    """Noise of sd .1 moves mid-grey pixels by 25.5 on average square; blur is a 3 x 3 mean."""
    grey = np.full((50, 1, 28, 28), 128, dtype=np.uint8)
    spot = np.zeros((1, 1, 9, 9), dtype=np.uint8)
    spot[0, 0, 4, 4] = 90

    assert lookup.noisy(grey, 0.1, RNG(0)).std() == pytest.approx(25.5, rel=0.03)
    smooth = lookup.blurred(spot)[0, 0]
    assert smooth[3:6, 3:6].tolist() == [[10] * 3] * 3
    assert smooth.sum() == 90


def test_shapes_are_told_apart_by_their_outline() -> None:
    """Kinds are equally frequent, and their mean images differ from kind to kind."""
    images, kinds = shapes.draw(800, RNG(0))
    means = np.stack([images[kinds == kind].mean(axis=(0, 1)) for kind in range(8)]).reshape(8, -1)
    apart = np.linalg.norm(means[:, None] - means[None], axis=2)[np.triu_indices(8, 1)]

    assert np.bincount(kinds, minlength=8).min() > 60
    assert apart.min() > 100


def test_an_archive_of_digits_takes_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    """Keys X, y in flat rows are read; reference and held-out part share nothing."""
    flat = RNG(0).integers(0, 256, (300, 784)).astype(np.uint8)
    np.savez(tmp_path / "more.npz", X=flat, y=np.arange(300) % 10)
    found = digits.real(Scale(n=100, digits=tmp_path / "more.npz"))

    assert (found.n, found.reference.shape) == (100, (150, 1, 28, 28))
    known = {one.tobytes() for one in found.reference}
    assert not any(one.tobytes() in known for one in found.held_out)
    np.savez(tmp_path / "other.npz", pictures=flat)
    with pytest.raises(ValueError, match="neither images, labels nor X, y"):
        digits.read(tmp_path / "other.npz")


def test_a_lens_compares_nothing_that_it_was_fitted_on(real: Real) -> None:
    """A third of the reference is set aside; the pool holds the rest and the held-out part."""
    lens = lenses(digits.WORLDS[0], real, Scale(n=400, pixels_only=True))[0]

    assert lens.kind == "pixels"
    assert len(lens.reference) == len(real.reference) - len(real.reference) // 3
    assert len(lens.pool) == len(lens.reference) + len(real.held_out)
    vectors = gaussians.WORLDS[0].real(SCALE)
    plain = Lens("vectors", "world", vectors, SCALE)
    known = {one.tobytes() for one in vectors.reference}
    assert all(one.tobytes() in known for one in plain.reference)


def test_a_case_that_fails_is_a_row_and_the_rest_go_on(tmp_path: Path) -> None:
    """A subject that cannot be drawn, and one that gancheck refuses: two rows with their errors."""

    def broken(known: Real, rng: np.random.Generator) -> Subject:
        raise RuntimeError("no luck\ntoday")

    def misfit(known: Real, rng: np.random.Generator) -> Subject:
        return Subject(known.held_out[:, :1], 0.0)

    law = gaussians.ten_modes(2)
    cases = (Case("broken", broken), Case("misfit", misfit))
    bench = Bench.of(World("w", lambda scale: law.real(scale, "w"), cases), SCALE, tmp_path)
    bench.lenses = ()
    rows = [bench.run(case) for case in cases]

    assert rows[0].errors == ("subject: RuntimeError: no luck",)
    assert rows[0].said is None
    assert rows[1].errors[0].startswith("gancheck: ShapeError: ")


def test_only_what_was_asked_for_is_run() -> None:
    """Text picks cases by world and name, in any letters; nothing is drawn for the others."""
    told: list[str] = []

    assert list(run(gaussians.WORLDS, SCALE, "no such case", told.append)) == []
    assert told == []


def test_gancheck_reads_what_is_saved(tmp_path: Path, real: Real) -> None:
    """The reference goes to gancheck as images without labels."""
    Bench.of(digits.WORLDS[0], SCALE, tmp_path)
    found = load(tmp_path / "reference.npz")

    assert isinstance(found, SampleSet)
    assert found.labels is None
    np.testing.assert_array_equal(found.values, real.reference)
