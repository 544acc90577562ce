"""One checkpoint: its row of the trace, and what its pictures and the next checkpoint need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gancheck.analyzing import analyze
from gancheck.asking import Asked
from gancheck.errors import NotAvailable, UsageError
from gancheck.measures.balance import counted
from gancheck.plain import from_json, to_json
from gancheck.samplers.planes import Plane, coordinate_plane
from gancheck.settings import Clock
from gancheck.study import Study
from gancheck.tracing.placing import Ground
from gancheck.types import Checkpoint, Judged

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

ANALYZED = ("audit", "coverage", "modes")
"""What every checkpoint is asked; what takes longer is left to a diagnosis of one."""
FOLLOWED = 512
"""Samples of the first latents, by which it is told how far they move between checkpoints."""
FILMED = 12
"""Latents whose pictures are shown in every checkpoint."""
_SIDE = 64  # cells of a field of the discriminator
_SHIFTS = 8


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is kept of a checkpoint beside its row; arrays without rows stand for nothing.

    Attributes:
        features: (k, d) features of the first samples.
        positions: (n, 2) places on the map.
        pictures: (m, c, h, w) uint8, of the first latents.
        over_latents: (side, side) D(G(z)), row 0 at the bottom.
        over_samples: (side, side) D(x).
        latents: Hash of the first latents and labels: equal ones can be followed.
    """

    features: FloatArray
    positions: FloatArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.float32))
    pictures: AnyArray = field(default_factory=lambda: np.zeros((0, 1, 1, 1), dtype=np.uint8))
    over_latents: FloatArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    over_samples: FloatArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    latents: str = ""


@dataclass(frozen=True, eq=False)
class Measured:
    """A checkpoint that was measured."""

    checkpoint: Checkpoint
    outlook: Outlook


def measure(study: Study, name: str, ground: Callable[[], Ground | None], clock: Clock) -> Measured:
    """Measure one checkpoint.

    Args:
        study: Its samples, and the reference.
        name: Its path.
        ground: Waits for the map; called last.
        clock: Hears of every stage.
    """
    collected = analyze(study, clock, ANALYZED)
    verdict, conditions, _ = collected.judged()
    with clock.stage("ask discriminator"):
        judged, over_latents, over_samples = _asked(study, ground)
    with clock.stage("map"):
        placed = ground()
        positions = np.zeros((0, 2)) if placed is None else placed.place(study)
    row = Checkpoint(
        path=name,
        step=0,
        verdict=verdict,
        conditions=conditions,
        scores={score.name: score for score in collected.scores},
        modes=tuple(collected.modes),
        counts=_counts(study) if collected.modes else (),
        judged=judged,
    )
    outlook = Outlook(
        study.view.samples.values[:FOLLOWED].astype(np.float32),
        positions.astype(np.float32),
        _pictures(study),
        over_latents,
        over_samples,
        _identity(study),
    )
    return Measured(as_written(row), outlook)


def latent_window(study: Study) -> Plane | None:
    """Return the plane of the first two latent coordinates; None where there is none."""
    try:
        return coordinate_plane(study.spec.latent_law, study.dimension, (0, 1))
    except (NotAvailable, UsageError):
        return None


def as_written(row: Checkpoint) -> Checkpoint:
    """Return a row as it comes back from its JSON: one that is used again is then no different."""
    return from_json(Checkpoint, to_json(row))[0]


def moved(before: Outlook, now: Outlook) -> float | None:
    """Tell how far the samples of the same latents went, from one checkpoint to another.

    Returns:
        Mean distance of each to itself over the mean distance to samples of other latents; 0 where
        nothing moved, about 1 where a latent says nothing of where its sample was. None where the
        latents are not the same.
    """
    if not before.latents or before.latents != now.latents or len(now.features) < 2:
        return None
    if before.features.shape != now.features.shape:
        return None
    own = _distance(before.features, now.features)
    step = max(1, len(now.features) // (_SHIFTS + 1))
    shifts = range(step, len(now.features), step)
    apart = [_distance(np.roll(before.features, at, axis=0), now.features) for at in shifts]
    other = float(np.mean(apart))
    return own / other if other > 0 else 0.0


def _distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.linalg.norm(one.astype(np.float64) - other, axis=1).mean())


def _counts(study: Study) -> tuple[int, ...]:
    return tuple(int(x) for x in counted(study.found_modes, len(study.modes.names)))


def _pictures(study: Study) -> AnyArray:
    if study.samples.kind != "image":
        return np.zeros((0, 1, 1, 1), dtype=np.uint8)
    return np.asarray(study.samples.values[:FILMED])


def _identity(study: Study) -> str:
    """Hash the first latents and labels; nothing for samples from disk."""
    samples = study.samples
    if samples.latents is None:
        return ""
    digest = hashlib.sha256(np.ascontiguousarray(samples.latents[:FOLLOWED]).tobytes())
    if samples.labels is not None:
        digest.update(np.ascontiguousarray(samples.labels[:FOLLOWED]).tobytes())
    return digest.hexdigest()


def _asked(
    study: Study, ground: Callable[[], Ground | None]
) -> tuple[Judged | None, FloatArray, FloatArray]:
    """Ask the discriminator of both sides, over a window of latents, and over plane samples."""
    nothing = np.zeros((0, 0), dtype=np.float32)
    if study.critic is None:
        return None, nothing, nothing
    try:
        asked = Asked.of(study)
    except NotAvailable:
        return None, nothing, nothing
    real = np.zeros(0) if asked.real is None else asked.real
    judged = None
    if len(real):
        right = (float((real > 0).mean()) + float((asked.generated < 0).mean())) / 2
        judged = Judged(study.critic.path, float(real.mean()), float(asked.generated.mean()), right)
    over_latents = over_samples = nothing
    plane = latent_window(study)
    if plane is not None:
        said = asked.over_latents(study, plane.at(plane.grid(_SIDE)))
        over_latents = said.reshape(_SIDE, _SIDE).astype(np.float32)
    placed = ground()
    plain = study.spec.output_shape == (2,) and not study.critic.conditional
    if plain and placed is not None and placed.axes != ("", ""):
        said = asked.probability(study.critic(_grid(placed)))
        over_samples = said.reshape(_SIDE, _SIDE).astype(np.float32)
    return judged, over_latents, over_samples


def _grid(ground: Ground) -> FloatArray:
    x0, x1, y0, y1 = ground.extent
    ticks = np.meshgrid(np.linspace(x0, x1, _SIDE), np.linspace(y0, y1, _SIDE))
    return np.stack(ticks, axis=-1).reshape(-1, 2).astype(np.float32)
