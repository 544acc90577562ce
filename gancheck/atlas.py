"""The pictures of a run as a whole: what was drawn, what should have been, and a map of both."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import FloatArray

GRID = 64
MAP_POINTS = 1500
_LEAST_FOR_MAP = 50


def pictures(study: Study) -> Iterator[Exhibit]:
    """Yield grids of random samples and reference images, then the map."""
    if study.samples.kind == "image":
        yield exhibits.grid(
            "Samples",
            "Drawn at random with the seed of this run, not selected.",
            study.samples.values[:GRID],
            role="samples",
        )
        if study.reference_parts is not None:
            yield exhibits.grid(
                "Reference",
                "Random reference images, not selected.",
                study.reference_parts.scored.values[:GRID],
                role="reference",
            )
    yield from _map(study)


def _map(study: Study) -> Iterator[Exhibit]:
    samples = study.view.samples.values[:MAP_POINTS]
    reference = None if study.view.scored is None else study.view.scored.values[:MAP_POINTS]
    if samples.shape[1] < 2 or len(samples) < _LEAST_FOR_MAP:
        return
    if samples.shape[1] == 2:
        yield _scatter(study.samples.values[:MAP_POINTS], _plain_reference(study), "as they are")
        return
    base = samples if reference is None else reference
    if len(base) < _LEAST_FOR_MAP:
        return
    own, others = project(base, None if reference is None else samples, study.seed)
    how = f"UMAP of the {study.view.name} view, fitted on the "
    if reference is None or others is None:
        yield _scatter(own, None, how + "samples")
    else:
        yield _scatter(others, own, how + "reference")


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


def project(
    base: FloatArray, others: FloatArray | None, seed: int
) -> tuple[FloatArray, FloatArray | None]:
    """Lay features out in the plane with UMAP.

    Args:
        base: (n, d) features that the layout is fitted on.
        others: (m, d) features placed into it afterwards.
        seed: Seed of the layout; equal seeds give equal maps.

    Returns:
        (n, 2) and (m, 2) positions.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns of its own single thread under a seed
        from umap import UMAP

        layout = UMAP(n_neighbors=min(15, len(base) - 1), random_state=seed)
        placed = np.asarray(layout.fit_transform(base))
        return placed, None if others is None else np.asarray(layout.transform(others))
