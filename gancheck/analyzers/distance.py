"""Frechet, kernel and sliced Wasserstein distance: the numbers that published tables quote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.analyzers import ANALYZERS
from gancheck.measures.distances import Estimate, frechet, kernel, sliced_wasserstein
from gancheck.stats import tails_around
from gancheck.study import Study, View
from gancheck.types import Evidence, Finding, Score, Severity

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_UNBOUNDED = float("inf")


class _Measure(NamedTuple):
    """A distance, the least value it can take, and the most points it is given on each side."""

    name: str
    compare: Callable[[FloatArray, FloatArray], Estimate]
    least: float
    points: int | None


@ANALYZERS.register("distance")
@dataclass(frozen=True)
class Distance:
    """Reads how far the samples are from the reference, by three distances in common use.

    What it measures:
        ``frechet``: the squared distance of two Gaussians with the means and covariances of both
        sides, in squared units of the features; defined for collapsed samples as well.
        ``kernel``: the unbiased squared maximum mean discrepancy under a cubic kernel, without a
        unit; below zero by chance when the laws agree. ``wasserstein``: the work of moving one
        side onto the other along 128 fixed directions, in units of the features. All three in the
        main view. Reference and samples are cut into halves; the value is the mean of half against
        half, and the ceiling is what both halves of the reference read against each other: equal
        numbers of points, so equal bias. ``kernel`` and ``wasserstein`` look at no more than 2,500
        points of each half.

    Why it matters:
        These are the numbers that people ask for. Unlike an overlap they go on growing once two
        laws are apart, so that they still rank generators that are far off.

    When it misleads:
        Nothing is judged by them: no distance has a scale of its own, and none tells loss of
        variety from loss of fidelity. ``frechet`` sees means and covariances only, and is biased
        upwards by a small n: read it beside its ceiling, never beside a number from another n or
        another view. Published tables use Inception features, which are not those of any view
        here. The intervals hold the directions fixed, do not take away the bias, and are too wide
        where the laws agree.

    What to do:
        Compare two generators by them only in the same view, with the same reference and n. To
        learn what is wrong, look at the diversity, the modes and the fidelity.

    References:
        Heusel et al. 2017 (Frechet); Binkowski et al. 2018 (kernel); Rabin et al. 2011, Rowland et
        al. 2019 (sliced Wasserstein); Chong and Forsyth 2020 (what a small n does to them).
    """

    name = "distance"

    points: int = 2500

    def analyze(self, study: Study) -> Iterator[Evidence]:
        """Yield the three scores and one finding that says what they read."""
        measures = (
            _Measure("frechet", frechet, 0.0, None),
            _Measure("kernel", kernel, -_UNBOUNDED, self.points),
            _Measure("wasserstein", sliced_wasserstein, 0.0, self.points),
        )
        reference, samples = (_halves(side) for side in study.view.equal())
        scores = [_score(one, reference, samples, study.view) for one in measures]
        yield from scores
        yield self._summary(*scores)

    def _summary(self, by_moments: Score, by_kernel: Score, by_work: Score) -> Finding:
        return Finding(
            id="distance.summary",
            analyzer=self.name,
            severity=Severity.OK,
            title=f"Frechet distance {_beside(by_moments)}, kernel distance {_beside(by_kernel)}, "
            f"sliced Wasserstein distance {_beside(by_work)} between two halves of the reference",
            detail="Not judged: a distance has no scale of its own.",
        )


def _halves(side: FloatArray) -> tuple[FloatArray, FloatArray]:
    n = len(side) // 2
    return side[:n], side[n : 2 * n]


def _score(
    measure: _Measure,
    reference: tuple[FloatArray, FloatArray],
    samples: tuple[FloatArray, FloatArray],
    view: View,
) -> Score:
    """Average two comparisons that share no point; two halves of the reference are the ceiling."""
    n = min(len(reference[0]), measure.points or len(reference[0]))
    real, drawn = ([half[:n] for half in side] for side in (reference, samples))
    pairs = [measure.compare(one, other) for one, other in zip(real, drawn, strict=True)]
    value = float(np.mean([pair.value for pair in pairs]))
    se = float(np.hypot(pairs[0].se, pairs[1].se)) / 2
    interval, tails = tails_around(value, se, value, low=measure.least, high=_UNBOUNDED)
    ceiling = measure.compare(*real).value
    return Score(measure.name, value, *interval, ceiling, n, None, view.name, tails)


def _beside(score: Score) -> str:
    """Write a score and its ceiling."""
    value, ceiling = (
        f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
        for number in (score.value, score.ceiling or 0.0)
    )
    return f"{value} beside {ceiling}"
