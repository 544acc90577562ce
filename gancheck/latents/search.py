"""The latent space of one study: where lines cross jumps, and the surfaces those lie on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.latents.scan import Jumps, Secants, bisect, candidates, rises, walk
from gancheck.latents.surfaces import Crossings, Map, Surface, find_surfaces
from gancheck.neighbors import nearest
from gancheck.samplers.slices import Lines, lines_of_length
from gancheck.study import Study

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

_PAIRS = 512
_RESOLUTION = 1e-5  # relative to the size of features: float32 rounding with a margin
_NUDGE = 1e-4  # of a standard deviation
_EDGE = 0.999  # of the distances of reference samples to their nearest neighbours
_TOLERANCE = 0.02
_NARROW = 1 / 16  # half width of a jump, of a step, below which it stands alone in its step
_BESIDE = 8.0  # half widths around such a jump in which it makes all of it
_NORMAL_COST = 50  # evaluations per dimension that the normal of one piece takes
_PIECES = (4, 64)


@dataclass(frozen=True)
class Effort:
    """How hard to look, and what counts.

    Attributes:
        evaluations: Of the generator, along lines; looking closer takes about as many again.
        contrast: A step this many times steeper than the median is looked at closer.
        contrast_off: The same for steps whose middle lies off the reference.
        least_jump: Smallest jump that counts, in units of the distance of random samples.
        cut_exponent: Below this decay per halving a jump is a discontinuity.
        least_crossings: Surfaces met less often are not listed.
    """

    evaluations: int = 12_800
    contrast: float = 8.0
    contrast_off: float = 3.0
    least_jump: float = 0.1
    cut_exponent: float = 0.3
    least_crossings: int = 3


@dataclass(frozen=True)
class LatentScan:
    """What a scan found; arrays have one entry per crossing, the largest jump first.

    Attributes:
        lines: The lines.
        total_length: Latent length of all of them.
        scale: Median feature distance of random pairs of samples.
        line: Which line each crossing is on.
        length: Where on it.
        jump: Feature distance between its sides, in units of the scale.
        sharp: Whether it is a discontinuity.
        start: Length at which a tenth of the jump is made.
        end: Length at which nine tenths are.
        off: Distance of its middle from the reference, 1 at the edge of what reference samples
            do; None without one.
        off_share: Share of all samples beyond that edge; None without a reference.
        surfaces: What the crossings lie on; members are numbers of crossings.
    """

    lines: Lines
    total_length: float
    scale: float
    line: IntArray
    length: FloatArray
    jump: FloatArray
    sharp: AnyArray
    start: FloatArray
    end: FloatArray
    off: FloatArray | None
    off_share: float | None
    surfaces: tuple[Surface, ...]

    def __len__(self) -> int:
        return len(self.line)

    @property
    def points(self) -> FloatArray:
        """Latents (m, d) in the middle of the crossings."""
        return self.lines.at(self.line, self.length)

    @property
    def crossed_lines(self) -> int:
        """Number of lines with a crossing."""
        return len(np.unique(self.line))

    def mass_by_line(self) -> FloatArray:
        """Prior's mass that each line spends inside transitions; its mean is the mass of all."""
        inside = (self.end - self.start) * self.lines.density(self.line, self.length)
        return np.asarray(np.bincount(self.line, inside, minlength=len(self.lines.starts)), float)


def scan(study: Study, effort: Effort) -> LatentScan:
    """Scan the latent space of a generator.

    Raises:
        NotAvailable: The subject is a set of samples, its law is one's own, or it is not a map.
    """
    law, d = study.spec.latent_law, study.dimension
    lines, steps = lines_of_length(law, d, effort.evaluations, study.seed)
    _require_map(study, lines)
    run = study.features_at
    scale = random_pair_distance(study)
    _require_course(lines, run, effort.least_jump * scale)
    secants = walk(lines, run, steps)
    far = Far.of(study)
    chosen = _candidates(secants, effort, scale, far)
    rounding = _RESOLUTION * float(np.abs(study.view.samples.values).max())
    jumps = bisect(lines, run, secants, chosen, resolution=rounding)
    off = _distance_off(far, run, lines, jumps)
    kept, sharp = _kept(secants, jumps, chosen, effort, off)
    start, end = _extents(lines, run, secants, jumps, chosen, kept, sharp)
    crossings = _crossings(lines, jumps, kept)
    return LatentScan(
        lines=lines,
        total_length=secants.total_length,
        scale=scale,
        line=jumps.line[kept],
        length=jumps.length[kept],
        jump=jumps.size[kept] / scale,
        sharp=sharp,
        start=start,
        end=end,
        off=None if off is None else off[kept],
        off_share=None if far is None else float(np.mean(far(study.view.samples.values) > 1)),
        surfaces=_surfaces(study, crossings, effort),
    )


