"""From single jumps along lines to the surfaces in the latent space that they lie on.

A jump found on a line is one point of a surface. Where the surface runs there is found by asking
the map itself: the same jump is looked for on parallel lines nearby, and how far it has moved in
each direction gives the tangent plane. Jumps that lie on one such plane belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

Map: TypeAlias = Callable[["FloatArray"], "FloatArray"]

_NEARBY = 0.1  # latent distance to the parallel lines
_REACH = 6.0  # how far along them to look, in multiples of that
_COARSE, _FINE = 12, 20  # halvings
_ROUNDS = 8  # of turning the lines until they stand upright on the surface
_ROUGHLY, _UPRIGHT = 0.1, 0.001  # radians
_EVEN = 0.3  # how far the other side may lie off the plane fitted to this one, of the distance
_LEVEL = 0.2  # slope of a surface against the piece that its crossings belong to
_ASIDE = 0.05  # latent distance of the ends that a boundary should tell apart
_STRIDE = 0.02
_FARTHEST = 0.6  # pieces farther apart are not tried
_ONE_SIDED = 0.9  # share on one side less share on the other
_FADED = 0.3  # a jump that shrank to less of what it was has ended
_WIDEST, _ANGLES, _ANGLE_HALVINGS = np.radians(130), 27, 5


@dataclass(frozen=True)
class Crossings:
    """Points of surfaces; every array has one entry per crossing.

    Attributes:
        points: (m, d) latents in the middle of the jumps.
        directions: (m, d) unit direction of the line that crossed.
        sizes: (m,) feature distance over the jump.
        widths: (m,) latent length of the jump along the line.
    """

    points: FloatArray
    directions: FloatArray
    sizes: FloatArray
    widths: FloatArray

    def __len__(self) -> int:
        return len(self.points)

    def only(self, rows: AnyArray) -> Crossings:
        """Return some of them."""
        return Crossings(
            self.points[rows], self.directions[rows], self.sizes[rows], self.widths[rows]
        )


@dataclass(frozen=True)
class Piece:
    """A flat piece of a surface, ``normal @ z = offset``.

    Attributes:
        normal: (d,) unit normal.
        offset: Distance from the origin along it, not negative.
        members: Numbers of the crossings that lie on it, the one it was found at first.
    """

    normal: FloatArray
    offset: float
    members: IntArray


@dataclass(frozen=True)
class Surface:
    """A surface across which the output jumps: one flat piece, or several that join.

    Attributes:
        pieces: The piece with most crossings first.
        accuracy: Share of the crossings not used to find the first piece whose two ends it tells
            apart; NaN when there are none. Low where the surface bends.
    """

    pieces: tuple[Piece, ...]
    accuracy: float

    @property
    def normal(self) -> FloatArray:
        """Unit normal (d,) of the largest piece."""
        return self.pieces[0].normal

    @property
    def offset(self) -> float:
        """Distance of the largest piece from the origin."""
        return self.pieces[0].offset

    @property
    def members(self) -> IntArray:
        """Numbers of the crossings on all pieces."""
        return np.concatenate([piece.members for piece in self.pieces])


def find_surfaces(
    crossings: Crossings, run: Map, *, tolerance: float, least: int, most: int
) -> tuple[Surface, ...]:
    """Sort crossings into surfaces, those with most crossings first.

    Args:
        crossings: What was found along lines.
        run: Maps latents (n, d) to features (n, dim).
        tolerance: Latent distance from a flat piece within which a crossing belongs to it; wide
            jumps may lie off by their own width.
        least: Surfaces with fewer crossings are left out.
        most: Look for at most so many flat pieces.
    """
    pieces = _pieces(crossings, run, tolerance, most)
    surfaces = [_surface(crossings, group) for group in _joined(pieces, crossings, run)]
    kept = [surface for surface in surfaces if len(surface.members) >= least]
    return tuple(sorted(kept, key=lambda surface: -len(surface.members)))


def _pieces(crossings: Crossings, run: Map, tolerance: float, most: int) -> list[Piece]:
    left = np.arange(len(crossings))
    found: list[Piece] = []
    doubtful = 0  # at the end of the queue: crossings where no plane fits, as at an edge
    while len(left) and len(found) < most:
        normal, smooth = local_normal(crossings, int(left[0]), run)
        if not smooth and doubtful < min(len(left), most):
            left, doubtful = np.roll(left, -1), doubtful + 1
            continue
        found.append(_grown(crossings, left, normal, tolerance, run))
        left = left[~np.isin(left, found[-1].members)]
    return found


def _surface(crossings: Crossings, group: list[Piece]) -> Surface:
    first, *others = sorted(group, key=lambda piece: -len(piece.members))
    held_out = np.concatenate([first.members[1:], *(piece.members for piece in others)])
    return Surface((first, *others), _accuracy(crossings.only(held_out), first))


def _grown(
    crossings: Crossings, left: IntArray, normal: FloatArray, tolerance: float, run: Map
) -> Piece:
    """Return the flat piece through the first of some crossings, with all that lie on it."""
    point = crossings.points[left[0]]
    heights = (crossings.points[left[1:]] - point) @ normal
    flat = np.abs(heights) <= tolerance + crossings.widths[left[1:]]
    near = left[1:][flat]
    members = np.concatenate([left[:1], near[_run_along(crossings.only(near), normal, run)]])
    offset = float(np.median(crossings.points[members] @ normal))
    return Piece(normal, offset, members) if offset >= 0 else Piece(-normal, -offset, members)


def _run_along(crossings: Crossings, normal: FloatArray, run: Map) -> AnyArray:
    """Tell which crossings, (m,), lie on a surface that is level there, not on one that tilts.

    A step to the side, at right angles to the normal, must not move the jump up or down.
    """
    if not len(crossings):
        return np.zeros(0, dtype=bool)
    rng = np.random.default_rng(0)
    aside = rng.standard_normal(crossings.points.shape)
    aside -= (aside @ normal)[:, None] * normal
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-12)
    ahead = np.where(crossings.directions @ normal < 0, -1.0, 1.0)[:, None]
    step = (1e-4 + crossings.widths)[:, None] * ahead * normal
    before, after = run(crossings.points - step), run(crossings.points + step)
    jumps, middles = after - before, (after + before) / 2

    def side(latents: FloatArray) -> FloatArray:
        return np.asarray(((run(latents) - middles) * jumps).sum(axis=1))

    nearby = np.maximum(_NEARBY, 2 * crossings.widths)
    starts = crossings.points + nearby[:, None] * aside
    heights = _heights(starts, ahead * normal, side, 2 * float(nearby.max()), _COARSE)
    return np.asarray(np.abs(heights) < _LEVEL * nearby + crossings.widths)


def _accuracy(crossings: Crossings, piece: Piece) -> float:
    """Share of crossings whose line passes from one side to the other where it crosses."""
    if not len(crossings):
        return float("nan")
    step = (_ASIDE + crossings.widths)[:, None] * crossings.directions
    before = (crossings.points - step) @ piece.normal - piece.offset
    after = (crossings.points + step) @ piece.normal - piece.offset
    return float(np.mean(before * after < 0))


def local_normal(crossings: Crossings, which: int, run: Map) -> tuple[FloatArray, bool]:
    """Return the unit normal (d,) of the surface at one crossing, by looking around it.

    Also whether the surface is smooth there: whether the plane that was fitted on one side of the
    crossing goes on on the other.
    """
    point = crossings.points[which].astype(np.float64)
    normal = crossings.directions[which].astype(np.float64)
    width = float(crossings.widths[which])
    nearby = max(_NEARBY, 2 * width)
    aside = (1e-4 + width) * normal
    ends = run(np.stack([point - aside, point + aside]))
    jump, middle = ends[1] - ends[0], ends.mean(axis=0)

    def side(latents: FloatArray) -> FloatArray:
        return np.asarray((run(latents) - middle) @ jump)

    angle = np.pi
    for _ in range(_ROUNDS):
        frame, fine = _frame(normal), angle < _ROUGHLY
        halvings = _FINE if fine else _COARSE
        heights = _heights(point + nearby * frame, normal, side, _REACH * nearby, halvings)
        turned = normal - (heights / nearby) @ frame
        turned /= np.linalg.norm(turned)
        angle = float(np.arccos(np.clip(turned @ normal, -1, 1)))
        normal = turned
        if fine and angle < _UPRIGHT:
            break
    opposite = _heights(point - nearby * _frame(normal), normal, side, _REACH * nearby, _COARSE)
    return np.asarray(normal), bool(np.abs(opposite).max(initial=0.0) < _EVEN * nearby + width)


def _frame(normal: FloatArray) -> FloatArray:
    """Return d - 1 unit vectors (d - 1, d) at right angles to a normal and to each other."""
    d = len(normal)
    basis = np.linalg.qr(np.column_stack([normal, np.eye(d)]))[0]
    return np.asarray(basis[:, 1:d].T)


def _heights(
    starts: FloatArray, normal: FloatArray, side: Map, reach: float, halvings: int
) -> FloatArray:
    """Find where the side changes along a normal from each start, (n,), within the reach."""
    low, high = np.full(len(starts), -reach), np.full(len(starts), reach)
    for _ in range(halvings):
        middle = (low + high) / 2
        beyond = side(starts + middle[:, None] * normal) > 0
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return np.asarray((low + high) / 2)


def _joined(pieces: list[Piece], crossings: Crossings, run: Map) -> list[list[Piece]]:
    """Group pieces that go over into one another, trying the closest ones first."""
    group = list(range(len(pieces)))
    for gap, i, j in sorted(_gaps(pieces, crossings)):
        if gap.length > _FARTHEST or group[i] == group[j]:
            continue
        if _meet(pieces[i], pieces[j], gap, crossings, run):
            group = [group[j] if one == group[i] else one for one in group]
    return [
        [piece for piece, one in zip(pieces, group, strict=True) if one == number]
        for number in dict.fromkeys(group)
    ]


@dataclass(frozen=True, order=True)
class _Gap:
    """The closest crossings of two pieces."""

    length: float
    here: int
    there: int


def _gaps(pieces: list[Piece], crossings: Crossings) -> Iterator[tuple[_Gap, int, int]]:
    for i, one in enumerate(pieces):
        for j, other in enumerate(pieces[:i]):
            here, there = crossings.points[one.members], crossings.points[other.members]
            apart = np.linalg.norm(here[:, None] - there[None], axis=2)
            a, b = np.unravel_index(apart.argmin(), apart.shape)
            yield _Gap(float(apart[a, b]), int(one.members[a]), int(other.members[b])), i, j


def _meet(one: Piece, other: Piece, gap: _Gap, crossings: Crossings, run: Map) -> bool:
    """Tell a bend, where one piece ends and the other begins, from two planes that intersect."""
    if not (_beside(one, other, crossings) and _beside(other, one, crossings)):
        return False
    width = float(max(crossings.widths[gap.here], crossings.widths[gap.there]))
    start, goal = crossings.points[gap.here], crossings.points[gap.there]
    return leads_to(start, one.normal, goal, max(_STRIDE, 1.5 * width), run)


def _beside(one: Piece, other: Piece, crossings: Crossings) -> bool:
    """Whether a piece lies on one side of the other, but for what is close to it."""
    heights = crossings.points[one.members] @ other.normal - other.offset
    clear = heights[np.abs(heights) > _NEARBY]
    return not len(clear) or bool(abs(np.sign(clear).mean()) >= _ONE_SIDED)


def leads_to(
    start: FloatArray, normal: FloatArray, goal: FloatArray, stride: float, run: Map
) -> bool:
    """Creep along a surface from one point on it; tell whether another lies on the same surface.

    Each step goes to where the jump meets a circle around the last place, so that corners are
    taken as they come and a surface that runs alongside is not confused with this one.

    Args:
        start: (d,) a point of the surface.
        normal: (d,) its unit normal there.
        goal: (d,) the other point.
        stride: Radius of the circles; more than the width of the jump.
        run: Maps latents (n, d) to features (n, dim).
    """
    spot, ahead, jump = start, None, 0.0
    for _ in range(int(2 * np.linalg.norm(goal - start) / stride) + 4):
        if np.linalg.norm(goal - spot) < 1.5 * stride:
            return True
        way = (goal - spot) - ((goal - spot) @ normal) * normal
        size = float(np.linalg.norm(way))
        if size < 1e-9 or (ahead is not None and way @ ahead < 0):
            return False
        tangent = way / size
        sides = run(np.stack([spot - stride * normal, spot + stride * normal]))
        across = float(np.linalg.norm(sides[1] - sides[0]))
        if across < _FADED * jump:
            return False
        jump = max(jump, across)
        angle = _turn(spot, stride * tangent, stride * normal, sides, run)
        ahead = np.cos(angle) * tangent + np.sin(angle) * normal
        normal = np.cos(angle) * normal - np.sin(angle) * tangent
        spot = spot + stride * ahead
    return False


def _turn(
    spot: FloatArray, tangent: FloatArray, normal: FloatArray, sides: FloatArray, run: Map
) -> float:
    """Return the angle from the tangent to where the side changes on a circle, the least one."""
    middle, jump = sides.mean(axis=0), sides[1] - sides[0]

    def side(angles: FloatArray) -> AnyArray:
        turned = np.cos(angles)[:, None] * tangent + np.sin(angles)[:, None] * normal
        return np.asarray((run(spot + turned) - middle) @ jump > 0)

    angles = np.linspace(-_WIDEST, _WIDEST, _ANGLES)
    beyond = side(angles)
    changes = np.flatnonzero(beyond[1:] & ~beyond[:-1])
    if not len(changes):
        return 0.0
    between = (angles[changes] + angles[changes + 1]) / 2
    at = changes[np.abs(between).argmin()]
    low, high = angles[at], angles[at + 1]
    for _ in range(_ANGLE_HALVINGS):
        half = (low + high) / 2
        low, high = (low, half) if side(np.array([half]))[0] else (half, high)
    return float((low + high) / 2)
