"""Whole runs on conditional generators: one class alone, and how often labels are drawn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from analyzers.conditional_studies import D, centres, real
from core.references import prepared
from gancheck import Settings, cache, diagnose
from gancheck.errors import UsageError
from gancheck.gcref import to_bytes
from gancheck.loaders import InMemory, LoadOptions
from gancheck.preparation import Inputs, build_study, gather
from gancheck.samplers.prior import label_shares
from gancheck.settings import Clock, LabelShares, Silence

CLASSES = 3
PLAIN = Settings(samples=300, map="none", cache=False, load=LoadOptions(classes=CLASSES))


class Points(nn.Module):
    """Centres of classes, moved by the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(CLASSES, D, _weight=centres(CLASSES, 4.0))
        self.dense = nn.Linear(D, D, bias=False)
        nn.init.eye_(self.dense.weight)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Draw points."""
        moved: Tensor = self.table(labels) + self.dense(z)
        return moved


def under(label: int, settings: Settings = PLAIN) -> Settings:
    """Return settings that judge one class only."""
    return dataclasses.replace(settings, load=dataclasses.replace(settings.load, only_class=label))


def gathered(settings: Settings, reference: object) -> Inputs:
    """Load, read and draw."""
    origin = reference if isinstance(reference, Path) else InMemory(reference)
    return gather(InMemory(Points()), origin, settings, Clock(Silence()))


def skewed(n: int = 1200) -> tuple[np.ndarray, np.ndarray]:
    """Draw real samples, half of which are of class 0."""
    values, labels = real(CLASSES, n, 0)
    keep = (labels == 0) | (np.arange(n) % 2 == 0)
    return values[keep], labels[keep]


def test_one_class_is_judged_alone() -> None:
    """All samples are of the class, the reference is what it has of it, and the report says so."""
    reference = real(CLASSES, 1200, 0)
    inputs = gathered(under(2), reference)
    assert inputs.samples.labels is None
    middle = inputs.samples.values.mean(axis=0)
    np.testing.assert_allclose(middle, centres(CLASSES, 4.0)[2].numpy(), atol=0.3)
    assert inputs.reference is not None
    assert inputs.reference.total == 400
    labels = inputs.reference.labels()
    assert labels is not None
    assert set(labels) == {2}

    found = diagnose(Points(), reference, under(2))
    assert found.settings["class"] == 2
    assert found.subject.classes is None
    assert any("label 2 of 3" in note for note in found.subject.notes)
    assert found.scores["diversity"].value > 0.7
    assert "conditional" in {one.analyzer for one in found.skipped}


def test_settings_of_classes_are_told_only_where_they_were_given() -> None:
    """A run of all classes in usual proportions says nothing of either."""
    reference = real(CLASSES, 900, 0)
    usual = diagnose(Points(), reference, PLAIN).settings
    assert not {"class", "labels"} & set(usual)
    even = diagnose(Points(), reference, dataclasses.replace(PLAIN, labels="uniform")).settings
    assert even["labels"] == "uniform"


@pytest.mark.parametrize(
    ("labels", "most"), [("auto", 0.42), ("reference", 0.42), ("uniform", 0.26)]
)
def test_labels_are_drawn_as_asked(labels: LabelShares, most: float) -> None:
    """In the proportions of the reference, or evenly."""
    inputs = gathered(dataclasses.replace(PLAIN, samples=2000, labels=labels), skewed())
    assert inputs.samples.labels is not None
    shares = np.bincount(inputs.samples.labels) / 2000
    wanted = 0.5 if most > 0.3 else 1 / 3
    assert shares[0] == pytest.approx(wanted, abs=0.04)
    assert shares[0] > most


def test_shares_of_a_reference_without_fitting_labels_are_refused() -> None:
    """No reference, no labels, other labels, no classes: each is said, and what helps."""
    bare, other = (real(CLASSES, 300, 0)[0], None), real(CLASSES, 300, 0)
    for reference, said in ((bare[0], "has no labels"), ((other[0], other[1] + 5), "go from 5")):
        with pytest.raises(UsageError, match=said) as caught:
            gathered(dataclasses.replace(PLAIN, labels="reference"), reference)
        assert "--labels uniform" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="no reference"):
        label_shares(3, None, "reference")
    with pytest.raises(UsageError, match="takes no labels"):
        label_shares(None, gathered(PLAIN, other).reference, "reference")


def test_a_class_that_the_reference_lacks_is_refused() -> None:
    """Labels are compared by number; a reference without labels is taken whole, with a warning."""
    values, labels = real(2, 600, 0)
    with pytest.raises(UsageError, match="no sample of class 2"):
        gathered(under(2), (values, labels))
    inputs = gathered(under(2), values)
    assert inputs.reference is not None
    assert inputs.reference.total == 600
    assert any("no labels" in warning for warning in inputs.warnings)


def test_a_prepared_reference_is_cut_to_the_class(tmp_path: Path) -> None:
    """Features, labels and hashes are those of the class; in the views fitted on all of them."""
    values, labels = real(CLASSES, 1200, 0)
    raw = tmp_path / "known.npz"
    np.savez(raw, samples=values, labels=labels)
    filed = raw.with_suffix(".gcref")
    filed.write_bytes(to_bytes(prepared(raw, PLAIN)))
    inputs = gathered(under(1), filed)
    study = build_study(inputs, under(1), Clock(Silence())).study
    known = study.reference
    assert known.total == len(known.scored) + len(known.independent) == 400
    assert known.scored.labels is not None
    assert set(known.scored.labels) == {1}
    assert len(study.view.reference) == len(known.scored) == len(known.scored.hashes)
    middle = np.median(study.view.reference, axis=0)
    whole = build_study(gathered(PLAIN, filed), PLAIN, Clock(Silence())).study
    theirs = whole.view.reference[whole.reference.scored.labels == 1]
    np.testing.assert_allclose(middle, np.median(theirs, axis=0))
    with pytest.raises(UsageError, match="no sample of class 7"):
        prepared(raw, PLAIN).of_class(7)


def test_the_cache_keeps_classes_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference prepared for one class, or for all of them, is not taken for another."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    values, labels = real(CLASSES, 3600, 0)
    raw = tmp_path / "known.npz"
    np.savez(raw, samples=values, labels=labels)
    kept = dataclasses.replace(PLAIN, cache=True)
    middles = []
    for settings in (kept, under(0, kept), under(1, kept), under(1, kept)):
        inputs = gathered(settings, raw)
        start = build_study(inputs, settings, Clock(Silence())).study
        middles.append(np.median(start.reference.scored.values, axis=0))
        wanted = {0, 1, 2} if settings.only_class is None else {settings.only_class}
        assert start.reference.scored.labels is not None
        assert set(start.reference.scored.labels) == wanted
        assert len(start.view.reference) == len(start.reference.scored)
    assert np.abs(middles[1] - middles[2]).max() > 1
    np.testing.assert_array_equal(middles[2], middles[3])
    assert len(list((tmp_path / "cache" / "references").iterdir())) == 3


def test_kept_samples_of_classes_are_kept_apart(tmp_path: Path) -> None:
    """Samples in a work folder are those of their class."""
    reference = real(CLASSES, 900, 0)
    for label in (0, 1, 0):
        settings = dataclasses.replace(under(label), work_dir=tmp_path)
        drawn = gathered(settings, reference).samples.values
        middle = torch.from_numpy(drawn).mean(dim=0)
        torch.testing.assert_close(middle, centres(CLASSES, 4.0)[label], atol=0.3, rtol=0.0)
