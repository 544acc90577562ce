"""Places where neighbouring latents land far apart: the red lines of the latent picture."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.neighbors import nearest
from gancheck.samplers.slices import Lines, plane, random_lines
from gancheck.scan import Jumps, Secants, bisect, candidates, walk
from gancheck.stats import around, jackknife_se, proportion_interval
from gancheck.study import Study
from gancheck.types import Condition, Cut, Evidence, Exhibit, Finding, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_PAIRS = 512
_RESOLUTION = 1e-5  # relative to the size of features: float32 rounding with a margin
_LISTED = 100
_GROUPS = 10


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

    lines: int = 200
    steps: int = 64
    contrast: float = 8.0
    least_jump: float = 0.1
    cut_exponent: float = 0.3
    warn_mass_above: float = 0.02
    warn_lines_above: float = 0.1

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield each cut and bridge, the mass they take, and one finding with pictures."""
        lines = random_lines(study.spec.latent_law, study.dimension, self.lines, study.seed)
        _require_map(study, lines)
        secants = walk(lines, study.features_at, self.steps)
        scale = _random_pair_distance(study)
        chosen = candidates(secants, contrast=self.contrast, least=self.least_jump * scale)
        rounding = _RESOLUTION * float(np.abs(study.view.samples.values).max())
        jumps = bisect(lines, study.features_at, secants, chosen, resolution=rounding)
        kept, off = self._classify(study, lines, secants, jumps)
        found = [self._cut(lines, secants, jumps, int(i), off, scale) for i in kept]
        yield from found[:_LISTED]
        mass = _mass(lines, jumps, kept)
        yield mass
        crossed = len(np.unique(jumps.line[kept]))
        yield self._judge(found, crossed, mass, _pictures(study, lines, jumps, kept))

    def _classify(
        self, study: Study, lines: Lines, secants: Secants, jumps: Jumps
    ) -> tuple[AnyArray, FloatArray]:
        """Keep discontinuities, and steep passages whose middle lies off the reference."""
        off = _distance_off(study, lines.at(jumps.line, jumps.length)) if len(jumps.line) else None
        is_cut = (jumps.exponent < self.cut_exponent) & (
            jumps.width < secants.step[jumps.line] / self.steps
        )
        steep = jumps.slope > self.contrast * np.median(secants.slopes)
        bridge = steep if off is None else steep & (off > 1)
        kept = np.flatnonzero(is_cut | bridge)
        order = kept[np.argsort(-jumps.size[kept], kind="stable")]
        return order, np.full(len(jumps.line), np.nan) if off is None else off

    def _cut(
        self, lines: Lines, secants: Secants, jumps: Jumps, i: int, off: FloatArray, scale: float
    ) -> Cut:
        line = int(jumps.line[i])
        spot = jumps.line[i : i + 1], jumps.length[i : i + 1]
        sharp = jumps.exponent[i] < self.cut_exponent
        return Cut(
            kind="cut" if sharp and jumps.width[i] < secants.step[line] / self.steps else "bridge",
            position=tuple(float(x) for x in lines.at(*spot)[0]),
            direction=tuple(float(x) for x in lines.headings(*spot)[0]),
            jump=float(jumps.size[i] / scale),
            width=float(jumps.width[i]),
            slope_exponent=float(jumps.exponent[i]),
            contrast=float(jumps.slope[i] / max(float(np.median(secants.slopes)), 1e-12)),
            off_reference=None if np.isnan(off[i]) else float(off[i]),
        )

    def _judge(
        self, found: list[Cut], crossed_lines: int, mass: Score, pictures: tuple[Exhibit, ...]
    ) -> Finding:
        sharp = sum(cut.kind == "cut" for cut in found)
        crossed = proportion_interval(crossed_lines, self.lines)
        heavy = mass.low > self.warn_mass_above or crossed.low > self.warn_lines_above
        title = f"no jumps along {self.lines} lines through the latent space"
        if found:
            title = (
                f"{crossed_lines} of {self.lines} lines cross a jump: {sharp} cuts and "
                f"{len(found) - sharp} bridges, {mass.value:.1%} of the prior's mass"
            )
        return Finding(
            id="cuts.crossings",
            analyzer=self.name,
            severity=Severity.WARN if heavy else Severity.NOTE if found else Severity.OK,
            title=title,
            detail="Neighbouring latents on either side land far apart; in between lie samples "
            "that look like neither side."
            if found
            else "",
            condition=Condition.LATENT_CUTS,
            value=crossed_lines / self.lines,
            interval=crossed,
            limit=f"<= {self.warn_lines_above:.2f}",
            exhibits=pictures,
        )


