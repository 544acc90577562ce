"""The JSON contract."""

from __future__ import annotations

import dataclasses
import json

from example_diagnosis import collapsed

from gancheck.reporters.json import Json
from gancheck.types import Score

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
