"""The pictures of a run as a whole: what was drawn, what should have been, and a map of both."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.neighbors import nearest
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import FloatArray

GRID = 64
MAP_POINTS = 1000
_EPOCHS = 200
_NEIGHBORS = 15
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
            known = study.reference_parts.scored
            yield exhibits.grid(
                "Reference",
                "Random reference images, not selected.",
                known.pictures(np.arange(min(GRID, len(known)))),
                role="reference",
            )
    yield from _map(study)


def _map(study: Study) -> Iterator[Exhibit]:
    samples = study.view.samples.values[:MAP_POINTS]
    reference = None if study.view.scored is None else study.view.scored.values[:MAP_POINTS]
    if samples.shape[1] < 2 or len(samples) < _LEAST_FOR_MAP:
        return
    if samples.shape[1] == 2 and study.samples.kind == "vector":
        yield _scatter(study.samples.values[:MAP_POINTS], _plain_reference(study), "as they are")
        return
    both = samples if reference is None else np.concatenate([reference, samples])
    placed = project(both, study.seed)
    known = 0 if reference is None else len(reference)
    how = f"by UMAP of the {study.view.name} view"
    yield _scatter(placed[known:], placed[:known] if known else None, how)


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


def project(features: FloatArray, seed: int) -> FloatArray:
    """Lay features out in the plane with UMAP, without telling it which side they are from.

    Args:
        features: (n, d).
        seed: Seed of the layout; equal seeds give equal maps.

    Returns:
        (n, 2) positions.
    """
    known = nearest(features, features, min(_NEIGHBORS, len(features)) - 1, exclude_self=True)
    own = np.arange(len(features))[:, None]
    indices = np.concatenate([own, known.indices], axis=1).astype(np.int32)
    distances = np.concatenate([np.zeros_like(own), known.distances], axis=1).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap warns of its own single thread under a seed
        from umap import UMAP

        layout = UMAP(
            n_neighbors=indices.shape[1],
            n_epochs=_EPOCHS,
            random_state=seed,
            precomputed_knn=(indices, distances),
            force_approximation_algorithm=True,  # else it ignores the neighbours it is given
        )
        return np.asarray(layout.fit_transform(features))
