"""Generators that can be rebuilt from the names and shapes of their weights alone.

Weights do not record activations, strides or epsilons, so a rebuilt network is a guess. It is
accepted only when the statistics in its BatchNorm layers confirm it; see `gancheck.loaders.audit`.
"""

from __future__ import annotations

from gancheck.loaders.architectures.interface import ARCHITECTURES, Architecture, Proposal

__all__ = ["ARCHITECTURES", "Architecture", "Proposal"]
