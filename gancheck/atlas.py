"""The pictures of a run as a whole: what was drawn, what should have been, and a map of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.mapping import CARTOGRAPHER
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import FloatArray

GRID = 64
MAP_POINTS = 1000
_LEAST_FOR_MAP = 50


def pictures(study: Study) -> Callable[[], Iterator[Exhibit]]:
    """Begin the pictures of a study; return the function that waits for them.

    They are grids of random samples and reference images, then the map, which is drawn in another
    process meanwhile.
    """
    placed = _begin_map(study)

    def finish() -> Iterator[Exhibit]:
        yield from _grids(study)
        yield from placed()

    return finish


def _grids(study: Study) -> Iterator[Exhibit]:
    if study.samples.kind != "image":
        return
    yield exhibits.grid(
        "Samples",
        "Drawn at random with the seed of this run, not selected.",
        study.samples.values[:GRID],
        role="samples",
    )
    if study.reference_parts is not None:
        known = study.reference_parts.scored
        yield exhibits.grid(
            "Reference",
            "Random reference images, not selected.",
            known.pictures(np.arange(min(GRID, len(known)))),
            role="reference",
        )


def _begin_map(study: Study) -> Callable[[], Iterator[Exhibit]]:
    samples = study.view.samples.values[:MAP_POINTS]
    reference = None if study.view.scored is None else study.view.scored.values[:MAP_POINTS]
    if samples.shape[1] < 2 or len(samples) < _LEAST_FOR_MAP:
        return lambda: iter(())
    if samples.shape[1] == 2 and study.samples.kind == "vector":
        points = study.samples.values[:MAP_POINTS]
        return lambda: iter((_scatter(points, _plain_reference(study), "as they are"),))
    both = samples if reference is None else np.concatenate([reference, samples])
    positions = CARTOGRAPHER.begin(both, study.seed)
    known = 0 if reference is None else len(reference)
    how = f"by UMAP of the {study.view.name} view"

    def finish() -> Iterator[Exhibit]:
        placed = positions()
        yield _scatter(placed[known:], placed[:known] if known else None, how)

    return finish


def _plain_reference(study: Study) -> FloatArray | None:
    parts = study.reference_parts
    return None if parts is None else parts.scored.values[:MAP_POINTS]


def _scatter(samples: FloatArray, reference: FloatArray | None, how: str) -> Exhibit:
    series = [("samples", "samples", samples)]
    if reference is not None:
        series.insert(0, ("reference", "reference", reference))
    return exhibits.scatter(
        "Map",
        f"Every point is one sample, placed {how}. Places that only the reference reaches are "
        "what the generator misses.",
        series,
        axes=("", ""),
    )
