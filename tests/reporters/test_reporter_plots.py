"""Geometry of the drawings."""

from __future__ import annotations

import math
import re

import pytest

from gancheck import exhibits
from gancheck.reporters.html import charts, plots
from gancheck.types import Score


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-2.5, 2.5, ["-2", "-1", "0", "1", "2"]),
        (0.0, 3e-4, ["0", "0.0001", "0.0002", "0.0003"]),
        (990.0, 1010.0, ["990", "995", "1000", "1005", "1010"]),
    ],
)
def test_ticks_stand_at_round_numbers(low: float, high: float, labels: list[str]) -> None:
    """Ticks are multiples of 1, 2 or 5 and lie inside the axis."""
    ticks = plots.Axis(low, high, 0.0, 100.0).ticks()
    assert [tick.label for tick in ticks] == labels
    assert all(-1e-6 <= tick.at <= 100 + 1e-6 for tick in ticks)


def test_both_axes_of_a_scatter_have_one_unit() -> None:
    """A circle of points is drawn as a circle, whatever the frame."""
    turn = [2 * math.pi * i / 100 for i in range(100)]
    series = {"name": "ring", "role": "reference",
              "x": [math.cos(t) for t in turn], "y": [math.sin(t) for t in turn]}  # fmt: skip
    drawn = plots.scatter({"series": [series], "x_label": "", "y_label": ""})
    spots = [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+)h0", drawn.series[0].path)]
    width = max(x for x, _ in spots) - min(x for x, _ in spots)
    height = max(y for _, y in spots) - min(y for _, y in spots)
    assert width == pytest.approx(height, abs=0.3)
    assert height == pytest.approx(plots.HEIGHT / 1.08, abs=1.0)


def test_larger_values_are_drawn_higher() -> None:
    """The y axis points up although pixels count down."""
    series = {"name": "s", "role": "reference", "x": [0, 0], "y": [0, 1]}
    axis = plots.scatter({"series": [series], "x_label": "", "y_label": ""}).y
    assert axis.at(1) < axis.at(0)


def test_points_that_are_not_numbers_are_left_out() -> None:
    """A gap in the data does not spoil the drawing or its count."""
    series = {"name": "s", "role": "samples", "x": [0.0, None, float("nan"), 2.0],
              "y": [0.0, 1.0, 1.0, float("inf")]}  # fmt: skip
    drawn = plots.scatter({"series": [series], "x_label": "", "y_label": ""})
    assert drawn.series[0].size == 1
    assert "nan" not in drawn.series[0].path


@pytest.mark.parametrize("points", [[], [3.0], [3.0, 3.0]])
def test_degenerate_clouds_are_drawn(points: list[float]) -> None:
    """No point, one point or one place many times still gives finite axes."""
    series = {"name": "s", "role": "reference", "x": points, "y": points}
    drawn = plots.scatter({"series": [series], "x_label": "", "y_label": ""})
    assert math.isfinite(drawn.x.at(3.0))
    assert drawn.x.ticks()


def test_marks_of_a_heatmap_lie_where_its_axes_say() -> None:
    """A mark in the upper right corner is drawn there, one outside not at all."""
    payload = {"extent": [-1, 1, -2, 2], "marks": [[1, 2], [5, 5]], "low": 0, "high": 1,
               "unit": "", "x_label": "", "y_label": ""}  # fmt: skip
    drawn = plots.heatmap(payload, "")
    assert drawn.marks == f"M{plots.LEFT + plots.HEIGHT:.1f} {plots.TOP:.1f}h0"
    assert drawn.mark_count == 1


def test_rule_places_scores_in_percent() -> None:
    """Value, interval, ceiling and limit share one scale."""
    score = Score("diversity", 0.5, 0.45, 0.55, ceiling=0.97)
    assert plots.rule(score, 0.8) == plots.Rule(50.0, 45.0, 55.0, 97.0, 80.0)


@pytest.mark.parametrize("value", [1.07, -0.4, 12.0, float("nan")])
def test_scores_beyond_the_rule_are_not_forced_onto_it(value: float) -> None:
    """A density above 1 is not drawn as if it were 1."""
    assert plots.rule(Score("density", value, value, value), None) is None


def test_bars_of_a_histogram_reach_their_counts() -> None:
    """The outline rises to each count over its own bin and comes back down to zero."""
    payload = {"series": [{"name": "s", "role": "samples", "counts": [1, 3, 0]}],
               "edges": [0, 1, 2, 3], "x_label": "x", "y_label": "y",
               "marks": [{"at": 2.0, "text": "limit"}, {"at": 9.0, "text": "outside"}]}  # fmt: skip
    drawn = charts.histogram(payload)
    heights = [float(y) for y in re.findall(r"V(\S+?)[HZ]", drawn.series[0].path)]
    assert heights == pytest.approx([drawn.y.at(v) for v in (1, 3, 0, 0)], abs=0.06)
    assert drawn.series[0].size == 4
    assert [(mark.text, mark.at) for mark in drawn.marks] == [("limit", round(drawn.x.at(2.0), 1))]


@pytest.mark.parametrize(
    ("edges", "counts"), [([], []), ([1.0], []), ([1.0, 1.0], [4]), ([0, 1], [])]
)
def test_degenerate_histograms_are_drawn(edges: list[float], counts: list[int]) -> None:
    """No bins, a bin without width or too few counts still give finite axes."""
    series = [{"name": "s", "role": "reference", "counts": counts}]
    drawn = charts.histogram({"series": series, "edges": edges, "x_label": "", "y_label": ""})
    assert math.isfinite(drawn.x.at(1.0))
    assert "nan" not in drawn.series[0].path


def test_curves_have_gaps_where_no_number_is() -> None:
    """A line is broken at what is missing and goes on behind it; all share both axes."""
    series = [
        {"name": "s", "role": "samples", "lines": [[0.0, None, 2.0, 3.0], [5.0, float("nan")]]}
    ]
    drawn = charts.lines({"series": series, "x_label": "", "y_label": ""})
    path = drawn.series[0].path
    assert path.count("M") == 3
    assert path.count("L") == 1
    assert (drawn.x.low, drawn.x.high) == (0.0, 3.0)
    assert drawn.y.low < 0 < 5 < drawn.y.high


def test_long_tables_fold_and_numbers_stand_right() -> None:
    """Twenty rows are shown; columns of numbers are known as such, also where some are texts."""
    rows = [(f"class {at}", f"{at}.5%", at, None) for at in range(1000)]
    shown = exhibits.table("t", "", ("class", "share", "n", "note"), rows, note="all of them")
    drawn = charts.table(shown.payload)
    assert (len(drawn.rows), len(drawn.folded)) == (20, 980)
    assert [column.numeric for column in drawn.columns] == [False, True, True, False]
    assert drawn.rows[3] == ["class 3", "3.5%", "3", ""]


def test_rows_of_another_length_are_cut_to_the_columns() -> None:
    """A row of a damaged report neither shifts the others nor stops the page."""
    drawn = charts.table({"columns": ["a", "b"], "rows": [[1], [1, 2, 3]]})
    assert drawn.rows == [["1", ""], ["1", "2"]]
