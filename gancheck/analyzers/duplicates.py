"""How many distinct things the samples hold: near-duplicates, support size, entropies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits
from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.measures.vendi import rke, vendi
from gancheck.neighbors import between, count_within, nearest
from gancheck.reference import row_hashes
from gancheck.stats import (
    jackknife_se,
    poisson_interval,
    proportion_interval,
    tails_around,
    tails_of,
)
from gancheck.study import Study, View
from gancheck.types import Condition, Evidence, Exhibit, Finding, Interval, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

_LEAST = 100
_KERNEL_POINTS = 2000
_FOUND_AT_LEAST = 0.99  # share of true repetitions that lie within the tolerance of a view
_GROUPS = 10
_BLOCK_FLOATS = 4_000_000


@ANALYZERS.register("duplicates")
@dataclass(frozen=True)
class Duplicates:
    """Counts samples that are the same up to changes nobody sees, and what that says of the rest.

    What it measures:
        The share of samples with a near-duplicate among the others. ``distinct_samples``: the
        support size that so many coincidences speak for (birthday paradox): with s samples and C
        coinciding pairs, s (s - 1) / (2 C). Coincidences that the reference itself has at the same
        size are taken off. Vendi score, RKE and intrinsic dimension, each as a ratio to the
        reference.

    Why it matters:
        A generator can hit every mode and still hold one image for each. Few distinct samples
        need no reference to be seen.

    When it misleads:
        In few dimensions points coincide by chance: there the reference sets the scale, and
        without a reference only exact copies count. Entropies depend on the kernel's width and
        rise with junk; never read them alone.

    What to do:
        Look at the groups. Usual causes: latents that are ignored, a seed that is fixed inside the
        model, truncation, a training that oscillates between few outputs.

    References:
        Arora and Zhang 2017 (birthday paradox); Friedman and Dieng 2023 (Vendi); Jalali et al.
        2023 (RKE); Facco et al. 2017 (two nearest neighbours).
    """

    name = "duplicates"

    fail_support_below: int = 1000
    warn_support_below: int = 5000
    groups_shown: int = 5

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the support size, the duplicate rate and three ratios to the reference."""
        view = study.view
        if len(view.samples) < _LEAST:
            raise NotAvailable(f"needs at least {_LEAST} samples, got {len(view.samples)}")
        features = view.samples.values
        radius = duplicate_radius(view)
        twins = count_within(features, features, radius, exclude_self=True, device=view.device)
        base = _reference_pairs(view, radius, len(features))
        support = support_size(twins, base)
        tails = tails_of(lambda confidence: support_size(twins, base, confidence)[1:])
        yield Score("distinct_samples", *support, None, len(features), None, view.name, tails)
        yield self._judge_support(support, len(features))
        yield self._judge_rate(study, twins, radius)
        yield from _ratios(view)

    def _judge_support(self, support: tuple[float, float, float], n: int) -> Finding:
        value, low, high = support
        severity = Severity.OK
        if high < self.fail_support_below:
            severity = Severity.FAIL
        elif high < self.warn_support_below:
            severity = Severity.WARN
        title = f"about {value:,.0f} distinct samples"
        if severity == Severity.OK:
            title = f"no sign of fewer than {low:,.0f} distinct samples"
        if np.isinf(low):
            title = "samples repeat each other no more than those of the reference do"
        return Finding(
            id="duplicates.support",
            analyzer=self.name,
            severity=severity,
            title=title,
            detail=f"{n:,} samples repeat each other as often as draws from {low:,.0f} to "
            f"{high:,.0f} different ones would."
            if severity > Severity.OK
            else "",
            condition=Condition.FEW_DISTINCT_SAMPLES,
            value=value,
            interval=Interval(low, high),
            limit=f">= {self.warn_support_below:,}",
        )

    def _judge_rate(self, study: Study, twins: AnyArray, radius: float) -> Finding:
        hits, n = int((twins > 0).sum()), len(twins)
        copies = n - len(np.unique(row_hashes(study.samples.values), axis=0))
        shown = tuple(_largest_groups(study, twins, radius, self.groups_shown)) if hits else ()
        return Finding(
            id="duplicates.rate",
            analyzer=self.name,
            severity=Severity.NOTE if hits else Severity.OK,
            title=f"{hits / n:.1%} of the samples have a near-duplicate among {n:,}; "
            f"{copies:,} are exact copies",
            condition=Condition.FEW_DISTINCT_SAMPLES,
            value=hits / n,
            interval=proportion_interval(hits, n),
            exhibits=shown,
        )


def duplicate_radius(view: View) -> float:
    """Return the distance below which two samples count as the same."""
    try:
        return min(view.tolerance, view.twin_radius)
    except NotAvailable:
        return view.tolerance


