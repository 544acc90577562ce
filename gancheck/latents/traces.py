"""Tracing jumps over a slice: from a grid of values to lines that are finer than its cells.

The grid says roughly where the output jumps: along the ridges of how far it moves from cell to
cell and, with a reference, of how far it lies off it. Across each point of a ridge the map itself
is asked where the jump is. The points are then joined into lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.latents.polylines import joined, simple, smooth
from gancheck.latents.scan import Map, Secants, bisect, rises, walk
from gancheck.samplers.slices import Lines

if TYPE_CHECKING:
    from gancheck.latents.search import Effort
    from gancheck.samplers.planes import Plane
    from gancheck.types import AnyArray, CutKind, FloatArray, IntArray

_BLUR = 1.5  # cells
_FINE_GRID = 200  # beyond so many cells the blur grows with their number
_STEPS = 12  # across a ridge
_SMALL_STEP = 0.25  # of the largest step on the way across
_ACROSS = 6.0  # cells to either side, at least
_ACROSS_OFF = 0.04  # of the window, where the jump is as wide as that
_NEAR = 0.6  # cells between a ridge and the middle of its cell
_FAINT = 0.02  # curvature of a ridge, in units of what is off or jumps by the least size
_SHORTEST = 0.05  # of the window
_SLACK = 0.12  # cells that a simplified line may lie off
_MOST_OFF = 4.0


@dataclass(frozen=True)
class Fields:
    """What a grid of a slice shows, (side, side), row 0 at the bottom; NaN outside the law.

    Attributes:
        jump: Distance of a cell's features from those of its neighbours, the farthest of four.
        off: Distance from the reference, 1 at the edge of what reference samples do.
    """

    jump: FloatArray
    off: FloatArray | None


@dataclass(frozen=True)
class Rule:
    """What counts as a jump.

    Attributes:
        effort: The limits of the scan.
        scale: Feature distance of random samples.
        usual: Median jump from cell to cell.
        off: Measures how far features lie off the reference; None without one.
    """

    effort: Effort
    scale: float
    usual: float
    off: Callable[[FloatArray], FloatArray] | None

    @property
    def steepness(self) -> float:
        """Least slope of a bridge, as a multiple of the usual one."""
        return self.effort.contrast if self.off is None else self.effort.contrast_off


@dataclass(frozen=True)
class Trace:
    """A line along which the output jumps.

    Attributes:
        points: (m, 2) places in the window, in order; the first is not repeated at the end.
        closed: Whether it comes back to its beginning.
        kind: ``cut`` or ``bridge``, whichever most of it is.
        jump: Median feature distance across it.
    """

    points: FloatArray
    closed: bool
    kind: CutKind
    jump: float

    @property
    def course(self) -> FloatArray:
        """The points, with the first one at the end again where it closes."""
        return np.concatenate([self.points, self.points[:1]]) if self.closed else self.points

    @property
    def length(self) -> float:
        """Length in latent units."""
        return float(np.linalg.norm(np.diff(self.course, axis=0), axis=1).sum())

    def dense(self, step: float) -> FloatArray:
        """Return points (n, 2) along it that are no farther apart than a step."""
        points = self.course
        gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        at = np.concatenate([[0.0], np.cumsum(gaps)])
        places = np.linspace(0, at[-1], int(at[-1] / step) + 2)
        return np.stack([np.interp(places, at, points[:, axis]) for axis in (0, 1)], axis=1)


@dataclass(frozen=True)
class _Ridge:
    """Points of ridges: place (m, 2), unit normal (m, 2), strength, and jump and kind later on."""

    points: FloatArray
    normals: FloatArray
    strength: FloatArray
    jumps: FloatArray
    sharp: AnyArray

    def only(self, rows: AnyArray) -> _Ridge:
        return _Ridge(
            self.points[rows],
            self.normals[rows],
            self.strength[rows],
            self.jumps[rows],
            self.sharp[rows],
        )


def trace(plane: Plane, fields: Fields, run: Map, rule: Rule) -> tuple[Trace, ...]:
    """Trace the lines along which the output jumps, the longest first.

    Args:
        plane: The window.
        fields: What its grid shows.
        run: Maps latents (n, d) to features (n, dim).
        rule: What counts as a jump.
    """
    cell = plane.width / (len(fields.jump) - 1)
    ridges = _ridges(plane, _strength(fields, rule), cell)
    if not len(ridges.points):
        return ()
    found = _pinned(plane, ridges, run, cell, rule)
    lines = joined(found.points, found.normals, found.strength, cell)
    traces = [_trace(found, line, closed, cell) for line, closed in lines]
    kept = [one for one in traces if one.length >= _SHORTEST * plane.width]
    return tuple(sorted(kept, key=lambda one: -one.length))


def _strength(fields: Fields, rule: Rule) -> FloatArray:
    """Return a field with a ridge along each jump: 1 where it is just large enough to count."""
    from scipy.ndimage import maximum_filter

    jump, effort = np.nan_to_num(fields.jump), rule.effort
    least, steep = effort.least_jump * rule.scale, jump > effort.contrast * rule.usual
    strength = np.where(steep & (jump > least), np.log2(np.maximum(jump / least, 1.0)) + 1.0, 0.0)
    if fields.off is None:
        slope = np.log2(np.maximum(jump / (effort.contrast * rule.usual), 1.0))
        return np.asarray(np.maximum(strength, np.minimum(slope, 2.0)))
    steep = maximum_filter(jump > effort.contrast_off * rule.usual, size=5)
    off = np.clip(np.nan_to_num(fields.off), 0, _MOST_OFF) - 0.5
    return np.asarray(np.maximum(strength, np.where(steep, np.maximum(off, 0), 0)))


def _ridges(plane: Plane, field: FloatArray, cell: float) -> _Ridge:
    """Find where a field is highest across the direction in which it bends most."""
    from scipy.ndimage import gaussian_filter

    blur = _BLUR * max(1.0, len(field) / _FINE_GRID)

    def slope(order: tuple[int, int]) -> FloatArray:
        smooth = gaussian_filter(field, blur, order=order, mode="nearest")
        return np.asarray(smooth * blur ** sum(order))

    dy, dx, dyy, dxx, dxy = (slope(o) for o in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1)))
    bend = np.sqrt(((dxx - dyy) / 2) ** 2 + dxy**2)
    most = (dxx + dyy) / 2 - bend  # the more negative of the two curvatures
    normal = np.stack([dxy, most - dxx], axis=-1)
    other = np.stack([most - dyy, dxy], axis=-1)
    larger = np.linalg.norm(normal, axis=-1) >= np.linalg.norm(other, axis=-1)
    normal = np.where(larger[..., None], normal, other)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    gradient = dx * normal[..., 0] + dy * normal[..., 1]
    shift = blur * -gradient / np.minimum(most, -1e-12)
    offset = shift[..., None] * normal
    high = slope((0, 0)) > _FAINT
    found = high & (most < -_FAINT) & (np.abs(offset).max(axis=-1) <= _NEAR)
    row, column = np.nonzero(found)
    corner = np.array([plane.extent[0], plane.extent[2]])
    points = corner + cell * (np.stack([column, row], axis=1) + offset[row, column])
    none = np.zeros(len(row))
    return _Ridge(points, normal[row, column], -most[row, column], none, none > 0)


def _pinned(plane: Plane, ridges: _Ridge, run: Map, cell: float, rule: Rule) -> _Ridge:
    """Ask the map where across each ridge the jump is; drop what is none."""
    reach = max(_ACROSS * cell, 0.0 if rule.off is None else _ACROSS_OFF * plane.width)

    def flat(points: FloatArray) -> FloatArray:
        return run(plane.at(points))

    row = np.arange(len(ridges.points))
    spans = np.tile([-reach, reach], (len(row), 1))
    across = Lines("uniform", ridges.points, ridges.normals, spans)
    secants = walk(across, flat, _STEPS)
    near = np.abs((np.arange(_STEPS) + 0.5) / _STEPS - 0.5) * 2 * reach
    best = np.where(near <= max(3 * cell, reach / 3), secants.jumps, -1.0).argmax(axis=1)
    jumps = bisect(across, flat, secants, (row, best))
    sharp = (jumps.exponent < rule.effort.cut_exponent) & (jumps.width < cell / 16)
    first, last = _passage(secants.jumps, best)
    start, end = rises(across, flat, row, secants.lengths[row, first], secants.lengths[row, last])
    middle = (start + end) / 2
    whole = np.linalg.norm(secants.features[row, last] - secants.features[row, first], axis=1)
    bridge = jumps.slope > rule.steepness * rule.usual / cell
    if rule.off is not None:
        highest, off = _farthest(secants, rule.off)
        middle = np.where(end - start > 2 * secants.step, highest, middle)
        off = np.maximum(off, rule.off(flat(across.at(row, middle))))
        bridge &= off > 1
    middle = np.where(sharp, jumps.length, middle)
    large = np.maximum(jumps.size, whole) > rule.effort.least_jump * rule.scale
    points = ridges.points + middle[:, None] * ridges.normals
    moved = _Ridge(points, ridges.normals, ridges.strength, whole, sharp)
    return moved.only((sharp | bridge) & large & plane.inside(points))


def _passage(jumps: FloatArray, best: IntArray) -> tuple[IntArray, IntArray]:
    """Return the first and last place of the run of large steps (lines, steps) around the best."""
    count = jumps.shape[1]
    step, row = np.arange(count), np.arange(len(best))
    small = jumps < _SMALL_STEP * jumps[row, best][:, None]
    before = np.where(small & (step < best[:, None]), step + 1, 0).max(axis=1)
    after = np.where(small & (step > best[:, None]), step, count).min(axis=1)
    return np.maximum(before - 1, 0), np.minimum(after + 1, count)


def _farthest(secants: Secants, off: Callable[[FloatArray], FloatArray]) -> tuple[FloatArray, ...]:
    """Return where on each line the output lies farthest off the reference, and how far."""
    lines, places, dim = secants.features.shape
    away = off(secants.features.reshape(-1, dim)).reshape(lines, places)
    quarter = places // 4
    row, best = np.arange(lines), away[:, quarter:-quarter].argmax(axis=1) + quarter
    left, top, right = (away[row, best + shift] for shift in (-1, 0, 1))
    bend = np.minimum(left - 2 * top + right, -1e-12)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    return secants.lengths[row, best] + shift * secants.step, top


def _trace(ridge: _Ridge, line: IntArray, closed: bool, cell: float) -> Trace:
    points = ridge.points[line]
    sharp = bool(ridge.sharp[line].mean() > 0.5)
    if not sharp:
        points = smooth(points, closed)
    jump = float(np.median(ridge.jumps[line]))
    return Trace(simple(points, _SLACK * cell), closed, "cut" if sharp else "bridge", jump)
