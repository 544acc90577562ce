"""What label and latent each contribute to the output of a conditional generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gancheck.stats import reject_false_discoveries

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

    Labelled: TypeAlias = Callable[[FloatArray, IntArray], FloatArray]
    """Maps latents (n, d) and labels (n,) to outputs (n, m)."""

FIRST_LOOK = 2000
"""Evaluations spread evenly over all classes."""
CLOSER_LOOK = 2000
"""Evaluations, at most, of classes whose first few outputs are all the same."""
_LATENTS = (2, 32)
_NOISE_ROWS = 64
_SHUFFLES = 199
_RATE = 0.05
_NOISE_MARGIN = 1.5


@dataclass(frozen=True)
class Conditioning:
    """What label and latent contribute.

    Attributes:
        label_share: Share of the outputs' variance that the label explains at a given latent.
        label_shown: Whether the same label gives more similar outputs than different ones do.
        latent_shares: (classes,) variance over latents within each class, over that of all outputs.
        collapsed: Classes in which every latent gave the same output, after control of false
            discoveries: in no more than 5% of them does half of the latents give anything else.
        suspected: Number of classes whose first outputs were all the same.
        spread: Root mean square deviation of an output from the mean of all.
        latents: Latents that every class was given.
    """

    label_share: float
    label_shown: bool
    latent_shares: FloatArray
    collapsed: tuple[int, ...]
    suspected: int
    spread: float
    latents: int


def latents_each(classes: int, first_look: int = FIRST_LOOK) -> int:
    """Return how many latents every class is given at first."""
    least, most = _LATENTS
    return int(np.clip(first_look // classes, least, most))


def conditioning(
    run: Labelled, latents: FloatArray, classes: int, same_below: float, rng: np.random.Generator
) -> Conditioning:
    """Measure what label and latent contribute, at no more than some 4,000 evaluations.

    Every class is given the same few latents. Classes whose outputs do not differ are given more,
    as many as are needed to call them collapsed.

    Args:
        run: The generator.
        latents: (n, d) latents to use, in their order; the first ones for all classes.
        classes: Number of classes.
        same_below: Outputs that differ by less than this share of the spread are the same.
        rng: Draws permutations, and which classes to look at when too many look collapsed.
    """
    each = latents_each(classes)
    grid = _grid(run, latents[:each], classes)
    noise = _noise(run, grid, latents)
    again = _grid(run, latents[:each], classes) if noise.max() > 0 else grid
    total = max(float(grid.reshape(-1, grid.shape[2]).var(axis=0).mean()), 1e-300)
    usual_noise = float(np.mean(noise**2)) / 2
    over_labels = 0.0
    if classes > 1:
        over_labels = max(0.0, float(_variance(grid, axis=1).mean()) - usual_noise)
    over_latents = np.maximum(0.0, _variance(grid, axis=0) - usual_noise)
    same = max(same_below * math.sqrt(total), _NOISE_MARGIN * float(noise.max()))
    collapsed, suspected = _collapsed(run, grid, latents[each:], same, rng)
    return Conditioning(
        label_share=min(1.0, over_labels / total),
        label_shown=_shown(grid, again, rng),
        latent_shares=np.minimum(1.0, over_latents / total),
        collapsed=collapsed,
        suspected=suspected,
        spread=math.sqrt(total),
        latents=each,
    )


def _grid(run: Labelled, latents: FloatArray, classes: int) -> FloatArray:
    """Return the outputs (latents, classes, m) of every latent under every label."""
    each = len(latents)
    rows = run(np.repeat(latents, classes, axis=0), np.tile(np.arange(classes), each))
    return rows.reshape(each, classes, -1)


def _noise(run: Labelled, grid: FloatArray, latents: FloatArray) -> FloatArray:
    """Return how far outputs lie apart when the same rows are run again."""
    each, classes = grid.shape[:2]
    count = min(_NOISE_ROWS, each * classes)
    row, label = np.divmod(np.arange(count) * (each * classes // count), classes)
    return _apart(run(latents[row], label), grid[row, label])


def _variance(grid: FloatArray, axis: int) -> FloatArray:
    """Return the unbiased variance along one axis, mean over the outputs."""
    return np.asarray(grid.var(axis=axis, ddof=1, dtype=np.float64).mean(axis=-1))


def _apart(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the root mean square difference of each row."""
    difference = one.astype(np.float64) - other
    return np.asarray(np.sqrt(np.mean(difference**2, axis=-1)))


def _shown(first: FloatArray, again: FloatArray, rng: np.random.Generator) -> bool:
    """Test by permutation of the labels within each latent, 5%."""
    centred = [run - run.mean(axis=1, keepdims=True) for run in (first, again)]
    products = np.einsum("icm,idm->icd", *centred, optimize=True)
    each, classes = first.shape[:2]
    rows, labels = np.arange(each)[:, None], np.arange(classes)
    shuffled = [
        products[rows, labels, rng.permuted(np.tile(labels, (each, 1)), axis=1)].sum()
        for _ in range(_SHUFFLES)
    ]
    return bool(products[:, labels, labels].sum() > np.quantile(shuffled, 1 - _RATE))


def _collapsed(
    run: Labelled, grid: FloatArray, fresh: FloatArray, same: float, rng: np.random.Generator
) -> tuple[tuple[int, ...], int]:
    """Name the classes whose every latent gives the same output.

    Under the hypothesis that no output stands for more than half of a class's latents, n latents
    all give the first one's output with a chance of at most 2 ** (1 - n).
    """
    each, classes = grid.shape[:2]
    suspects = np.flatnonzero((_apart(grid, grid[:1]) <= same).all(axis=0))
    if not len(suspects):
        return (), 0
    chosen, more = _closer(len(suspects), each, classes)
    looked_at = np.sort(rng.permutation(suspects)[:chosen])
    alike: AnyArray = np.ones(len(looked_at), dtype=bool)
    if more:
        found = run(np.tile(fresh[:more], (chosen, 1)), np.repeat(looked_at, more))
        found = found.reshape(chosen, more, -1)
        alike = np.asarray((_apart(found, grid[0, looked_at][:, None]) <= same).all(axis=1))
    p_values = np.ones(classes)
    p_values[looked_at[alike]] = 0.5 ** (each + more - 1)
    return tuple(int(label) for label in np.flatnonzero(_rejected(p_values))), len(suspects)


def _rejected(p_values: FloatArray) -> AnyArray:
    return reject_false_discoveries(p_values, _RATE)


def _closer(suspects: int, each: int, classes: int) -> tuple[int, int]:
    """Return how many suspects to give more latents, and how many each: as far as affordable."""
    while suspects:
        needed = math.ceil(1 + math.log2(classes / (_RATE * suspects)))
        more = max(0, needed - each)
        if suspects * more <= CLOSER_LOOK:
            return suspects, more
        suspects -= max(1, suspects // 10)
    return 0, 0
