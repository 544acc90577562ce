"""Gates over and over: how often they fail at the limit, and clearly beyond it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np

from bench.gate.worlds import CHANGES, WORLDS, Change, World
from gancheck.gate import State, evaluate, rules
from gancheck.types import Diagnosis, Score, Subject, Verdict

if TYPE_CHECKING:
    from gancheck.measures.overlap import Overlap

_T_50 = 1.6759  # one-sided bounds, in standard errors
BEYOND = 2.5
"""How far the mean lies beyond the limit, in standard deviations of the score, for the power."""


@dataclass(frozen=True)
class Row:
    """What many gates made of one law.

    Attributes:
        name: The law.
        n: Samples on each side.
        gates: How many.
        truth: Overlap of the laws, which the score estimates.
        mean: What it read on average: the limit of the gates.
        sd: Its standard deviation from gate to gate.
        said: The standard error that the runs claimed, root of the mean square.
        fails_at: Share of gates that fail when the limit is the mean.
        passes_at: Share that pass then; the rest are inconclusive.
        fails_beyond: Share that fail when the mean is 2.5 sd below the limit.
        passes_beyond: Share that pass when the mean is 2.5 sd above it.
    """

    name: str
    n: int
    gates: int
    truth: float
    mean: float
    sd: float
    said: float
    fails_at: float
    passes_at: float
    fails_beyond: float
    passes_beyond: float


def rows(gates: int, seed: int, only: str, tell: Callable[[str], None]) -> Iterator[Row]:
    """Yield a row for each law whose name contains a text."""
    for at, world in enumerate(WORLDS):
        if only in world.name:
            tell(world.name)
            scores = _each(partial(_score, at, seed), gates)
            yield _summed_up(world, scores)
    for at, change in enumerate(CHANGES):
        if only in change.name:
            tell(change.name)
            pairs = _each(partial(_pair, at, seed), gates)
            yield _summed_up_changes(change, pairs)


def _each(work: Callable[[int], tuple[Score, ...]], gates: int) -> list[tuple[Score, ...]]:
    """Spread the gates over the cores; each has its own random stream, whatever runs it."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, range(gates), chunksize=max(1, gates // 40)))


def _score(at: int, seed: int, gate: int) -> tuple[Score, ...]:
    reference, samples = WORLDS[at].draw(np.random.default_rng([seed, at, gate]))
    return (_measured(reference, samples),)


def _pair(at: int, seed: int, gate: int) -> tuple[Score, ...]:
    rng = np.random.default_rng([seed, 100 + at, gate])
    reference, before, after = CHANGES[at].draw(rng)
    return _measured(reference, before), _measured(reference, after)


def _measured(reference: np.ndarray, samples: np.ndarray) -> Score:
    import torch

    from gancheck.measures.overlap import overlap

    torch.set_num_threads(1)
    return as_score(overlap(reference, samples))


def as_score(found: Overlap) -> Score:
    """Return an overlap as the score that a report holds."""
    return Score(
        "diversity",
        found.value,
        found.low,
        found.high,
        None,
        found.n,
        found.k,
        "vectors",
        found.tails,
        found.replicates,
    )


def _summed_up(world: World, found: Sequence[tuple[Score, ...]]) -> Row:
    scores = [one for (one,) in found]
    values = np.array([score.value for score in scores])
    sd = float(values.std(ddof=1))
    said = [_half_width(score) for score in scores]

    def share(limit: float, state: State) -> float:
        return _share(
            state,
            [_gate(score, min={"diversity": float(np.clip(limit, 0, 1))}) for score in scores],
        )

    mean = float(values.mean())
    return Row(
        name=world.name,
        n=world.n,
        gates=len(scores),
        truth=world.truth,
        mean=mean,
        sd=sd,
        said=float(np.sqrt(np.mean(np.square(said)))),
        fails_at=share(mean, State.FAILED),
        passes_at=share(mean, State.PASSED),
        fails_beyond=share(mean + BEYOND * sd, State.FAILED),
        passes_beyond=share(mean - BEYOND * sd, State.PASSED),
    )


def _summed_up_changes(change: Change, found: Sequence[tuple[Score, ...]]) -> Row:
    values = np.array([after.value - before.value for before, after in found])
    sd = float(values.std(ddof=1))
    said = []

    def share(drop: float, state: State) -> float:
        most = max(0.0, drop)
        states = []
        for before, after in found:
            outcome = evaluate(
                report(after), rules(max_drop=most), report(before), baseline_name="before"
            ).outcomes[0]
            states.append(outcome.state)
            if outcome.interval is not None:
                said.append((outcome.interval.high - outcome.interval.low) / 2 / _T_50)
        return _share(state, states)

    lost = -float(values.mean())
    return Row(
        name=change.name,
        n=change.n,
        gates=len(found),
        truth=change.truth,
        mean=-lost,
        sd=sd,
        fails_at=share(lost, State.FAILED),
        passes_at=share(lost, State.PASSED),
        fails_beyond=share(lost - BEYOND * sd, State.FAILED) if lost > BEYOND * sd else np.nan,
        passes_beyond=share(lost + BEYOND * sd, State.PASSED),
        said=float(np.sqrt(np.mean(np.square(said)))),
    )


def _half_width(score: Score) -> float:
    """Return the standard error that the one-sided bounds stand for."""
    if score.tails is None:
        return float("nan")
    low, high = score.tails.at_95
    return (score.value - low if high >= 1 else high - score.value) / _T_50


def _gate(score: Score, **limits: dict[str, float]) -> State:
    return evaluate(report(score), rules(**limits)).outcomes[0].state  # type: ignore[arg-type]


def _share(state: State, found: Sequence[State]) -> float:
    return sum(one is state for one in found) / len(found)


def report(score: Score) -> Diagnosis:
    """Return a report that holds one score."""
    return Diagnosis(
        subject=Subject("samples.npy", "array", "0", None, None, None, "vector", (1,)),
        verdict=Verdict.HEALTHY,
        summary=(),
        conditions=(),
        scores={score.name: score},
        modes=(),
        cuts=(),
        findings=(),
        exhibits=(),
        skipped=(),
        settings={"samples": score.n, "compared": score.n, "seed": 0},
        versions={},
        timings={},
    )
