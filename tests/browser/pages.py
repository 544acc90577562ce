"""The pages under test: drawn examples, and small real runs.

Every page is rendered once for each worker. The runs are as small as they can be: what they
measure is not asked here, only what becomes of it on the page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from example_diagnosis import collapsed, healthy, inconclusive

from gancheck import Diagnosis, LoadOptions, Settings, diagnose, load
from gancheck.cutting import find_cuts
from gancheck.latents.slice import Wish
from gancheck.reporters.html import Html, cuts, side_by_side
from gancheck.reporters.side_by_side.comparison import build
from gancheck.samplers.batches import Sampler
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SPIRAL = EXAMPLES / "spiral" / "spiral_better.pt"
UNIFORM = LoadOptions(latent_law="uniform")


def few(file: Path, count: int, folder: Path) -> Path:
    """Write a few rows of a reference, with their labels, to a file of their own."""
    with np.load(file) as stored:
        columns = {name: stored[name] for name in stored.files}
    rows = np.random.default_rng(0).permutation(len(next(iter(columns.values()))))[:count]
    path = folder / file.name
    np.savez(path, **{name: column[rows] for name, column in columns.items()})
    return path


def stripes(count: int, seed: int) -> AnyArray:
    """Draw coloured waves, (count, 3, 32, 32): images that a healthy generator could make."""
    rng = np.random.default_rng(seed)
    x = np.mgrid[0:32, 0:32][1] / 32
    colour = rng.random((count, 3, 1, 1))
    speed, phase = rng.uniform(0.5, 1.5, (2, count, 1, 1, 1))
    waves = 127 + 100 * colour * np.sin(6 * (speed * x + phase))
    noisy: AnyArray = np.clip(waves + rng.normal(0, 6, waves.shape), 0, 255).astype(np.uint8)
    return noisy


def spiral_run(folder: Path) -> Diagnosis:
    """Look at a generator of points that cuts its two latents."""
    reference = few(EXAMPLES / "spiral" / "spiral_reference.npz", 600, folder)
    return diagnose(SPIRAL, reference, Settings(samples=300, map="pca", cache=False, load=UNIFORM))


def digits_run(folder: Path) -> Diagnosis:
    """Look at samples of the collapsed digit generator."""
    generator = load(EXAMPLES / "mnist" / "mnist_collapsed.pt")
    assert not isinstance(generator, SampleSet)
    drawn = Sampler(generator).draw(400, seed=0)
    samples = folder / "digits.npz"
    np.savez(samples, images=drawn.values)
    reference = few(EXAMPLES / "mnist" / "mnist_reference.npz", 800, folder)
    settings = Settings(samples=400, embedder="pixels", map="pca", cache=False)
    return diagnose(samples, reference, settings)


def colour_run(folder: Path) -> Diagnosis:
    """Look at coloured images from the law of their reference."""
    samples, reference = folder / "waves.npz", folder / "real_waves.npz"
    np.savez(samples, images=stripes(300, seed=1))
    np.savez(reference, images=stripes(600, seed=2))
    settings = Settings(samples=300, embedder="pixels", map="pca", cache=False)
    return diagnose(samples, reference, settings)


def cuts_page(folder: Path) -> str:
    """Render the page of ``gancheck cuts`` for the spiral."""
    reference = few(EXAMPLES / "spiral" / "spiral_reference.npz", 600, folder)
    settings = Settings(samples=300, cache=False, load=UNIFORM)
    return cuts.render(find_cuts(SPIRAL, reference, settings, Wish(side=32)))


def _of(diagnosis: Callable[[Path], Diagnosis]) -> Callable[[Path], str]:
    return lambda folder: Html().render(diagnosis(folder))


_BUILDERS: dict[str, Callable[[Path], str]] = {
    "collapsed": _of(lambda _: collapsed()),
    "inconclusive": _of(lambda _: inconclusive()),
    "digits": _of(digits_run),
    "spiral": _of(spiral_run),
    "colour": _of(colour_run),
    "cuts": cuts_page,
    "side by side": lambda _: side_by_side.render(
        build([("a.json", collapsed()), ("b.json", healthy())])
    ),
}
NAMES = tuple(_BUILDERS)


@cache
def page(name: str) -> str:
    """Return one of the pages by its name in `NAMES`."""
    with tempfile.TemporaryDirectory() as folder:
        return _BUILDERS[name](Path(folder))
