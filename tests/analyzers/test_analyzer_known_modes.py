"""Known modes: planted losses, junk and imbalance are flagged, perfect samples are not."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from analyzers.studies import findings, ring, sample_set, scores, study_of, with_ring
from gancheck.analyzers.known_modes import KnownModes
from gancheck.errors import NotAvailable
from gancheck.loaders.classifier import Classifier
from gancheck.loaders.mode_files import Centres
from gancheck.loaders.network import CallPlan, Network
from gancheck.study import Study
from gancheck.types import Condition, Evidence, Severity

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

SD = 0.05


def evidence(study: Study) -> list[Evidence]:
    """Run the analyzer with its own settings."""
    return list(KnownModes().analyze(study))


def of_points(points: FloatArray) -> list[Evidence]:
    """Judge points by the eight modes of the ring."""
    return evidence(with_ring(study_of(sample_set(points)), SD))


def shares(*dropped: int, thin: int | None = None) -> FloatArray:
    """Return equal shares of the ring without some modes, and with one at a tenth."""
    found = np.ones(8)
    found[list(dropped)] = 0
    if thin is not None:
        found[thin] = 0.1
    return np.asarray(found / found.sum())


def severities(found: list[Evidence]) -> dict[str, Severity]:
    """Return the severity of each finding by the last part of its id."""
    return {name.partition(".")[2]: one.severity for name, one in findings(found).items()}


def test_perfect_samples_pass_beside_their_ceilings() -> None:
    """Eight modes, 98.9% and the divergence of chance: nothing is flagged."""
    found = of_points(ring(2500, 1))
    assert set(severities(found).values()) == {Severity.OK}
    got = scores(found)
    assert got["modes_captured"].value == got["modes_captured"].ceiling == 8
    assert got["high_quality"].ceiling == pytest.approx(0.98889, abs=1e-5)
    assert got["reverse_kl"].ceiling == pytest.approx(0.0014, rel=0.06)
    assert got["known_effective_modes"].ceiling == pytest.approx(8 * math.exp(-0.0014), abs=1e-3)
    assert got["known_effective_modes"].value == pytest.approx(7.99, abs=0.02)


@pytest.mark.parametrize("dropped", [1, 3])
def test_modes_that_are_left_out_are_collapse(dropped: int) -> None:
    """They are named, FAIL, and as many effective modes are left as are drawn."""
    found = of_points(ring(2500, 1, shares=shares(*range(dropped))))
    missing = findings(found)["known_modes.captured"]
    assert missing.severity is Severity.FAIL
    assert missing.condition is Condition.MISSING_MODES
    assert missing.value == 8 - dropped
    assert "0 at (1, 0)" in missing.detail
    assert scores(found)["known_effective_modes"].value == pytest.approx(8 - dropped, abs=0.03)


def test_a_mode_that_is_hardly_drawn_is_captured_and_still_flagged() -> None:
    """All eight count as captured, and the one at a tenth of its share is missing all the same."""
    found = of_points(ring(2500, 1, shares=shares(thin=2)))
    finding = findings(found)["known_modes.captured"]
    assert scores(found)["modes_captured"].value == 8
    assert finding.severity is Severity.FAIL
    assert "2 at" in finding.detail


def test_a_rare_mode_that_is_missing_only_warns() -> None:
    """Below 5% of what should be drawn it is no collapse."""
    study = with_ring(study_of(sample_set(ring(2500, 1, shares=shares(0)))), SD)
    assert isinstance(study.known, Centres)
    uneven = np.array([0.03, *[0.97 / 7] * 7])
    study = dataclasses.replace(study, known=dataclasses.replace(study.known, shares=uneven))
    assert severities(evidence(study))["captured"] is Severity.WARN


def test_junk_is_off_the_distribution() -> None:
    """Three fifths of samples between the modes lower the quality, not what is captured."""
    junk = np.random.default_rng(2).uniform(-0.5, 0.5, (3750, 2)).astype(np.float32)
    found = of_points(np.concatenate([ring(2500, 1), junk]))
    quality = findings(found)["known_modes.quality"]
    assert quality.severity is Severity.WARN
    assert quality.condition is Condition.OFF_DISTRIBUTION
    assert quality.value == pytest.approx(0.98889 * 0.4, abs=0.02)
    assert severities(found)["captured"] is Severity.OK


def test_points_in_the_middle_of_the_modes_are_noted() -> None:
    """More quality than perfect samples get is said to be a loss of variety; modes all pass."""
    found = of_points(ring(2500, 1, sd=SD / 10))
    assert severities(found) == {
        "captured": Severity.OK,
        "quality": Severity.NOTE,
        "balance": Severity.OK,
    }
    assert "loss of variety" in findings(found)["known_modes.quality"].detail


@pytest.mark.parametrize(
    ("ratio", "severity"), [(0.9, Severity.OK), (0.7, Severity.WARN), (0.55, Severity.FAIL)]
)
def test_imbalance_is_weighed_against_chance_and_a_margin(ratio: float, severity: Severity) -> None:
    """A little imbalance is beyond chance and harmless, a lot of it is collapse."""
    uneven = ratio ** np.arange(8)
    found = of_points(ring(2500, 1, shares=uneven / uneven.sum()))
    balance = findings(found)["known_modes.balance"]
    assert balance.severity is severity
    assert balance.condition is Condition.IMBALANCED_MODES
    assert balance.value is not None
    assert balance.value > 0.02


def test_junk_alone_has_no_balance() -> None:
    """No sample of any mode: all are missing, and there is no number that could pass a gate."""
    found = of_points(np.zeros((500, 2), dtype=np.float32))
    assert severities(found) == {
        "captured": Severity.FAIL,
        "quality": Severity.WARN,
        "balance": Severity.NOTE,
    }
    assert "reverse_kl" not in scores(found)
    assert scores(found)["known_effective_modes"].value == 0


def test_few_samples_leave_rare_modes_open() -> None:
    """A mode too rare to be missed by chance is a note, with how many samples would do."""
    study = with_ring(study_of(sample_set(ring(100, 1, shares=shares(0)))), SD)
    assert isinstance(study.known, Centres)
    uneven = np.array([0.02, *[0.98 / 7] * 7])
    study = dataclasses.replace(study, known=dataclasses.replace(study.known, shares=uneven))
    finding = findings(evidence(study))["known_modes.captured"]
    assert finding.severity is Severity.NOTE
    assert finding.needed == pytest.approx(math.log(0.05) / math.log(1 - 0.02 * 0.98889), rel=1e-4)
    with pytest.raises(NotAvailable, match="at least 100"):
        of_points(ring(99, 1))


def test_what_is_shown() -> None:
    """Points of the plane with the centres, and a bar for each mode with its status."""
    found = findings(of_points(ring(2500, 1, shares=shares(0, 4))))
    (picture,) = found["known_modes.captured"].exhibits
    assert picture.kind == "scatter"
    assert [len(one["x"]) for one in picture.payload["series"]] == [2000, 8]
    (bars,) = found["known_modes.balance"].exhibits
    status = [row["status"] for row in bars.payload["rows"]]
    assert [at for at, word in enumerate(status) if word == "missing"] == [0, 4]


def brightness(samples: tuple[object, ...]) -> object:
    """Tell ten greys of a channel in -1..1, certain of each but half-way between them."""
    (shown,) = samples
    assert isinstance(shown, torch.Tensor)
    if shown.shape[1] != 1:
        raise ValueError("expected 1 channel")
    steps = torch.linspace(-1, 1, 10)
    return -2000 * (shown.flatten(1).mean(dim=1, keepdim=True) - steps) ** 2


def stacked(digits: AnyArray, *, between: float = 0.0, seed: int = 0) -> Study:
    """Build a study of flat pictures whose channels are greys of ten; a share are in between."""
    greys = np.asarray(digits, dtype=np.float64) * 255 / 9
    rng = np.random.default_rng(seed)
    greys[rng.random(len(greys)) < between, 0] = 255 / 18
    values = np.broadcast_to(greys.round().astype(np.uint8)[:, :, None, None], (*greys.shape, 2, 2))
    judge = Classifier(
        Network(brightness, CallPlan(("x",), "x")), values.shape[1:], 10, 3, (-1.0, 1.0)
    )
    return dataclasses.replace(study_of(sample_set(values.copy())), known=judge)


def test_three_channels_are_a_thousand_modes() -> None:
    """Random digits: all modes, KL .019 at 26,000 samples, 981 in effect; nothing is flagged."""
    digits = np.random.default_rng(3).integers(0, 10, (26_000, 3))
    found = evidence(stacked(digits))
    got = scores(found)
    assert got["modes_captured"].value == 1000
    assert got["reverse_kl"].value == pytest.approx(0.0193, abs=0.003)
    assert got["known_effective_modes"].value == pytest.approx(981, abs=3)
    assert got["high_quality"].value == 1
    assert got["high_quality"].ceiling is None
    assert set(severities(found).values()) == {Severity.OK}
    assert "3 channels" in findings(found)["known_modes.quality"].detail
    assert findings(found)["known_modes.balance"].exhibits[0].kind == "table"


def test_stacked_digits_that_lost_modes_and_are_unsure() -> None:
    """No nines in the first channel: 900 modes; most between two greys: not certain, shown."""
    digits = np.random.default_rng(3).integers(0, [9, 10, 10], (9000, 3))
    found = evidence(stacked(digits, between=0.6))
    got = scores(found)
    assert got["modes_captured"].value <= 900
    assert got["high_quality"].value == pytest.approx(0.4, abs=0.02)
    assert severities(found)["captured"] is Severity.FAIL
    assert severities(found)["quality"] is Severity.WARN
    assert findings(found)["known_modes.quality"].exhibits[0].kind == "grid"
    assert "9-" in findings(found)["known_modes.captured"].detail


def test_real_samples_say_what_a_classifier_can_be_certain_of() -> None:
    """The share of certain real samples is the ceiling; where it is low, the range is doubted."""
    digits = np.random.default_rng(4).integers(0, 10, (900, 3))
    study = stacked(digits, between=0.5)
    real = sample_set(stacked(digits, between=0.6, seed=1).samples.values)
    known = dataclasses.replace(study_of(study.samples, real), known=study.known)
    found = evidence(known)
    assert scores(found)["high_quality"].ceiling == pytest.approx(0.4, abs=0.06)
    quality = findings(found)["known_modes.quality"]
    assert quality.severity is Severity.OK
    assert "range that it was trained on, -1 to 1 here" in quality.detail


def test_without_known_modes_it_says_what_it_needs() -> None:
    """The reason names the flag."""
    with pytest.raises(NotAvailable, match="--modes"):
        evidence(study_of(sample_set(ring(200, 1))))
