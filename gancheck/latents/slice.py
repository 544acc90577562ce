"""Values over a plane of the latent space, and the lines along which the output jumps there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.asking import Asked
from gancheck.errors import NotAvailable, UsageError
from gancheck.latents.search import Effort, Far, LatentScan
from gancheck.latents.traces import Fields, Rule, Trace, trace
from gancheck.samplers.planes import Plane, coordinate_plane, plane_through, spanned_plane
from gancheck.study import Study

if TYPE_CHECKING:
    from gancheck.types import JSON, FloatArray

FINE, MIDDLING, COARSE = 400, 160, 96
_SMALL = 4096  # values of an output up to which it counts as cheap
_STRIP = 40_000  # latents whose features are held at once
_FEW_DIMENSIONS = 16  # up to which a tree finds neighbours faster than a table of distances
_LEAST = 1e-6
_NEAR = 0.1  # latent distance within which a line lies on a surface that the scan found
_PARALLEL = 0.995
_ALONG, _MOST = 100, 0.5


@dataclass(frozen=True)
class Wish:
    """What the user wants to see; by default the whole space or the most informative plane.

    Attributes:
        coordinates: Two latent coordinates, counted from 0.
        through: Two or three latents (k, d).
        at: Latent in the centre.
        side: Cells along each edge; None chooses by how costly the generator is.
    """

    coordinates: tuple[int, int] | None = None
    through: FloatArray | None = None
    at: FloatArray | None = None
    side: int | None = None


@dataclass(frozen=True)
class Layer:
    """One value over the window.

    Attributes:
        name: Key, such as ``jump``.
        title: What a reader is offered to look at.
        unit: What the colours stand for.
        values: (side, side), row 0 at the bottom; NaN outside the latent law.
    """

    name: str
    title: str
    unit: str
    values: FloatArray


@dataclass(frozen=True)
class SurfaceLine:
    """A traced line and the number of the surface it lies on, None where the scan found none."""

    trace: Trace
    surface: int | None


@dataclass(frozen=True)
class Slice:
    """A window onto the latent space; the first layer is the one to show."""

    plane: Plane
    layers: tuple[Layer, ...]
    lines: tuple[SurfaceLine, ...]

    @property
    def side(self) -> int:
        """Cells along each edge."""
        return len(self.layers[0].values)

    def to_dict(self) -> dict[str, JSON]:
        """Return the facts of the slice and its lines, without the values."""
        plane = self.plane
        return {
            "chosen": plane.chosen,
            "whole": plane.exact,
            "centre": [float(x) for x in plane.centre],
            "directions": [[float(x) for x in row] for row in plane.frame],
            "extent": list(plane.extent),
            "resolution": self.side,
            "layers": [layer.name for layer in self.layers],
            "lines": [
                {
                    "kind": line.trace.kind,
                    "surface": line.surface,
                    "jump": line.trace.jump,
                    "closed": line.trace.closed,
                    "points": np.round(line.trace.points, 6).tolist(),
                }
                for line in self.lines
            ],
        }


def choose_plane(study: Study, found: LatentScan, wish: Wish) -> Plane:
    """Return the plane that was wished for, else the one that shows most.

    Raises:
        NotAvailable: The latent law has no flat window, or a latent is one number.
        UsageError: What was wished for does not fit the latents.
    """
    named = named_plane(study, wish)
    if named is not None:
        return named
    normals, said = _normals(found, study.dimension)
    said += "" if wish.at is None else ", through the given latent"
    return spanned_plane(study.spec.latent_law, normals, said, study.seed, wish.at)


def named_plane(study: Study, wish: Wish) -> Plane | None:
    """Return the plane that can be told before anything was scanned; None where it cannot.

    Raises:
        NotAvailable: The latent law has no flat window, or a latent is one number.
        UsageError: What was wished for does not fit the latents.
    """
    law, d = study.spec.latent_law, study.dimension
    for latents in (wish.through, None if wish.at is None else wish.at[None]):
        if latents is not None and latents.shape[1] != d:
            raise UsageError(
                f"the given latent has {latents.shape[1]} numbers, the generator takes {d}"
            )
    if wish.through is not None:
        return plane_through(law, wish.through, study.seed)
    if wish.coordinates is not None or d == 2:
        return coordinate_plane(law, d, wish.coordinates or (0, 1), wish.at)
    return None


def _normals(found: LatentScan, dimension: int) -> tuple[FloatArray, str]:
    """Choose directions across the surfaces met most often, and say so."""
    normals = [surface.normal for surface in found.surfaces]
    if not normals:
        return np.empty((0, dimension)), "a random plane (no surface was found)"
    upright = [n for n in normals[1:] if abs(n @ normals[0]) < _PARALLEL]
    if not upright:
        many = "of the only surface" if len(normals) == 1 else "of the surface with most crossings"
        return np.stack(normals[:1]), f"the plane of the normal {many} and a random direction"
    said = "the plane of the normals of the two surfaces with most crossings"
    return np.stack([normals[0], upright[0]]), said


def resolution(study: Study, wish: Wish) -> int:
    """Return the cells along each edge; costly generators get fewer."""
    if wish.side is not None:
        return wish.side
    if study.samples.kind == "vector":
        return FINE if study.dimension == 2 else MIDDLING
    return MIDDLING if int(np.prod(study.samples.shape)) <= _SMALL else COARSE


def take_slice(
    study: Study,
    found: LatentScan,
    wish: Wish,
    *,
    effort: Effort | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Slice:
    """Evaluate the generator over a plane, and trace the jumps.

    Raises:
        NotAvailable: The latent law has no flat window, or a latent is one number.
        UsageError: What was wished for does not fit the latents.
    """
    plane, side = choose_plane(study, found, wish), resolution(study, wish)
    off = off_reference(study)
    fields = _fields(study, plane, side, off, progress)
    usual = max(float(np.nanmedian(fields.jump)), 1e-12)
    rule = Rule(effort or Effort(), found.scale, usual, off)
    traces = trace(plane, fields, study.features_at, rule)
    lines = tuple(SurfaceLine(one, _surface(one, plane, found)) for one in traces)
    layers = (*_layers(fields, found.scale), *_judged(study, plane, side))
    return Slice(plane, layers, lines)


def off_reference(study: Study) -> Callable[[FloatArray], FloatArray] | None:
    """Return what measures how far features lie off the reference; None without one."""
    far = Far.of(study)
    if far is None or far.reference.shape[1] > _FEW_DIMENSIONS:
        return far
    from scipy.spatial import cKDTree

    tree, edge = cKDTree(far.reference), far.edge
    return lambda features: np.asarray(tree.query(features)[0] / edge)


def _layers(fields: Fields, scale: float) -> Iterator[Layer]:
    if fields.off is not None:
        title = "Distance to the reference"
        yield Layer("off_reference", title, "1 = edge of the reference", fields.off)
    jump = np.log10(np.maximum(fields.jump / scale, _LEAST))
    yield Layer("jump", "Jump size", "log10 jump per cell, random pairs = 0", jump)


def _judged(study: Study, plane: Plane, side: int) -> Iterator[Layer]:
    """Yield what the discriminator says of the samples, where there is one."""
    try:
        asked = Asked.of(study)
    except NotAvailable:
        return
    points = plane.grid(side)
    values = np.empty(len(points))
    for start in range(0, len(points), _STRIP):
        rows = slice(start, start + _STRIP)
        values[rows] = asked.over_latents(study, plane.at(points[rows]))
    values[~plane.inside(points)] = np.nan
    title = "Discriminator, D(G(z))"
    yield Layer("discriminator", title, "probability of being real", values.reshape(side, side))


def _fields(
    study: Study,
    plane: Plane,
    side: int,
    off: Callable[[FloatArray], FloatArray] | None,
    progress: Callable[[int, int], None] | None,
) -> Fields:
    """Walk over the grid in strips of rows, so that features never pile up."""
    points = plane.grid(side)
    inside = plane.inside(points).reshape(side, side)
    jump = np.zeros((side, side))
    away = np.empty((side, side)) if off is not None else None
    last: FloatArray | None = None
    rows = max(1, _STRIP // side)
    for start in range(0, side, rows):
        stop = min(start + rows, side)
        features = study.features_at(plane.at(points[start * side : stop * side]))
        if away is not None and off is not None:
            away[start:stop] = off(features).reshape(-1, side)
        strip = features.reshape(stop - start, side, -1)
        above = strip if last is None else np.concatenate([last[None], strip])
        _add_jumps(jump[max(start - (last is not None), 0) : stop], above)
        last = strip[-1].copy()
        if progress is not None:
            progress(stop, side)
    jump[~inside] = np.nan
    if away is not None:
        away[~inside] = np.nan
    return Fields(jump, away)


def _add_jumps(jump: FloatArray, features: FloatArray) -> None:
    """Raise each cell (rows, side) to its farthest neighbour among features (rows, side, dim)."""
    across = np.linalg.norm(np.diff(features, axis=1), axis=2)
    up = np.linalg.norm(np.diff(features, axis=0), axis=2)
    np.maximum(jump[:, :-1], across, out=jump[:, :-1])
    np.maximum(jump[:, 1:], across, out=jump[:, 1:])
    np.maximum(jump[:-1], up, out=jump[:-1])
    np.maximum(jump[1:], up, out=jump[1:])


def _surface(line: Trace, plane: Plane, found: LatentScan) -> int | None:
    """Return the surface that a line lies on: most of its crossings are near, or a piece is.

    Lines meet a slice of two latents, which is the whole space, many times; a slice of more they
    never meet, and there the flat pieces tell.
    """
    latents = plane.at(line.dense(plane.width / _ALONG))
    near = _near_crossings if plane.exact else _near_pieces
    shares = [near(latents, found, number) for number in range(len(found.surfaces))]
    if not shares or max(shares) <= 0:
        return None
    return int(np.argmax(shares))


def _near_crossings(latents: FloatArray, found: LatentScan, number: int) -> float:
    """Count the crossings of a surface that latents lie near."""
    crossings = found.points[found.surfaces[number].members]
    gaps = np.linalg.norm(latents[:, None] - crossings[None], axis=2).min(axis=0)
    return float((gaps <= _NEAR).sum())


def _near_pieces(latents: FloatArray, found: LatentScan, number: int) -> float:
    """Return the share of latents on a flat piece of a surface, 0 where it is not most of them."""
    pieces = found.surfaces[number].pieces
    heights = np.stack([np.abs(latents @ piece.normal - piece.offset) for piece in pieces])
    share = float((heights.min(axis=0) <= _NEAR).mean())
    return share if share > _MOST else 0.0
