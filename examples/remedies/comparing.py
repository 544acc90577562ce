"""Our numbers beside those of papers, and where they differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from examples.remedies.judging import Outcome
from examples.remedies.published import PUBLISHED, Published, Spread
from examples.remedies.system import System

_HEADINGS = ("data", "paper", "row", "our system", "", "modes", "high quality", "reverse KL")
_DOUBT = 2.0  # standard deviations within which two means agree

_WHY = (
    "Data and counting are those of the papers, latents those of PacGAN; networks and budgets are "
    "not, and papers among themselves differ as much (the GAN of VEEGAN captures 1 mode of the "
    "ring, that of PacGAN 6.3). PacGAN trains a generator of four layers of 400 units with batch "
    "normalisation against three maxout layers of 200 x 5, with Adam at 1e-4 and beta1 0.8, for "
    "400 epochs of 100,000 points in batches of 100, which is 40 million points. Ours have two "
    "layers of 128 and no batch normalisation, and see {points} million fresh points of the ring "
    "and four times as many of the grid, at rates of 1e-3 that fall to nothing over the second "
    "half: minutes on one core in place of hours. PacGAN's own networks and rates were tried once "
    "for 1 of those 40 million points, on the ring and without packs: 8 modes, 89% of high "
    "quality and a reverse KL of 0.15, where our plain GAN is, too; what the other 39 million do "
    "was not tried. The grid needs its rounds: after a quarter of them PacGAN2 drew 23 modes with "
    "13% of high quality, and the plain GAN 22 with 67%. VEEGAN's 99.3% of high quality is above "
    "the 98.9% of a perfect sampler, which itself speaks of a mode drawn too narrow."
)


def comparison(outcomes: Sequence[Outcome]) -> str:
    """Return the section: each published row above ours, and a sentence on each."""
    lines = ["## Beside published numbers", ""]
    pairs = [(row, mine) for row in PUBLISHED if (mine := _ours(row, outcomes))]
    if not pairs:
        return "\n".join([*lines, "No run has a published counterpart yet."])
    lines += [_line(_HEADINGS), _line("---" for _ in _HEADINGS)]
    for row, mine in pairs:
        lines += [_line(_theirs(row)), _line(_measured(mine))]
    lines += ["", "Where ours differ by more than two standard deviations of both:", ""]
    lines += [f"- {line}" for line in _differences(pairs)] or ["- nowhere"]
    plain = System()
    return "\n".join([*lines, "", _WHY.format(points=f"{plain.steps * plain.batch / 1e6:.1f}")])


def _ours(row: Published, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if (one.system, one.world) == (row.system, row.world)]


def _theirs(row: Published) -> tuple[str, ...]:
    return (
        row.world,
        row.paper,
        row.row,
        row.system,
        "theirs",
        _written(row.modes, 1),
        f"{_written(row.quality, 1)}%",
        "-" if row.divergence is None else _written(row.divergence, 2),
    )


def _measured(mine: Sequence[Outcome]) -> tuple[str, ...]:
    modes, quality, divergence = _spreads(mine)
    said = "-" if divergence is None else _written(divergence, 2)
    return ("", "", "", "", "ours", _written(modes, 1), f"{_written(quality, 1)}%", said)


def _spreads(mine: Sequence[Outcome]) -> tuple[Spread, Spread, Spread | None]:
    divergences = [one.reverse_kl for one in mine if one.reverse_kl is not None]
    return (
        _spread([float(one.modes or 0) for one in mine]),
        _spread([100 * (one.high_quality or 0.0) for one in mine]),
        _spread(divergences) if divergences else None,
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(mean(values), stdev(values) if len(values) > 1 else None)


def _written(number: Spread, digits: int) -> str:
    text = f"{number.value:.{digits}f}"
    return text if number.spread is None else f"{text} ± {number.spread:.{digits}f}"


def _differences(pairs: Sequence[tuple[Published, list[Outcome]]]) -> Iterator[str]:
    for row, mine in pairs:
        ours = _spreads(mine)
        named = zip(
            ("modes", "high quality in percent", "reverse KL"),
            (row.modes, row.quality, row.divergence),
            ours,
            strict=True,
        )
        said = [
            f"{name} {'above' if our.value > their.value else 'below'} "
            f"({our.value:.2f}, published {their.value:.2f})"
            for name, their, our in named
            if their is not None and our is not None and _apart(our, their)
        ]
        if said:
            yield f"{row.row} of {row.paper}, {row.world}: {'; '.join(said)}"


def _apart(one: Spread, other: Spread) -> bool:
    doubt = math.hypot(one.spread or 0.0, other.spread or 0.0)
    return abs(one.value - other.value) > _DOUBT * doubt


def _line(cells: Iterator[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
