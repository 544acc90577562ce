"""The pictures of a run as a whole: what was drawn, what should have been, and a map of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.errors import NotAvailable
from gancheck.exhibits import Side
from gancheck.mapping import Plane, as_they_are, begin_umap, principal
from gancheck.reference import Part
from gancheck.settings import MapKind
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray, SampleSet

GRID = 64
MAP_POINTS = 5000
"""Points of each side on the map."""
PICTURED = 2048
"""Points of each side that bring their picture."""
_LEAST_FOR_MAP = 50
_MOST_MODES = 1000  # more names than anyone reads
_LINES, _LEAST_FOR_LINES, _LINE_POINTS = 30, 8, 256
_BINS = 60
_TAIL = 0.001

_Pictures = Callable[[], Iterator[Exhibit]]


def pictures(study: Study, how: MapKind = "umap") -> _Pictures:
    """Begin the pictures of a study; return the function that waits for them.

    They are grids of random samples and reference images, or curves of vectors, then the map,
    which is drawn in another process meanwhile.
    """
    placed = _begin_map(study, how)

    def finish() -> Iterator[Exhibit]:
        yield from _grids(study)
        yield from _curves(study)
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


def _curves(study: Study) -> Iterator[Exhibit]:
    """Show numbers as a histogram, and long vectors as lines; rows of a table are neither."""
    if study.samples.kind != "vector" or study.samples.columns:
        return
    samples, reference = study.samples.values, _given(study)
    if samples.shape[1] == 1:
        yield _histogram(samples[:, 0], None if reference is None else reference[:, 0])
    if samples.shape[1] >= _LEAST_FOR_LINES:
        yield _lines(samples, reference)


def _begin_map(study: Study, how: MapKind) -> _Pictures:
    features = study.view.samples.values
    if how == "none" or features.shape[1] < 2 or len(features) < _LEAST_FOR_MAP:
        return lambda: iter(())
    if study.samples.shape == (2,):
        plane, axes = _plain(study), ("x", "y")
        return lambda: iter((_map(study, plane, axes),))
    begun = _begin_layout(study, how)
    return lambda: iter((_map(study, begun(), ("", "")),))


def _begin_layout(study: Study, how: MapKind) -> Callable[[], Plane]:
    samples, scored = study.view.samples.values[:MAP_POINTS], study.view.scored
    reference = None if scored is None else scored.values[:MAP_POINTS]
    if how == "umap" and samples.shape[1] > 2:
        return begin_umap(samples, reference, study.seed)
    return lambda: principal(samples, reference)


def _plain(study: Study) -> Plane:
    """Keep the axes of plane points; without the reference itself, those of the view."""
    reference, view = _given(study), study.view
    if reference is None and view.scored is not None:
        return as_they_are(view.samples.values[:MAP_POINTS], view.scored.values[:MAP_POINTS])
    known = None if reference is None else reference[:MAP_POINTS]
    return as_they_are(study.samples.values[:MAP_POINTS], known)


def _given(study: Study) -> AnyArray | None:
    """Return the scored reference itself; None where there is none, or only its features."""
    parts = study.reference_parts
    if parts is None or parts.scored.samples is None:
        return None
    return parts.scored.samples.values


def _map(study: Study, plane: Plane, axes: tuple[str, str]) -> Exhibit:
    labels, modes, known_modes = _modes(study)
    samples = Side(
        plane.samples,
        modes,
        plane.off,
        *_pictured(study.samples, len(plane.samples), plane.off),
        names=study.samples.ids[:MAP_POINTS],
        colours=latent_colours(study.samples, len(plane.samples)),
    )
    reference = None
    if study.reference_parts is not None:
        part = study.reference_parts.scored
        reference = Side(
            plane.reference,
            known_modes,
            None,
            *_pictured(part, len(plane.reference)),
            names=part.ids[:MAP_POINTS],
        )
    return exhibits.cloud(
        "Map", _how_to_read(study, plane), samples, reference, labels=labels, axes=axes
    )


def _how_to_read(study: Study, plane: Plane) -> str:
    one = "image" if study.samples.kind == "image" else "sample"
    kept = study.samples.shape == (2,)
    placed = f"Every point is one {one}, placed {plane.how} of the view {study.view.name}."
    if kept:
        placed = f"Every point is one {one}, where it lies."
    if study.reference_parts is None:
        return placed
    if not kept:
        placed += (
            " The layout is made from the reference alone, so that it is the same for every model;"
            " the samples are placed into it, each beside its nearest neighbours."
        )
    return (
        f"{placed} Places that only the reference reaches are what the generator misses. Rings are"
        " samples off the reference: further from it than 99.9% of its own points are from the"
        " rest of it."
    )


def _modes(study: Study) -> tuple[tuple[str, ...], IntArray | None, IntArray | None]:
    """Return the names of the modes, and those of the samples and of the reference on the map.

    Reference samples with labels show these; everything else is assigned, -1 where unclear.
    """
    try:
        modes = study.modes
    except NotAvailable:
        return *_classes(study.samples), None
    if len(modes.names) > _MOST_MODES:
        return (), None, None
    scored, independent = study.reference.scored, study.reference.independent
    found = study.found_modes[:MAP_POINTS]
    if scored.labels is None or independent.labels is None:
        return modes.names, found, study.reference_modes[:MAP_POINTS]
    values, labels = np.unique(independent.labels), scored.labels[:MAP_POINTS]
    at = np.searchsorted(values, labels).clip(max=len(values) - 1)
    return modes.names, found, np.where(values[at] == labels, at, -1)


def _classes(samples: SampleSet) -> tuple[tuple[str, ...], IntArray | None]:
    """Return the names of the classes that samples were asked for, and the class of each."""
    if samples.labels is None:
        return (), None
    values, classes = np.unique(samples.labels[:MAP_POINTS], return_inverse=True)
    if len(values) > _MOST_MODES:
        return (), None
    given = samples.label_names
    return tuple(given[int(one)] if given else str(int(one)) for one in values), classes


def _pictured(
    source: SampleSet | Part, n: int, first: AnyArray | None = None
) -> tuple[IntArray, AnyArray | None]:
    """Choose points that bring their pictures, if there are any: those of ``first``, then others.

    Returns:
        (m,) row numbers, rising, and their pictures (m, c, h, w).
    """
    if source.kind != "image":
        return np.zeros(0, dtype=np.int64), None
    order = np.arange(n) if first is None else np.argsort(~first, kind="stable")
    rows = np.sort(order[:PICTURED])
    return rows, source.pictures(rows) if isinstance(source, Part) else source.values[rows]


def latent_colours(samples: SampleSet, n: int) -> AnyArray | None:
    """Colour samples by their places in a latent plane; None where the latents are no plane."""
    if samples.latents is None or samples.latents[0].size != 2:
        return None
    latents = samples.latents[:n].reshape(n, 2)
    ranks = latents.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return exhibits.place_colours(ranks / max(n - 1, 1), (0.0, 1.0, 0.0, 1.0))


def _histogram(samples: AnyArray, reference: AnyArray | None) -> Exhibit:
    """Count as many numbers of each side; what lies far out falls into the outer bins."""
    n = len(samples) if reference is None else min(len(samples), len(reference))
    sides = [("samples", samples[:n])]
    if reference is not None:
        sides.insert(0, ("reference", reference[:n]))
    every = np.concatenate([values for _, values in sides]).astype(np.float64)
    low, high = np.quantile(every, [_TAIL, 1 - _TAIL])
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    said = f"{n:,} of each side" if reference is not None else f"{n:,} samples"
    return exhibits.histogram(
        "Values",
        f"{said}; the outermost bars also count what lies beyond them.",
        [
            (name, name, np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0])
            for name, values in sides
        ],
        edges,
        axes=("value", "count"),
    )


def _lines(samples: AnyArray, reference: AnyArray | None) -> Exhibit:
    """Draw random vectors of each side as lines over their coordinates."""
    step = -(-samples.shape[1] // _LINE_POINTS)
    sides = [("samples", samples)]
    if reference is not None:
        sides.insert(0, ("reference", reference))
    payload = {
        "series": [
            {
                "name": name,
                "role": name,
                "lines": np.round(values[:_LINES, ::step].astype(np.float64), 4).tolist(),
            }
            for name, values in sides
        ],
        "x_label": "coordinate" if step == 1 else f"one coordinate in {step}",
        "y_label": "value",
    }
    return Exhibit("lines", "Curves", "Random vectors of each side, not selected.", payload)
