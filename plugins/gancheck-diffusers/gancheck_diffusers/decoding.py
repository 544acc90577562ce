"""Decoders of VAEs: at the end of a diffusion, or alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gancheck_diffusers.painter import Facts
from gancheck_diffusers.quiet import evaluating
from gancheck_diffusers.sizes import code_shape
from gancheck_diffusers.wishes import Wishes

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Decoder:
    """The second half of a VAE.

    Attributes:
        network: The VAE.
        scaling: Its latents times this are about standard normal.
        shift: What is taken from them before.
    """

    network: Any
    scaling: float
    shift: float

    @classmethod
    def of(cls, network: Any, scaling: float | None) -> Decoder:
        """Read the factors from the configuration; the scaling as told."""
        config = network.config
        factor = config.get("scaling_factor") if scaling is None else scaling
        return cls(network, float(factor or 1.0), float(config.get("shift_factor") or 0.0))

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (n, c, h, w) into pictures, about -1..1."""
        codes = (latents / self.scaling + self.shift).to(self.network.dtype)
        decoded: torch.Tensor = self.network.decode(codes).sample
        return decoded


@dataclass(frozen=True, eq=False)
class Alone:
    """A decoder without a diffusion before it; see `gancheck_diffusers.painter.Painter`."""

    decoder: Decoder
    facts: Facts

    @classmethod
    def of(cls, network: Any, wishes: Wishes) -> Alone:
        """Describe a VAE.

        Raises:
            LoadError: Its configuration does not tell the size of its pictures.
        """
        name = type(network).__name__
        decoder = Decoder.of(network, wishes.scaling)
        told = "as told" if wishes.scaling is not None else "by its configuration"
        note = (
            f"{name} decodes normal latents divided by {decoder.scaling:g}, {told}; "
            '{"scaling": 1} takes them as they are, which is right where the VAE was trained '
            "towards a standard normal prior."
        )
        facts = Facts(
            latent_shape=code_shape(network.config, name, wishes.size),
            described=f"{name}, decoder only",
            device=str(network.device),
            is_diffusion=False,
            notes=(note,),
        )
        return cls(decoder, facts)

    def paint(self, latents: torch.Tensor, labels: torch.Tensor | None, salt: int) -> torch.Tensor:
        """Decode latents (n, c, h, w) into pictures, 0..1."""
        with evaluating(self.decoder.network):
            decoded = self.decoder(latents)
        return (decoded.float() / 2 + 0.5).clamp(0, 1)
