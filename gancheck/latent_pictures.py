"""Pictures of a latent space: how fast the output changes over a slice, and strips across jumps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.errors import NotAvailable
from gancheck.latent import LatentScan, random_pair_distance
from gancheck.samplers.slices import plane
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_STRIPS = 3
_MARKS = 2000


def pictures(study: Study, found: LatentScan) -> tuple[Exhibit, ...]:
    """Return a slice of the latent space where one can be shown, and strips across jumps."""
    shown: list[Exhibit] = []
    with contextlib.suppress(NotAvailable):
        shown.append(_slice_picture(study, found.points))
    if len(found) and study.samples.kind == "image":
        shown.extend(
            _film_strip(study, found, crossing) for crossing in range(_STRIPS)[: len(found)]
        )
    return tuple(shown)


def _slice_picture(study: Study, crossings: FloatArray) -> Exhibit:
    """Draw how fast the output changes over a plane of latents; crossings in red if it is all."""
    side = 160 if study.dimension == 2 else 64
    cut = plane(study.spec.latent_law, study.dimension, side, study.seed)
    features = study.features_at(cut.latents).reshape(side, side, -1)
    down = np.linalg.norm(np.diff(features, axis=0), axis=2)[:, :-1]
    across = np.linalg.norm(np.diff(features, axis=1), axis=2)[:-1]
    speed = np.maximum(down, across) / max(random_pair_distance(study), 1e-12)
    chosen = "the whole latent space" if cut.exact else "a random plane through the centre"
    return exhibits.heatmap(
        "How fast the output changes",
        f"Change between neighbouring latents over {chosen}, in units of the distance of random "
        "samples (logarithmic)." + " Red: crossings found along the lines." * cut.exact,
        np.log10(np.maximum(speed, 1e-6)),
        cut.extent,
        unit="log10 change per cell",
        axes=("z1", "z2"),
        marks=crossings[:_MARKS] if cut.exact else None,
    )


def _film_strip(study: Study, found: LatentScan, crossing: int, tiles: int = 9) -> Exhibit:
    reach = max(float(found.end[crossing] - found.start[crossing]), 1e-3)
    lengths = found.length[crossing] + np.linspace(-reach, reach, tiles)
    images = study.outputs_at(found.lines.at(np.full(tiles, found.line[crossing]), lengths))
    return exhibits.strip(
        "Across a jump",
        f"Samples along {2 * reach:.2g} latent units across the jump.",
        images,
        [f"{offset:+.2g}" for offset in np.linspace(-reach, reach, tiles)],
    )
