"""Precision, recall, density, coverage, and the two-sided overlap that carries the score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gancheck.analyzers import ANALYZERS
from gancheck.embedders.interface import is_tolerant
from gancheck.errors import NotAvailable
from gancheck.measures.balance import BALANCED, counted, mode_overlap
from gancheck.measures.overlap import Overlap, overlap
from gancheck.measures.prdc import Mean, clipped_density, compare, prdc
from gancheck.stats import tails_around
from gancheck.study import Study, View
from gancheck.types import Condition, Evidence, Finding, Interval, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_LEAST_COUNTED = 100
_OVERLAP_VERSION = 2  # rises whenever `overlap` gives other numbers for the same samples


@ANALYZERS.register("coverage")
@dataclass(frozen=True)
class Coverage:
    """Compares samples and reference as two clouds of points in feature space.

    What it measures:
        ``diversity``: the share of the reference's variety that the samples reproduce: two-sided
        overlap times the share of distinct samples, in the main view. ``overlap``: the same in the
        strict view, where loss of fidelity counts as well, and cut at what a classifier that tells
        the sides apart proves. ``fidelity``: clipped density in the strict view. ``precision``,
        ``recall``, ``density`` and ``coverage`` as published.

    Why it matters:
        A generator that draws the same few things covers little of the reference, however sharp
        each image is.

    When it misleads:
        Two laws that overlap partly at the scale of neighbouring points look more alike than they
        are in many dimensions. Every number is only as good as the embedder. The published four
        have no fixed value for equal laws, saturate, and miss a generator that shrinks into the
        middle of each mode; they are here to be compared with other people's.

    What to do:
        Look at which modes are missing. More samples narrow the interval. A diversity far below
        the overlap of held-out data calls for a remedy against collapse: packing discriminators,
        minibatch statistics, gradient penalties, two time-scale learning rates.

    References:
        Kynkaanniemi et al. 2019 (precision, recall); Naeem et al. 2020 (density, coverage);
        Salvy et al. 2025 (clipped density and coverage); Raisa et al. 2025 (what all of them miss).
    """

    name = "coverage"

    k: int = 5
    fail_below: float = 0.5
    warn_below: float = 0.8
    fidelity_warn_below: float = 0.5
    trusted_from: float = 0.8

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the scores and a finding on diversity and one on fidelity."""
        view, strict = study.view, study.strict_view
        main = _overlap(view)
        diversity = _overlap_score("diversity", main, view)
        yield diversity
        if strict is view:
            yield replace(diversity, name="overlap")
        else:
            yield _overlap_score("overlap", _overlap(strict), strict)
        found = _means(view, strict, View.equal, self.k)
        ceilings = view.once(f"{self}", lambda: _means(view, strict, _halves, self.k))
        ceiling = min(1.0, float(ceilings["clipped"].each.mean()))
        fidelity = _mean_score("fidelity", found.pop("clipped"), ceiling, (self.k, strict.name))
        yield fidelity
        yield from _published(found, ceilings, (self.k, view.name))
        yield self._judge_diversity(main, view, balanced=_is_balanced(study))
        yield self._judge_fidelity(fidelity)

    def _judge_diversity(self, main: Overlap, view: View, *, balanced: bool) -> Finding:
        severity = Severity.OK
        if main.high < self.fail_below:
            severity = Severity.FAIL
        elif main.high < self.warn_below:
            severity = Severity.WARN
        condition, reading = read_sides(main, balanced=balanced)
        if severity is Severity.FAIL and not self._trusts(view, main):
            severity = Severity.WARN
            reading += (
                " This view also reads changes that nobody sees as a loss (see the check of the "
                "view), so that a loss of fidelity cannot be ruled out."
            )
        return Finding(
            id="coverage.diversity",
            analyzer=self.name,
            severity=severity,
            title=f"the samples reproduce {main.value:.0%} of the reference's variety",
            detail=reading if severity > Severity.OK else "",
            condition=condition,
            value=main.value,
            interval=Interval(main.low, main.high),
            limit=f">= {self.warn_below:.2f}",
        )

    def _judge_fidelity(self, score: Score) -> Finding:
        low = score.high < self.fidelity_warn_below
        return Finding(
            id="coverage.fidelity",
            analyzer=self.name,
            severity=Severity.WARN if low else Severity.OK,
            title=f"clipped density {score.value:.2f}: "
            + ("many samples lie off the reference" if low else "samples lie among the reference"),
            detail="Single samples look unlike the reference in the strict view. That is loss of "
            "fidelity, not of variety." * low,
            condition=Condition.OFF_DISTRIBUTION,
            value=score.value,
            interval=Interval(score.low, score.high),
            limit=f">= {self.fidelity_warn_below:.2f}",
        )

    def _trusts(self, view: View, main: Overlap) -> bool:
        """Tell whether a low diversity can mean nothing but lost variety.

        Repeated samples are repeated in any view; everything else is judged by a view that must
        not be moved by what nobody sees.
        """
        steady = view.trust is None or view.trust.least >= self.trusted_from
        return steady or main.uniqueness < self.fail_below


