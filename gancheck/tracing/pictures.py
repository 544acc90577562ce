"""The pictures of a trace: its map, the film of a few latents, and what discriminators say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.atlas import latent_colours
from gancheck.samplers.planes import Plane
from gancheck.tracing.measuring import Outlook
from gancheck.tracing.placing import POINTS, Ground
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.study import Study
    from gancheck.types import AnyArray, FloatArray

_MOST_PLACES = 150_000  # on the maps of all checkpoints together
_LEAST_POINTS = 100
_MOST_FRAMES = 60  # of the film and of the discriminator's fields


@dataclass(frozen=True, eq=False)
class Frame:
    """What pictures show of one checkpoint; see `gancheck.tracing.measuring.Outlook`."""

    step: int
    positions: FloatArray
    pictures: AnyArray
    over_latents: FloatArray
    over_samples: FloatArray

    @classmethod
    def of(cls, step: int, seen: Outlook) -> Frame:
        """Keep what is shown, and let go of the features."""
        return cls(step, seen.positions, seen.pictures, seen.over_latents, seen.over_samples)


def exhibits_of(
    frames: Sequence[Frame], study: Study, ground: Ground | None, plane: Plane | None
) -> Iterator[Exhibit]:
    """Draw everything that the checkpoints brought.

    Args:
        frames: By rising step.
        study: The study of the first checkpoint.
        ground: The map; None where there is none.
        plane: The window of latents that discriminators were asked over.
    """
    if ground is not None:
        yield from _voyage(frames, study, ground)
    shown = [frame for frame in frames if len(frame.pictures)]
    if shown:
        yield _film(_spread(shown))
    judged = _spread([frame for frame in frames if len(frame.over_latents)])
    if judged and plane is not None:
        yield _over_latents(judged, plane)
    judged = _spread([frame for frame in frames if len(frame.over_samples)])
    if judged and ground is not None:
        yield exhibits.fields_over_time(
            "D(x)",
            "What the discriminator says over the space of samples: probability of being real.",
            [(frame.step, frame.over_samples) for frame in judged],
            extent=ground.extent,
            unit="D(x)",
            axes=ground.axes,
        )


def _voyage(frames: Sequence[Frame], study: Study, ground: Ground) -> Iterator[Exhibit]:
    placed = [frame for frame in frames if len(frame.positions)]
    if not placed:
        return
    count = max(_LEAST_POINTS, _MOST_PLACES // len(placed))
    count = min(POINTS, count, *(len(frame.positions) for frame in placed))
    one = "image" if study.samples.kind == "image" else "sample"
    yield exhibits.voyage(
        "Map over training",
        f"Every point is one {one}, placed {ground.how}; the reference is the same in all steps. "
        f"The same {count:,} latents at every step.",
        [(frame.step, frame.positions[:count]) for frame in placed],
        ground.reference,
        extent=ground.extent,
        axes=ground.axes,
        colours=latent_colours(study.samples, count),
    )


def _film(frames: Sequence[Frame]) -> Exhibit:
    rows = min(len(frame.pictures) for frame in frames)
    return exhibits.film(
        "The same latents over training",
        f"The first {rows} latents of the seed, one a row; not selected.",
        [(frame.step, frame.pictures[:rows]) for frame in frames],
        [f"latent {row}" for row in range(rows)],
    )


def _over_latents(frames: Sequence[Frame], plane: Plane) -> Exhibit:
    return exhibits.fields_over_time(
        "D(G(z))",
        f"What the discriminator says over {plane.chosen}: probability of being real.",
        [(frame.step, frame.over_latents) for frame in frames],
        extent=plane.extent,
        unit="D(G(z))",
        axes=plane.axes,
    )


def _spread(frames: Sequence[Frame]) -> Sequence[Frame]:
    """Keep the first, the last, and others evenly between them, as many as are worth showing."""
    if len(frames) <= _MOST_FRAMES:
        return frames
    rows = np.linspace(0, len(frames) - 1, _MOST_FRAMES).round().astype(int)
    return [frames[int(row)] for row in rows]
