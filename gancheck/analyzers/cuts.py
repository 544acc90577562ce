"""Places where neighbouring latents land far apart: the red lines of the latent picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gancheck.analyzers import ANALYZERS
from gancheck.latents.pictures import pictures
from gancheck.latents.search import Effort, LatentScan, joined_modes, scan
from gancheck.stats import jackknife_se, poisson_interval, proportion_interval, tails_around
from gancheck.study import Study
from gancheck.types import (
    Condition,
    Cut,
    Evidence,
    Exhibit,
    Finding,
    Rate,
    Score,
    Severity,
)

_LISTED = 50
_GROUPS = 10
_LEAST_SHARE = 10_000  # a share of nothing among the samples counts as one in so many
_SURE = 3.0  # expected crossings that leave a chance of 5% to see none


@ANALYZERS.register("cuts")
@dataclass(frozen=True)
class Cuts:
    """Scans lines through the latent space for jumps of the output.

    What it measures:
        Secants along random lines, in feature space. Steps much steeper than usual and large
        against the distance of random samples are halved again and again: a ``cut`` keeps its
        size (discontinuity), a ``bridge`` shrinks with the step but is steep, and is counted only
        when its middle lies off the reference, where there is one. ``cut_mass``: share of the
        prior's mass inside such transitions.

    Why it matters:
        A continuous generator that must draw separate modes pays with samples between them, along
        surfaces in the latent space. Interpolations jump there and editing breaks.

    When it misleads:
        ``cut_mass`` is rough: a transition counts as wide as the halved step that still holds half
        of its jump, which is a quarter to the whole of its true width. Path length and Jacobian
        norms are blind to cuts, so small values there prove nothing. Separate modes make bridges
        unavoidable: their number is not a fault by itself, their mass and what is drawn on them
        are. Generators with noise inside are not a map and are skipped.

    What to do:
        Look at the film strip across a bridge. Rejecting latents of the transition zone removes
        the samples between modes; a latent with as many components as there are modes removes
        the need for bridges.

    References:
        Tanielian et al. 2020 (mass between modes); Issenhuth et al. 2023 (optimal partitions);
        Karras et al. 2019 (path length).
    """

    name = "cuts"

    effort: Effort = field(default_factory=Effort)
    warn_mass_above: float = 0.02
    warn_lines_above: float = 0.1

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield each surface, the mass of the transitions, and one finding with pictures."""
        found = scan(study, self.effort)
        yield from self.report(study, found, pictures(study, found))

    def report(
        self, study: Study, found: LatentScan, shown: tuple[Exhibit, ...]
    ) -> Iterator[Evidence]:
        """Yield what a scan found, with pictures that were made of it."""
        cuts = list(_described(study, found))
        yield from cuts
        mass = _mass(found)
        yield mass
        yield self._judge(found, cuts, mass, shown)

    def _judge(
        self, found: LatentScan, cuts: list[Cut], mass: Score, shown: tuple[Exhibit, ...]
    ) -> Finding:
        lines = len(found.lines.starts)
        crossed = proportion_interval(found.crossed_lines, lines)
        heavy = mass.low > self.warn_mass_above or crossed.low > self.warn_lines_above
        title = f"no jumps along {lines:,} lines through the latent space"
        if len(found):
            title = (
                f"{found.crossed_lines:,} of {lines:,} lines cross a jump: {_counted(cuts)}, "
                f"{mass.value:.1%} of the prior's mass"
            )
        return Finding(
            id="cuts.crossings",
            analyzer=self.name,
            severity=Severity.WARN if heavy else Severity.NOTE if len(found) else Severity.OK,
            title=title,
            detail=" ".join(_detail(found)),
            condition=Condition.LATENT_CUTS,
            value=found.crossed_lines / lines,
            interval=crossed,
            limit=f"<= {self.warn_lines_above:.2f}",
            exhibits=shown,
        )


def _counted(cuts: list[Cut]) -> str:
    """Say how many surfaces of each kind there are."""
    parts = []
    for kind in ("cut", "bridge"):
        count = sum(cut.kind == kind for cut in cuts)
        if count:
            parts.append(f"{count} {kind if count == 1 else kind + 's'}")
    return " and ".join(parts) or "scattered, on no surface that was met three times"


def _detail(found: LatentScan) -> Iterator[str]:
    if len(found):
        yield (
            "Neighbouring latents on either side land far apart; in between lie samples that look "
            "like neither side."
        )
    if found.off is not None and found.off_share is not None and len(found):
        off = float(np.mean(found.off > 1))
        usual = max(found.off_share, 1 / _LEAST_SHARE)
        yield (
            f"{off:.0%} of their middles lie off the reference, {off / usual:,.0f} times the "
            f"share of all samples ({found.off_share:.1%})."
        )
    missed = _SURE / found.total_length
    yield (
        f"A surface that lines cross less than {missed:.3g} times per unit of length may have been "
        "missed (5% chance)."
    )


def _described(study: Study, found: LatentScan) -> Iterator[Cut]:
    """Sum up each surface; it is of the kind that most of its crossings are of."""
    for surface in found.surfaces:
        members = surface.members
        low, high = poisson_interval(len(members))
        length = found.total_length
        yield Cut(
            kind="cut" if found.sharp[members].mean() > 0.5 else "bridge",
            crossings=len(members),
            rate=Rate(len(members) / length, low / length, high / length),
            width=float(np.median(found.end[members] - found.start[members])),
            jump=float(np.median(found.jump[members])),
            normal=tuple(float(x) for x in surface.normal),
            offset=surface.offset,
            pieces=len(surface.pieces),
            boundary_accuracy=None if np.isnan(surface.accuracy) else surface.accuracy,
            off_reference=None if found.off is None else float(np.median(found.off[members])),
            modes=joined_modes(study, found, members),
            points=tuple(tuple(map(float, row)) for row in found.points[members[:_LISTED]]),
        )


def _mass(found: LatentScan) -> Score:
    """Score the prior's mass inside transitions; the interval leaves out lines."""
    mass = found.mass_by_line()
    group = np.arange(len(mass)) % _GROUPS
    without = np.array([mass[group != g].mean() for g in range(_GROUPS)])
    value = float(mass.mean())
    interval, tails = tails_around(value, jackknife_se(without), value)
    return Score("cut_mass", value, *interval, None, len(mass), tails=tails)
