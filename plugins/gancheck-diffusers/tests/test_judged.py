"""What gancheck says of a trained pipeline: healthy, collapsed, stuck in one class."""

from __future__ import annotations

from typing import Any

import gancheck
import shapes
from gancheck.api import Condition, Diagnosis, Sampler, Verdict

from gancheck_diffusers import generator

_SETTINGS = gancheck.Settings(samples=1500, map="none", cache=False, embedder="pixels")


def _judged(pipeline: Any, classes: list[int]) -> Diagnosis:
    """Judge samples of some classes; what needs the generator takes minutes, and is left out."""
    samples = Sampler(generator(pipeline, steps=10, classes=classes)).draw(1500, seed=0)
    return gancheck.diagnose(samples, shapes.reference(4000), _SETTINGS)


def test_a_healthy_pipeline_is_not_called_collapsed(pipeline: Any) -> None:
    """A pipeline that paints all four kinds has no missing mode and no collapsed class."""
    found = _judged(pipeline, [0, 1, 2, 3])
    assert found.verdict is not Verdict.COLLAPSED
    assert len(found.modes) == shapes.KINDS
    assert all(mode.status != "missing" for mode in found.modes)
    assert Condition.CLASS_COLLAPSE not in found.conditions


def test_a_pipeline_of_one_kind_is_collapsed(pipeline: Any) -> None:
    """One that paints one kind of four has collapsed, and the others are missing."""
    found = _judged(pipeline, [0])
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.MISSING_MODES in found.conditions
    assert {mode.label for mode in found.modes if mode.status == "missing"} == {"1", "2", "3"}


def test_the_same_picture_for_every_seed_of_a_class_is_found(pipeline: Any) -> None:
    """A class in which training saw one picture is named as collapsed."""
    found = _judged(pipeline, [0, 1, 2, shapes.STUCK])
    assert Condition.CLASS_COLLAPSE in found.conditions


def test_kept_noise_skips_what_needs_a_map(pipeline: Any) -> None:
    """Under its own noisy sampler cuts are skipped, and the latent is not called ignored."""
    made = generator(pipeline, steps=5, scheduler="keep", classes=[0, 1, 2, 3])
    found = gancheck.diagnose(made, shapes.reference(4000), _SETTINGS)
    reasons = {one.analyzer: one.reason for one in found.skipped}
    assert "does not follow the latent" in reasons["cuts"]
    assert Condition.IGNORED_LATENT not in found.conditions
