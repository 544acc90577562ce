"""The rule of the bench: what counts as missed and what as a false alarm."""

from __future__ import annotations

import numpy as np
import pytest

from bench.accuracy.cases import COPIES, FIDELITY, NOTHING, VARIETY, WELL, Case, Claim
from bench.accuracy.judge import (
    Band,
    Ruling,
    diversity_ruling,
    peer_ruling,
    ruling,
    verdict_ruling,
)
from bench.accuracy.lookup import unchanged
from bench.accuracy.measures import MEASURES
from gancheck.types import Condition, Score

BY_NAME = {measure.name: measure for measure in MEASURES}


def case(sick: frozenset[Claim] = NOTHING, sound: frozenset[Claim] = NOTHING) -> Case:
    """Make a case; what it draws does not matter here."""
    return Case("case", unchanged(), sick, sound)


def score(value: float, half: float = 0.05) -> Score:
    """Make a diversity with a symmetric interval."""
    return Score("diversity", value, value - half, value + half)


def test_a_band_alarms_only_on_the_sick_side() -> None:
    """Beyond three standard deviations, never on the healthy side, and always at NaN."""
    band = Band.of([0.9, 1.0, 1.1])

    assert band.mean == pytest.approx(1.0)
    assert band.sd == pytest.approx(0.1)
    assert [band.alarms(value, sick_is_low=True) for value in (0.69, 0.71, 9.0)] == [1, 0, 0]
    assert [band.alarms(value, sick_is_low=False) for value in (1.31, 1.29, -9.0)] == [1, 0, 0]
    assert band.alarms(np.nan, sick_is_low=True)


@pytest.mark.parametrize(
    ("claims", "sick", "sound", "wanted"),
    [
        (VARIETY, VARIETY, NOTHING, ("caught", "missed")),
        (WELL, VARIETY, NOTHING, ("caught", "missed")),
        (FIDELITY, VARIETY, NOTHING, ("unjudged", "unjudged")),
        (VARIETY, NOTHING, WELL, ("false", "quiet")),
        (VARIETY, NOTHING, VARIETY, ("false", "quiet")),
        (WELL, NOTHING, VARIETY, ("unjudged", "unjudged")),
        (VARIETY, COPIES, WELL, ("unjudged", "unjudged")),
        (VARIETY, NOTHING, NOTHING, ("unjudged", "unjudged")),
    ],
)
def test_a_measure_is_asked_only_what_it_speaks_about(
    claims: frozenset[Claim],
    sick: frozenset[Claim],
    sound: frozenset[Claim],
    wanted: tuple[Ruling, Ruling],
) -> None:
    """What is said of an alarm and of silence, for each combination that the bench holds."""
    assert (ruling(True, case(sick, sound), claims), ruling(False, case(sick, sound), claims)) == (
        wanted
    )


def test_where_only_an_order_is_known_worse_is_right() -> None:
    """Pulled-in latents have to read worse: lower, or higher where high is sick; else unjudged."""
    band = Band(0.9, 0.01)

    assert peer_ruling(BY_NAME["recall"], 0.4, band, case(), above=0.5) == "caught"
    assert peer_ruling(BY_NAME["Vendi"], 12.0, band, case(), above=11.0) == "missed"
    assert peer_ruling(BY_NAME["FID"], 12.0, band, case(), above=11.0) == "caught"
    assert peer_ruling(BY_NAME["density"], 0.1, band, case(), above=0.5) == "unjudged"
    assert diversity_ruling(score(0.6), case(), above=0.5) == "missed"


def test_the_diversity_is_held_against_one_by_its_own_interval() -> None:
    """Three standard errors below 1 are an alarm, two are none."""
    error = 0.05 / 1.96

    assert diversity_ruling(score(1 - 3.1 * error), case(VARIETY)) == "caught"
    assert diversity_ruling(score(1 - 2.0 * error), case(VARIETY)) == "missed"
    assert diversity_ruling(score(1 - 3.1 * error), case(sound=WELL)) == "false"


@pytest.mark.parametrize(
    ("conditions", "sick", "sound", "wanted"),
    [
        ((Condition.MISSING_MODES,), VARIETY, NOTHING, "caught"),
        ((Condition.OFF_DISTRIBUTION,), VARIETY, NOTHING, "missed"),
        ((), VARIETY, NOTHING, "missed"),
        ((Condition.MEMORIZATION,), COPIES, WELL, "caught"),
        ((Condition.OFF_DISTRIBUTION,), NOTHING, VARIETY, "quiet"),
        ((Condition.IMBALANCED_MODES,), NOTHING, VARIETY, "false"),
        ((Condition.LATENT_CUTS,), NOTHING, WELL, "quiet"),
        ((Condition.IMBALANCED_MODES,), NOTHING, NOTHING, "unjudged"),
    ],
)
def test_the_verdict_alarms_by_its_conditions(
    conditions: tuple[Condition, ...],
    sick: frozenset[Claim],
    sound: frozenset[Claim],
    wanted: Ruling,
) -> None:
    """A condition of the right kind catches; one of the wrong kind does not count as a catch."""
    assert verdict_ruling(conditions, case(sick, sound)) == wanted
