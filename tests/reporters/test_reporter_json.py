"""The JSON contract."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable

import pytest
from example_diagnosis import collapsed, healthy, inconclusive

from gancheck import stored
from gancheck.reporters.json import Json, pictures_size, spent
from gancheck.types import Diagnosis, Score

KEYS = [
    "schema", "subject", "verdict", "summary", "conditions", "scores", "modes", "cuts", "findings",
    "exhibits", "skipped", "settings", "versions", "timings", "warnings", "copies", "created",
    "cut_mass",
]  # fmt: skip


def test_text_reads_back_as_the_contract() -> None:
    """Nothing is added, lost or reordered on the way to text."""
    found = json.loads(Json().render(collapsed()))
    assert found == collapsed().to_dict()
    assert list(found) == KEYS


def test_words_stand_for_enums() -> None:
    """Scripts compare words, never numbers."""
    found = json.loads(Json().render(collapsed()))
    assert found["verdict"] == "collapsed"
    assert {finding["severity"] for finding in found["findings"]} == {"OK", "NOTE", "WARN", "FAIL"}
    assert found["conditions"][0] == "missing-modes"


def test_what_json_cannot_hold_becomes_null() -> None:
    """A score that is not a number does not make the file unreadable for strict parsers."""
    odd = Score("density", float("nan"), float("-inf"), float("inf"))
    text = Json().render(dataclasses.replace(collapsed(), scores={"density": odd}))
    assert "NaN" not in text
    assert "Infinity" not in text
    score = json.loads(text)["scores"]["density"]
    assert (score["value"], score["low"], score["high"]) == (None, None, None)


def test_labels_stay_readable() -> None:
    """Letters beyond ASCII are written as themselves."""
    renamed = dataclasses.replace(collapsed(), warnings=("Größe 数字",))
    assert "Größe 数字" in Json().render(renamed)


@pytest.mark.parametrize("example", [collapsed, healthy, inconclusive])
def test_a_report_read_back_writes_the_same_file(example: Callable[[], Diagnosis]) -> None:
    """Nothing is lost between the file and the diagnosis: both ways give the same bytes."""
    text = Json().render(example())
    found = stored.decoded(text.encode(), "report.json")

    assert found.diagnosis == stored.as_stored(example())
    assert found.left_out == ()
    assert Json().render(found.diagnosis) == text


def test_pictures_are_counted() -> None:
    """The size of the file is said with what of it are pictures, wherever they stand."""
    text = Json().render(collapsed())
    cut = re.sub(r"data:image/[^\"]*", "", text)

    assert pictures_size(collapsed()) == len(text) - len(cut)
    assert pictures_size(inconclusive()) == 0
    assert spent(3_210_000, inconclusive()) == "3.2 MB, of it pictures 0 kB"