def random_pair_distance(study: Study) -> float:
    """Return the median distance of random pairs of the reference, else of the samples."""
    view = study.view
    features = view.samples.values if view.scored is None else view.scored.values
    rng = study.rng("cuts")
    left, right = rng.integers(len(features), size=(2, _PAIRS))
    distances = np.linalg.norm(features[left] - features[right], axis=1)
    return max(float(np.median(distances[left != right])), 1e-12)


@dataclass(frozen=True)
class Far:
    """How far features lie off the reference, 1 at the edge of what reference samples do.

    The edge is the 99.9% quantile of the distance of a reference sample to its nearest neighbour.
    """

    reference: FloatArray
    edge: float
    device: str

    @classmethod
    def of(cls, study: Study) -> Far | None:
        """Measure the edge; None without a reference."""
        view = study.view
        if view.scored is None:
            return None
        reference = view.scored.values
        own = nearest(reference, reference, 1, exclude_self=True, device=view.device).distances
        return cls(reference, max(float(np.quantile(own, _EDGE)), 1e-12), view.device)

    def __call__(self, features: FloatArray) -> FloatArray:
        """Return the distance of features (n, dim) from the reference in units of the edge."""
        if not len(features):
            return np.empty(0)
        found = nearest(features, self.reference, 1, device=self.device).distances[:, 0]
        return np.asarray(found / self.edge)


def joined_modes(study: Study, scan: LatentScan, members: IntArray) -> tuple[str, ...]:
    """Name the two modes that crossings join most often; nothing without a reference."""
    try:
        modes = study.modes
    except NotAvailable:
        return ()
    line = scan.line[members]
    reach = scan.end[members] - scan.start[members]
    sides = [
        modes.assign(study.features_at(scan.lines.at(line, lengths)))
        for lengths in (scan.start[members] - reach, scan.end[members] + reach)
    ]
    pairs = Counter(
        tuple(sorted((int(one), int(other))))
        for one, other in zip(*sides, strict=True)
        if one >= 0 and other >= 0
    )
    if not pairs:
        return ()
    best = pairs.most_common(1)[0][0]
    return tuple(modes.names[mode] for mode in best)


def _require_map(study: Study, lines: Lines) -> None:
    """Refuse generators that answer the same latent differently."""
    rows = np.arange(min(32, len(lines.starts)))
    latents = lines.at(rows, np.zeros(len(rows)))
    first, again = study.outputs_at(latents), study.outputs_at(latents)
    scale = max(float(np.abs(first).max()), 1e-12)
    if float(np.abs(first - again).max()) > 1e-3 * scale:
        raise NotAvailable("the generator is not a map: the same latent gives different outputs")


def _require_course(lines: Lines, run: Map, least: float) -> None:
    """Refuse outputs that jump wherever one looks: noise that follows the latent like a hash."""
    rows = np.arange(min(32, len(lines.starts)))
    here, beside = (run(lines.at(rows, np.full(len(rows), at))) for at in (0.0, _NUDGE))
    if float(np.median(np.linalg.norm(here - beside, axis=1))) > least:
        raise NotAvailable(
            "the output does not follow the latent: there is noise in it that the slightest move "
            "draws anew"
        )


def _candidates(
    secants: Secants, effort: Effort, scale: float, far: Far | None
) -> tuple[IntArray, IntArray]:
    """Choose steps that are very steep, and less steep ones that begin or end off the reference."""
    least = effort.least_jump * scale
    steep = candidates(secants, contrast=effort.contrast, least=least)
    if far is None:
        return steep
    line, step = candidates(secants, contrast=effort.contrast_off, least=least)
    off = np.maximum(far(secants.features[line, step]), far(secants.features[line, step + 1]))
    chosen = np.zeros(secants.jumps.shape, dtype=bool)
    chosen[steep] = True
    chosen[line[off > 1], step[off > 1]] = True
    found = np.nonzero(chosen)
    return found[0], found[1]


