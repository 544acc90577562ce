"""Latent laws. Latents are drawn in fixed blocks, each from its own seeded stream.

The latent of sample i depends on the seed and on i alone: not on the batch size, the device or
how many samples are drawn after it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import UsageError
from gancheck.laws import LAWS, Law
from gancheck.scaled import split_law

if TYPE_CHECKING:
    from gancheck.reference import Reference
    from gancheck.types import FloatArray, IntArray

BLOCK = 1024
_LATENTS, _LABELS = 1, 2  # stream numbers: latents and labels never share random bits


@LAWS.register("normal")
def normal(n: int, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw independent standard normal coordinates."""
    return rng.standard_normal((n, *shape), dtype=np.float32)


@LAWS.register("uniform")
def uniform(n: int, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw independent coordinates from [-1, 1)."""
    return 2 * rng.random((n, *shape), dtype=np.float32) - 1


@LAWS.register("sphere")
def sphere(n: int, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw points evenly from the sphere of radius sqrt(d), as normalised normals."""
    flat = rng.standard_normal((n, int(np.prod(shape))), dtype=np.float32)
    flat *= np.sqrt(flat.shape[1]) / np.linalg.norm(flat, axis=1, keepdims=True)
    return flat.reshape(n, *shape)


def law(name: str) -> Law:
    """Look up a law: a registered name, ``module:function`` for one's own, or ``normal:0.7``.

    The last is a law times a factor. A function is called as ``function(n, shape, rng)`` with a
    numpy random generator and returns an (n, *shape) array; it is called once per block of 1,024
    latents.

    Raises:
        UsageError: There is no such law.
    """
    base, factor = split_law(name)
    if base != name:
        draw = law(base)
        return lambda n, shape, rng: np.asarray(draw(n, shape, rng)) * factor
    module, _, function = name.partition(":")
    if not function:
        return LAWS.get(name)
    try:
        found: Law = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"cannot import the latent law {name!r}: {error}",
            "--latent-law takes normal, uniform, sphere, normal:0.7, or module:function on the "
            "Python path.",
        ) from error
    return found


def draw_latents(name: str, shape: tuple[int, ...], n: int, seed: int) -> FloatArray:
    """Draw the latents of samples 0..n-1.

    Args:
        name: Law of the latents.
        shape: Shape of one latent.
        n: How many.
        seed: Seed of the run.

    Returns:
        (n, *shape) float32.

    Raises:
        UsageError: The law is unknown, or returns another shape than it was asked for.
    """
    draw = law(name)
    blocks = []
    for block in range(-(-n // BLOCK)):
        values = np.asarray(draw(BLOCK, shape, np.random.default_rng([seed, _LATENTS, block])))
        if values.shape != (BLOCK, *shape):
            raise UsageError(
                f"the latent law {name!r} returned shape {values.shape}, "
                f"expected {(BLOCK, *shape)}",
                "A law is called as function(n, shape, rng).",
            )
        blocks.append(values.astype(np.float32, copy=False))
    return np.concatenate(blocks)[:n]


def label_shares(classes: int | None, known: Reference | None, wanted: str) -> FloatArray | None:
    """Return the shares that labels are drawn in, (classes,); None for even ones.

    Args:
        classes: Number of classes, None for generators without labels.
        known: The reference, if any.
        wanted: ``auto`` takes the reference's shares where its labels are the generator's classes,
            ``reference`` insists on them, ``uniform`` takes none.

    Raises:
        UsageError: The reference's shares are asked for, and there are none.
    """
    labels = None if known is None or classes is None else known.labels()
    if wanted == "uniform":
        return None
    if labels is not None and classes is not None and 0 <= labels.min() <= labels.max() < classes:
        return np.bincount(labels, minlength=classes) / len(labels)
    if wanted == "auto":
        return None
    missing = "there is no reference" if known is None else "the reference has no labels"
    if classes is None:
        missing = "the generator takes no labels"
    elif labels is not None:
        missing = f"the reference's labels go from {labels.min()} to {labels.max()}, those of the "
        missing += f"generator from 0 to {classes - 1}"
    raise UsageError(
        f"labels cannot be drawn as often as in the reference: {missing}",
        "`--labels uniform` draws all of them alike.",
    )


def draw_labels(classes: int, n: int, seed: int, shares: FloatArray | None = None) -> IntArray:
    """Draw the labels of samples 0..n-1, evenly or with given shares, in blocks like latents."""
    blocks = [
        np.random.default_rng([seed, _LABELS, block]).choice(classes, BLOCK, p=shares)
        for block in range(-(-n // BLOCK))
    ]
    return np.concatenate(blocks)[:n].astype(np.int64)
