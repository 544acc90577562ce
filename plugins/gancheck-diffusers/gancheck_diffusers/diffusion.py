"""Pipelines of a denoising network and a sampler, with classes or without, run step by step."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gancheck.api import LoadError, UsageError

from gancheck_diffusers.decoding import Decoder
from gancheck_diffusers.noise import generators
from gancheck_diffusers.painter import Facts
from gancheck_diffusers.quiet import evaluating
from gancheck_diffusers.schedulers import Chosen, choose
from gancheck_diffusers.sizes import noise_shape, shrinkage
from gancheck_diffusers.wishes import Wishes

if TYPE_CHECKING:
    import torch

_OWN_VARIANCE = ("learned", "learned_range")


@dataclass(frozen=True, eq=False)
class Diffusion:
    """Steps from noise to a picture; see `gancheck_diffusers.painter.Painter`.

    Attributes:
        network: Predicts the noise.
        chosen: The sampler.
        decoder: Turns what comes out into pictures; None where it is pictures.
        numbers: Number of the class behind each label; empty without labels.
        guidance: Strength of classifier-free guidance; None without.
        facts: What is known of it.
    """

    network: Any
    chosen: Chosen
    decoder: Decoder | None
    numbers: tuple[int, ...]
    guidance: float | None
    facts: Facts

    @classmethod
    def of(cls, parts: Mapping[str, Any], wishes: Wishes, usual_steps: int | None) -> Diffusion:
        """Describe a pipeline.

        Args:
            parts: ``network`` and ``scheduler``, perhaps ``decoder``, and ``names``: the classes'
                numbers by name.
            wishes: What the user says.
            usual_steps: Steps that the pipeline takes where nobody says anything.

        Raises:
            LoadError: The configuration does not tell sizes or classes.
            UsageError: What is wished is not possible with this network.
        """
        network, known = parts["network"], parts.get("names") or {}
        vae = parts.get("decoder")
        decoder = None if vae is None else Decoder.of(vae, wishes.scaling)
        chosen = choose(parts["scheduler"], wishes, usual_steps)
        numbers = _numbers(network, known, wishes)
        shown = {number: name for name, number in reversed(list(known.items()))}
        names = tuple(shown.get(number, str(number)) for number in numbers)
        lone = (f"Every picture is of class {names[0]}.",) if len(names) == 1 else ()
        shrinks = 1 if vae is None else shrinkage(vae.config)
        facts = Facts(
            latent_shape=noise_shape(network.config, type(network).__name__, wishes.size, shrinks),
            classes=names if len(names) > 1 else (),
            described=chosen.described
            + ("" if wishes.guidance is None else f", guidance {wishes.guidance:g}"),
            device=str(network.device),
            notes=(*chosen.notes, *lone),
        )
        return cls(network, chosen, decoder, numbers, wishes.guidance, facts)

    def paint(self, latents: torch.Tensor, labels: torch.Tensor | None, salt: int) -> torch.Tensor:
        """Denoise latents (n, c, h, w) into pictures, 0..1."""
        import torch

        scheduler = self.chosen.scheduler
        scheduler.set_timesteps(self.chosen.steps, device=latents.device)
        classes = None
        if self.numbers:
            asked = torch.zeros(len(latents), dtype=torch.long) if labels is None else labels
            classes = torch.tensor(self.numbers, device=latents.device)[asked.to(latents.device)]
        extra = self._extra(latents, salt)
        vae = None if self.decoder is None else self.decoder.network
        with evaluating(self.network, vae):
            moment: torch.Tensor = latents.to(self.network.dtype) * scheduler.init_noise_sigma
            for time in scheduler.timesteps:
                seen = scheduler.scale_model_input(moment, time)
                found = self._predicted(seen, time.expand(len(seen)), classes)
                moment = scheduler.step(found, time, moment, **extra).prev_sample
            if self.decoder is not None:
                moment = self.decoder(moment)
        return (moment.float() / 2 + 0.5).clamp(0, 1)

    def _extra(self, latents: torch.Tensor, salt: int) -> dict[str, object]:
        """Return what this sampler's steps take beside the sample: seeded noise, strength of it."""
        taken = inspect.signature(self.chosen.scheduler.step).parameters
        extra: dict[str, object] = {}
        if "generator" in taken:
            extra["generator"] = generators(latents, salt)
        if "eta" in taken:
            extra["eta"] = self.chosen.eta
        return extra

    def _predicted(
        self, seen: torch.Tensor, times: torch.Tensor, classes: torch.Tensor | None
    ) -> torch.Tensor:
        """Call the network, twice where there is guidance, and leave out variances it predicts."""
        found = self._called(seen, times, classes)
        channels = seen.shape[1]
        if self.guidance is not None and classes is not None:
            none = classes.new_full(classes.shape, self._nothing())
            free = self._called(seen, times, none)
            guided = free + self.guidance * (found - free)
            found = guided if found.shape[1] == channels else guided_first(guided, found, channels)
        own = self.chosen.scheduler.config.get("variance_type") in _OWN_VARIANCE
        return found if own or found.shape[1] == channels else found[:, :channels]

    def _called(
        self, seen: torch.Tensor, times: torch.Tensor, classes: torch.Tensor | None
    ) -> torch.Tensor:
        given = {} if classes is None else {"class_labels": classes}
        found: torch.Tensor = self.network(seen, timestep=times, **given).sample
        return found

    def _nothing(self) -> int:
        """Return the number of the class that stands for none."""
        count: int = self.network.config.num_embeds_ada_norm
        return count


def guided_first(guided: torch.Tensor, found: torch.Tensor, channels: int) -> torch.Tensor:
    """Join guided predictions of noise with unguided ones of the variance, as DiT does."""
    import torch

    return torch.cat((guided[:, :channels], found[:, channels:]), dim=1)


def _numbers(network: Any, names: Mapping[str, int], wishes: Wishes) -> tuple[int, ...]:
    """Return the number of the class behind each label.

    Raises:
        UsageError: Classes or guidance are wished that the network does not have.
    """
    config, what = network.config, type(network).__name__
    adaptive = config.get("num_embeds_ada_norm")
    count = adaptive or config.get("num_class_embeds") or 0
    if wishes.prompts:
        raise UsageError(f"{what} takes no prompts", "Leave them out; classes may be chosen.")
    if wishes.guidance is not None and not adaptive:
        raise UsageError(
            f"{what} has no class that stands for none, which guidance needs", "Leave it out."
        )
    if not count:
        if config.get("class_embed_type") not in (None, "timestep"):
            raise LoadError(f"{what} takes classes as vectors, which cannot be drawn here")
        if wishes.classes:
            raise UsageError(f"{what} takes no classes", "Leave them out.")
        return ()
    wished = wishes.classes or tuple(range(count))
    found = [names.get(one, -1) if isinstance(one, str) else one for one in wished]
    for one, number in zip(wished, found, strict=True):
        if not 0 <= number < count:
            some = ", ".join(list(names)[:6]) if names else f"0 to {count - 1}"
            raise UsageError(f"{what} has no class {one!r}", f"It has: {some}.")
    return tuple(found)
