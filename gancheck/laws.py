"""What a latent law is, and the registry that plugins add more to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gancheck.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from gancheck.types import FloatArray

Law: TypeAlias = Callable[[int, tuple[int, ...], "np.random.Generator"], "FloatArray"]
"""Draws latents: called with n, the shape of one and a random generator, returns (n, *shape)."""

LAWS: Registry[Law] = Registry("latent law", "gancheck.samplers")
