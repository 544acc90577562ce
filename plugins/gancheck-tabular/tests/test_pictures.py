"""Pictures of columns and of pairs hold what the table holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gancheck.api import Diagnosis, Exhibit, FloatArray

from conftest import finding
from gancheck_tabular import to_samples
from gancheck_tabular.column_pictures import distributions, edges_of, shares_in
from gancheck_tabular.encoding import Table
from gancheck_tabular.pair_pictures import pair_picture, spaced
from gancheck_tabular.sides import Sides


def sides(real: pd.DataFrame, drawn: pd.DataFrame) -> Sides:
    """Put two tables side by side, all of the reference being scored."""
    there, rows = (Table.of(to_samples(frame)) for frame in (real, drawn))
    return Sides(rows, there, replace(there, values=there.values[:0]), there)


def titled(diagnosis: Diagnosis, name: str, kind: str) -> list[Exhibit]:
    """Return the exhibits of one kind of one finding."""
    return [one for one in finding(diagnosis, name).exhibits if one.kind == kind]


def test_the_worst_columns_and_pairs_are_drawn(sick: Diagnosis) -> None:
    """Prices that are off are the first histogram, the pair torn apart the first points."""
    histograms = titled(sick, "table_columns.worst", "histogram")
    assert histograms[0].title == "How price is spread"
    assert [one["name"] for one in histograms[0].payload["series"]] == ["reference", "samples"]
    points = titled(sick, "table_pairs.worst", "scatter")
    assert points[0].title == "size and weight"
    real, drawn = (np.corrcoef(one["x"], one["y"])[0, 1] for one in points[0].payload["series"])
    assert real > 0.8
    assert abs(drawn) < 0.2


def test_shares_in_bins_are_those_of_all_rows() -> None:
    """A loop over the rows counts the same; missing ones are in no bin, far ones in the last."""
    values = np.array([0.1, 0.5, 0.5, 2.0, np.nan, 99.0, -99.0, 1.0])
    edges = np.array([0.0, 0.4, 1.0, 2.5])
    slow = [0, 0, 0]
    for value in values:
        if not np.isnan(value):
            slow[0 if value < 0.4 else 1 if value < 1.0 else 2] += 1
    np.testing.assert_allclose(shares_in(values, edges), np.array(slow) / 8)


@pytest.mark.parametrize(
    ("real", "steps"),
    [
        (np.repeat([0.0, 1.0, 5.0], 100), 6),
        (np.random.default_rng(0).normal(0, 1, 300), 32),
        (np.full(300, 1e7), 1),
        (np.full(300, 0.25), 32),
    ],
    ids=["few whole numbers", "numbers", "one whole number", "one number"],
)
def test_edges_rise_and_hold_the_values(real: FloatArray, steps: int) -> None:
    """Whole numbers get a bin each, constants a bin around them, and nothing is 0 wide."""
    edges = edges_of(real, np.array([*real, np.nan]))
    assert len(edges) == steps + 1
    assert (np.diff(edges) > 0).all()
    assert edges[0] <= np.quantile(real, 0.01) <= np.quantile(real, 0.99) <= edges[-1]


def test_small_numbers_and_dates_have_axes_that_can_be_read() -> None:
    """Millionths are scaled, and days are counted from the first one that is shown."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "charge": rng.normal(3e-6, 1e-6, 300),
            "when": pd.Timestamp("2024-02-01") + pd.to_timedelta(rng.integers(0, 90, 300), "D"),
        }
    )
    charge, when = distributions(sides(frame, frame), [0, 1])
    assert charge.payload["x_label"] == "charge, in units of 1e-06"
    assert np.diff(charge.payload["edges"]).min() > 0.05
    assert when.payload["x_label"] == "when, in days since 2024-02-01"


def test_a_column_without_any_value_is_not_drawn() -> None:
    """There is nothing to count; and where some are missing, the caption says how many."""
    real = pd.DataFrame({"x": [1.0, np.nan, 3.5, 4.0], "y": [1.0, 2.0, 3.0, 4.0]})
    drawn = pd.DataFrame({"x": [np.nan] * 4, "y": [1.0, 2.0, np.nan, np.nan]})
    (y,) = distributions(sides(real, drawn), [0, 1])
    assert "Missing: 0.0% of the reference, 50.0% of samples." in y.caption


def test_numbers_by_category_are_quartiles() -> None:
    """They are those that numpy computes among the rows of each word."""
    real = pd.DataFrame({"n": [1.0, 2.0, 3.0, 9.0], "w": ["a", "a", "a", "b"]})
    drawn = pd.DataFrame({"n": [5.0, 7.0, np.nan, 6.0], "w": ["a", "a", "a", "c"]})
    for places in ((0, 1), (1, 0)):
        shown = pair_picture(sides(real, drawn), *places)
        assert shown.title == "n by w"
        assert shown.payload["rows"] == [
            ["a", "1.5 / 2 / 2.5", "5.5 / 6 / 6.5"],
            ["b", "9 / 9 / 9", "-"],
        ]


def test_two_categories_are_shares_of_each_row() -> None:
    """Each row of a table adds up to all rows with that word, on both sides."""
    real = pd.DataFrame({"one": ["a", "a", "a", "b"], "two": ["x", "x", "y", "x"]})
    drawn = pd.DataFrame({"one": ["a", "a", "a", "a"], "two": ["y", "y", "y", "x"]})
    shown = pair_picture(sides(real, drawn), 0, 1)
    assert shown.payload["columns"] == ["one", "x", "y"]
    assert shown.payload["rows"] == [
        ["a", "66.7% | 25.0%", "33.3% | 75.0%"],
        ["b", "100.0% | -", "0.0% | -"],
    ]


def test_points_do_not_hang_on_the_order_of_rows() -> None:
    """At most 600 are kept, the same ones whatever their order, none with a missing value."""
    rng = np.random.default_rng(0)
    points = rng.normal(0, 1, (2000, 2))
    points[:50, 1] = np.nan
    kept = spaced(points)
    assert kept.shape == (600, 2)
    assert not np.isnan(kept).any()
    np.testing.assert_array_equal(kept, spaced(rng.permutation(points)))
    assert spaced(points[:50]).shape == (0, 2)