def _distance_off(far: Far | None, run: Map, lines: Lines, jumps: Jumps) -> FloatArray | None:
    if far is None:
        return None
    if not len(jumps.line):
        return np.empty(0)
    return far(run(lines.at(jumps.line, jumps.length)))


def _kept(
    secants: Secants,
    jumps: Jumps,
    steps: tuple[IntArray, IntArray],
    effort: Effort,
    off: FloatArray | None,
) -> tuple[IntArray, AnyArray]:
    """Keep discontinuities and steep passages off the reference, one of each row of steps."""
    count = secants.jumps.shape[1]
    sharp = (jumps.exponent < effort.cut_exponent) & (
        jumps.width < secants.step[jumps.line] / count
    )
    usual = max(float(np.median(secants.slopes)), 1e-12)
    if off is None:
        bridge = ~sharp & (jumps.slope > effort.contrast * usual)
    else:
        bridge = ~sharp & (jumps.slope > effort.contrast_off * usual) & (off > 1)
    bridge &= _steepest_of_each_row(steps, np.where(bridge, jumps.slope, -1.0))
    kept = np.flatnonzero(sharp | bridge)
    kept = kept[np.argsort(-jumps.size[kept], kind="stable")]
    return kept, sharp[kept]


def _steepest_of_each_row(steps: tuple[IntArray, IntArray], slope: FloatArray) -> AnyArray:
    """Mark the steepest of each run of neighbouring steps on a line: it is one passage."""
    line, step = steps
    marked = np.zeros(len(line), dtype=bool)
    if not len(line):
        return marked
    fresh = np.concatenate([[True], (np.diff(line) != 0) | (np.diff(step) != 1)])
    row = np.cumsum(fresh) - 1
    order = np.lexsort((-slope, row))
    first = np.concatenate([[True], np.diff(row[order]) != 0])
    marked[order[first]] = True
    return marked


def _extents(
    lines: Lines,
    run: Map,
    secants: Secants,
    jumps: Jumps,
    steps: tuple[IntArray, IntArray],
    kept: IntArray,
    sharp: AnyArray,
) -> tuple[FloatArray, FloatArray]:
    """Measure from where to where each kept jump goes, within its row of steps and one beside."""
    line, step = steps
    if not len(kept):
        return np.empty(0), np.empty(0)
    fresh = np.concatenate([[True], (np.diff(line) != 0) | (np.diff(step) != 1)])
    row = np.cumsum(fresh) - 1
    first, last = step[fresh][row], step[np.append(fresh[1:], True)][row]
    before = np.maximum(first[kept] - 1, 0)
    after = np.minimum(last[kept] + 2, secants.jumps.shape[1])
    on = jumps.line[kept]
    middle, half = jumps.length[kept], jumps.width[kept] / 2
    # Beside a narrow jump, the rest of its row belongs to other jumps.
    reach = np.where(half < _NARROW * secants.step[on], _BESIDE * half, np.inf)
    low = np.maximum(secants.lengths[on, before], middle - reach)
    high = np.minimum(secants.lengths[on, after], middle + reach)
    start, end = rises(lines, run, on, low, high)
    return np.where(sharp, middle - half, start), np.where(sharp, middle + half, end)


def _crossings(lines: Lines, jumps: Jumps, kept: IntArray) -> Crossings:
    line, length = jumps.line[kept], jumps.length[kept]
    return Crossings(
        points=lines.at(line, length).astype(np.float64),
        directions=lines.headings(line, length),
        sizes=jumps.size[kept],
        widths=jumps.width[kept],
    )


def _surfaces(study: Study, crossings: Crossings, effort: Effort) -> tuple[Surface, ...]:
    least, most = _PIECES
    affordable = effort.evaluations // (_NORMAL_COST * study.dimension)
    return find_surfaces(
        crossings,
        study.features_at,
        tolerance=_TOLERANCE,
        least=effort.least_crossings,
        most=min(most, max(least, affordable)),
    )
