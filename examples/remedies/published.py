"""What papers report: for the ring and the grid, where data and counting are ours; for stacks."""

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


@dataclass(frozen=True)
class PublishedStacks:
    """A row of a paper's table on stacked digits; every sample counts there.

    Attributes:
        paper: The table.
        row: What the row is called there.
        system: Our system of that kind; empty for none.
        modes: Modes captured.
        divergence: Reverse KL.
    """

    paper: str
    row: str
    system: str
    modes: Spread
    divergence: Spread


_PAC2, _PAC3 = "PacGAN 2018, Table 2", "PacGAN 2018, Table 3, D = 1/4 G"
_DCGAN, _PACGAN2, _WGAN_GP = "stacked-dcgan", "stacked-pacgan2", "stacked-wgan-gp"

PUBLISHED_STACKS = (
    PublishedStacks(_VEEGAN, "DCGAN", _DCGAN, Spread(99.0), Spread(3.40)),
    PublishedStacks(_PAC2, "DCGAN", _DCGAN, Spread(78.9, 6.46), Spread(4.50, 0.127)),
    PublishedStacks(_PAC3, "DCGAN", _DCGAN, Spread(78.5), Spread(5.21)),
    PublishedStacks(_PAC2, "PacDCGAN2", _PACGAN2, Spread(1000.0, 0), Spread(0.06, 0.003)),
    PublishedStacks(_PAC3, "PacDCGAN2", _PACGAN2, Spread(484.5), Spread(2.61)),
    PublishedStacks(
        "Kumar et al. 2019, Table 1", "WGAN-GP", _WGAN_GP, Spread(959.0), Spread(0.7276)
    ),
)
