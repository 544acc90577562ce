"""Diffusions as maps: batches, samplers, classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapes
import torch
from diffusers import (
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
)
from gancheck.api import UsageError, draw_latents

from gancheck_diffusers import generator
from gancheck_diffusers.schedulers import choose, is_noisy
from gancheck_diffusers.wishes import Wishes


@pytest.fixture(scope="module")
def plain() -> Any:
    """An untrained pipeline without classes: enough to see how it is run."""
    return DDPMPipeline(shapes.untrained(), DDPMScheduler(200, beta_end=0.05))


def _latents(n: int) -> torch.Tensor:
    return torch.from_numpy(draw_latents("normal", (1, shapes.SIDE, shapes.SIDE), n, 0))


def test_ddim_of_diffusers_paints_the_same(plain: Any) -> None:
    """A picture is what a loop over diffusers' own DDIM makes of the same noise."""
    made = generator(plain, steps=5)
    latents = _latents(3)
    scheduler = DDIMScheduler(200, beta_end=0.05)
    scheduler.set_timesteps(5)
    moment = latents
    with torch.no_grad():
        for time in scheduler.timesteps:
            found = plain.unet(moment, time).sample
            moment = scheduler.step(found, time, moment, eta=0.0).prev_sample
    assert torch.allclose(made(latents), (moment / 2 + 0.5).clamp(0, 1), atol=1e-5)


@pytest.mark.parametrize("scheduler", ["ddim", "dpm++", "euler", "keep"])
def test_a_picture_does_not_depend_on_its_batch(plain: Any, scheduler: str) -> None:
    """Alone or among others, a row of noise becomes the same picture, with any sampler."""
    made = generator(plain, scheduler=scheduler, steps=4)
    latents = _latents(5)
    whole = made(latents)
    alone = torch.cat([made(latents[at : at + 1]) for at in range(5)])
    assert torch.allclose(whole, alone, atol=1e-4)


def test_a_sampler_that_adds_noise_is_replaced_and_said_so(plain: Any) -> None:
    """DDPM becomes DDIM by default, with a note; the caller's pipeline keeps its sampler."""
    made = generator(plain, steps=4)
    assert "DDIMScheduler, 4 steps" in made.spec.call
    assert any("DDPMScheduler, adds noise" in note for note in made.spec.notes)
    assert type(plain.scheduler) is DDPMScheduler
    (noise,) = [one for one in made.spec.concerns if one.name == "internal-noise"]
    assert noise.value == 0.0


def test_noise_that_is_kept_is_measured(plain: Any) -> None:
    """DDPM kept as it is: the share of its noise stands in the report, as a note and no fault."""
    made = generator(plain, scheduler="keep", steps=4)
    (noise,) = [one for one in made.spec.concerns if one.name == "internal-noise"]
    assert noise.severity.name == "NOTE"
    assert noise.value is not None
    assert noise.value > 0.01
    assert any("adds noise on the way" in note for note in made.spec.notes)


def test_samplers_are_told_apart() -> None:
    """Classes and configurations tell maps from samplers that add noise."""
    sde = DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++")
    noisy = (DDPMScheduler(), EulerAncestralDiscreteScheduler(), LCMScheduler(), sde)
    maps = (DDIMScheduler(), EulerDiscreteScheduler(), DPMSolverMultistepScheduler())
    assert all(is_noisy(one) for one in noisy)
    assert not any(is_noisy(one) for one in maps)
    assert is_noisy(DDIMScheduler(), eta=0.5)


def test_only_networks_that_ddim_can_sample_from_get_it() -> None:
    """Maps and distilled samplers stay, and ancestral ones are replaced."""
    kept = (EulerDiscreteScheduler(), LCMScheduler())
    replaced = (EulerAncestralDiscreteScheduler(), DDPMScheduler())
    for one in kept:
        assert type(choose(one, Wishes(), None).scheduler) is type(one)
    for one in replaced:
        assert type(choose(one, Wishes(), None).scheduler) is DDIMScheduler


def test_classes_are_labels(pipeline: Any) -> None:
    """Each chosen class is a label, under which its kind is painted."""
    made = generator(pipeline, steps=10, classes=[3, 0])
    assert made.spec.classes == 2
    painted = made(_latents(16), torch.arange(16) % 2).numpy()
    lit = painted.reshape(16, 2, 2, 2, 2).mean(axis=(2, 4)).reshape(16, -1).argmax(axis=1)
    assert (lit == np.array([3, 0] * 8)).mean() > 0.8


def test_networks_are_left_as_they_were(plain: Any) -> None:
    """A network in training mode is run in eval mode, and is in training mode afterwards."""
    plain.unet.train()
    made = generator(plain, steps=2)
    made(_latents(2))
    assert plain.unet.training
    plain.unet.eval()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"step": 5}, "no setting 'step'"),
        ({"steps": 0}, "less than 1"),
        ({"scheduler": "quick"}, "no scheduler called 'quick'"),
        ({"classes": [7]}, "takes no classes"),
        ({"guidance": 2.0}, "stands for none"),
        ({"prompts": ["a disc"]}, "takes no prompts"),
    ],
)
def test_wrong_settings_are_named(plain: Any, said: dict[str, Any], message: str) -> None:
    """What makes no sense is refused by name, before anything runs."""
    with pytest.raises(UsageError, match=message):
        generator(plain, **said)
