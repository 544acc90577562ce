"""What every analyzer owes: its documentation, calm on healthy generators, and repeatability."""

from __future__ import annotations

import dataclasses
import inspect
import json

import numpy as np
import pytest

from analyzers.conditional_studies import Conditional, conditional, spec_of
from analyzers.studies import (
    blob_map,
    drawn_study,
    gaussian_map,
    normal,
    ring,
    sample_set,
    shuffled,
    study_of,
    with_centres,
    with_judge,
    with_ring,
)
from gancheck.analyzers import ANALYZERS, Analyzer
from gancheck.errors import NotAvailable
from gancheck.plain import to_json
from gancheck.study import Study
from gancheck.types import Evidence, Finding, Score, Severity

NAMES = ANALYZERS.names()
HEADINGS = (
    "What it measures:",
    "Why it matters:",
    "When it misleads:",
    "What to do:",
    "References:",
)


@pytest.fixture(scope="module")
def vectors() -> Study:
    """A sound generator of vectors: samples and reference follow one Gaussian.

    Its two halves are modes that are known, each about as wide as the whole.
    """
    study = with_judge(drawn_study(gaussian_map(), 1000))
    return with_centres(study, np.eye(2, 16) - np.eye(2, 16)[::-1], 1.0)


@pytest.fixture(scope="module")
def images() -> Study:
    """A sound generator of images: samples and reference are blobs of one law."""
    return drawn_study(blob_map(), 800)


@pytest.fixture(scope="module")
def mixture() -> Study:
    """A sound set of samples of eight modes, without its generator."""
    return with_ring(study_of(sample_set(ring(800, 1)), sample_set(ring(1200, 2))))


@pytest.fixture(scope="module")
def labelled() -> Study:
    """A sound conditional generator of vectors, beside real samples with labels."""
    return conditional(Conditional(spec_of(5)), 800, reference=1200)


def evidence_of(name: str, study: Study) -> list[Evidence]:
    """Run one analyzer with its own settings; nothing when it cannot run."""
    try:
        return list(ANALYZERS.get(name)().analyze(study))
    except NotAvailable:
        return []


@pytest.mark.parametrize("name", NAMES)
def test_an_analyzer_is_a_frozen_dataclass_under_its_own_name(name: str) -> None:
    """It can be made without arguments, compared and never changed, and knows its name."""
    kind = ANALYZERS.get(name)
    one = kind()
    assert "__dataclass_fields__" in vars(kind)
    assert isinstance(one, Analyzer)
    assert one.name == name
    assert one == kind()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, "name", "other")  # noqa: B010 - the type checker forbids the plain form


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_is_the_documentation(name: str) -> None:
    """It has a summary and the five headings, in their order, with something under each."""
    text = inspect.getdoc(ANALYZERS.get(name)) or ""
    assert not text.startswith(HEADINGS[0])
    places = [text.index(heading) for heading in HEADINGS]
    assert places == sorted(places)
    for start, end in zip(places, [*places[1:], len(text)], strict=True):
        assert len(text[start:end].split(":", 1)[1].split()) >= 5


@pytest.mark.parametrize("control", ["vectors", "images", "mixture", "labelled"])
@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_generator_raises_no_warning(
    name: str, control: str, request: pytest.FixtureRequest
) -> None:
    """On samples that follow the reference's law no finding reaches WARN."""
    found = evidence_of(name, request.getfixturevalue(control))
    alarms = [one for one in found if isinstance(one, Finding) and one.severity >= Severity.WARN]
    assert not alarms


@pytest.mark.parametrize("name", NAMES)
def test_each_analyzer_runs_on_some_control(
    name: str, vectors: Study, images: Study, labelled: Study
) -> None:
    """It yields findings under its own name, with JSON in everything it yields."""
    found = evidence_of(name, vectors) or evidence_of(name, images) or evidence_of(name, labelled)
    named = [one for one in found if isinstance(one, Finding)]
    assert named
    for finding in named:
        assert finding.analyzer == name
        assert finding.id.startswith(f"{name}.")
        assert finding.title
        assert not finding.title.endswith(".")
    for one in found:
        json.dumps(to_json(one), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_scores_lie_in_their_intervals(
    name: str, vectors: Study, images: Study, labelled: Study
) -> None:
    """Low <= value <= high, for every score and every finding that has an interval."""
    studies = (vectors, images, labelled)
    for one in [one for study in studies for one in evidence_of(name, study)]:
        if isinstance(one, Score):
            assert one.low <= one.value <= one.high
        elif isinstance(one, Finding) and one.interval is not None and one.value is not None:
            assert one.interval.low <= one.value <= one.interval.high


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_evidence(name: str, images: Study, labelled: Study) -> None:
    """A second run on the same study yields the same, to the last digit that is reported."""
    for study in (images, labelled):
        assert to_json(evidence_of(name, study)) == to_json(evidence_of(name, study))


@pytest.mark.parametrize("control", ["vectors", "mixture", "labelled"])
@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_samples_does_not_matter(
    name: str, control: str, request: pytest.FixtureRequest
) -> None:
    """Shuffled samples and reference keep every score within its interval, and every severity."""
    study: Study = request.getfixturevalue(control)
    first, again = evidence_of(name, study), evidence_of(name, shuffled(study, 3))
    assert len(first) == len(again)
    for one, other in zip(first, again, strict=True):
        if isinstance(one, Score):
            assert isinstance(other, Score)
            half_width = (one.high - one.low) / 2 if np.isfinite(one.high) else 0.0
            assert other.value == pytest.approx(one.value, abs=half_width + 1e-6)
        elif isinstance(one, Finding):
            assert isinstance(other, Finding)
            assert (other.id, other.severity) == (one.id, one.severity)


@pytest.mark.parametrize("name", NAMES)
def test_too_few_samples_are_not_judged(name: str) -> None:
    """Twenty samples without a generator: the analyzer says that it cannot judge them."""
    few = study_of(sample_set(normal(20, 8, 1)), sample_set(normal(30, 8, 2)))
    with pytest.raises(NotAvailable) as caught:
        list(ANALYZERS.get(name)().analyze(few))
    assert caught.value.message


@pytest.mark.parametrize("name", NAMES)
def test_without_a_reference_an_analyzer_runs_or_says_what_it_needs(name: str) -> None:
    """Samples alone are judged, or the reason names what is missing."""
    alone = study_of(sample_set(normal(300, 8, 1)))
    reason = ""
    try:
        found = list(ANALYZERS.get(name)().analyze(alone))
    except NotAvailable as absent:
        found, reason = [], absent.message
    assert found or "needs" in reason


@pytest.mark.parametrize("name", NAMES)
def test_a_total_collapse_is_survived(name: str) -> None:
    """All samples are one and the same: there is a verdict or a reason, and no arithmetic error."""
    constant = np.full((300, 8), 0.5, dtype=np.float32)
    found = evidence_of(name, study_of(sample_set(constant), sample_set(normal(600, 8, 2))))
    for one in found:
        json.dumps(to_json(one), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_reference_is_survived(name: str) -> None:
    """A reference of one repeated value gives no arithmetic error."""
    constant = np.full((600, 8), 0.5, dtype=np.float32)
    for samples in (normal(300, 8, 2), constant[:300]):
        evidence_of(name, study_of(sample_set(samples), sample_set(constant)))
