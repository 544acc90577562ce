"""``python -m bench.accuracy --copies``: who copies, and who only looks like it.

A law draws training points, held-out points and samples, and knows which samples are copies. Each
is drawn many times; a row says how often copying was found, how much of what was flagged is right,
and whether the interval of the share holds the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy.cases import stream
from bench.accuracy.copying_peers import Published, published
from gancheck.measures.copying import (
    FALSE_DISCOVERIES,
    closeness,
    mirrored_control,
    relabelling_on_both_scales,
    relabelling_test,
    share_of_copies,
)
from gancheck.neighbors import Neighbors, nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

NEIGHBORS = 8
LEVEL = 0.05
_TWIN_SHARE = 0.1  # near-duplicates: a tenth of the usual distance between pool points
_NEAR = 0.01
_ASKED = 1000


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw: training (t, d), held-out (h, d), samples (m, d), and which samples copy, (m,).

    `found` holds the neighbours of the samples in the pool where they are known already.
    """

    training: FloatArray
    held_out: FloatArray
    samples: FloatArray
    copied: AnyArray
    found: Neighbors | None = None

    @property
    def pool(self) -> FloatArray:
        """Training points, then held-out points."""
        return np.concatenate([self.training, self.held_out])


@dataclass(frozen=True)
class Trial:
    """What one draw gave: p-values, flags, and the share of copies with its interval.

    `p_near` is the relabelling test on what is near, `p_value` that on both scales.
    """

    p_near: float
    p_value: float
    flagged: int
    false_share: float
    power: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """What is drawn, and how large the true share of copies is.

    Attributes:
        name: What the generator does, in a few words.
        view: What it is seen through, such as ``d=16`` or ``digits, pixels``.
        share: True share of copies.
        draw: Makes a draw, given a random stream and the number of the run.
        runs: Draws, at most.
        judge: How a draw is judged.
    """

    name: str
    view: str
    share: float
    draw: Callable[[np.random.Generator, int], Draw]
    runs: int = 20
    judge: Callable[[Draw, np.random.Generator], Trial] | None = None


@dataclass(frozen=True)
class Row:
    """All draws of a law in one line; shares 0..1. A rival is judged by another rule than ours."""

    name: str
    view: str
    runs: int
    sizes: tuple[int, int, int]
    truth: float
    detected_near: float
    detected: float
    flagged: float
    flagging: float
    false_share: float
    power: float | None
    share: float
    covered: float
    published: Published | None
    rival: bool = False


def judge(draw: Draw, rng: np.random.Generator) -> Trial:
    """Judge a draw by the relabelling test, the mirrored control and the share of copies."""
    pool = draw.pool
    training = np.arange(len(pool)) < len(draw.training)
    tolerance, radius = scales(pool)
    found = draw.found or nearest(draw.samples, pool, NEIGHBORS)
    near = closeness(found.distances, twin_gaps(pool, found), tolerance)
    twins = found.indices[:, 0]
    distances = found.distances[:, 0]
    tests = (
        relabelling_test(twins, distances, training, radius, rng),
        relabelling_on_both_scales(twins, distances, near, training, radius, rng),
    )
    control = mirrored_control(twins, near, training)
    share = share_of_copies(twins, near, training, control.threshold)
    p_values = tests[0].p_value, tests[1].p_value
    return trial(draw, p_values, control.flagged, (share.value, share.low, share.high))


