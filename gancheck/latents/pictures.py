"""Pictures of a latent space: a slice with its cut lines, strips across them, and the morph."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.errors import NotAvailable
from gancheck.latents.search import LatentScan, joined_modes
from gancheck.latents.slice import Slice, Wish, resolution, take_slice
from gancheck.samplers.planes import Plane
from gancheck.study import Study
from gancheck.types import Exhibit

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_STRIPS = 6
_MOST_STRIPS = 12
_TILES = 9
_POINTS = 1500
_REPORT_SIDE = {True: 160, False: 64}  # cells of a slice that nobody asked for: vectors, images


@dataclass(frozen=True)
class Morph:
    """Samples at their place in a window of the latent space, and in a picture of the data.

    Attributes:
        start: (n, 2) latents in the window.
        end: (n, 2) outputs of two numbers as they are, others on two main axes of features.
        reference: (m, 2) reference samples there; None without a reference.
        colours: (n, 3) uint8 by place in the window.
        plane: The window.
        axes: What the coordinates of the end are called.
    """

    start: FloatArray
    end: FloatArray
    reference: FloatArray | None
    colours: AnyArray
    plane: Plane
    axes: tuple[str, str]


def pictures(study: Study, found: LatentScan, slice_: Slice | None = None) -> tuple[Exhibit, ...]:
    """Return a slice of the latent space where one can be shown, strips across jumps, and a morph.

    Args:
        study: The run.
        found: What the scan found.
        slice_: The slice to show; a coarse one is taken by default.
    """
    shown: list[Exhibit] = []
    taken = None
    try:
        taken = slice_ or take_slice(study, found, _report_wish(study))
        shown.append(slice_picture(study, found, taken))
        moving = morph(study, taken.plane)
    except NotAvailable:
        moving = None
    shown.extend(_strips(study, found, taken))
    if moving is not None:
        shown.append(_morph_picture(moving))
    return tuple(shown)


def _report_wish(study: Study) -> Wish:
    side = _REPORT_SIDE[study.samples.kind == "vector"]
    return Wish(side=min(side, resolution(study, Wish())))


def slice_picture(study: Study, found: LatentScan, taken: Slice) -> Exhibit:
    """Show a slice as an exhibit."""
    plane = taken.plane
    rings = (1.0, 2.0) if plane.exact and plane.law == "normal" else ()
    lines = []
    for line in taken.lines:
        one = line.trace
        said = line_title(study, found, line.surface, one.kind)
        lines.append((one.kind, said, one.closed, one.points))
    numbers = [None if line.surface is None else line.surface + 1 for line in taken.lines]
    layers = [(one.name, one.title, one.unit, one.values) for one in taken.layers]
    said = f"Over {plane.chosen}. "
    said += "Red: where neighbouring latents land far apart." if lines else "No jump crosses it."
    if rings:
        said += " Circles: one and two standard deviations of the prior."
    shown = exhibits.latent_slice(
        "A slice of the latent space",
        said,
        layers,
        lines,
        plane.extent,
        axes=plane.axes,
        rings=rings,
    )
    numbered = [
        {**line, "surface": number}
        for line, number in zip(shown.payload["lines"], numbers, strict=True)
    ]
    return dataclasses.replace(shown, payload={**shown.payload, "lines": numbered})


def line_title(study: Study, found: LatentScan, surface: int | None, kind: str) -> str:
    """Say which surface a line of a slice lies on, and what it joins."""
    if surface is None:
        return f"{kind}, on no surface that the lines met three times"
    members = found.surfaces[surface].members
    said = f"{kind}, surface {surface + 1}, met {len(members)} times"
    modes = joined_modes(study, found, members)
    return f"{said}, between {modes[0]} and {modes[1]}" if modes else said


def morph(study: Study, plane: Plane, count: int = _POINTS) -> Morph | None:
    """Place samples in the latent space and in the data; None for samples without latents."""
    latents = study.samples.latents
    if latents is None:
        return None
    flat = latents[:count].reshape(min(count, len(latents)), -1).astype(np.float64)
    start = plane.place(flat)
    project, axes = _projection(study)
    scored = study.view.scored
    return Morph(
        start=start,
        end=project(study.view.samples.values[:count]),
        reference=None if scored is None else project(scored.values[:count]),
        colours=exhibits.place_colours(start, plane.extent),
        plane=plane,
        axes=axes,
    )


def _morph_picture(moving: Morph) -> Exhibit:
    plane = moving.plane
    return exhibits.morph(
        "From latent to sample",
        f"{len(moving.start):,} samples on {plane.chosen}, and where they land. Colour is the "
        "place in the latent space: a border between colours on the right is a tear.",
        moving.start,
        moving.end,
        moving.reference,
        extent=plane.extent,
        axes=(plane.axes, moving.axes),
    )


def _projection(study: Study) -> tuple[Callable[[FloatArray], FloatArray], tuple[str, str]]:
    """Return what places features in the plane: as they are, else their main two axes."""
    view = study.view
    values = (view.samples if view.scored is None else view.scored).values
    if values.shape[1] == 2 and study.samples.shape == (2,):
        return np.asarray, ("x1", "x2")
    middle = values.mean(axis=0)
    axes = np.linalg.svd(values[:_POINTS] - middle, full_matrices=False)[2][:2].T
    if axes.shape[1] < 2:
        axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    return lambda features: np.asarray((features - middle) @ axes), ("component 1", "component 2")


def _strips(study: Study, found: LatentScan, taken: Slice | None) -> Iterator[Exhibit]:
    """Walk across surfaces where their jump is largest: those met most often, and those drawn.

    Each strip carries the number of its surface, as the lines of the slice do.
    """
    drawn = [] if taken is None else [line.surface for line in taken.lines]
    chosen = dict.fromkeys([*range(len(found.surfaces))[:_STRIPS], *drawn])
    numbers = sorted(number for number in chosen if number is not None)[:_MOST_STRIPS]
    for number in numbers:
        shown = _strip(study, found, f"surface {number + 1}", found.surfaces[number].members)
        yield dataclasses.replace(shown, payload={**shown.payload, "surface": number + 1})
    if not numbers and len(found):
        yield _strip(study, found, "the largest jump", np.arange(len(found)))


def _strip(study: Study, found: LatentScan, name: str, members: IntArray) -> Exhibit:
    at = int(members[np.argmax(found.jump[members])])
    reach = max(float(found.end[at] - found.start[at]), 1e-3)
    lengths = found.length[at] + np.linspace(-reach, reach, _TILES)
    latents = found.lines.at(np.full(_TILES, found.line[at]), lengths)
    outputs = study.outputs_at(latents)
    features = study.view.embedding(outputs)
    jumps = np.linalg.norm(np.diff(features, axis=0), axis=1) / found.scale
    kind = "cut" if found.sharp[at] else "bridge"
    modes = joined_modes(study, found, members)
    title = f"Across {name}"
    said = (
        f"A {kind}: nine samples along {2 * reach:.2g} latent units"
        + (f", from {modes[0]} to {modes[1]} or back" if modes else "")
        + ". Between neighbours: the jump, 1 = the distance of random samples."
    )
    if study.samples.kind == "image":
        captions = [f"{offset:+.2g}" for offset in lengths - found.length[at]]
        return exhibits.strip(title, said, outputs, captions, jumps=list(map(float, jumps)))
    project, axes = _projection(study)
    scored = study.view.scored
    reference = None if scored is None else project(scored.values[:_POINTS])
    return exhibits.crossing(
        title, said, project(features), list(map(float, jumps)), reference, axes=axes
    )
