"""Where samples of every checkpoint lie on one map, which is made from the reference alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.mapping import LANDMARKS, begin_umap, place, principal
from gancheck.settings import MapKind
from gancheck.study import Study

if TYPE_CHECKING:
    from gancheck.types import FloatArray

POINTS = 1000
"""Points of each checkpoint on the map, those of the first latents."""
_REFERENCE = 3000
_TAIL = 0.002
_ROOM, _NO_ROOM = 0.6, 0.1  # of the reference's range; a layout has no places beyond it


@dataclass(frozen=True, eq=False)
class Ground:
    """The map of a trace.

    Attributes:
        reference: (m, 2) positions of reference samples.
        place: Returns where samples of a study lie, (n, 2) for its first `POINTS` samples.
        extent: (x0, x1, y0, y1) of a window around the reference.
        axes: Names of the axes; empty where they mean nothing.
        how: How points were placed, to be read after "placed".
    """

    reference: FloatArray
    place: Callable[[Study], FloatArray]
    extent: tuple[float, float, float, float]
    axes: tuple[str, str]
    how: str


def begin_ground(study: Study, how: MapKind) -> Callable[[], Ground | None]:
    """Begin the map with the first checkpoint's study; return the function that waits for it.

    There is none without a reference, for features of one number, or where none is wanted.
    """
    view = study.view
    if how == "none" or view.scored is None or view.reference.shape[1] < 2:
        return lambda: None
    given = study.reference_parts
    if study.samples.shape == (2,) and given is not None and given.scored.samples is not None:
        ground = _plain(given.scored.values[:_REFERENCE])
        return lambda: ground
    features = view.reference[:_REFERENCE]
    if how == "umap" and features.shape[1] > 2:
        return _laid_out(features, study)
    return lambda: _principal(features)


def _plain(reference: FloatArray) -> Ground:
    def placed(study: Study) -> FloatArray:
        return study.samples.values[:POINTS]

    return Ground(reference, placed, _window(reference), ("x", "y"), "where it lies")


def _laid_out(features: FloatArray, study: Study) -> Callable[[], Ground]:
    landmarks = features[:LANDMARKS]
    begun = begin_umap(study.view.samples.values[:2], features, study.seed)

    def finish() -> Ground:
        plane = begun()
        if plane.how != "by UMAP":
            return _principal(features)
        layout = plane.reference[: len(landmarks)]

        def placed(other: Study) -> FloatArray:
            return place(other.view.samples.values[:POINTS], landmarks, layout)

        window = _window(plane.reference, _NO_ROOM)
        return Ground(plane.reference, placed, window, ("", ""), plane.how)

    return finish


def _principal(features: FloatArray) -> Ground:
    known = principal(features, features)

    def placed(study: Study) -> FloatArray:
        return principal(study.view.samples.values[:POINTS], features).samples

    return Ground(known.reference, placed, _window(known.reference), ("", ""), known.how)


def _window(reference: FloatArray, share: float = _ROOM) -> tuple[float, float, float, float]:
    low, high = np.quantile(reference, [_TAIL, 1 - _TAIL], axis=0)
    room = share * np.maximum(high - low, 1e-6) / 2
    start, stop = low - room, high + room
    return float(start[0]), float(stop[0]), float(start[1]), float(stop[1])
