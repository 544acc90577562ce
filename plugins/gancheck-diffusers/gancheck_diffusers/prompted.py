"""Pipelines that take prompts: each prompt is a label."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gancheck.api import LoadError, UsageError

from gancheck_diffusers.noise import generators
from gancheck_diffusers.painter import Facts
from gancheck_diffusers.quiet import evaluating, quiet
from gancheck_diffusers.schedulers import choose
from gancheck_diffusers.sizes import noise_shape, shrinkage
from gancheck_diffusers.wishes import Wishes

if TYPE_CHECKING:
    import torch

_ASK = 'Give them: --arch-args \'{"prompts": ["a red disc", "a blue disc"]}\'.'


@dataclass(frozen=True, eq=False)
class Prompted:
    """A pipeline that is called as a whole; see `gancheck_diffusers.painter.Painter`.

    Attributes:
        pipeline: A copy that shares its networks with the given one.
        texts: The prompt behind each label.
        fixed: What each call is given beside prompts and noise.
        facts: What is known of it.
    """

    pipeline: Any
    texts: tuple[str, ...]
    fixed: dict[str, object]
    facts: Facts

    @classmethod
    def of(cls, pipeline: Any, wishes: Wishes) -> Prompted:
        """Describe a pipeline; a copy with a sampler of its own is what runs.

        Raises:
            UsageError: There are no prompts, or classes were given.
            LoadError: Its configuration does not tell the size of its noise.
        """
        name = type(pipeline).__name__
        if wishes.classes:
            raise UsageError(f"{name} takes prompts, not classes", _ASK)
        if not wishes.prompts:
            raise UsageError(f"{name} takes prompts, and none were given", _ASK)
        own, notes = _unfiltered(copy.copy(pipeline))
        chosen = choose(pipeline.scheduler, wishes, _usual(pipeline, "num_inference_steps"))
        own.scheduler = chosen.scheduler
        own.set_progress_bar_config(disable=True)
        names, texts = zip(*wishes.prompts, strict=True)
        asked = ", ".join(f"{at} = {text!r}" for at, text in enumerate(texts))
        guidance = "" if wishes.guidance is None else f", guidance {wishes.guidance:g}"
        facts = Facts(
            latent_shape=_shape(pipeline, wishes.size),
            classes=names if len(names) > 1 else (),
            described=f"{name}, {chosen.described}{guidance}",
            device=str(pipeline.device),
            notes=(*chosen.notes, f"Labels are prompts: {asked}."[:2000], *notes),
        )
        fixed = {
            "num_inference_steps": chosen.steps,
            "guidance_scale": wishes.guidance,
            "eta": chosen.eta,
            "height": wishes.size,
            "width": wishes.size,
            "output_type": "pt",
        }
        return cls(own, texts, _taken(pipeline, fixed), facts)

    def paint(self, latents: torch.Tensor, labels: torch.Tensor | None, salt: int) -> torch.Tensor:
        """Paint one picture for each row of latents (n, c, h, w), 0..1."""
        import torch

        asked = [0] * len(latents) if labels is None else labels.tolist()
        networks = (part for part in self.pipeline.components.values() if _is_network(part))
        with evaluating(*networks), quiet():
            found = self.pipeline(
                prompt=[self.texts[number] for number in asked],
                latents=latents.to(self.pipeline.dtype),
                generator=generators(latents, salt),
                **self.fixed,
            )
        pictures: torch.Tensor = torch.as_tensor(
            found[0] if isinstance(found, tuple) else found.images
        )
        if pictures.ndim == 4 and pictures.shape[1] not in (1, 3) and pictures.shape[3] in (1, 3):
            pictures = pictures.permute(0, 3, 1, 2)
        return pictures.float().clamp(0, 1)


def takes_prompts(pipeline: Any) -> bool:
    """Tell whether a pipeline is called with prompts and initial noise."""
    taken = inspect.signature(type(pipeline).__call__).parameters
    return "prompt" in taken and "latents" in taken


def _unfiltered(pipeline: Any) -> tuple[Any, tuple[str, ...]]:
    """Take out the filter that blackens pictures: black ones would pass for collapse."""
    if getattr(pipeline, "safety_checker", None) is None:
        return pipeline, ()
    with quiet():
        pipeline.safety_checker = None
    return pipeline, ("The safety checker was left out: it blackens pictures.",)


def _usual(pipeline: Any, name: str) -> int | None:
    value = inspect.signature(type(pipeline).__call__).parameters.get(name)
    return value.default if value is not None and isinstance(value.default, int) else None


def _taken(pipeline: Any, wished: Mapping[str, object]) -> dict[str, object]:
    """Leave out what nobody said, or the pipeline does not take."""
    taken = inspect.signature(type(pipeline).__call__).parameters
    return {name: value for name, value in wished.items() if value is not None and name in taken}


def _is_network(part: object) -> bool:
    from torch import nn

    return isinstance(part, nn.Module)


def _shape(pipeline: Any, size: int | None) -> tuple[int, int, int]:
    network = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    if network is None:
        raise LoadError(
            f"{type(pipeline).__name__} has neither a unet nor a transformer, whose configuration "
            "would tell the shape of its noise",
            "Draw pictures with it, and give their folder.",
        )
    vae = getattr(pipeline, "vae", None)
    shrinks = 1 if vae is None else shrinkage(vae.config)
    return noise_shape(network.config, type(network).__name__, size, shrinks)
