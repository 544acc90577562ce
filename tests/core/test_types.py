"""The nouns: sample sets that are cut to rows, and JSON that any parser reads."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from gancheck.plain import to_json
from gancheck.types import (
    Condition,
    Diagnosis,
    Interval,
    Score,
    Severity,
    Subject,
    Verdict,
)
from gancheck.types import SampleSet as Samples


def diagnosis(**changes: object) -> Diagnosis:
    """Make a small diagnosis with one score."""
    plain = Diagnosis(
        subject=Subject("g.pt", "torchscript", "ab", (8,), "normal", None, "image", (1, 4, 4)),
        verdict=Verdict.SUSPECT,
        summary=("Something.",),
        conditions=(Condition.LATENT_CUTS,),
        scores={"cut_mass": Score("cut_mass", 0.25, 0.1, 0.4)},
        modes=(),
        cuts=(),
        findings=(),
        exhibits=(),
        skipped=(),
        settings={"seed": np.int64(3)},
        versions={},
        timings={},
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (np.float64("nan"), None),
        (-np.float32("inf"), None),
        (np.float32(0.1), 0.1),
        (1 / 3, 0.333333),
        (123456789, 123456789),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (True, True),
        (None, None),
        ("text", "text"),
        (Severity.WARN, "WARN"),
        (Verdict.COLLAPSED, "collapsed"),
        (Condition.MISSING_MODES, "missing-modes"),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        ((1, [2.0, float("-inf")]), [1, [2.0, None]]),
        ({1: np.float32(2)}, {"1": 2.0}),
        (Interval(0.5, float("inf")), {"low": 0.5, "high": None}),
    ],
)
def test_values_become_what_json_can_write(value: object, plain: object) -> None:
    """Non-finite numbers become null, enums their words, numpy scalars and arrays plain values."""
    got = to_json(value)
    assert got == plain
    assert type(got) is type(plain)
    json.dumps(got, allow_nan=False)


def test_dataclasses_become_objects_all_the_way_down() -> None:
    """Every field of a score is there under its name."""
    got = to_json({"s": Score("x", 0.5, 0.4, float("nan"))})["s"]
    assert got["value"] == 0.5
    assert got["high"] is None
    assert set(got) == {f.name for f in dataclasses.fields(Score)}


def test_the_contract_starts_with_its_schema_and_repeats_the_cut_mass() -> None:
    """``schema`` is the first key; ``cut_mass`` is the score of that name, or null."""
    plain = diagnosis().to_dict()
    assert next(iter(plain)) == "schema"
    assert plain["schema"] == 1
    assert plain["cut_mass"] == plain["scores"]["cut_mass"]
    assert plain["verdict"] == "suspect"
    assert plain["conditions"] == ["latent-cuts"]
    assert diagnosis(scores={}).to_dict()["cut_mass"] is None
    json.dumps(plain, allow_nan=False)


def test_rows_are_taken_from_everything_alike() -> None:
    """Values, latents, labels and names stay together when rows are taken."""
    full = Samples(
        np.arange(12.0).reshape(6, 2),
        "here",
        "arrays",
        latents=np.arange(6.0)[:, None],
        labels=np.arange(6),
        ids=tuple("abcdef"),
    )
    some = full.take(np.array([4, 1]))
    assert (len(some), some.ids, some.id_of(0)) == (2, ("e", "b"), "e")
    assert some.latents is not None
    assert some.labels is not None
    np.testing.assert_array_equal(some.values[:, 0], [8, 2])
    np.testing.assert_array_equal(some.latents[:, 0], [4, 1])
    np.testing.assert_array_equal(some.labels, [4, 1])


def test_axes_tell_images_from_vectors() -> None:
    """Four axes are images, two are vectors; nameless samples go by their number."""
    images = Samples(np.zeros((5, 3, 8, 9), dtype=np.uint8), "here", "folder")
    assert (images.kind, images.shape, images.id_of(3)) == ("image", (3, 8, 9), "3")
    vectors = Samples(np.zeros((5, 7), dtype=np.float32), "here", "arrays")
    assert (vectors.kind, vectors.shape) == ("vector", (7,))


def test_severities_are_ordered() -> None:
    """The worst of several severities is their maximum."""
    assert max(Severity) is Severity.FAIL
    assert sorted(Severity, reverse=True)[-1] is Severity.OK
