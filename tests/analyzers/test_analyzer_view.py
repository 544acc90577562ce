"""The view's own test as findings: calm views say so, nervous ones are noted, nothing warns."""

from __future__ import annotations

import dataclasses

import pytest

from analyzers.studies import drawn_study, findings, gaussian_map, normal, sample_set, study_of
from gancheck.analyzers.view import ViewTest
from gancheck.errors import NotAvailable
from gancheck.measures.trust import Change, Trust
from gancheck.study import Study
from gancheck.types import Severity

CALM = Trust(
    Change("none", "as it is", 0.99, 0.97, 1.0),
    (
        Change("noise", "under noise of sd 0.02", 0.98, 0.96, 1.0),
        Change("shift", "shifted by half a pixel", 0.95, 0.93, 0.97),
    ),
    n=300,
)
NERVOUS = dataclasses.replace(
    CALM, changes=(Change("noise", "under noise of sd 0.02", 0.41, 0.38, 0.44), CALM.changes[1])
)


@pytest.fixture(scope="module")
def study() -> Study:
    """A sound study of vectors, whose trust a test may replace."""
    return drawn_study(gaussian_map(4), 300)


def with_trust(study: Study, main: Trust, strict: Trust | None = None) -> Study:
    """Put self-tests on the views of a study; one view without a strict one."""
    view = dataclasses.replace(study.view, trust=main)
    other = view if strict is None else dataclasses.replace(study.view, trust=strict)
    return dataclasses.replace(study, view=view, strict_view=other)


def test_a_calm_view_is_in_order(study: Study) -> None:
    """Every number is a finding in words, and none of them is noted."""
    found = findings(ViewTest().analyze(with_trust(study, CALM)))
    assert list(found) == ["view.ceiling", "view.noise", "view.shift"]
    assert {one.severity for one in found.values()} == {Severity.OK}
    noise = found["view.noise"]
    assert noise.title == ("under noise of sd 0.02 the reference still scores 0.98 against itself")
    assert (noise.value, noise.interval) == (0.98, (0.96, 1.0))
    assert (
        found["view.ceiling"].title == "two halves of the reference score 0.99 against each other"
    )


def test_a_main_view_that_sees_noise_is_noted_and_never_warned_of(study: Study) -> None:
    """Below 0.9 the finding says what that means for the diversity."""
    found = findings(ViewTest().analyze(with_trust(study, NERVOUS)))
    assert found["view.noise"].severity is Severity.NOTE
    assert "only 0.41" in found["view.noise"].title
    assert "loss of fidelity" in found["view.noise"].detail
    assert found["view.shift"].severity is Severity.OK


def test_a_strict_view_that_sees_noise_is_told_in_passing(study: Study) -> None:
    """It is there to see it: its numbers stand in the detail, and nothing is noted."""
    found = findings(ViewTest().analyze(with_trust(study, CALM, NERVOUS)))
    assert {one.severity for one in found.values()} == {Severity.OK}
    assert "strict view, identity: 0.41" in found["view.noise"].detail


def test_vectors_have_their_ceiling(study: Study) -> None:
    """A real study of vectors has one finding."""
    found = findings(ViewTest().analyze(study))
    assert list(found) == ["view.ceiling"]
    assert found["view.ceiling"].severity is Severity.OK


def test_a_reference_too_small_to_halve_is_said_to_be(study: Study) -> None:
    """The reason has the number needed and the number there is; no reference is another reason."""
    few = study_of(sample_set(normal(300, 4, 0)), sample_set(normal(290, 4, 1)))
    with pytest.raises(NotAvailable, match="at least 100 reference samples; 194 are scored"):
        list(ViewTest().analyze(few))
    with pytest.raises(NotAvailable, match="--reference"):
        list(ViewTest().analyze(study_of(sample_set(normal(300, 4, 0)))))
