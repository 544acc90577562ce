"""What papers report for the ring and the grid, where their data and their counting are ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Spread(NamedTuple):
    """A number and what it was given with; no spread where the paper gives none."""

    value: float
    spread: float | None = None


@dataclass(frozen=True)
class Published:
    """A row of a paper's table.

    Attributes:
        paper: The table.
        row: What the row is called there.
        system: Our system of that kind.
        world: Its data.
        modes: Modes captured.
        quality: Share of points of high quality, in percent.
        divergence: Reverse KL; None where the paper does not give it.
    """

    paper: str
    row: str
    system: str
    world: str
    modes: Spread
    quality: Spread
    divergence: Spread | None = None


_VEEGAN, _PACGAN = "VEEGAN 2017", "PacGAN 2018, Table 1"

PUBLISHED = (
    Published(_VEEGAN, "GAN", "plain", "ring", Spread(1), Spread(99.3)),
    Published(_VEEGAN, "GAN", "plain", "grid", Spread(3.3), Spread(0.5)),
    Published(_VEEGAN, "Unrolled GAN", "unrolled", "ring", Spread(7.6), Spread(35.6)),
    Published(_VEEGAN, "Unrolled GAN", "unrolled", "grid", Spread(23.6), Spread(16)),
    Published(
        _PACGAN, "GAN", "plain", "ring", Spread(6.3, 0.5), Spread(98.2, 0.2), Spread(0.45, 0.09)
    ),
    Published(
        _PACGAN, "GAN", "plain", "grid", Spread(17.3, 0.8), Spread(94.8, 0.7), Spread(0.70, 0.07)
    ),
    Published(
        _PACGAN,
        "PacGAN2",
        "pacgan2",
        "ring",
        Spread(7.9, 0.1),
        Spread(95.6, 2.0),
        Spread(0.07, 0.03),
    ),
    Published(
        _PACGAN,
        "PacGAN2",
        "pacgan2",
        "grid",
        Spread(23.8, 0.7),
        Spread(91.3, 0.8),
        Spread(0.13, 0.04),
    ),
)
