"""What gancheck says of VAE decoders alone: healthy, and after its posterior collapsed."""

from __future__ import annotations

from typing import Any

import gancheck
import vaes
from gancheck.api import Condition, Diagnosis, Verdict

from gancheck_diffusers import generator


def _judged(vae: Any) -> Diagnosis:
    settings = gancheck.Settings(samples=1500, map="none", cache=False, embedder="pixels")
    return gancheck.diagnose(generator(vae, scaling=1), vaes.skies(4000, seed=99), settings)


def test_a_decoder_that_uses_its_latents_is_healthy() -> None:
    """A VAE trained towards its prior paints the data from normal latents, without cuts."""
    found = _judged(vaes.trained(steps=400, weight=1))
    assert (found.verdict, found.conditions) == (Verdict.HEALTHY, ())
    assert found.scores["diversity"].value > 0.8
    assert found.scores["cut_mass"].value < 0.01


def test_a_decoder_that_ignores_its_latents_is_collapsed() -> None:
    """After its posterior collapsed a decoder paints one picture, whatever the latents."""
    found = _judged(vaes.trained(steps=100, weight=100))
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.FEW_DISTINCT_SAMPLES in found.conditions
    assert found.scores["distinct_samples"].value < 2
