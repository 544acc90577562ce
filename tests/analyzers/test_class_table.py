"""The table of classes beside the finding on them."""

from __future__ import annotations

from analyzers.studies import findings
from analyzers.test_analyzer_sensitivity import conditional
from gancheck.analyzers.sensitivity import Sensitivity


def test_classes_are_listed_the_collapsed_first() -> None:
    """Every class has a row: the collapsed ones lead, then the rest by how little they vary."""
    found = findings(Sensitivity().analyze(conditional(10, frozen=(3, 7))))
    (table,) = found["sensitivity.classes"].exhibits

    rows = table.payload["rows"]
    assert table.kind == "table"
    assert [row[0] for row in rows[:2]] == ["3", "7"]
    assert [row[2] for row in rows] == ["collapsed"] * 2 + [""] * 8
    shares = [float(row[1].rstrip("%")) for row in rows]
    assert shares[:2] == [0.0, 0.0]
    assert shares == sorted(shares)
    assert len({row[0] for row in rows}) == 10
