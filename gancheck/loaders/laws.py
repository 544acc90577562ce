"""Latents for looking at a generator while it is loaded; what is judged is drawn by samplers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import LoadError
from gancheck.laws import LAWS
from gancheck.scaled import split_law

if TYPE_CHECKING:
    import torch

    from gancheck.types import FloatArray

_OWN = ("normal", "uniform", "sphere")


def draw_latents(law: str, count: int, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Draw float32 latents (count, *shape) on the CPU.

    ``normal`` is N(0, 1), ``uniform`` is U(-1, 1), ``sphere`` is uniform on the sphere of radius
    sqrt(d), the length of a typical normal latent. ``module:function``, and what a plugin
    registered, is called with the count, the shape and a numpy random generator. ``normal:0.7`` is
    the law times 0.7.

    Raises:
        LoadError: The function cannot be found, raises, or does not return such latents.
        UsageError: There is no such law.
    """
    import torch

    base, factor = split_law(law)
    return torch.from_numpy(_draw(base, (count, *shape), np.random.default_rng(seed))) * factor


def _draw(law: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    if law not in _OWN:
        return _draw_custom(law, shape, rng)
    if law == "uniform":
        return 2 * rng.random(shape, dtype=np.float32) - 1
    latents = rng.standard_normal(shape, dtype=np.float32)
    if law == "sphere":
        flat = latents.reshape(shape[0], -1)
        flat *= np.sqrt(flat.shape[1]) / np.linalg.norm(flat, axis=1, keepdims=True)
    return latents


def _draw_custom(law: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    module, _, name = law.partition(":")
    registered = None if name else LAWS.get(law)
    try:
        found = registered or getattr(importlib.import_module(module), name)
        latents = np.array(found(shape[0], shape[1:], rng), dtype=np.float32)
    except Exception as error:  # the law is the user's code
        raise LoadError(
            f"the latent law {law} failed: {type(error).__name__}: {error}",
            "`--latent-law` takes normal, uniform, sphere, or module:function on the Python path.",
        ) from error
    if latents.shape != shape:
        raise LoadError(f"the latent law {law} returned {latents.shape}, expected {shape}")
    return latents
