"""Modes: counts with known truth, exact tests, and the arithmetic of dropped mass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from analyzers.studies import findings, modes, ring, sample_set, scores, study_of
from gancheck.analyzers.modes import Modes, count_modes, effective_modes
from gancheck.errors import NotAvailable
from gancheck.measures.balance import mode_overlap
from gancheck.samplers.batches import Sampler
from gancheck.types import Condition, SampleSet, Severity

if TYPE_CHECKING:
    from gancheck.types import FloatArray

NAMES = [f"m{number}" for number in range(10)]


def statuses(hits: object, base_hits: object) -> list[str]:
    """Return the status of each mode."""
    found = count_modes(np.asarray(hits), np.asarray(base_hits), NAMES)
    return [mode.status for mode in found]


def test_each_status_is_given_for_its_ratio() -> None:
    """A tenth, 0.4, 1 and 3 times the reference's share: missing, under, ok and over."""
    base = np.full(10, 500)
    hits = np.array([0, 40, 200, 300, 500, 500, 500, 700, 700, 1560])
    wanted = ["missing", "missing", "under", "ok", "ok", "ok", "ok", "ok", "ok", "over"]
    hits[3] = 500
    assert statuses(hits, base) == wanted


def test_little_evidence_names_nothing() -> None:
    """None of ten samples in a mode of a tenth is no proof that it is missing."""
    hits, base = np.array([0, 2, 1, 1, 1, 1, 1, 1, 1, 1]), np.full(10, 10)
    assert set(statuses(hits, base)) == {"ok"}


def test_a_mode_of_share_below_three_over_n_cannot_be_missing() -> None:
    """With 300 samples, a mode of half a per cent is never called missing."""
    base = np.array([50, *[1105] * 9])
    hits = np.array([0, *[33] * 9])
    assert statuses(hits, base)[0] == "ok"


@pytest.mark.parametrize("n", [200, 2000])
def test_equal_laws_are_hardly_ever_flagged(n: int) -> None:
    """Over 200 pairs of draws from one uneven law, less than one in 5% has any flag."""
    shares = np.arange(1.0, 11) / 55
    rng, flagged = np.random.default_rng(0), 0
    for _ in range(200):
        hits, base = rng.multinomial(n, shares), rng.multinomial(n, shares)
        flagged += set(statuses(hits, base)) != {"ok"}
    assert flagged <= 10


def test_the_false_discovery_rate_is_held_at_the_margin() -> None:
    """With eight modes at just half their share, "under" is said of less than 5% of them."""
    base_share = np.full(10, 0.1)
    share = np.array([*[0.05] * 8, 0.3, 0.3])
    rng, wrong = np.random.default_rng(1), []
    for _ in range(200):
        found = statuses(rng.multinomial(2000, share), rng.multinomial(2000, base_share))
        wrong.append(np.mean([status == "under" for status in found[:8]]))
    assert np.mean(wrong) <= 0.05


def test_dropped_modes_are_found_with_power() -> None:
    """Two of ten modes dropped from 500 samples are both called missing in 95 of 100 draws."""
    share = np.array([0, 0, *[0.125] * 8])
    rng, hits = np.random.default_rng(2), 0
    for _ in range(100):
        found = statuses(rng.multinomial(500, share), rng.multinomial(500, np.full(10, 0.1)))
        hits += found[:2] == ["missing", "missing"]
    assert hits >= 95


def test_intervals_of_shares_are_exact() -> None:
    """The interval of each share is Clopper and Pearson's, the shares are the plain ratios."""
    found = list(count_modes(np.array([0, 30]), np.array([20, 80]), ["a", "b"]))
    assert (found[0].sample_share, found[0].reference_share) == (0, 0.2)
    assert found[0].high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert (found[1].label, found[1].id, found[1].high) == ("b", 1, 1.0)


@pytest.mark.parametrize("k", [10, 50])
def test_the_balance_of_equal_laws_is_one_on_average(k: int) -> None:
    """Sampling noise, which lowers the plain sum of minima, is taken out."""
    rng = np.random.default_rng(3)
    pairs = [rng.multinomial(500, np.full(k, 1 / k), 2) for _ in range(40)]
    plain = [np.minimum(hits, base).sum() / 500 for hits, base in pairs]
    found = [mode_overlap(hits, base, rng)[0] for hits, base in pairs]
    assert np.mean(found) >= 0.97
    assert np.mean(plain) < np.mean(found) - 0.03
    assert all(mode_overlap(pair[0], pair[1], rng)[1].high >= 0.95 for pair in pairs[:5])


@pytest.mark.parametrize("dropped", [2, 5, 8])
def test_the_balance_falls_by_the_dropped_mass(dropped: int) -> None:
    """With m of ten equal modes dropped the balance is 1 - m / 10."""
    share = np.where(np.arange(10) < dropped, 0.0, 1.0) / (10 - dropped)
    rng = np.random.default_rng(4)
    hits, base = rng.multinomial(5000, share), rng.multinomial(5000, np.full(10, 0.1))
    value, interval = mode_overlap(hits, base, rng)
    assert value == pytest.approx(1 - dropped / 10, abs=0.03)
    assert interval.low <= value <= interval.high


@pytest.mark.parametrize("k", [10, 50])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.9, 1.0])
def test_the_interval_of_the_balance_covers_the_truth(k: int, kept: float) -> None:
    """With a part of the modes dropped, at least 36 of 40 intervals hold what is left."""
    share = np.where(np.arange(k) < kept * k, 1 / (kept * k), 0.0)
    rng, covered = np.random.default_rng(7), 0
    for _ in range(40):
        hits, base = rng.multinomial(500, share), rng.multinomial(500, np.full(k, 1 / k))
        low, high = mode_overlap(hits, base, rng)[1]
        covered += low <= kept <= high
    assert covered >= 36


