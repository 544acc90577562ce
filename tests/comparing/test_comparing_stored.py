"""Stored reports against each other: what must be the same, and what is said of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from example_diagnosis import collapsed, healthy

from gancheck.comparing import Comparison, Ruling, ScoreChange, compare_reports
from gancheck.errors import UsageError
from gancheck.types import Diagnosis, Mode, Replicates, Score

HASHES = {"reference_sha256": "aa", "embedder_sha256": "bb", "strict_embedder_sha256": "cc"}
LABELS = ("0", "1", "2", "3")


def report(level: float, shares: tuple[float, ...] = (0.25,) * 4, **changed: Any) -> Diagnosis:
    """Return a report with a diversity known to 0.02, and four modes of a quarter each."""
    spread = tuple(level + 0.02 * (-1) ** at for at in range(200))
    back = tuple(level - 0.02 * (-1) ** at for at in range(200))
    scores = {
        "diversity": Score(
            "diversity", level, level - 0.04, level + 0.04, n=1000,
            replicates=Replicates(spread, back),
        ),
        "effective_modes": Score("effective_modes", 4, 3.9, 4.1, n=1000),
    }  # fmt: skip
    modes = tuple(
        Mode(at, label, 0.25, share, 0.0, 1.0, "ok")
        for at, (label, share) in enumerate(zip(LABELS, shares, strict=True))
    )
    settings = {**healthy().settings, **HASHES, "samples": 1000, "compared": 1000, "seed": 0}
    return dataclasses.replace(
        healthy(), scores=scores, modes=modes, settings={**settings, **changed}
    )


def diversity(found: Comparison) -> ScoreChange:
    """Return the difference of diversity."""
    return next(one for one in found.scores if one.name == "diversity")


def test_reports_made_alike_are_paired_by_their_replicates() -> None:
    """A fall of 0.05 is shown where both errors are the same one: worse."""
    found = compare_reports(report(0.9), report(0.85), ("a.json", "b.json"))

    assert found.ruling is Ruling.WORSE
    assert diversity(found).value == pytest.approx(-0.05)
    assert diversity(found).paired
    assert (found.a.name, found.b.name) == ("a.json", "b.json")
    assert found.pairing.reference
    assert not found.pairing.latents
    assert found.spectrum is None


def test_the_same_report_twice_is_no_difference() -> None:
    """A report against itself differs in nothing."""
    assert compare_reports(report(0.9), report(0.9)).ruling is Ruling.SAME


def test_another_seed_takes_the_errors_apart() -> None:
    """Another seed splits the reference differently: replicates are then of other rows."""
    found = compare_reports(report(0.9), report(0.85, seed=1))

    assert diversity(found).value == pytest.approx(-0.05)
    assert not diversity(found).paired
    assert found.ruling is Ruling.SAME
    assert any("seeds differ" in said for said in found.warnings)


def test_modes_of_reports_are_counted_back() -> None:
    """Shares of 1,000 clear samples are counts again: a mode that is gone is lost."""
    found = compare_reports(report(0.9), report(0.9, (0.33, 0.33, 0.34, 0.0)))

    assert [(mode.label, mode.a_hits, mode.b_hits) for mode in found.shifted("lost")] == [
        ("3", 250, 0)
    ]
    assert found.ruling is Ruling.WORSE


def test_other_modes_are_not_compared() -> None:
    """Where the modes are not the same ones, that is said, and the scores are compared alone."""
    other = report(0.9)
    other = dataclasses.replace(other, modes=other.modes[:3])
    found = compare_reports(report(0.9), other)

    assert found.modes == ()
    assert any("modes of A and B are not the same" in said for said in found.warnings)


@pytest.mark.parametrize(
    ("setting", "other"),
    [("reference_sha256", "zz"), ("compared", 500), ("embedder_sha256", None)],
)
def test_reports_made_otherwise_are_refused(setting: str, other: Any) -> None:
    """The message names the setting and both values; the hint, what can be done instead."""
    with pytest.raises(UsageError, match=setting) as refused:
        compare_reports(report(0.9), report(0.9, (0.25,) * 4, **{setting: other}))

    assert "gancheck report A B" in str(refused.value.hint)


def test_the_json_has_its_kind_and_no_replicates() -> None:
    """``schema`` and ``kind`` lead, the verdict is a word, and what only errors need is left."""
    found = compare_reports(report(0.9), report(0.8)).to_dict()

    assert list(found)[:3] == ["schema", "kind", "verdict"]
    assert (found["kind"], found["verdict"]) == ("comparison", "worse")
    assert found["a"]["scores"]["diversity"]["replicates"] is None


def test_conditions_of_each_side_are_kept() -> None:
    """Each side says what was found of it by itself."""
    sick = dataclasses.replace(report(0.5), conditions=collapsed().conditions)
    found = compare_reports(report(0.9), sick)

    assert found.b.conditions == collapsed().conditions
