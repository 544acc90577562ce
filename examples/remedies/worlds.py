"""The data that systems learn: two mixtures of Gaussians, the spiral, digits and stacks of them.

Each world of points knows its law exactly, so that how much of it a generator reproduces can be
counted without any estimate: see `exact_overlap`. Layouts of ring and grid are those of VEEGAN
(Srivastava et al. 2017) and PacGAN (Lin et al. 2018).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from examples.remedies.digits import DIGITS
from examples.remedies.stacked import STACKED
from examples.spiral.train import draw_square, wind

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

REFERENCE = 6_000  # real points that generators are held against
_REFERENCE_SEED = 7
_RINGS, _SECTORS = 4, 4  # cells of one Gaussian
_ALONG, _ACROSS = 60, 4  # cells of the spiral
_ARMS = 3
_EDGE = 1 + 1e-5  # of the square; points of 32 bits are rounded


class World(Protocol):
    """A law to be learned."""

    @property
    def name(self) -> str:
        """Name on the command line."""

    @property
    def scale(self) -> float:
        """Largest coordinate that matters; networks with bounded outputs are stretched to it."""

    @property
    def classes(self) -> int:
        """Number of labels."""

    @property
    def cells(self) -> int | None:
        """Number of cells of equal mass that the law is cut into; None where it is not known."""

    @property
    def centres(self) -> FloatArray | None:
        """Centres (m, 2) of the modes; None where there are none."""

    @property
    def sd(self) -> float | None:
        """Standard deviation of a mode in each coordinate; None where there are none."""

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw points (n, 2), or pictures, and their labels (n,)."""

    def reference(self) -> tuple[AnyArray, AnyArray]:
        """Return what generators are held against, and its labels; always the same."""


class Exact(World, Protocol):
    """A law of points that is known exactly."""

    @property
    def cells(self) -> int:
        """Number of cells of equal mass that the law is cut into."""

    def cells_of(self, points: FloatArray) -> IntArray:
        """Return the cell of each point; -1 for points where the law has no mass."""


@dataclass(frozen=True)
class Gaussians:
    """Equal round Gaussians, far apart; the label of a point is its Gaussian."""

    name: str
    middles: tuple[tuple[float, float], ...]
    sd: float

    @property
    def scale(self) -> float:
        """Largest coordinate of a centre, and four standard deviations."""
        return max(abs(x) for middle in self.middles for x in middle) + 4 * self.sd

    @property
    def classes(self) -> int:
        """Number of Gaussians."""
        return len(self.middles)

    @property
    def cells(self) -> int:
        """Sixteen cells for each Gaussian."""
        return len(self.middles) * _RINGS * _SECTORS

    @property
    def centres(self) -> FloatArray:
        """Centres (m, 2) of the Gaussians."""
        return np.array(self.middles, dtype=np.float64)

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw points (n, 2) and their labels (n,)."""
        labels = torch.randint(len(self.middles), (n,), generator=source)
        noise = torch.randn(n, 2, generator=source)
        return torch.tensor(self.middles)[labels] + self.sd * noise, labels

    def reference(self) -> tuple[AnyArray, AnyArray]:
        """Draw the real points that generators are held against."""
        return _arrays(self.draw(REFERENCE, torch.Generator().manual_seed(_REFERENCE_SEED)))

    def cells_of(self, points: FloatArray) -> IntArray:
        """Cut each Gaussian by its radius and its angle into cells of equal mass."""
        apart = points[:, None] - self.centres
        nearest = np.square(apart).sum(axis=2).argmin(axis=1)
        offset = apart[np.arange(len(points)), nearest]
        # The share of a round Gaussian inside radius r is 1 - exp(-r^2 / (2 sd^2)).
        inside = -np.expm1(-np.square(offset).sum(axis=1) / (2 * self.sd**2))
        turn = np.arctan2(offset[:, 1], offset[:, 0]) / (2 * math.pi) + 0.5
        return np.asarray(
            (nearest * _RINGS + _slot(inside, _RINGS)) * _SECTORS + _slot(turn, _SECTORS)
        )


@dataclass(frozen=True)
class Spiral:
    """The spiral of ``examples/spiral``; labels are thirds of its length, from the inside."""

    name: str = "spiral"
    scale: float = 1.0
    classes: int = _ARMS
    cells: int = _ALONG * _ACROSS
    centres: None = None
    sd: None = None

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw points (n, 2) and their labels (n,)."""
        square = draw_square(n, source)
        return wind(square), ((square[:, 0] + 1) / 2 * _ARMS).long().clamp(max=_ARMS - 1)

    def reference(self) -> tuple[AnyArray, AnyArray]:
        """Draw the real points that generators are held against."""
        return _arrays(self.draw(REFERENCE, torch.Generator().manual_seed(_REFERENCE_SEED)))

    def cells_of(self, points: FloatArray) -> IntArray:
        """Unwind the spiral onto the square it was made from, and cut that into equal cells.

        The angle fixes the place along the spiral up to whole turns, and arms of different turns
        do not touch, so that at most one turn leads back into the square.
        """
        radius = np.hypot(points[:, 0], points[:, 1])
        angle = np.arctan2(points[:, 1], points[:, 0])
        found = np.full(len(points), -1)
        for turn in range(-2, 3):
            along = (angle + 2 * math.pi * turn) / (3 * math.pi)
            across = (radius - 0.05 - 0.90 * (along + 1) / 2) / 0.05
            on = (np.abs(along) <= _EDGE) & (np.abs(across) <= _EDGE)
            places = _slot((along + 1) / 2, _ALONG) * _ACROSS + _slot((across + 1) / 2, _ACROSS)
            found[on] = places[on]
        return found


def _arrays(drawn: tuple[Tensor, Tensor]) -> tuple[AnyArray, AnyArray]:
    return drawn[0].numpy(), drawn[1].numpy()


def _slot(share: FloatArray, slots: int) -> IntArray:
    """Return in which of the equal slots of 0..1 each share lies."""
    return np.clip((share * slots).astype(np.int64), 0, slots - 1)


def _ring(modes: int) -> tuple[tuple[float, float], ...]:
    angles = [2 * math.pi * mode / modes for mode in range(modes)]
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)


RING = Gaussians("ring", _ring(8), 0.01)
_AXIS = (-4.0, -2.0, 0.0, 2.0, 4.0)
GRID = Gaussians("grid", tuple(itertools.product(_AXIS, _AXIS)), 0.05)
SPIRAL = Spiral()
WORLDS: dict[str, World] = {world.name: world for world in (RING, GRID, SPIRAL, DIGITS, STACKED)}
EXACT: dict[str, Exact] = {world.name: world for world in (RING, GRID, SPIRAL)}


def exact_overlap(world: Exact, points: FloatArray) -> float:
    """Return how much of the law the points reproduce: the sum over cells of the smaller share.

    The law's own shares are exact; only the points are counted. What lies inside a cell is not
    looked at, so that this is the overlap or a little more. Chance takes about
    ``sqrt(cells / (2 pi n))`` of it away.

    Args:
        world: The law.
        points: (n, 2), drawn from a generator.
    """
    cells = world.cells_of(points)
    shares = np.bincount(cells[cells >= 0], minlength=world.cells) / len(points)
    return float(np.minimum(shares, 1 / world.cells).sum())
