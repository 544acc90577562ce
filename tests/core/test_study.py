"""What analyzers may see, and what is said about what is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analyzers.studies import (
    drawn_study,
    gaussian_map,
    mapped,
    normal,
    sample_set,
    study_of,
    study_of_map,
)
from gancheck.errors import NotAvailable


def test_absent_things_are_named_when_touched() -> None:
    """Samples alone have neither a reference nor a generator, and each says how to get it."""
    alone = study_of(sample_set(normal(150, 3, 0)))
    without_reference: tuple[Callable[[], object], ...] = (
        lambda: alone.reference,
        lambda: alone.view.reference,
        lambda: alone.view.fitting,
        lambda: alone.view.equal(),
        lambda: alone.view.twin_radius,
    )
    for touch in without_reference:
        with pytest.raises(NotAvailable, match="--reference"):
            touch()
    without_generator: tuple[Callable[[], object], ...] = (
        lambda: alone.generator,
        lambda: alone.spec,
        lambda: alone.dimension,
    )
    for touch in without_generator:
        with pytest.raises(NotAvailable, match="the subject is a set of samples"):
            touch()


@pytest.mark.parametrize(("samples", "reference"), [(120, 600), (500, 180)])
def test_both_sides_are_compared_at_the_same_size(samples: int, reference: int) -> None:
    """The larger side is cut to the smaller one's size, from its beginning."""
    study = study_of(sample_set(normal(samples, 3, 0)), sample_set(normal(reference, 3, 1)))
    theirs, ours = study.view.equal()
    assert len(theirs) == len(ours) == min(samples, reference - reference // 3)
    np.testing.assert_array_equal(ours, study.view.samples.values[: len(ours)])


def test_too_few_on_either_side_are_counted_in_the_reason() -> None:
    """The message has the least number and both sizes."""
    study = study_of(sample_set(normal(99, 3, 0)), sample_set(normal(600, 3, 1)))
    with pytest.raises(NotAvailable, match=r"at least 100 .* there are 99 and 400"):
        study.view.equal()
    assert len(study.view.equal(least=50)[0]) == 99


def test_scored_and_independent_reference_share_nothing() -> None:
    """What is fitted on is never scored."""
    study = study_of(sample_set(normal(100, 3, 0)), sample_set(normal(300, 3, 1)))
    scored = {row.tobytes() for row in study.view.reference}
    apart = {row.tobytes() for row in study.view.fitting}
    assert len(scored) == 200
    assert len(apart) == 100
    assert not scored & apart


@pytest.mark.parametrize(("tolerance", "wanted"), [(0.0, 0.2), (0.5, 0.5), (5.0, 1.0)])
def test_twins_lie_between_a_tenth_and_a_half_of_the_spacing(
    tolerance: float, wanted: float
) -> None:
    """On a lattice of spacing 2 the view's tolerance counts between 0.2 and 1."""
    lattice = 2 * np.stack(np.meshgrid(*[np.arange(12.0)] * 2), axis=-1).reshape(-1, 2)
    points = sample_set(lattice.astype(np.float32))
    study = study_of(points, points, independent=points, tolerance=tolerance)
    assert study.view.spacing == 2.0
    assert study.view.twin_radius == pytest.approx(wanted)


def test_latents_are_run_unrounded_and_in_their_shape() -> None:
    """Flat latents come back as features of the generator's exact outputs."""
    study = study_of_map(gaussian_map(4))
    latents = normal(10, 4, 5)
    run = gaussian_map(4).run
    np.testing.assert_allclose(study.features_at(latents), run(latents), rtol=1e-5)
    assert study.dimension == 4


def test_images_are_measured_with_their_fractions() -> None:
    """Outputs at latents keep what rounding to 8 bits would lose."""
    generator = mapped(lambda z: 100 + z[:, :1, None, None] / 100, 1, (1, 1, 1))
    study = study_of_map(generator, n=100)
    assert set(np.unique(study.samples.values)) == {100}
    outputs = study.outputs_at(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(outputs.ravel(), [100.0, 100.01], rtol=1e-6)


def test_each_analyzer_has_its_own_random_stream() -> None:
    """Streams differ by name and by seed, and are the same in every run."""
    study, other = drawn_study(gaussian_map(2), 100), drawn_study(gaussian_map(2), 100, seed=1)
    first = study.rng("cuts").random(4)
    np.testing.assert_array_equal(first, study.rng("cuts").random(4))
    assert (first != study.rng("modes").random(4)).all()
    assert (first != other.rng("cuts").random(4)).all()
