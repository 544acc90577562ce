"""Memorisation: copies are counted, honest samples are not accused."""

from __future__ import annotations

import numpy as np
import pytest

from analyzers.studies import blob_map, findings, normal, sample_set, scores, study_of
from gancheck.analyzers.memorization import Memorization
from gancheck.errors import NotAvailable
from gancheck.samplers.batches import Sampler
from gancheck.study import Study
from gancheck.types import Condition, Severity


def copying(share: float, *, noise: float = 0.0, d: int = 16, seed: int = 0) -> Study:
    """Build a study of 1000 vectors of which a share are copies from the scored reference."""
    reference, samples = normal(1000, d, seed + 1), normal(1000, d, seed + 2)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(1000)[: int(share * 1000)]
    jitter = noise * rng.standard_normal((len(rows), d))
    samples[rows] = reference[rng.integers(1000, size=len(rows))] + jitter
    apart = sample_set(normal(500, d, seed + 3))
    return study_of(sample_set(samples), sample_set(reference), independent=apart)


@pytest.mark.parametrize("d", [16, 64])
def test_honest_samples_are_not_accused(d: int) -> None:
    """Without copies the share stays below a half per cent on average, and nothing warns."""
    shares = []
    for seed in range(8):
        found = list(Memorization().analyze(copying(0.0, d=d, seed=10 * seed)))
        shares.append(scores(found)["memorization"].value)
        assert findings(found)["memorization.copies"].severity is Severity.OK
    assert np.mean(shares) <= 0.005


@pytest.mark.parametrize(("share", "noise"), [(0.05, 0.0), (0.3, 0.0), (0.05, 0.01)])
def test_copies_are_counted(share: float, noise: float) -> None:
    """Exact and nearly exact copies are counted with their interval, and above 1% they warn."""
    found = list(Memorization().analyze(copying(share, noise=noise)))
    score = scores(found)["memorization"]
    assert score.value == pytest.approx(share, abs=0.005)
    assert score.low <= share <= score.high
    verdict = findings(found)["memorization.copies"]
    assert (verdict.severity, verdict.condition) == (Severity.WARN, Condition.MEMORIZATION)
    assert f"({0 if noise else round(share * 1000)} exact)" in verdict.title


def test_a_few_copies_do_not_warn() -> None:
    """Half a per cent of copies is within the limit, and is reported."""
    found = list(Memorization().analyze(copying(0.005)))
    assert scores(found)["memorization"].value >= 0.005
    assert findings(found)["memorization.copies"].severity is Severity.OK


def test_shrinking_is_not_copying() -> None:
    """A generator that shrinks towards the mean, and copies nothing, is not accused."""
    study = study_of(sample_set(normal(1000, 16, 1, sd=0.9)), sample_set(normal(1500, 16, 2)))
    found = list(Memorization().analyze(study))
    assert findings(found)["memorization.copies"].severity is Severity.OK


def test_a_reference_with_copies_of_its_own_counts_exact_copies_only() -> None:
    """Where the reference repeats itself, distance zero is its usual spacing."""
    reference = normal(600, 8, 1)
    reference[300:] = reference[:300]
    apart = sample_set(normal(300, 8, 3))
    samples = normal(600, 8, 2)
    samples[:60] = reference[:60]
    study = study_of(sample_set(samples), sample_set(reference), independent=apart)
    assert scores(Memorization().analyze(study))["memorization"].value == pytest.approx(0.1)


def test_copied_images_are_shown_beside_their_originals() -> None:
    """The nearest pairs come first, and name both sides."""
    reference = Sampler(blob_map()).draw(400, seed=1).values
    samples = Sampler(blob_map()).draw(400, seed=2).values
    samples[:40] = reference[100:140]
    apart = sample_set(Sampler(blob_map()).draw(200, seed=3).values)
    study = study_of(sample_set(samples), sample_set(reference), independent=apart)
    (pairs,) = findings(Memorization().analyze(study))["memorization.copies"].exhibits
    shown = pairs.payload["pairs"]
    assert len(shown) == Memorization().pairs_shown
    for pair in shown:
        distance, _, names = pair["caption"].partition(": ")
        sample, original = names.split(" | ")
        assert float(distance) == 0.0
        assert pair["left"] == pair["right"]
        assert int(original) == int(sample) + 100


def test_in_few_dimensions_copies_cannot_be_told() -> None:
    """Two dimensions are refused with the reason, instead of acquitting."""
    with pytest.raises(NotAvailable, match="in 2 dimensions"):
        list(Memorization().analyze(copying(0.1, d=2)))
