"""Distances as scores: like beside like, shown and never judged."""

from __future__ import annotations

import numpy as np
import pytest

from analyzers.studies import findings, normal, sample_set, scores, study_of
from gancheck.analyzers.distance import Distance
from gancheck.measures.distances import frechet
from gancheck.study import Study
from gancheck.types import Severity

NAMES = ["frechet", "kernel", "wasserstein"]


def compared(
    n: int, d: int, *, scale: float = 1.0, shift: float = 0.0, seed: int = 0, m: int | None = None
) -> Study:
    """Build a study of m samples, scaled and shifted along one axis, against n of a normal law."""
    samples = normal(m or n, d, seed + 1, sd=scale)
    samples[:, 0] += shift
    apart = sample_set(normal(50, d, seed + 2))
    return study_of(sample_set(samples), sample_set(normal(n, d, seed + 3)), independent=apart)


def test_three_scores_say_where_they_come_from() -> None:
    """Each has its ceiling, half the number of points, and the name of the main view."""
    found = scores(Distance().analyze(compared(300, 8)))
    assert list(found) == NAMES
    for score in found.values():
        assert (score.n, score.view, score.k) == (150, "identity", None)
        assert score.ceiling is not None


def test_the_value_is_the_mean_of_two_halves() -> None:
    """First half against first half and second against second, at equal n."""
    study = compared(200, 4, shift=0.5, m=331)
    real, drawn = study.view.reference, study.view.samples.values
    wanted = [frechet(real[:100], drawn[:100]), frechet(real[100:], drawn[100:200])]
    found = scores(Distance().analyze(study))["frechet"]
    assert found.value == pytest.approx(np.mean([one.value for one in wanted]))
    assert found.ceiling == pytest.approx(frechet(real[:100], real[100:]).value)


@pytest.mark.parametrize("name", NAMES)
def test_equal_laws_read_their_ceiling(name: str) -> None:
    """With as many dimensions as points to a half, bias and all, sound samples read the ceiling."""
    ratios = []
    for seed in range(6):
        found = scores(Distance().analyze(compared(200, 100, seed=10 * seed)))[name]
        assert found.ceiling is not None
        ratios.append(found.value - found.ceiling)
        spread = found.high - found.low
    assert abs(np.mean(ratios)) < spread / 2


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_lies_above_the_ceiling(name: str) -> None:
    """A shift by one standard deviation, and a spread cut to half, lie above with all of it."""
    for study in (compared(600, 8, shift=1.0), compared(600, 8, scale=0.5)):
        found = scores(Distance().analyze(study))[name]
        assert found.ceiling is not None
        assert found.low > found.ceiling


def test_a_shift_has_its_known_size() -> None:
    """A shift by three adds 9 to the Frechet distance; its interval holds what it should."""
    found = scores(Distance().analyze(compared(4000, 8, shift=3.0)))["frechet"]
    assert found.ceiling is not None
    assert found.low <= 9.0 + found.ceiling <= found.high


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_nothing_is_ever_flagged(scale: float) -> None:
    """Collapsed to a point, sound or far off: one finding, without limit or condition, and OK."""
    found = findings(Distance().analyze(compared(200, 8, scale=scale)))
    assert list(found) == ["distance.summary"]
    one = found["distance.summary"]
    assert (one.severity, one.limit, one.condition) == (Severity.OK, None, None)


def test_a_collapse_to_a_point_is_as_far_as_the_spread_of_the_reference() -> None:
    """Samples at the mean of a standard normal law in 8 dimensions are about 8 away, finitely."""
    found = scores(Distance().analyze(compared(1000, 8, scale=0.0)))
    assert found["frechet"].value == pytest.approx(8, rel=0.1)
    for score in found.values():
        assert np.isfinite([score.value, score.low, score.high]).all()


def test_the_summary_reads_the_scores() -> None:
    """The sentence names each distance with its value and its ceiling."""
    evidence = list(Distance().analyze(compared(300, 8, shift=40.0)))
    title = findings(evidence)["distance.summary"].title
    for score in scores(evidence).values():
        assert score.ceiling is not None
        assert f"{score.ceiling:.3g}" in title
    assert f"Frechet distance {scores(evidence)['frechet'].value:,.0f} beside" in title


def test_pairs_of_points_are_thinned() -> None:
    """The two slower distances look at no more points than they are told; all are counted."""
    found = scores(Distance(points=60).analyze(compared(300, 4)))
    assert [found[name].n for name in NAMES] == [150, 60, 60]


def test_negative_values_are_kept() -> None:
    """For equal laws the kernel distance is below zero in some runs, and says so."""
    values = [
        scores(Distance().analyze(compared(120, 8, seed=10 * seed)))["kernel"].value
        for seed in range(8)
    ]
    assert min(values) < 0
