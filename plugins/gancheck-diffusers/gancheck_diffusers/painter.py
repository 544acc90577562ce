"""What every kind of pipeline is turned into: a function from initial noise to pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Facts:
    """What is known of a painter.

    Attributes:
        latent_shape: Shape of the initial noise of one picture: (c, h, w).
        classes: Name of each label, in order; empty where there are no labels.
        described: How it is run, such as ``DDIMScheduler, 50 steps``.
        device: Where it runs.
        is_diffusion: Whether latents are normal because a diffusion starts there.
        notes: What was inferred or chosen, in sentences.
    """

    latent_shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    described: str = ""
    device: str = "cpu"
    is_diffusion: bool = True
    notes: tuple[str, ...] = ()


class Painter(Protocol):
    """Paints pictures from initial noise."""

    @property
    def facts(self) -> Facts:
        """What is known of it."""

    def paint(self, latents: torch.Tensor, labels: torch.Tensor | None, salt: int) -> torch.Tensor:
        """Paint one picture for each row of latents.

        Args:
            latents: (n, *latent_shape) standard normal.
            labels: (n,) numbers of labels, None without any.
            salt: Chooses the noise that the sampler adds on the way, if it adds any.

        Returns:
            (n, c, h, w) in 0..1.
        """
