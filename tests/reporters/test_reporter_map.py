"""The map laid out: counts, legend and the still picture that needs no script."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck import exhibits
from gancheck.exhibits import Side
from gancheck.reporters.html import environment
from gancheck.reporters.html import map as maps

if TYPE_CHECKING:
    from gancheck.types import JSON

HOSTILE = '"><script>alert(1)</script>\u2028'


def payload(**changed: JSON) -> dict[str, JSON]:
    """Return a map of six reference points in two modes and four samples, one of them off."""
    known = np.array([[0, 0], [0, 1], [0, 2], [10, 0], [10, 1], [10, 2]], dtype=float)
    drawn = np.array([[0, 1], [1, 1], [0, 0], [5, 8]], dtype=float)
    pictures = np.zeros((2, 1, 8, 8), dtype=np.uint8)
    made = exhibits.cloud(
        "T",
        "C",
        Side(drawn, np.array([0, 0, 0, -1]), np.array([False, False, False, True])),
        Side(known, np.repeat([0, 1], 3), None, np.array([0, 3]), pictures, list("abcdef")),
        labels=["left", HOSTILE],
    )
    return {**json.loads(json.dumps(made.payload)), **changed}


def shown(plot: maps.CloudPlot) -> str:
    """Render a map on its own."""
    template = '{% from "templates/map.html.j2" import cloud %}{{ cloud(plot, title) }}'
    return environment().from_string(template).render(plot=plot, title="Map")


def test_everything_is_counted() -> None:
    """Points of each side, those off the reference, those of each mode and of none."""
    plot = maps.cloud_plot(payload())

    assert (plot.reference, plot.samples, plot.off) == (6, 4, 1)
    assert [(one.reference, one.samples) for one in plot.modes] == [(3, 3), (3, 0)]
    assert plot.unclear == (0, 1)
    assert plot.stands_for == (6, 4)
    assert plot.sheet is not None
    assert plot.sheet.tile == (8, 8)


def test_the_still_picture_has_dots_rings_and_the_names_of_modes() -> None:
    """Both sides are drawn as dots, what is off as a ring, and each mode is named in its middle."""
    plot = maps.cloud_plot(payload())
    known, drawn, rings = plot.paths

    assert [path.count("M") for path in (known, drawn, rings)] == [6, 3, 1]
    assert "a3.2" in rings
    assert "a3.2" not in known + drawn
    spots = [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+)h0", known)]
    for word, at in zip(plot.words, (1, 4), strict=True):
        assert (word.x, word.y) == pytest.approx(spots[at], abs=0.2)
    assert spots[1][1] < spots[0][1]  # larger values stand higher


def test_the_still_picture_shows_some_of_many() -> None:
    """Of thousands a thousand of each side are drawn, and the label says of how many."""
    points = np.random.default_rng(0).standard_normal((1500, 2))
    plot = maps.cloud_plot(exhibits.cloud("T", "C", Side(points), Side(points[:1200])).payload)
    page = shown(plot)

    assert plot.stands_for == (1000, 1000)
    assert "1000 of 1200 points of the reference and 1000 of 1500 samples" in page
    assert 'data-mode="' not in page


def test_names_are_text() -> None:
    """Labels and names end up as text, in the legend, the picture and the data of the script."""
    page = shown(maps.cloud_plot(payload(names=[[HOSTILE] * 6, []], x_label=HOSTILE)))

    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_modes_beyond_the_palette_use_its_colours_again() -> None:
    """There are ten colours; the eleventh mode has the first."""
    labels = [str(number) for number in range(12)]
    plot = maps.cloud_plot(payload(labels=labels))

    assert [one.shade for one in plot.modes] == [*range(10), 0, 1]


def test_so_many_modes_are_not_written_over_the_map() -> None:
    """A hundred names would hide the points."""
    assert not maps.cloud_plot(payload(labels=[str(number) for number in range(100)])).words


@pytest.mark.parametrize("image", ["javascript:alert(1)", "data:text/html;base64,AAAA", "x", ""])
def test_only_a_picture_is_a_sheet(image: str) -> None:
    """A stored report with anything else in that place shows no pictures."""
    sheet = {**payload()["sheet"], "image": image}
    plot = maps.cloud_plot(payload(sheet=sheet))

    assert plot.sheet is None
    assert "<img" not in shown(plot)


@pytest.mark.parametrize(
    "changed", [{"flags": "AAA="}, {"positions": "AAAA"}, {"modes": "!"}, {"tiles": ""}]
)
def test_numbers_that_do_not_fit_together_are_an_error(changed: dict[str, str]) -> None:
    """A damaged map is refused, not drawn wrong."""
    with pytest.raises(ValueError, match=r"length|whole number|base64"):
        maps.cloud_plot(payload(**changed))


def test_axes_are_drawn_where_they_mean_something() -> None:
    """A plane of data has ticks and names; a layout has none."""
    layout = maps.cloud_plot(payload())
    plane = dataclasses.replace(layout, named=True, x_label="width")

    assert "gridline" not in shown(layout)
    assert "gridline" in shown(plane)
    assert 'data-x="width"' in shown(plane)
