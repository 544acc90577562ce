"""Planes through the latent space: flat ones, and the chart of half a sphere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable, UsageError
from gancheck.samplers.slices import REACH
from gancheck.scaled import split_law

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gancheck.types import AnyArray, FloatArray

_AXES = ("direction 1", "direction 2")
_RAYS = 720
_AROUND = 1.5  # of the distance to the farthest latent that a plane was laid through
_FLAT = 1e-6  # below it latents lie on one line


@dataclass(frozen=True)
class Plane:
    """A window onto the latent space with two coordinates, in latent units.

    Attributes:
        law: Latent law of the generator, without a factor.
        edge: Half the side of the box of a uniform law; 1 elsewhere.
        centre: (d,) latent at 0, 0. On a sphere the window is the chart around it that keeps
            distances from it.
        frame: (2, d) unit latents at right angles: where the coordinates point to.
        extent: (x0, x1, y0, y1).
        axes: What the coordinates are called.
        chosen: How the plane was chosen, to be read after "over".
        exact: Whether it is the whole latent space.
    """

    law: str
    edge: float
    centre: FloatArray
    frame: FloatArray
    extent: tuple[float, float, float, float]
    axes: tuple[str, str]
    chosen: str
    exact: bool = False

    def at(self, points: FloatArray) -> FloatArray:
        """Return the latents (m, d) at points (m, 2) of the window."""
        flat = np.asarray(points, dtype=np.float64) @ self.frame
        if self.law != "sphere":
            return np.asarray(self.centre + flat, dtype=np.float32)
        radius = np.linalg.norm(self.centre)
        reach = np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
        angle = reach / radius
        turned = np.cos(angle) * self.centre + np.sin(angle) * radius * flat / reach
        return np.asarray(turned, dtype=np.float32)

    def place(self, latents: FloatArray) -> FloatArray:
        """Return where latents (m, d) are seen, (m, 2), projected onto a flat plane."""
        return np.asarray((latents - self.centre) @ self.frame.T)

    def inside(self, points: FloatArray) -> AnyArray:
        """Tell at which points (m, 2) the law has mass: in its box, on the half of its sphere."""
        if self.law == "uniform":
            return np.asarray((np.abs(self.at(points)) <= self.edge * (1 + 1e-6)).all(axis=1))
        if self.law == "sphere":
            half = np.pi / 2 * np.linalg.norm(self.centre)
            return np.asarray(np.linalg.norm(points, axis=1) <= half)
        return np.ones(len(points), dtype=bool)

    def grid(self, side: int) -> FloatArray:
        """Return side x side points (side * side, 2), row by row from the lower left."""
        x0, x1, y0, y1 = self.extent
        ticks = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
        return np.stack(ticks, axis=-1).reshape(-1, 2)

    @property
    def width(self) -> float:
        """Length of its lower edge."""
        return self.extent[1] - self.extent[0]


def coordinate_plane(
    law: str, dimension: int, pair: tuple[int, int], at: FloatArray | None = None
) -> Plane:
    """Return the plane of two coordinates, counted from 0; the others are 0, or as in a latent.

    Raises:
        NotAvailable: The law has no flat window.
        UsageError: There is no such coordinate.
    """
    one, other = pair
    if one == other or not (min(pair) >= 0 and max(pair) < dimension):
        raise UsageError(
            f"there are no coordinates {one + 1} and {other + 1} to span a plane",
            f"--plane takes two different numbers of 1..{dimension}.",
        )
    whole = dimension == 2 and at is None
    others = "the others at 0" if at is None else "the others as in the given latent"
    said = "the whole latent space" if whole else f"coordinates {one + 1} and {other + 1}"
    if dimension > 2:
        said += f", {others}"
    names = f"z{one + 1}", f"z{other + 1}"
    return _window(law, np.eye(dimension)[[one, other]], at, names, said)


def spanned_plane(
    law: str, directions: FloatArray, chosen: str, seed: int, at: FloatArray | None = None
) -> Plane:
    """Return the plane of one or two directions (k, d); random ones stand in for what is missing.

    In many dimensions the centre of a normal law is a place where no latent ever lies. Unless a
    latent is given, the plane then goes through a random one, moved along the plane to 0, 0.

    Raises:
        NotAvailable: The law has no flat window, or fewer than two dimensions.
    """
    dimension = directions.shape[1]
    if dimension < 2:
        raise NotAvailable("a latent of one number has no plane to show")
    drawn = np.random.default_rng([seed, 4]).standard_normal((3, dimension))
    frame = _frame(np.concatenate([directions, drawn]))
    base, factor = split_law(law)
    if at is None and base == "normal":
        at = factor * (drawn[2] - (frame @ drawn[2]) @ frame)
        chosen += ", through a random latent"
    elif at is None:
        chosen += ", through the centre"
    return _window(law, frame, at, _AXES, chosen, spare=drawn[2])


def plane_through(law: str, latents: FloatArray, seed: int) -> Plane:
    """Return the plane through two or three latents (k, d); two and the centre span one as well.

    Raises:
        NotAvailable: The law has no flat window.
        UsageError: There are more or fewer, or they lie on one line.
    """
    if len(latents) not in (2, 3):
        raise UsageError(
            f"--through holds {len(latents)} latents", "A plane takes two or three of them."
        )
    edges = np.diff(latents.astype(np.float64), axis=0)
    third = np.random.default_rng([seed, 4]).standard_normal((1, latents.shape[1]))
    edges = np.concatenate([edges, latents[:1], third]) if len(latents) == 2 else edges
    if np.linalg.matrix_rank(edges, tol=_FLAT) < 2:
        raise UsageError("the latents in --through lie on one line", "Give others.")
    middle = latents.astype(np.float64).mean(axis=0)
    count = {2: "two", 3: "three"}[len(latents)]
    said = f"the plane through the {count} given latents"
    plane = _window(law, _frame(edges), middle, _AXES, said)
    if law == "sphere":
        return plane
    reach = _AROUND * float(np.abs(plane.place(latents)).max())
    return _resized(plane, (-reach, reach, -reach, reach))


def _window(
    law: str,
    frame: FloatArray,
    at: FloatArray | None,
    axes: tuple[str, str],
    chosen: str,
    spare: FloatArray | None = None,
) -> Plane:
    """Lay a window around a latent so that it shows where the law has its mass."""
    base, factor = split_law(law)
    dimension = frame.shape[1]
    whole = dimension == 2 and at is None
    centre: FloatArray = np.zeros(dimension)
    if at is not None:
        centre = np.asarray(at, dtype=np.float64)
    if base == "sphere":
        centre, frame = _tangent(centre, frame, spare, factor)
    reach = factor * REACH
    if base == "sphere":
        reach = float(np.pi / 2 * np.linalg.norm(centre))
    elif base not in ("normal", "uniform"):
        raise NotAvailable(f"no flat slice of the latent law {law!r} to show")
    window = -reach, reach, -reach, reach
    plane = Plane(base, factor, centre, frame, window, axes, chosen, whole and base != "sphere")
    return _resized(plane, _box(plane)) if base == "uniform" else plane


def _resized(plane: Plane, extent: Sequence[float]) -> Plane:
    x0, x1, y0, y1 = (float(edge) for edge in extent)
    return replace(plane, extent=(x0, x1, y0, y1))


def _tangent(
    centre: FloatArray, frame: FloatArray, spare: FloatArray | None, factor: float
) -> tuple[FloatArray, FloatArray]:
    """Return a point of the sphere and two directions along it."""
    dimension = len(centre)
    if dimension < 3:
        raise NotAvailable("latents on a circle have no plane to show")
    if np.linalg.norm(centre) < _FLAT:
        seed = np.random.default_rng(0).standard_normal(dimension) if spare is None else spare
        centre = _frame(np.concatenate([frame, seed[None]]), 3)[2]
    upright = centre / np.linalg.norm(centre)
    others = np.random.default_rng(1).standard_normal((2, dimension))
    frame = _frame(np.concatenate([upright[None], frame, others]), 3)[1:]
    return upright * factor * np.sqrt(dimension), frame


def _frame(directions: FloatArray, count: int = 2) -> FloatArray:
    """Make the first independent directions (k, d) upright on each other: (count, d)."""
    frame: list[FloatArray] = []
    for direction in directions:
        left: FloatArray = direction
        length = float(np.linalg.norm(left))
        for known in frame:
            left = np.asarray(left - (left @ known) * known)
        if np.linalg.norm(left) > _FLAT * max(length, 1e-12):
            frame.append(left / np.linalg.norm(left))
        if len(frame) == count:
            break
    return np.stack(frame)


def _box(plane: Plane) -> tuple[float, float, float, float]:
    """Return the smallest window that shows the whole box of a uniform law in this plane."""
    angle = np.linspace(0, 2 * np.pi, _RAYS, endpoint=False)
    rays = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    headings = rays @ plane.frame
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(
            np.abs(headings) > _FLAT,
            (plane.edge * np.sign(headings) - plane.centre) / headings,
            np.inf,
        )
    corners = rays * np.maximum(reach.min(axis=1), 1e-3)[:, None]
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    half = max(x1 - x0, y1 - y0) / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return round(x - half, 9), round(x + half, 9), round(y - half, 9), round(y + half, 9)
