"""Precision, recall, density and coverage as published, and the score that mends them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from analyzers.studies import Identity, findings, normal, ring, sample_set, scores, study_of
from gancheck.analyzers.coverage import Coverage, read_sides
from gancheck.measures.overlap import Overlap
from gancheck.measures.prdc import clipped_density, prdc
from gancheck.measures.trust import Change, Trust
from gancheck.types import Condition, Interval, Severity, Tails

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


def means(reference: FloatArray, samples: FloatArray, k: int = 5) -> dict[str, float]:
    """Return the four numbers."""
    return {name: float(mean.each.mean()) for name, mean in prdc(reference, samples, k).items()}


def distances(left: FloatArray, right: FloatArray) -> AnyArray:
    """Every distance in float64."""
    far: AnyArray = cdist(left.astype(np.float64), right.astype(np.float64))
    return far


def radii(points: FloatArray, k: int) -> AnyArray:
    """Distance of each point to its k-th neighbour: column k of its sorted distances."""
    far: AnyArray = np.sort(distances(points, points), axis=1)[:, k]
    return far


@pytest.mark.parametrize(
    ("n", "m", "d", "k"), [(150, 150, 2, 5), (120, 90, 16, 3), (80, 200, 1, 1)]
)
def test_all_four_follow_their_definitions(n: int, m: int, d: int, k: int) -> None:
    """They equal the published formulas written out over full matrices."""
    reference, samples = normal(n, d, 1), normal(m, d, 2, sd=0.7)
    far = distances(reference, samples)
    in_real = far <= radii(reference, k)[:, None]
    in_drawn = far <= radii(samples, k)[None, :]
    got = {name: mean.each for name, mean in prdc(reference, samples, k).items()}
    np.testing.assert_array_equal(got["precision"], in_real.any(axis=0))
    np.testing.assert_array_equal(got["recall"], in_drawn.any(axis=1))
    np.testing.assert_allclose(got["density"], in_real.sum(axis=0) / k)
    np.testing.assert_array_equal(got["coverage"], in_real.any(axis=1))


def test_published_values_for_a_gaussian_in_64_dimensions() -> None:
    """N(0, I_64), 2000 points each, k = 5: 0.7095, 0.7175, 0.9470, 0.9705 up to the draw."""
    rng = np.random.RandomState(0)
    reference, samples = (rng.randn(2000, 64).astype(np.float32) for _ in range(2))
    got = means(reference, samples)
    assert got["precision"] == pytest.approx(0.7095, abs=0.03)
    assert got["recall"] == pytest.approx(0.7175, abs=0.03)
    assert got["density"] == pytest.approx(0.9470, abs=0.1)
    assert got["coverage"] == pytest.approx(0.9705, abs=0.02)


@pytest.mark.parametrize(("outlier", "wanted"), [(1, (1.0, 0.0, 1.2, 0.006))])
def test_one_point_far_away_is_read_as_published(
    outlier: int, wanted: tuple[float, float, float, float]
) -> None:
    """All samples at the first reference point, a thousand times out: 1, 0, 1.2 and 0.006."""
    reference = np.random.RandomState(0).randn(1000, 16).astype(np.float32)
    samples = np.repeat(reference[:outlier], 1000, axis=0)
    got = means(reference, samples)
    assert got["precision"] == wanted[0]
    assert got["density"] == pytest.approx(wanted[2], abs=1e-6)
    assert got["coverage"] == pytest.approx(wanted[3], abs=1e-6)


def test_identical_sets_agree_in_everything() -> None:
    """Samples that are the reference have precision, recall and coverage 1."""
    reference = normal(300, 8, 0)
    got = means(reference, reference)
    assert (got["precision"], got["recall"], got["coverage"]) == (1.0, 1.0, 1.0)


def test_constant_sets_are_defined() -> None:
    """Balls include their surface: two equal constants cover each other, two different do not."""
    ones = np.ones((50, 4), dtype=np.float32)
    got = means(ones, ones)
    assert (got["precision"], got["recall"], got["coverage"]) == (1.0, 1.0, 1.0)
    assert got["density"] == 10.0
    assert set(means(ones, ones + 1).values()) == {0.0}


@pytest.mark.parametrize(("n", "m"), [(1000, 1000), (100, 100), (1000, 100)])
def test_coverage_of_equal_laws_has_its_closed_form(n: int, m: int) -> None:
    """E[coverage] = 1 - prod (N - i) / (N + M - i), whatever the law: checked over draws."""
    k, steps = 5, np.arange(1, 6)
    wanted = 1 - np.prod((n - steps) / (n + m - steps))
    got = [means(normal(n, 3, 2 * s), normal(m, 3, 2 * s + 1), k)["coverage"] for s in range(8)]
    assert np.mean(got) == pytest.approx(wanted, abs=0.02)


def test_dropped_modes_lower_the_coverage_in_a_line() -> None:
    """With 7, 6, .. 1 of seven far modes left, coverage is kept / 7 of what it was."""
    middles = np.array([0, 30, 20, 10, -10, -20, -30], dtype=np.float32)
    label = np.arange(1050)
    reference = normal(1050, 64, 1) + middles[label % 7, None]
    full = 0.0
    for kept in range(7, 0, -1):
        samples = normal(1050, 64, 2) + middles[label % kept, None]
        got = means(reference, samples)
        full = full or got["coverage"]
        assert got["coverage"] == pytest.approx(full * kept / 7, abs=0.03)
        assert got["precision"] >= 0.6
    assert full == pytest.approx(0.97, abs=0.02)


def test_clipped_density_follows_its_definition() -> None:
    """It equals the formula over full matrices, with radii clipped and counts capped."""
    reference, samples, k = normal(150, 4, 1), normal(120, 4, 2, sd=0.5), 5
    own = radii(reference, k)
    reach = np.minimum(own, np.median(own))
    among = distances(reference, reference)
    np.fill_diagonal(among, np.inf)
    usual = np.minimum((among <= reach[:, None]).sum(axis=0) / k, 1).mean()
    drawn = np.minimum((distances(reference, samples) <= reach[:, None]).sum(axis=0) / k, 1)
    np.testing.assert_allclose(clipped_density(reference, samples, k).each, drawn / usual)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_clipped_density_falls_with_the_share_of_junk(share: float) -> None:
    """A fraction x of samples far away leaves 1 - x."""
    samples = normal(1000, 16, 2)
    samples[: int(share * 1000)] += 1e4
    got = clipped_density(normal(1000, 16, 1), samples, 5).each.mean()
    assert got == pytest.approx(1 - share, abs=0.05)


def test_collapse_to_the_mean_is_a_failure_where_coverage_sees_nothing() -> None:
    """In 64 dimensions coverage reads 1 for samples at the mean; the diversity fails with 0."""
    study = study_of(sample_set(normal(1000, 64, 1, sd=0.3)), sample_set(normal(1500, 64, 2)))
    found = list(Coverage().analyze(study))
    assert scores(found)["coverage"].value >= 0.99
    assert scores(found)["diversity"].high <= 0.02
    verdict = findings(found)["coverage.diversity"]
    assert verdict.severity is Severity.FAIL
    assert verdict.condition in (Condition.WITHIN_MODE_COLLAPSE, Condition.FEW_DISTINCT_SAMPLES)


@pytest.mark.parametrize(
    ("kept", "severity"), [(8, Severity.OK), (5, Severity.WARN), (2, Severity.FAIL)]
)
def test_the_severity_follows_the_dropped_mass(kept: int, severity: Severity) -> None:
    """Nothing, three and six of eight modes dropped: calm, a warning, a failure."""
    shares = np.where(np.arange(8) < kept, 1.0, 0.0) / kept
    study = study_of(sample_set(ring(1000, 1, shares=shares)), sample_set(ring(1500, 2)))
    found = list(Coverage().analyze(study))
    assert findings(found)["coverage.diversity"].severity is severity
    assert scores(found)["diversity"].value == pytest.approx(kept / 8, abs=0.07)
    assert scores(found)["diversity"].ceiling == pytest.approx(1, abs=0.1)


def steady(value: float) -> Trust:
    """A self-test in which noise that nobody sees reads the given overlap."""
    ceiling = Change("none", "as it is", 1.0, 0.97, 1.0)
    return Trust(ceiling, (Change("noise", "under noise", value, value, value),), 1000)


@pytest.mark.parametrize(("trust", "severity"), [(0.95, Severity.FAIL), (0.4, Severity.WARN)])
def test_a_view_moved_by_what_nobody_sees_cannot_fail_a_generator(
    trust: float, severity: Severity
) -> None:
    """Six of eight modes dropped: a failure in a steady view, a warning with its reason else."""
    shares = np.where(np.arange(8) < 2, 0.5, 0.0)
    samples, known = sample_set(ring(1000, 1, shares=shares)), sample_set(ring(1500, 2))
    found = findings(Coverage().analyze(study_of(samples, known, trust=steady(trust))))
    verdict = found["coverage.diversity"]
    assert verdict.severity is severity
    assert ("cannot be ruled out" in verdict.detail) is (severity is Severity.WARN)


def test_repeated_samples_fail_in_any_view() -> None:
    """Twenty points drawn over and over are few in a view that is not steady as well."""
    twenty = normal(20, 16, 1)[np.random.default_rng(0).integers(0, 20, 1000)]
    study = study_of(sample_set(twenty), sample_set(normal(1500, 16, 2)), trust=steady(0.1))
    verdict = findings(Coverage().analyze(study))["coverage.diversity"]
    assert verdict.severity is Severity.FAIL
    assert verdict.condition is Condition.FEW_DISTINCT_SAMPLES


@dataclass(frozen=True)
class Lenient(Identity):
    """A view that is made to overlook small losses."""

    tolerant: ClassVar[bool] = True


def test_a_classifier_bounds_the_overlap_where_all_differences_count() -> None:
    """A small shift along 64 axes, overlap 0.32: bounded in a strict view, not in a lenient one."""
    samples, known = sample_set(normal(1500, 64, 1) + 0.25), sample_set(normal(2250, 64, 2))
    strict = study_of(samples, known)
    view = dataclasses.replace(strict.view, embedding=Lenient())
    lenient = dataclasses.replace(strict, view=view, strict_view=view)
    read = [scores(Coverage().analyze(study))["overlap"].value for study in (strict, lenient)]
    assert read[0] == pytest.approx(0.37, abs=0.06)
    assert read[1] > read[0] + 0.15


def test_junk_warns_of_fidelity() -> None:
    """Two thirds of the samples far off the reference: fidelity is flagged as off-distribution."""
    samples = normal(900, 8, 1)
    samples[:600] += 50
    found = list(Coverage().analyze(study_of(sample_set(samples), sample_set(normal(1500, 8, 2)))))
    verdict = findings(found)["coverage.fidelity"]
    assert (verdict.severity, verdict.condition) == (Severity.WARN, Condition.OFF_DISTRIBUTION)
    assert scores(found)["fidelity"].value == pytest.approx(1 / 3, abs=0.05)


def overlap_with(unique: float, sides: tuple[float, float], side_se: float) -> Overlap:
    """Return an overlap of which only the sides matter."""
    ends = Interval(0.3, 0.5)
    tails = Tails(ends, ends)
    return Overlap(0.4, *ends, unique, *sides, side_se, 1000, 10, tails, None)


@pytest.mark.parametrize(
    ("unique", "sides", "condition"),
    [
        (0.2, (1.0, 1.0), Condition.FEW_DISTINCT_SAMPLES),
        (1.0, (1.4, 0.3), Condition.WITHIN_MODE_COLLAPSE),
        (1.0, (0.3, 1.4), Condition.OFF_DISTRIBUTION),
        (1.0, (0.5, 0.55), Condition.IMBALANCED_MODES),
    ],
)
def test_the_sides_name_the_disease(
    unique: float, sides: tuple[float, float], condition: Condition
) -> None:
    """Repetition, crowding, spreading and imbalance are told apart by uniqueness and sides."""
    found = overlap_with(unique, sides, 0.02)
    assert read_sides(found)[0] is condition


@pytest.mark.parametrize(
    ("shares", "half", "condition"),
    [
        ((0.25, 0.25, 0.25, 0.25), True, Condition.WITHIN_MODE_COLLAPSE),
        ((0.7, 0.1, 0.1, 0.1), False, Condition.IMBALANCED_MODES),
    ],
)
def test_what_is_lost_inside_modes_is_not_called_imbalance(
    shares: tuple[float, ...], half: bool, condition: Condition
) -> None:
    """Half of every mode lost, and whole modes thinned, give like scores and other names."""
    middles = np.array([[0, 0], [40, 0], [0, 40], [40, 40]], dtype=np.float32)
    labels = np.arange(2400) % 4
    samples = normal(1600, 2, 7)
    if half:
        samples[:, 0] = np.abs(samples[:, 0])
    samples += middles[np.random.default_rng(5).choice(4, 1600, p=shares)]
    study = study_of(sample_set(samples), sample_set(normal(2400, 2, 6) + middles[labels], labels))
    found = findings(Coverage().analyze(study))["coverage.diversity"]

    assert found.severity >= Severity.WARN
    assert found.condition is condition


def test_sides_that_differ_by_chance_name_no_direction() -> None:
    """A difference within twice its standard error is no crowding."""
    found = overlap_with(1.0, (0.85, 0.65), 0.12)
    assert read_sides(found)[0] is Condition.IMBALANCED_MODES
