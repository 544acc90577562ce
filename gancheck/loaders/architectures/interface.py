"""What a known architecture is, and the registry that plugins add more to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gancheck.registry import Registry

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Proposal:
    """One network that the weights fit, to be confirmed or refuted by its BatchNorm layers.

    Attributes:
        network: The network with the weights loaded, on the CPU. Proposals may share their
            weights: nobody changes them.
        description: What it is, as ``a DCGAN with ReLU``.
        assumed: What no statistic can confirm, as a sentence; empty when there is nothing.
        latent_shape: Shape of one latent; None leaves it to be found by calling the network.
        usual: Whether what cannot be confirmed is as most networks of the family have it. Where
            the statistics like several networks, a usual one is preferred to an unusual one.
    """

    network: torch.nn.Module
    description: str
    assumed: str = ""
    latent_shape: tuple[int, ...] | None = None
    usual: bool = True


class Architecture(Protocol):
    """One family of generators."""

    @property
    def name(self) -> str:
        """Name of the family."""

    def propose(self, state: Mapping[str, torch.Tensor]) -> Iterator[Proposal]:
        """Yield every network of the family that uses all of these weights; none if none does.

        The commonest come first: of networks that draw the same, the first is taken.
        """


ARCHITECTURES: Registry[Architecture] = Registry("architecture", "gancheck.loaders.architectures")
