"""Conditional generators: classes that collapsed, labels and latents that are ignored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analyzers.conditional_studies import Conditional, conditional, labelled, real, spec_of
from analyzers.studies import findings, gaussian_map, scores, study_of_map
from gancheck.analyzers.conditional import Conditional as Analyzer
from gancheck.errors import NotAvailable
from gancheck.reference import Part
from gancheck.study import Study
from gancheck.types import Condition, Evidence, Finding, Severity

LOST = (2, 5, 7)


def judged(study: Study) -> dict[str, Finding]:
    """Return the findings on a conditional generator, by what they are about."""
    found = findings(Analyzer().analyze(study))
    return {name.removeprefix("conditional."): one for name, one in found.items()}


def flagged(found: dict[str, Finding]) -> set[str]:
    """Name the findings that warn or fail."""
    return {name for name, one in found.items() if one.severity >= Severity.WARN}


def named(finding: Finding) -> set[int]:
    """Read the classes that a title names."""
    return {int(one.split()[0]) for one in finding.title.rpartition(": ")[2].split(", ")}


@pytest.mark.parametrize("kind", ["vector", "image"])
def test_a_sound_conditional_generator_passes(kind: str) -> None:
    """Label and latent both move the output, in every class, and labels are obeyed."""
    study = conditional(Conditional(spec_of(10, kind)), 1500, reference=2400)
    evidence: list[Evidence] = list(Analyzer().analyze(study))
    assert {one.severity for one in findings(evidence).values()} == {Severity.OK}
    found = scores(evidence)
    assert found["label_fidelity"].value > 0.9
    assert found["label_fidelity"].ceiling == pytest.approx(found["label_fidelity"].value, abs=0.05)
    assert found["worst_class_diversity"].value > 0.6
    assert found["label_share"].value > 0.5


@pytest.mark.parametrize("seed", range(8))
def test_exactly_the_collapsed_classes_are_named(seed: int) -> None:
    """Three of ten classes hold a point with a little noise: these are named, and no other."""
    made = Conditional(spec_of(10), still=LOST, stir=0.25)
    found = judged(conditional(made, 1000, reference=1500, seed=seed))
    assert (found["classes"].severity, found["classes"].condition) == (
        Severity.FAIL,
        Condition.CLASS_COLLAPSE,
    )
    assert named(found["classes"]) == set(LOST)
    assert found["latent"].severity < Severity.WARN
    assert "obeyed" not in flagged(found)


@pytest.mark.parametrize("kind", ["vector", "image"])
def test_classes_of_one_output_are_named(kind: str) -> None:
    """Three of ten classes hold one point each, without a reference: named, and told as such."""
    found = judged(conditional(Conditional(spec_of(10, kind), frozen=LOST)))
    assert named(found["classes"]) == set(LOST)
    assert "One and the same output whatever the latent: 2, 5, 7." in found["classes"].detail
    assert found["latent"].severity is Severity.NOTE
    assert "3 of 10 labels" in found["latent"].title


def test_collapsed_images_are_named() -> None:
    """The same for small images, against real ones: one class frozen, two that hardly move."""
    made = Conditional(spec_of(10, "image"), frozen=LOST[:1], still=LOST[1:], stir=0.25)
    found = judged(conditional(made, 1000, reference=1500))
    assert named(found["classes"]) == set(LOST)


def test_one_collapsed_class_of_many_is_a_warning() -> None:
    """One class of a hundred is named and warned about; it does not condemn the generator."""
    lost = judged(conditional(Conditional(spec_of(100), frozen=(42,))))["classes"]
    assert lost.severity is Severity.WARN
    assert lost.title.endswith("42")


@pytest.mark.parametrize("reference", [0, 1500])
def test_an_ignored_latent_is_told_from_an_ignored_label(reference: int) -> None:
    """One output for each label: the latent is ignored in all classes, the label is not."""
    found = judged(conditional(Conditional(spec_of(10), width=0.0), 1000, reference=reference))
    assert flagged(found) == {"latent", "classes"}
    assert found["latent"].condition is Condition.IGNORED_LATENT
    assert found["latent"].severity is Severity.FAIL
    assert "under any label" in found["latent"].title
    assert named(found["classes"]) == set(range(10))


@pytest.mark.parametrize("reference", [0, 1500])
@pytest.mark.parametrize("mixture", [False, True])
def test_an_ignored_label_is_no_collapse(reference: int, mixture: bool) -> None:
    """The same latent gives the same output under every label; no class has collapsed for that."""
    made = Conditional(spec_of(10), apart=4.0 if mixture else 0.0, mixture=mixture)
    found = judged(conditional(made, 1000, reference=reference))
    assert flagged(found) == ({"label", "obeyed"} if reference else {"label"})
    assert found["label"].condition is Condition.IGNORED_LABEL
    if reference:
        assert found["obeyed"].condition is Condition.IGNORED_LABEL


def test_swapped_labels_are_named_with_what_is_drawn() -> None:
    """Two labels that are drawn for each other: a wrong label, neither ignored nor collapsed."""
    made = Conditional(spec_of(10), swapped=((1, 8),))
    found = judged(conditional(made, 1000, reference=1500))
    assert flagged(found) == {"obeyed"}
    assert found["obeyed"].title.endswith("1 (drawn as 8), 8 (drawn as 1)")
    assert found["obeyed"].condition is None


def test_a_swapped_class_that_has_collapsed_is_both() -> None:
    """A label that draws one image of another class is named for either reason."""
    made = Conditional(spec_of(10), swapped=((1, 8),), still=(1,), stir=0.25)
    found = judged(conditional(made, 1000, reference=1500))
    assert flagged(found) == {"obeyed", "classes"}
    assert found["classes"].title.endswith("1 (drawn as 8)")


def test_a_tight_class_is_not_called_still_when_real_samples_are_as_tight() -> None:
    """Classes far apart move little beside their distance; real samples that do so clear them."""
    study = conditional(Conditional(spec_of(10), width=0.02), 1000)
    assert flagged(judged(study)) == {"latent", "classes"}
    values, labels = real(10, 1500, 0, width=0.02)
    known = conditional(Conditional(spec_of(10), width=0.02), 1000, known=(values, labels))
    assert not flagged(judged(known))


@pytest.mark.parametrize(("kept", "still"), [(0.3, False), (0.02, True)])
def test_a_tight_class_that_lost_variety_is_not_one_output(kept: float, still: bool) -> None:
    """Tight real classes, of whose spread a third is left: collapsed, but the latent does move."""
    known = real(10, 1500, 0, width=0.02)
    found = judged(conditional(Conditional(spec_of(10), width=0.02 * kept), 1000, known=known))
    assert named(found["classes"]) == set(range(10))
    assert ("latent" in flagged(found)) is still


def test_labels_that_are_not_the_generators_are_left_alone() -> None:
    """A reference whose labels go beyond the classes is not compared by label."""
    values, labels = real(10, 1500, 0)
    found = judged(conditional(Conditional(spec_of(10)), 500, known=(values, labels + 3)))
    assert set(found) == {"label", "latent", "classes"}


def test_too_few_samples_of_each_class_are_not_compared() -> None:
    """A hundred classes with ten samples each: a note says so, and how many would do."""
    found = judged(conditional(Conditional(spec_of(100)), 1000, reference=1500))
    assert found["diversity"].severity is Severity.NOTE
    assert "--samples 5,000" in found["diversity"].title


def test_labelled_samples_are_judged_without_their_generator() -> None:
    """A set of samples with labels, one class of which repeats one vector."""
    values, labels = real(4, 800, 1)
    values[labels == 2] = values[labels == 2][0]
    found = judged(labelled((values, labels), real(4, 1600, 2)))
    assert flagged(found) == {"classes"}
    assert found["classes"].title.endswith("2")


def test_names_of_labels_are_matched() -> None:
    """Where both sides name their labels, the names count and not the numbers."""
    values, labels = real(3, 600, 1)
    study = labelled((values, (labels + 1) % 3), real(3, 1200, 2))
    assert flagged(judged(study))
    known = study.reference
    parts = dataclasses.replace(
        known,
        scored=dataclasses.replace(known.scored, label_names=("a", "b", "c")),
        independent=dataclasses.replace(known.independent, label_names=("a", "b", "c")),
    )
    samples = dataclasses.replace(study.samples, label_names=("c", "a", "b"))
    named_study = dataclasses.replace(study, samples=samples, reference_parts=parts)
    found = judged(named_study)
    assert not flagged(found)
    rows = found["classes"].exhibits[0].payload["rows"]
    assert {row[0] for row in rows} == {"0 (a)", "1 (b)", "2 (c)"}


def test_a_class_is_named_as_the_generator_names_it() -> None:
    """Names are those of prompts, with a reference whose labels have none and without any."""
    prompts = ("an ant", "a bee", "a cat")
    for reference in (0, 600):
        study = conditional(Conditional(spec_of(3), frozen=(1,)), 300, reference=reference)
        samples = dataclasses.replace(study.samples, label_names=prompts)
        found = judged(dataclasses.replace(study, samples=samples))
        assert found["classes"].title == "1 of 3 classes has collapsed: 1 (a bee)"


def test_what_the_latent_does_is_told_of_the_class_of_that_name() -> None:
    """A generator whose names come in another order than those of the reference."""
    study = conditional(Conditional(spec_of(3), frozen=(0,)), 300, reference=600)
    known = study.reference

    def turned(part: Part) -> Part:
        assert part.labels is not None
        return dataclasses.replace(part, labels=(part.labels + 1) % 3, label_names=("c", "a", "b"))

    parts = dataclasses.replace(
        known, scored=turned(known.scored), independent=turned(known.independent)
    )
    samples = dataclasses.replace(study.samples, label_names=("a", "b", "c"))
    found = judged(dataclasses.replace(study, samples=samples, reference_parts=parts))
    assert found["classes"].title == "1 of 3 classes has collapsed: 1 (a)"
    assert "One and the same output whatever the latent: 1 (a)." in found["classes"].detail
    assert "obeyed" not in flagged(found)


def test_what_takes_no_labels_is_not_judged() -> None:
    """A generator without labels, and samples without labels, say what is needed."""
    with pytest.raises(NotAvailable, match="needs a generator that takes labels"):
        list(Analyzer().analyze(study_of_map(gaussian_map(4))))
    values, labels = real(3, 300, 1)
    study = labelled((values, labels), real(3, 300, 2))
    bare = dataclasses.replace(study, samples=dataclasses.replace(study.samples, labels=None))
    with pytest.raises(NotAvailable, match="needs the labels"):
        list(Analyzer().analyze(bare))


def test_one_class_has_no_label_to_speak_of() -> None:
    """A generator of a single class is judged for its latent alone."""
    found = judged(conditional(Conditional(spec_of(1)), 300, reference=600))
    assert "label" not in found
    assert not flagged(found)


def test_numbers_do_not_depend_on_the_batch_size() -> None:
    """Batches of 7 and of 256 give the same findings."""
    study = conditional(Conditional(spec_of(5), frozen=(1,)), 400, reference=600)
    assert study.sampler is not None
    small = dataclasses.replace(study, sampler=dataclasses.replace(study.sampler, batch_size=7))
    one, other = judged(study), judged(small)
    for name, finding in one.items():
        assert other[name].title == finding.title
        assert np.isclose(other[name].value or 0.0, finding.value or 0.0)
