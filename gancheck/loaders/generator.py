"""The one class behind every loaded generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.errors import ShapeError
from gancheck.loaders.network import Network
from gancheck.loaders.outputs import OutputLayout
from gancheck.types import GeneratorSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator read from a file; see `gancheck.types.Generator`."""

    spec: GeneratorSpec
    network: Network
    layout: OutputLayout

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents (n, *latent_shape) to float32 outputs (n, *output_shape), raw range.

        The network runs on its own device; outputs come back on the device of the latents.

        Raises:
            ShapeError: Latents or labels do not fit the generator.
        """
        self._check_latents(latents)
        self._check_labels(latents, labels)
        return run(self.network, self.layout, latents, labels).to(latents.device)

    def _check_latents(self, latents: torch.Tensor) -> None:
        shape = tuple(latents.shape)
        if shape[1:] != self.spec.latent_shape or shape[0] == 0:
            raise ShapeError(
                f"{self.spec.origin} takes latents (n, *{self.spec.latent_shape}), got {shape}"
            )

    def _check_labels(self, latents: torch.Tensor, labels: torch.Tensor | None) -> None:
        classes = self.spec.classes
        if (labels is None) != (classes is None):
            wants = "takes no labels" if classes is None else "needs a label for each latent"
            raise ShapeError(f"{self.spec.origin} {wants}")
        if labels is None or classes is None:
            return
        if tuple(labels.shape) != tuple(latents.shape[:1]):
            raise ShapeError(f"labels {tuple(labels.shape)} for latents {tuple(latents.shape)}")
        # Some runtimes accept -1 silently and read the last row.
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= classes:
            raise ShapeError(f"labels from {low} to {high} for {classes} classes")


def run(
    network: Network,
    layout: OutputLayout,
    latents: torch.Tensor,
    labels: torch.Tensor | None,
) -> torch.Tensor:
    """Call a network in the batch sizes that it takes; short batches repeat their last row."""
    import torch

    count = latents.shape[0]
    if network.batch is None and count >= network.smallest_batch:
        return layout.apply(network.run(latents, labels), count)
    size = network.batch or network.smallest_batch
    parts = []
    for start in range(0, count, size):
        rows = torch.arange(start, start + size, device=latents.device).clamp_max(count - 1)
        chosen = None if labels is None else labels[rows.to(labels.device)]
        output = layout.apply(network.run(latents[rows], chosen), size)
        parts.append(output[: count - start])
    return torch.cat(parts)