@pytest.mark.parametrize("dropped", [0, 1, 5, 9])
def test_effective_modes_fall_by_the_dropped_mass(dropped: int) -> None:
    """K exp(-KL) = k (1 - m): ten modes of which m are dropped leave 10 - m, for any shares."""
    base = 1000 * np.arange(1, 11)
    hits = np.where(np.arange(10) < dropped, 0, base)
    mass = base[:dropped].sum() / base.sum()
    score = effective_modes(hits, base, np.random.default_rng(0))
    assert score.value == pytest.approx(10 * (1 - mass), rel=0.01)
    assert score.low <= score.value <= score.high
    assert score.ceiling == 10


def test_effective_modes_of_a_published_table() -> None:
    """78.9 modes at a KL of 4.50 are 11.1 effective ones of 1000: no more than were counted."""
    assert 1000 * np.exp(-4.50) == pytest.approx(11.1, abs=0.05)
    base = np.full(1000, 100_000)
    hits = np.zeros(1000, dtype=np.int64)
    hits[:79] = np.round(1e7 * 0.9 ** np.arange(79)).astype(np.int64)
    q = hits / hits.sum()
    divergence = (q[:79] * np.log(1000 * q[:79])).sum()
    value = effective_modes(hits, base, np.random.default_rng(0)).value
    assert value == pytest.approx(1000 * np.exp(-divergence), rel=0.01)
    assert value < 79


def test_effective_modes_of_equal_laws_reach_their_ceiling() -> None:
    """The correction for chance keeps equal laws at k, where the plain estimate falls short."""
    rng = np.random.default_rng(5)
    values = [
        effective_modes(rng.multinomial(400, np.full(20, 0.05)), np.full(20, 10_000), rng).value
        for _ in range(30)
    ]
    assert np.mean(values) == pytest.approx(20, abs=0.3)


def test_clusters_stand_in_for_labels() -> None:
    """Without labels the eight modes of the ring are found, and the two dropped are missing."""
    shares = np.array([0, 0, *[1 / 6] * 6])
    study = study_of(sample_set(ring(800, 1, shares=shares)), sample_set(ring(1800, 2)))
    found = list(Modes().analyze(study))
    assert len(modes(found)) == 8
    assert [mode.status for mode in modes(found)].count("missing") == 2
    missing = findings(found)["modes.missing"]
    assert (missing.severity, missing.value) == (Severity.FAIL, 2.0)
    assert missing.condition is Condition.MISSING_MODES
    assert findings(found)["modes.balance"].severity is Severity.WARN
    assert scores(found)["effective_modes"].value == pytest.approx(6, abs=0.3)


def test_labels_of_the_reference_name_the_modes() -> None:
    """Where the reference has labels they are the modes, with their names, in their order."""
    rng = np.random.default_rng(6)
    labels = rng.integers(3, size=1200)
    values = (10 * labels[:, None] + rng.standard_normal((1200, 2))).astype(np.float32)
    named = SampleSet(values, "made", "folder", labels=labels, label_names=("ant", "bee", "cat"))
    samples = values[labels != 1][:400] + 0.1
    study = study_of(sample_set(samples.astype(np.float32)), named)
    found = list(Modes().analyze(study))
    assert [mode.label for mode in modes(found)] == ["ant", "bee", "cat"]
    assert [mode.status for mode in modes(found)][1] == "missing"
    assert "bee" in findings(found)["modes.missing"].title


def test_missing_modes_of_images_are_shown() -> None:
    """For images the finding carries reference images of what is never drawn."""
    from analyzers.studies import blob_map

    dark = Sampler(blob_map()).draw(900, seed=1).values
    bright = 255 - dark
    rows = np.random.default_rng(0).permutation(1800)
    reference = np.concatenate([dark, bright])[rows]
    study = study_of(Sampler(blob_map()).draw(500, seed=2), sample_set(reference))
    missing = findings(Modes().analyze(study))["modes.missing"]
    assert missing.severity is Severity.FAIL
    (shown,) = missing.exhibits
    assert shown.payload["role"] == "reference"
    assert len(shown.payload["tiles"]) == 8


def test_too_few_samples_are_not_counted() -> None:
    """Fewer than a hundred on either side are too few, and how many there are is said."""
    study = study_of(sample_set(ring(60, 1)), sample_set(ring(600, 2)))
    with pytest.raises(NotAvailable, match="at least 100 samples on each side, got 60"):
        list(Modes().analyze(study))


@pytest.mark.parametrize(("n", "severity"), [(2000, Severity.OK), (150, Severity.NOTE)])
def test_modes_that_so_few_samples_could_not_miss_are_said(n: int, severity: Severity) -> None:
    """Of 20 equal modes 2,000 samples could show each to be missing, 150 none of them (12 / p)."""
    labels = np.random.default_rng(5).integers(0, 20, 4000)
    known = SampleSet(ring_of(labels), "made", "arrays", labels=labels)
    drawn = sample_set(ring_of(np.random.default_rng(6).integers(0, 20, n)))
    power = findings(Modes().analyze(study_of(drawn, known)))["modes.power"]
    assert power.severity is severity
    assert (power.value == 0) is (severity is Severity.OK)


def ring_of(places: object) -> FloatArray:
    """Put points near the given twentieths of the unit circle."""
    angle = 2 * np.pi * np.asarray(places) / 20
    middle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    noise = 0.02 * np.random.default_rng(7).standard_normal(middle.shape)
    return (middle + noise).astype(np.float32)
