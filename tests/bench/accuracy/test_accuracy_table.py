"""The table says what was found, and marks what was wrong."""

from __future__ import annotations

import json

from bench.accuracy.cases import Scale
from bench.accuracy.judge import Ruling
from bench.accuracy.measures import MEASURES
from bench.accuracy.run import Reading, Row, Said
from bench.accuracy.table import HEADINGS, cells, markdown, rich_table, to_json, totals, wrong
from gancheck.types import Score


def row(ruling: Ruling, *, lenses: tuple[str, ...] = ("pixels", "efficientnet")) -> Row:
    """Make a row on which coverage is ruled as told through the first lens, and recall in all."""
    readings = {
        lens: {
            one.name: Reading(0.5, 0.9, 0.01, "caught" if one.name != "recall" else ruling)
            for one in MEASURES
        }
        for lens in lenses
    }
    readings[lenses[0]]["coverage"] = Reading(0.96, 0.97, 0.01, ruling)
    said = Said(
        Score("diversity", 0.5, 0.45, 0.55),
        "collapsed",
        ("missing-modes",),
        1.0,
        "caught",
        "caught",
    )
    return Row("digits", "5 of 10", 1000, 0.5, said, readings)


def test_wrong_numbers_are_marked_and_named() -> None:
    """A miss through one lens is named with it, a miss through all without."""
    found = dict(zip(HEADINGS, cells(row("missed")), strict=True))

    assert found["coverage"] == "0.96!\n0.50"
    assert found["recall"] == "0.50!\n0.50!"
    assert found["diversity"] == "0.50\n[0.45, 0.55]"
    assert found["missed by"] == "recall\ncoverage (p)"
    assert found["false alarm by"] == ""
    assert wrong(row("false"), "false") == ["recall", "coverage (pixels)"]


def test_rulings_are_counted_by_measure_and_lens() -> None:
    """Two rows: missed once and caught once."""
    counts = totals([row("missed"), row("caught")])

    assert counts["recall (pixels)"] == {"caught": 1, "missed": 1, "quiet": 0, "false": 0}
    assert counts["coverage (efficientnet)"]["missed"] == 0
    assert counts["gancheck verdict"]["caught"] == 2


def test_the_page_is_one_table_with_a_footer() -> None:
    """Every line of the table has as many cells, errors included; the footer counts misses."""
    broken = Row("digits", "broken", 0, None, None, {}, ("subject: RuntimeError: no luck",))
    page = markdown([row("missed"), broken], Scale())
    lines = [line for line in page.splitlines() if line.startswith("|")]

    assert {line.count("|") for line in lines} == {len(HEADINGS) + 1}
    assert "no luck" in page
    assert "p: 1/1<br>e: 1/1" in lines[-2]
    assert len(lines) == 2 + 2 + 2


def test_the_terminal_table_and_the_json_hold_every_row() -> None:
    """Both are built from the same rows; the JSON survives a round trip."""
    rows = [row("missed"), row("false")]
    plain = json.loads(json.dumps(to_json(rows, Scale())))

    assert rich_table(rows).row_count == len(rows) + 2
    assert plain["rows"][0]["missed_by"] == ["recall", "coverage (pixels)"]
    assert plain["rows"][0]["readings"]["pixels"]["coverage"]["control"] == 0.97
    assert plain["rows"][1]["said"]["diversity"]["value"] == 0.5
    assert plain["scale"]["digits"] == "shipped"
