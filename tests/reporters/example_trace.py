"""A trace with everything in it: a generator that hops between places while others are lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.exhibits import place_colours
from gancheck.plain import from_json
from gancheck.types import (
    Best,
    Checkpoint,
    Condition,
    Exhibit,
    Finding,
    Interval,
    Judged,
    Mode,
    Score,
    Severity,
    Trace,
    Turn,
    Verdict,
    Visit,
)

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

STEPS = tuple(range(50, 650, 50))
FAILED = 350
PLACES = 8
HOPS = {200: 2, 250: 2, 300: 4, 400: 4, 450: 0, 500: 0}
"""The place that holds most samples while diversity is low, by step."""
EXTENT = (-1.6, 1.6, -1.6, 1.6)
AXES = ("x1", "x2")


def build_trace(
    *, steps: Sequence[int] = STEPS, points: int = 200, side: int = 16, modes: int = PLACES
) -> Trace:
    """Build a trace of a few steps; 350 fails, and places 3, 5 and 1 take turns from 200 on."""
    checkpoints = tuple(a_checkpoint(step, modes) for step in steps)
    return Trace(
        checkpoints=checkpoints,
        verdict=Verdict.SUSPECT,
        summary=(
            "Samples hop between 3 of 8 places from step 200 to 500",
            "Use step 100 (or 50, 150, which cannot be told from it).",
        ),
        conditions=(Condition.MODE_HOPPING,),
        findings=findings(),
        visits=visits(),
        turns=(
            Turn("onset", 200, 151, 200, 0.9, 0.2),
            Turn("recovery", 550, 501, 550, 0.2, 0.85),
        ),
        best=(
            Best("diversity", 100, "run/G_000100.pt", (50, 150)),
            Best("overlap", 150, "run/G_000150.pt"),
        ),
        reference_counts=tuple(125 for _ in range(modes)),
        losses=losses(steps),
        exhibits=pictures(steps, points, side),
        settings={
            "command": "gancheck trace 'run/G_*.pt' --reference ring.npz",
            "reference": "ring.npz",
            "reference_n": 3000,
            "samples": 1000,
            "embedder": "coordinates",
            "seed": 0,
        },
        versions={"gancheck": "0.1.0", "torch": "2.13"},
        timings={"reference": 1.2, "checkpoints": 14.0, "map": 0.4, "total": 15.9},
        warnings=("1 of 12 checkpoints could not be measured",),
        created="2026-07-01T12:00:00+00:00",
    )


def stored(trace: Trace) -> Trace:
    """Return a trace as its JSON gives it back."""
    found, unknown = from_json(Trace, json.loads(json.dumps(trace.to_dict(), allow_nan=False)))
    assert unknown == ()
    return found


def a_checkpoint(step: int, modes: int = PLACES) -> Checkpoint:
    """Build one checkpoint: most samples in one place where it hops, else even shares."""
    path = f"run/G_{step:06d}.pt"
    if step == FAILED:
        return Checkpoint(path, step, error="LoadError: the file ends early (12 of 90 kB)")
    place = HOPS.get(step)
    shares = np.full(modes, 0.96 / modes)
    if place is not None:
        shares = np.full(modes, 0.01)
        shares[place], shares[(place + 1) % modes] = 0.62, 0.2
    low = place is not None
    diversity, overlap = (0.21, 0.3) if low else (0.93, 0.88)
    wobble = 0.01 * np.sin(step)
    return Checkpoint(
        path,
        step,
        verdict=Verdict.COLLAPSED if low else Verdict.HEALTHY,
        conditions=(Condition.MISSING_MODES, Condition.IMBALANCED_MODES) if low else (),
        scores={
            "diversity": a_score("diversity", diversity + wobble),
            "overlap": a_score("overlap", overlap - wobble),
        },
        modes=tuple(
            Mode(at, f"place {at + 1}", 1 / modes, share, share - 0.02, share + 0.02, "ok")
            for at, share in enumerate(shares.tolist())
        ),
        counts=tuple(int(1000 * share) for share in shares),
        moved=None if step == STEPS[0] else 0.85 if low else 0.2,
        judged=Judged(f"run/D_{step:06d}.pt", 0.8, -0.6 - wobble, 0.9 if low else 0.6),
        sha256=f"{step:064x}",
        seconds=1.2,
        reused=step < 200,
    )


def a_score(name: str, value: float) -> Score:
    """Build a score with an interval of a few hundredths."""
    return Score(name, value, value - 0.03, value + 0.02, ceiling=0.97, n=1000, k=5)


def findings() -> tuple[Finding, ...]:
    """Say what was found."""
    return (
        Finding(
            "hopping.rate",
            "hopping",
            Severity.FAIL,
            "the dominant place changes 2 times in 6 checkpoints of low diversity",
            "Shuffled: p < 0.001. Usual causes: the discriminator chases. Try: two time scales.",
            Condition.MODE_HOPPING,
            0.4,
            Interval(0.2, 0.7),
            "<= 0.05",
        ),
        Finding("turns.onset", "turns", Severity.WARN, "diversity falls at step 200", value=0.7),
        Finding("best.diversity", "best", Severity.NOTE, "step 100 has the highest diversity"),
    )


def visits() -> tuple[Visit, ...]:
    """Return the places in the order in which they were visited."""
    return (
        Visit(2, "place 3", 200, 250, 0.62),
        Visit(4, "place 5", 300, 400, 0.62),
        Visit(0, "place 1", 450, 500, 0.62),
    )


def losses(steps: Sequence[int]) -> dict[str, tuple[float, ...]]:
    """Return a log of ten rows a checkpoint, one of them not a number."""
    at = np.linspace(0, steps[-1], 10 * len(steps))
    generator = 1 + 0.4 * np.sin(at / 40)
    generator[3] = np.nan
    return {
        "step": tuple(at.tolist()),
        "loss_g": tuple(generator.tolist()),
        "loss_d": tuple((0.6 + 0.2 * np.cos(at / 40)).tolist()),
    }


def pictures(steps: Sequence[int], points: int, side: int) -> tuple[Exhibit, ...]:
    """Draw the exhibits of the checkpoints that were measured."""
    measured = [step for step in steps if step != FAILED]
    rng = np.random.default_rng(0)
    latents = rng.uniform(-1, 1, (points, 2))
    window = (-1.0, 1.0, -1.0, 1.0)
    frames = [(step, placed(latents, step)) for step in measured]
    return (
        exhibits.voyage(
            "Samples of the same latents",
            "Colour is the place in the latent square.",
            frames,
            ring(400, rng),
            extent=EXTENT,
            axes=AXES,
            colours=place_colours(latents, window),
        ),
        exhibits.film(
            "The same latents over time",
            "One row a latent.",
            [(step, strip(step, side)) for step in measured],
            ["latent 1", "latent 2", "latent 3"],
        ),
        exhibits.fields_over_time(
            "D(G(z)) over the latent square",
            "What the discriminator says of samples.",
            [(step, field(step, 2 * side)) for step in measured],
            extent=window,
            unit="D(G(z))",
            axes=("z1", "z2"),
        ),
        exhibits.fields_over_time(
            "D(x) over sample space",
            "What the discriminator says of places.",
            [(step, field(step + 7, 2 * side)) for step in measured],
            extent=EXTENT,
            unit="D(x)",
            axes=AXES,
        ),
    )


def ring(count: int, rng: np.random.Generator) -> FloatArray:
    """Draw reference points: places on a circle."""
    angle = 2 * np.pi * rng.integers(0, PLACES, count) / PLACES
    at: FloatArray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return at + rng.normal(0, 0.05, (count, 2))


def placed(latents: FloatArray, step: int) -> FloatArray:
    """Return where latents land: all round, or near one place where it hops."""
    angle = np.pi * latents[:, 0]
    middle = HOPS.get(step)
    if middle is not None:
        angle = 2 * np.pi * middle / PLACES + 0.25 * angle
    radius = 1 + 0.08 * latents[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def strip(step: int, side: int) -> AnyArray:
    """Return three small pictures, (3, 1, side, side): brighter with each step and row."""
    rising = np.linspace(0, 40, side)[None, None, None, :]
    level = (step / 4 + 40 * np.arange(3)) % 210
    rounded: AnyArray = np.rint(level[:, None, None, None] + rising).astype(np.uint8)
    return np.repeat(rounded, side, axis=2)


def field(step: int, side: int) -> FloatArray:
    """Return a field (side, side) that turns with the step."""
    down, across = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    turn = step / 150
    return np.asarray(np.sin(3 * (across * np.cos(turn) + down * np.sin(turn))))