def read_sides(main: Overlap, *, balanced: bool = False) -> tuple[Condition, str]:
    """Name the disease that a low overlap speaks for, from how its two sides differ.

    Args:
        main: The overlap.
        balanced: Whether the shares of the modes agree.
    """
    crowding = main.from_reference - main.from_samples
    if main.uniqueness < 0.5:
        return Condition.FEW_DISTINCT_SAMPLES, (
            f"Only {main.uniqueness:.0%} of the samples are distinct: most repeat another one."
        )
    if crowding > max(0.15, 2 * main.side_se):
        return Condition.WITHIN_MODE_COLLAPSE, (
            "Samples crowd into the middle of the reference: they are closer to it than it is to "
            "itself, and leave its outskirts empty. Usual causes: truncation, a mode drawn in one "
            "style only, blur."
        )
    if crowding < -max(0.15, 2 * main.side_se):
        return Condition.OFF_DISTRIBUTION, (
            "Samples spread wider than the reference: noise, artefacts or the wrong output range."
        )
    if balanced:
        return Condition.WITHIN_MODE_COLLAPSE, (
            "The shares of the modes agree, so what is missing is missing inside them: a part of "
            "each mode, or its width."
        )
    return Condition.IMBALANCED_MODES, (
        "Some regions of the reference get too few samples or none, others too many. See the modes."
    )


def _is_balanced(study: Study) -> bool:
    """Tell whether the shares of the modes agree; without modes nobody knows."""
    try:
        found, known, count = study.found_modes, study.reference_modes, len(study.modes.names)
    except NotAvailable:
        return False
    hits, base = counted(found, count), counted(known, count)
    if min(hits.sum(), base.sum()) < _LEAST_COUNTED:
        return False
    return mode_overlap(hits, base, study.rng("modes"))[0] >= BALANCED


def _overlap(view: View) -> Overlap:
    reference, samples = view.equal()
    return overlap(
        reference,
        samples,
        tolerance=view.twin_radius,
        device=view.device,
        classify=not is_tolerant(view.embedding),
    )


def _overlap_score(name: str, found: Overlap, view: View) -> Score:
    if view.trust is None:
        half = _halves(view)
        ceiling = overlap(*half, tolerance=view.twin_radius, device=view.device).value
    else:
        ceiling = view.trust.ceiling.value
    return Score(
        name,
        found.value,
        found.low,
        found.high,
        ceiling,
        found.n,
        found.k,
        view.name,
        found.tails,
        found.replicates,
        version=_OVERLAP_VERSION,
    )


def _halves(view: View) -> tuple[FloatArray, FloatArray]:
    """Split the scored reference in two equal parts: reference against reference."""
    n = len(view.reference) // 2
    return view.reference[:n], view.reference[n : 2 * n]


def _means(
    view: View, strict: View, sides: Callable[[View], tuple[FloatArray, FloatArray]], k: int
) -> dict[str, Mean]:
    """Return the published four, and the clipped density of the strict view, in shared passes."""
    if strict is view:
        return compare(*sides(view), k, device=view.device).means
    clipped = clipped_density(*sides(strict), k, strict.device)
    return {**prdc(*sides(view), k, view.device), "clipped": clipped}


def _published(
    means: dict[str, Mean], ceilings: dict[str, Mean], how: tuple[int, str]
) -> Iterator[Score]:
    for name, found in means.items():
        most = float("inf") if name == "density" else 1.0
        ceiling = float(ceilings[name].each.mean())
        yield _mean_score(name, found, ceiling, how, most=most)


def _mean_score(
    name: str, found: Mean, ceiling: float, how: tuple[int, str], *, most: float = 1.0
) -> Score:
    """Score a mean over the points of one side, with the error that both sides bring."""
    middle, (k, view) = float(found.each.mean()), how
    value = min(most, middle)
    interval, tails = tails_around(middle, found.se, value, high=most)
    return Score(name, value, *interval, ceiling, len(found.each), k, view, tails)