def _require_map(study: Study, lines: Lines) -> None:
    """Refuse generators that answer the same latent differently."""
    rows = np.arange(min(32, len(lines.starts)))
    latents = lines.at(rows, np.zeros(len(rows)))
    first, again = study.outputs_at(latents), study.outputs_at(latents)
    scale = max(float(np.abs(first).max()), 1e-12)
    if float(np.abs(first - again).max()) > 1e-3 * scale:
        raise NotAvailable("the generator is not a map: the same latent gives different outputs")


def _random_pair_distance(study: Study) -> float:
    """Return the median distance of random pairs of the reference, else of the samples."""
    view = study.view
    features = view.samples.values if view.scored is None else view.scored.values
    rng = study.rng("cuts")
    left, right = rng.integers(len(features), size=(2, _PAIRS))
    distances = np.linalg.norm(features[left] - features[right], axis=1)
    return max(float(np.median(distances[left != right])), 1e-12)


def _distance_off(study: Study, latents: FloatArray) -> FloatArray | None:
    """Return how far outputs lie off the reference, 1 at the edge of what real samples do.

    The edge is the 99.9% quantile of the distance of a reference sample to its nearest neighbour.
    """
    view = study.view
    if view.scored is None:
        return None
    reference = view.scored.values
    own = nearest(reference, reference, 1, exclude_self=True, device=view.device).distances
    far = nearest(study.features_at(latents), reference, 1, device=view.device).distances[:, 0]
    return np.asarray(far / max(float(np.quantile(own, 0.999)), 1e-12))


def _mass(lines: Lines, jumps: Jumps, kept: AnyArray) -> Score:
    """Score the prior's mass inside transitions; the interval leaves out lines."""
    line, count = jumps.line[kept], len(lines.starts)
    inside = jumps.width[kept] * lines.density(line, jumps.length[kept])
    mass = np.bincount(line, inside, minlength=count)
    group = np.arange(count) % _GROUPS
    without = np.array([mass[group != g].mean() for g in range(_GROUPS)])
    low, high = around(float(mass.mean()), jackknife_se(without))
    return Score("cut_mass", float(mass.mean()), low, high, None, count)


def _pictures(study: Study, lines: Lines, jumps: Jumps, kept: AnyArray) -> tuple[Exhibit, ...]:
    shown: list[Exhibit] = []
    with contextlib.suppress(NotAvailable):
        shown.append(_slice_picture(study, lines.at(jumps.line[kept], jumps.length[kept])))
    if len(kept) and study.samples.kind == "image":
        shown.extend(_film_strip(study, lines, jumps, int(i)) for i in kept[:3])
    return tuple(shown)


def _slice_picture(study: Study, crossings: FloatArray) -> Exhibit:
    """Draw how fast the output changes over a plane of latents; crossings in red if it is all."""
    side = 160 if study.dimension == 2 else 64
    cut = plane(study.spec.latent_law, study.dimension, side, study.seed)
    features = study.features_at(cut.latents).reshape(side, side, -1)
    down = np.linalg.norm(np.diff(features, axis=0), axis=2)[:, :-1]
    across = np.linalg.norm(np.diff(features, axis=1), axis=2)[:-1]
    speed = np.maximum(down, across) / max(_random_pair_distance(study), 1e-12)
    chosen = "the whole latent space" if cut.exact else "a random plane through the centre"
    return exhibits.heatmap(
        "How fast the output changes",
        f"Change between neighbouring latents over {chosen}, in units of the distance of random "
        "samples (logarithmic)." + " Red: crossings found along the lines." * cut.exact,
        np.log10(np.maximum(speed, 1e-6)),
        cut.extent,
        unit="log10 change per cell",
        axes=("z1", "z2"),
        marks=crossings[:2000] if cut.exact else None,
    )


def _film_strip(study: Study, lines: Lines, jumps: Jumps, i: int, tiles: int = 9) -> Exhibit:
    reach = 2 * float(jumps.width[i])
    lengths = jumps.length[i] + np.linspace(-reach, reach, tiles)
    images = study.outputs_at(lines.at(np.full(tiles, jumps.line[i]), lengths))
    return exhibits.strip(
        "Across a jump",
        f"Samples along {2 * reach:.2g} latent units across the jump.",
        images,
        [f"{offset:+.2g}" for offset in np.linspace(-reach, reach, tiles)],
    )