def judge_samples(draw: Draw, rng: np.random.Generator) -> Trial:
    """Judge a draw as is often done: a ratio for every sample, held-out hits scaled by |T| / |H|.

    The ratio of the distances to both sides is no label-free score: with r times as many training
    points, honest samples exceed any large ratio r^2 times as often on their side.
    """
    sides = [
        nearest(draw.samples, part, 1).distances[:, 0] for part in (draw.held_out, draw.training)
    ]
    score = np.log(np.maximum(sides[0], 1e-12) / np.maximum(sides[1], 1e-12))
    ratio = len(draw.training) / len(draw.held_out)
    levels = np.sort(score[score > 0])
    beyond = len(levels) - np.arange(len(levels))
    decoys = len(score) - np.searchsorted(np.sort(-score), levels, side="left")
    passed = (1 + decoys) * ratio <= FALSE_DISCOVERIES * beyond
    cut = levels[passed.argmax()] if passed.any() else np.inf
    return trial(draw, (1.0, 1.0), score >= cut, (0.0, 0.0, 1.0))


def trial(
    draw: Draw,
    p_values: tuple[float, float],
    flagged: AnyArray,
    share: tuple[float, float, float],
) -> Trial:
    """Compare what was flagged with what was copied."""
    count, copies = int(flagged.sum()), int(draw.copied.sum())
    right = int((flagged & draw.copied).sum())
    return Trial(
        *p_values,
        count,
        (count - right) / max(1, count),
        right / copies if copies else 0.0,
        *share,
    )


def scales(pool: FloatArray) -> tuple[float, float]:
    """Return the distance of near-duplicates in the pool, and what is near for a sample.

    Both come from distances between pool points, without regard to their sides: a tenth of the
    median, and the lowest hundredth of those that are no near-duplicates.
    """
    rows = np.linspace(0, len(pool) - 1, min(len(pool), _ASKED)).astype(np.int64)
    distances = nearest(pool[rows], pool, NEIGHBORS + 1).distances[:, 1:]
    tolerance = _TWIN_SHARE * float(np.median(distances[:, 0]))
    apart = distances > tolerance
    kept = np.take_along_axis(distances, apart.argmax(axis=1)[:, None], axis=1)[:, 0]
    return tolerance, float(np.quantile(kept[apart.any(axis=1)], _NEAR))


def twin_gaps(pool: FloatArray, found: Neighbors) -> FloatArray:
    """Return the distances of the neighbours of each sample to the first of them, (m, k)."""
    twin = pool[found.indices[:, 0]]
    columns = [np.linalg.norm(pool[other] - twin, axis=1) for other in found.indices.T]
    return np.stack(columns, axis=1)


def rows(
    laws: Sequence[Law], runs: int | None, seed: int, published_runs: int = 3
) -> Iterator[Row]:
    """Run the laws one after the other; published numbers are read on the first few draws."""
    for law in laws:
        trials: list[Trial] = []
        others: list[Published] = []
        sizes = (0, 0, 0)
        for run in range(min(law.runs, runs or law.runs)):
            rng = stream(seed, law.view, law.name, str(run))
            draw = law.draw(rng, run)
            sizes = len(draw.training), len(draw.held_out), len(draw.samples)
            trials.append((law.judge or judge)(draw, rng))
            if run < published_runs and law.judge is None:
                others.append(published(draw.training, draw.held_out, draw.samples))
        yield summary(law, trials, sizes, others)


def summary(
    law: Law, trials: Sequence[Trial], sizes: tuple[int, int, int], others: Sequence[Published]
) -> Row:
    """Average the draws of a law; sizes are those of training, held-out points and samples."""
    flagged = np.array([one.flagged for one in trials])
    return Row(
        law.name,
        law.view,
        len(trials),
        sizes,
        law.share,
        float(np.mean([one.p_near <= LEVEL for one in trials])),
        float(np.mean([one.p_value <= LEVEL for one in trials])),
        float(flagged.mean()),
        float((flagged > 0).mean()),
        float(np.mean([one.false_share for one in trials])),
        float(np.mean([one.power for one in trials])) if law.share else None,
        float(np.mean([one.share for one in trials])),
        float(np.mean([one.low <= law.share <= one.high for one in trials])),
        Published(*(float(np.mean(column)) for column in zip(*others, strict=True)))
        if others
        else None,
        law.judge is not None,
    )
