"""Geometry of the drawings."""

from __future__ import annotations

import math
import re

import pytest

from gancheck.reporters.html import plots
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
