"""The table of classes beside the finding on them."""

from __future__ import annotations

from analyzers.conditional_studies import Conditional, conditional, spec_of
from analyzers.studies import findings
from gancheck.analyzers.conditional import Conditional as Analyzer
from gancheck.study import Study
from gancheck.types import Exhibit

STATUS = 7


def table(study: Study) -> Exhibit:
    """Return the table of classes."""
    (one,) = findings(Analyzer().analyze(study))["conditional.classes"].exhibits
    return one


def test_classes_are_listed_the_collapsed_first() -> None:
    """Every class has a row: the collapsed ones lead, then the rest by how little they vary."""
    shown = table(conditional(Conditional(spec_of(10), frozen=(3, 7))))

    rows = shown.payload["rows"]
    assert shown.kind == "table"
    assert [row[0] for row in rows[:2]] == ["3", "7"]
    assert [row[STATUS] for row in rows] == ["one output"] * 2 + [""] * 8
    moved = [float(row[6].rstrip("%")) for row in rows]
    assert moved[:2] == [0.0, 0.0]
    assert moved == sorted(moved)
    assert len({row[0] for row in rows}) == 10
    assert shown.payload["note"] == ""


def test_rows_say_what_was_asked_obeyed_and_reproduced() -> None:
    """A row holds shares, the diversity with its interval, the fidelity, and distinct samples."""
    made = Conditional(spec_of(4), swapped=((1, 2),))
    rows = table(conditional(made, 800, reference=1600)).payload["rows"]

    assert {row[0]: row[STATUS] for row in rows[:2]} == {"1": "drawn as 2", "2": "drawn as 1"}
    sound = rows[2]
    assert sound[STATUS] == ""
    assert sound[1].endswith("%")
    assert float(sound[2].rstrip("%")) > 90
    assert "to" in sound[3]
    assert float(sound[4]) > 0.7
    assert sound[5] == "100%"


def test_a_thousand_classes_stay_readable() -> None:
    """The flagged ones lead, twenty rows stand in all, and the rest is one line."""
    shown = table(conditional(Conditional(spec_of(1000), frozen=tuple(range(5))), 2000))

    rows = shown.payload["rows"]
    assert len(rows) == 20
    assert sorted(row[0] for row in rows[:5]) == ["0", "1", "2", "3", "4"]
    assert shown.payload["note"] == "980 more classes, none of them flagged."


def test_more_flagged_classes_than_can_be_read_are_cut_with_a_count() -> None:
    """Of 500 collapsed classes, 300 rows stand, and the note counts the others."""
    frozen = tuple(range(500))
    shown = table(conditional(Conditional(spec_of(600), frozen=frozen), 1200))

    assert len(shown.payload["rows"]) == 300
    assert "300 more classes, 200 of them flagged" in shown.payload["note"]