def support_size(
    twins: AnyArray, expected: float, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Estimate how many distinct samples there are from how often samples coincide.

    Pairs over coinciding pairs, ``n (n - 1) / (2 C)``, estimates ``1 / sum p^2``: the support size
    of a uniform law, and a lower bound on it for any other. C is Poisson for a uniform law; for
    any other the variance of the twin counts beyond their mean is added (the first-order term of
    the U-statistic).

    Args:
        twins: (n,) how many others each sample coincides with.
        expected: Coinciding pairs that an equally large part of the reference would have.
        confidence: Two-sided coverage of the interval.

    Returns:
        Estimate and interval; its lower end allows for one coincidence in a hundred not being
        recognised. Without an excess of coincidences the estimate is the lower bound, and the upper
        end is infinite.
    """
    n, mean = len(twins), float(twins.mean())
    total, pairs = n * (n - 1) / 2, n * mean / 2
    excess = max(0.0, float(twins.var()) - mean)
    inflation = 1 + 2 * excess / mean if mean > 0 else 1.0
    edges = poisson_interval(pairs / inflation, confidence)
    low, high = (edge * inflation - expected for edge in edges)
    high /= _FOUND_AT_LEAST
    smallest = total / high if high > 0 else float("inf")
    if low <= 0:
        return smallest, smallest, float("inf")
    return total / (pairs - expected), smallest, total / low


def intrinsic_dimension(features: FloatArray, device: str = "cpu") -> float:
    """Estimate the dimension of the set that samples lie on, from their two nearest neighbours.

    The ratio of both distances follows a Pareto law whose exponent is the dimension (Facco et al.
    2017); the largest tenth is left out. Exact copies are merged first; 0 when all are copies.
    """
    points = np.unique(features, axis=0)
    if len(points) < 10:
        return 0.0
    pair = nearest(points, points, 2, exclude_self=True, device=device).distances.astype(np.float64)
    ratio = np.sort(pair[:, 1] / np.maximum(pair[:, 0], 1e-12))
    keep = int(len(ratio) * 0.9)
    log_ratio = np.log(ratio[:keep])
    log_tail = -np.log1p(-np.arange(1, keep + 1) / len(ratio))
    return float((log_ratio @ log_tail) / max(log_ratio @ log_ratio, 1e-12))


def _reference_pairs(view: View, radius: float, n: int) -> float:
    """Return how many pairs of n reference samples would coincide; 0 without a reference."""
    if view.scored is None:
        return 0.0
    reference = view.scored.values
    twins = count_within(reference, reference, radius, exclude_self=True, device=view.device)
    size = len(reference)
    return float(twins.sum()) / 2 * (n * (n - 1)) / max(1, size * (size - 1))


def _ratios(view: View) -> Iterator[Evidence]:
    if view.scored is None:
        return
    reference, samples = (side[:_KERNEL_POINTS] for side in view.equal())
    middle = reference.mean(axis=0)
    fifth = nearest(reference, reference, 5, exclude_self=True, device=view.device).distances
    width = max(2 * float(np.median(fifth[:, -1])), 1e-6)
    measures: dict[str, Callable[[FloatArray], float]] = {
        "vendi_ratio": lambda side: vendi(side - middle),
        "rke_ratio": lambda side: rke(side, width, view.device),
        "dimension_ratio": lambda side: intrinsic_dimension(side, view.device),
    }
    groups = np.arange(len(samples)) % _GROUPS
    for name, measure in measures.items():
        base = measure(reference)
        if base <= 0:  # a constant reference has no dimension to compare with
            continue
        value = measure(samples) / base
        without = np.array([measure(samples[groups != g]) for g in range(_GROUPS)]) / base
        se = jackknife_se(without)
        half = len(reference) // 2
        ceiling = measure(reference[:half]) / max(measure(reference[half:]), 1e-12)
        interval, tails = tails_around(value, se, value, high=float("inf"))
        yield Score(name, value, *interval, ceiling, len(samples), None, view.name, tails)


def _largest_groups(
    study: Study, twins: AnyArray, radius: float, count: int, tiles: int = 8
) -> Iterator[Exhibit]:
    """Show the samples with most near-duplicates, each with some of them."""
    features, left = study.view.samples.values, twins.copy()
    for number in range(count):
        seed = int(left.argmax())
        if left[seed] < 1:
            return
        members = np.flatnonzero(_distances(features, seed) <= radius)
        left[members] = 0
        if study.samples.kind != "image":
            continue
        yield exhibits.grid(
            f"Group {number + 1}: {len(members):,} samples",
            f"{len(members) / len(twins):.1%} of the samples are the same up to what this view "
            "tolerates; some of them, by number: "
            + ", ".join(study.samples.id_of(int(row)) for row in members[:tiles]),
            study.samples.values[members[:tiles]],
            role="samples",
        )


def _distances(features: FloatArray, row: int) -> FloatArray:
    """Return the distance of every point to one of them, (n,), a block of points at a time."""
    step = max(1, _BLOCK_FLOATS // features.shape[1])
    return np.concatenate(
        [between(features[at : at + step], features[row]) for at in range(0, len(features), step)]
    )
