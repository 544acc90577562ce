"""The shipped trained generators, as they are and with their latents pulled towards the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy import digits
from bench.accuracy.cases import NOTHING, VARIETY, Case, Real, Scale, Subject, World, stream
from gancheck import LoadOptions

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
_BATCH = 500

Latents = Callable[[int, np.random.Generator], "FloatArray"]


def _normal(n: int, rng: np.random.Generator) -> FloatArray:
    return rng.standard_normal((n, 32, 1, 1), dtype=np.float32)


def _square(n: int, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(-1, 1, (n, 2)).astype(np.float32)


def drawn(file: str, latents: Latents, scale: float = 1.0) -> Callable[..., Subject]:
    """Return what draws from a TorchScript generator, with its latents multiplied by ``scale``.

    The truth is not known: it is only known to fall with the scale.
    """

    def draw(real: Real, rng: np.random.Generator) -> Subject:
        import torch

        model = torch.jit.load(str(EXAMPLES / file))  # type: ignore[no-untyped-call]
        points = scale * latents(real.n, rng)
        with torch.inference_mode():
            parts = [
                model(torch.from_numpy(points[start : start + _BATCH])).numpy()
                for start in range(0, len(points), _BATCH)
            ]
        return Subject(_as_samples(np.concatenate(parts)), None)

    return draw


def _as_samples(outputs: FloatArray) -> AnyArray:
    """Bring images from -1..1 to uint8; leave vectors alone."""
    if outputs.ndim == 2:
        return outputs.astype(np.float32)
    return np.asarray(np.clip(np.rint(127.5 * (outputs + 1)), 0, 255), dtype=np.uint8)


def _family(
    file: str, name: str, latents: Latents, *, law: str, collapsed: bool = False
) -> tuple[Case, ...]:
    """Return a generator, and the same with latents times .7 and .4."""
    sick = VARIETY if collapsed else NOTHING
    options = LoadOptions(latent_law=law)
    whole = Case(name, drawn(file, latents), sick, model=EXAMPLES / file, load=options)
    if collapsed:
        return (whole,)
    less, least = f"{name}, latents x .7", f"{name}, latents x .4"
    return (
        whole,
        Case(less, drawn(file, latents, 0.7), below=name),
        Case(least, drawn(file, latents, 0.4), below=less),
    )


def _spiral(scale: Scale) -> Real:
    with np.load(EXAMPLES / "spiral" / "spiral_reference.npz") as archive:
        points = archive["samples"]
    rows = stream(scale.seed, "spiral").permutation(len(points))
    cut = min(scale.reference, len(rows) * 3 // 5)
    n = min(scale.n, cut * 2 // 3, len(rows) - cut)
    none = np.zeros(len(rows), dtype=np.int64)
    return Real(points[rows[:cut]], points[rows[cut:]], none[:cut], none[cut:], n)


WORLDS = (
    World(
        "spiral GAN",
        _spiral,
        (
            *_family("spiral/spiral_better.pt", "better", _square, law="uniform"),
            *_family(
                "spiral/spiral_collapsed.pt", "collapsed", _square, law="uniform", collapsed=True
            ),
        ),
    ),
    World(
        "digit GAN",
        digits.real,
        (
            *_family("mnist/mnist_healthy.pt", "healthy", _normal, law="normal"),
            *_family(
                "mnist/mnist_collapsed.pt", "collapsed", _normal, law="normal", collapsed=True
            ),
        ),
    ),
)
