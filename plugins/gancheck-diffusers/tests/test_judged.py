"""What gancheck says of a trained pipeline: healthy, collapsed, stuck in one class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gancheck
import shapes
from gancheck.api import Condition, Diagnosis, LoadOptions, Sampler, Verdict

from gancheck_diffusers import generator

_SETTINGS = gancheck.Settings(samples=1000, map="none", cache=False, embedder="pixels")


def _judged(pipeline: Any, classes: list[int], steps: int) -> Diagnosis:
    """Judge samples of some classes; what asks the generator itself has tests of its own."""
    samples = Sampler(generator(pipeline, steps=steps, classes=classes)).draw(1000, seed=0)
    return gancheck.diagnose(samples, shapes.reference(4000), _SETTINGS)


def test_a_healthy_pipeline_is_healthy(pipeline: Any) -> None:
    """A pipeline that paints all four kinds, as DDIM in its fifty steps, is called healthy."""
    found = _judged(pipeline, [0, 1, 2, 3], steps=50)
    assert (found.verdict, found.conditions) == (Verdict.HEALTHY, ())
    assert len(found.modes) == shapes.KINDS
    assert found.scores["diversity"].value > 0.85


def test_a_pipeline_of_one_kind_is_collapsed(pipeline: Any) -> None:
    """One that paints one kind of four has collapsed, and the others are missing."""
    found = _judged(pipeline, [0], steps=10)
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.MISSING_MODES in found.conditions
    assert {mode.label for mode in found.modes if mode.status == "missing"} == {"1", "2", "3"}


def test_the_same_picture_for_every_seed_of_a_class_is_found(pipeline: Any) -> None:
    """A class in which training saw one picture is collapsed, and named by label and class."""
    found = _judged(pipeline, [0, 1, 2, shapes.STUCK], steps=10)
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.CLASS_COLLAPSE in found.conditions
    (classes,) = [one for one in found.findings if one.id == "conditional.classes"]
    assert classes.title == "1 of 4 classes has collapsed: 3 (4)"


def test_the_latent_space_of_a_folder_is_scanned_for_cuts(folder: Path) -> None:
    """DDIM takes the place of DDPM, and so cuts are looked for, and none is found."""
    options = LoadOptions(arch_args={"steps": 3, "classes": [0, 1, 2, 3]})
    settings = gancheck.Settings(
        samples=500, map="none", cache=False, embedder="pixels", load=options
    )
    found = gancheck.diagnose(folder, shapes.reference(4000), settings)
    assert "cuts" not in {one.analyzer for one in found.skipped}
    assert found.scores["cut_mass"].value < 0.01
    assert Condition.LATENT_CUTS not in found.conditions


def test_kept_noise_skips_what_needs_a_map(pipeline: Any) -> None:
    """Under its own noisy sampler cuts are skipped, and the latent is not called ignored."""
    made = generator(pipeline, steps=5, scheduler="keep", classes=[0, 1, 2, 3])
    found = gancheck.diagnose(made, shapes.reference(4000), _SETTINGS)
    reasons = {one.analyzer: one.reason for one in found.skipped}
    assert "does not follow the latent" in reasons["cuts"]
    assert Condition.IGNORED_LATENT not in found.conditions
