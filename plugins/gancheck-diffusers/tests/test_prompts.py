"""Prompts as labels: a planted pipeline, sound or with one prompt that it draws always alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gancheck
import pytest
import shapes
import torch
from diffusers import DDPMScheduler, DiffusionPipeline
from gancheck.api import (
    Condition,
    Diagnosis,
    Finding,
    LoadError,
    UsageError,
    Verdict,
    draw_latents,
)

from gancheck_diffusers import generator

_PROMPTS = {"0": "top left", "1": "top right", "2": "bottom left", "3": "bottom right"}


class Planted(DiffusionPipeline):  # type: ignore[misc]
    """Paints mosaics from noise and a prompt; the stuck one it answers with one picture."""

    def __init__(self, unet: Any, scheduler: Any, stuck: str = "") -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)
        self.stuck = stuck

    def __call__(
        self,
        prompt: list[str],
        latents: torch.Tensor,
        num_inference_steps: int = 50,
        output_type: str = "pil",
        generator: Any = None,
    ) -> SimpleNamespace:
        """Return pictures (n, 1, 4, 4), 0..1."""
        if num_inference_steps > 1000:
            raise ValueError("the schedule has 1000 steps")
        kinds = torch.tensor([list(_PROMPTS.values()).index(one) for one in prompt])
        moved = torch.tensor([one != self.stuck for one in prompt]).reshape(-1, 1, 1, 1)
        clean = torch.from_numpy(shapes.plain())[kinds]
        return SimpleNamespace(images=(clean + shapes.GRAIN * moved * latents).clamp(0, 1))


def _planted(stuck: str = "") -> Planted:
    return Planted(shapes.untrained(), DDPMScheduler(), stuck)


def _judged(pipeline: Planted, prompts: Any, reference: Any) -> Diagnosis:
    settings = gancheck.Settings(samples=1000, map="none", cache=False, embedder="pixels")
    return gancheck.diagnose(generator(pipeline, prompts=prompts), reference, settings)


def _named(found: Diagnosis, name: str) -> Finding:
    (one,) = [one for one in found.findings if one.id == f"conditional.{name}"]
    return one


def test_the_same_picture_for_every_seed_of_a_prompt_is_found() -> None:
    """A prompt under which the noise changes nothing is a collapsed class, named by its text."""
    texts = list(_PROMPTS.values())
    found = _judged(_planted(stuck="bottom right"), texts, shapes.reference(4000))
    assert found.verdict is Verdict.COLLAPSED
    assert Condition.CLASS_COLLAPSE in found.conditions
    classes = _named(found, "classes")
    assert classes.title == "1 of 4 classes has collapsed: 3 (bottom right)"
    assert "One and the same output whatever the latent: 3 (bottom right)." in classes.detail
    assert "under 1 of 4 labels the latent changes nothing" in _named(found, "latent").title


def test_prompts_that_all_follow_the_noise_are_healthy() -> None:
    """The same pipeline without a stuck prompt is healthy, its prompts and its latent space too."""
    found = _judged(_planted(), _PROMPTS, shapes.reference(4000))
    assert (found.verdict, found.conditions) == (Verdict.HEALTHY, ())
    assert "none of 4 classes" in _named(found, "classes").title
    assert found.scores["cut_mass"].value < 0.01


def test_what_a_pipeline_raises_is_told() -> None:
    """Its own words are quoted, and nothing is guessed about the length of its latents."""
    with pytest.raises(LoadError, match=r"ValueError.*the schedule has 1000 steps") as caught:
        generator(_planted(), prompts=_PROMPTS, steps=2000)
    assert "--latent-dim" not in f"{caught.value} {caught.value.hint}"


def test_prompts_are_asked_for() -> None:
    """Without prompts the pipeline is refused, and the hint shows how to give them."""
    with pytest.raises(UsageError, match="prompts") as caught:
        generator(_planted())
    assert "--arch-args" in (caught.value.hint or "")


def test_named_prompts_are_numbered_as_folders_are() -> None:
    """Names are sorted, as those of folders of reference images; a list keeps its order."""
    planted = _planted()
    swapped = {"b": "top left", "a": "bottom right"}
    latents = torch.from_numpy(draw_latents("normal", (1, shapes.SIDE, shapes.SIDE), 64, 0))
    named, listed = generator(planted, prompts=swapped), generator(planted, prompts=["top left"])
    assert any("0 = 'bottom right', 1 = 'top left'" in note for note in named.spec.notes)
    assert named.spec.label_names == ("a", "b")
    painted = named(latents, torch.zeros(64, dtype=torch.long)).mean(dim=(0, 1))
    assert painted[2:, 2:].mean() > 0.6 > 0.4 > painted[:2, :2].mean()
    assert listed.spec.classes is None
