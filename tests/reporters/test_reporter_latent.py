"""The latent space in reports: slice, path, strip and morph on a page and on a terminal."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import struct

import numpy as np
import pytest
from example_diagnosis import collapsed, inconclusive
from test_reporter_html import HOSTILE, Reading, rendered

from gancheck import exhibits
from gancheck.reporters.html import latent
from gancheck.types import Condition, Cut, Exhibit, Finding, Rate, Severity

EXTENT = (-1.0, 1.0, -1.0, 1.0)


def a_slice(title: str = "A slice") -> Exhibit:
    """Return a slice of two layers with one open and one closed line."""
    field = np.add.outer(np.arange(8.0), np.arange(8.0))
    half = np.where(field > 12, np.nan, field)
    lines = [
        ("cut", title, False, np.array([[0.0, -1.0], [0.0, 1.0]])),
        ("bridge", "ring", True, np.array([[0.5, 0.0], [0.0, 0.5], [-0.5, 0.0]])),
    ]
    layers = [("off", title, "far", half), ("jump", "Jump size", "log10", field)]
    return exhibits.latent_slice(
        title, "How.", layers, lines, EXTENT, axes=("z1", "z2"), rings=(0.5,)
    )


def a_morph(count: int = 5) -> Exhibit:
    """Return points that move from the window to the right."""
    start = np.stack([np.linspace(-1, 1, count), np.linspace(-1, 1, count)], axis=1)
    return exhibits.morph(
        "A morph", "How.", start, start + 3, start[:2] + 3,
        extent=EXTENT, axes=(("z1", "z2"), ("x1", "x2")),
    )  # fmt: skip


def page_of(*shown: Exhibit, cuts: tuple[Cut, ...] = ()) -> str:
    """Render a page whose one finding has these pictures."""
    finding = Finding(
        "cuts.crossings", "cuts", Severity.WARN, "jumps", "Look.", Condition.LATENT_CUTS,
        exhibits=shown,
    )  # fmt: skip
    return rendered(dataclasses.replace(inconclusive(), findings=(finding,), cuts=cuts))


def a_cut() -> Cut:
    """Return a surface between two modes with hostile names."""
    return Cut("bridge", 47, Rate(0.07, 0.05, 0.09), 0.088, 0.4, (1.0, 0.0), 0.3, 2, 0.57, 2.51,
               (HOSTILE, "b"))  # fmt: skip


def test_a_slice_shows_all_its_layers_without_a_script() -> None:
    """Each layer has a picture of its own, with all lines: red paths that close where they do."""
    found = Reading(page_of(a_slice()))
    assert found.open == []
    views = [one for one in found.all("svg") if one.get("class") == "plot"]
    assert len(views) == len(found.all("image")) == 2
    assert "Jump size from" in str(views[1]["aria-label"])
    paths = [one for one in found.all("path") if one.get("class") == "line"]
    casings = [one for one in found.all("path") if one.get("class") == "line casing"]
    assert [one["d"] for one in paths] == [one["d"] for one in casings]
    assert len(paths) == 2 * 2
    assert paths[0]["d"] == "M211.0 342.0L211.0 12.0"
    assert str(paths[1]["d"]).endswith("Z")
    switch = next(one for one in found.all("fieldset") if one.get("class") == "switch")
    assert "hidden" in switch


def strips_of(*numbers: int) -> list[Exhibit]:
    """Return a film strip across each of some surfaces."""
    images = np.zeros((3, 1, 8, 8), dtype=np.uint8)
    plain = exhibits.strip("Across", "", images)
    return [
        dataclasses.replace(
            plain, title=f"Across surface {one}", payload={**plain.payload, "surface": one}
        )
        for one in numbers
    ]


def numbered(shown: Exhibit, *numbers: object) -> Exhibit:
    """Give each line of a slice the number of its surface."""
    lines = [
        {**one, "surface": number}
        for one, number in zip(shown.payload["lines"], numbers, strict=True)
    ]
    return dataclasses.replace(shown, payload={**shown.payload, "lines": lines})


def test_a_line_leads_to_the_strip_across_it() -> None:
    """Lines and choices are links to the strips of their surfaces, also without a script."""
    found = Reading(page_of(numbered(a_slice(), 2, None), *strips_of(1, 2)))
    figures = [one["id"] for one in found.all("figure") if "data-strip" in one]
    assert figures == ["check-1-surface-1", "check-1-surface-2"]
    links = [one for one in found.all("a") if "surface" in str(one.get("href"))]
    assert [one["href"] for one in links if one.get("class") is None] == ["#check-1-surface-2"]
    choices = [one["href"] for one in links if one.get("class") == "choice"]
    assert choices == ["#check-1-surface-1", "#check-1-surface-2"]


@pytest.mark.parametrize("number", [HOSTILE, -1, 0, True, 2.5, [1], {}, 10**9])
def test_a_surface_that_is_no_number_leads_nowhere(number: object) -> None:
    """Nothing but a small whole number becomes part of an address."""
    strip = strips_of(1)[0]
    odd = dataclasses.replace(strip, payload={**strip.payload, "surface": number})
    found = Reading(page_of(numbered(a_slice(), number, 1), odd))
    assert not [one for one in found.all("figure") if "id" in one]
    assert not [one for one in found.all("a") if "surface" in str(one.get("href"))]


def test_values_outside_the_law_are_seen_through() -> None:
    """NaN has no colour, and does not take part in the ends of the colours."""
    pixels, low, high, clipped = exhibits.shaded(np.array([[0.0, 1.0], [np.nan, 2.0]]))
    assert pixels[0, 0, 3] == 0
    assert (pixels[..., 3] == 255).sum() == 3
    assert (low, clipped) == (0.0, True)
    assert high == pytest.approx(2.0, abs=0.01)


def test_only_scripts_that_are_needed_run_each_named_by_its_hash() -> None:
    """The policy lets exactly the scripts that slice and morph need run; there is no handler."""
    page = page_of(a_slice(), a_morph(), a_morph())
    found = Reading(page)
    texts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    policy = next(meta for meta in found.all("meta") if meta.get("http-equiv"))
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert str(policy["content"]).endswith(f"; script-src {allowed}")
    assert page.count("<script") == len(texts) == 3
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", page)
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(", page)


def test_a_morph_stands_still_without_a_script() -> None:
    """Both ends are drawn in the same colours; the stage of the script is hidden until it runs."""
    found = Reading(page_of(a_morph()))
    dots = [one for one in found.all("path") if one.get("class") == "dots"]
    assert [one["stroke"] for one in dots[:5]] == [one["stroke"] for one in dots[5:]]
    stage = next(one for one in found.all("div") if one.get("class") == "stage")
    assert "hidden" in stage
    slider = next(one for one in found.all("input") if one["type"] == "range")
    assert slider["aria-label"]


def test_places_of_a_morph_travel_as_sixteen_bits() -> None:
    """The script reads pairs of numbers from the top left, 65,535 to the panel."""
    plot = latent.morph_plot(a_morph(2).payload)
    places = struct.unpack("<4H", base64.b64decode(plot.start))
    edge = round(65535 * 10 / 400)
    assert places == (edge, 65535 - edge, 65535 - edge, edge)
    assert len(base64.b64decode(plot.colours)) == 3 * 2


def test_colours_follow_the_place_in_the_window() -> None:
    """Hue from x, brightness from y: red on the left, a fifth as bright at the bottom."""
    corners = np.array([[-1.0, 1.0], [-1.0, -1.0], [0.0, 1.0]])
    colours = exhibits.place_colours(corners, EXTENT)
    np.testing.assert_array_equal(colours[:2], [[255, 0, 0], [51, 0, 0]])
    assert colours[2].argmax() in (1, 2)


def test_jumps_stand_under_the_pictures_they_are_between() -> None:
    """A strip of nine has eight jumps; the largest are set apart, those of old reports absent."""
    images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
    strip = exhibits.strip("Across", "", images, jumps=(0.01, 2.5, 0.02))
    found = Reading(page_of(strip))
    jumps = [one["class"] for one in found.all("div") if "jump" in str(one.get("class"))]
    assert jumps == ["jump", "jump large", "jump"]
    assert "2.5" in found.text
    old = Exhibit("strip", "Old", "", {"tiles": strip.payload["tiles"]})
    assert "jump large" not in page_of(old)


def test_a_path_of_vectors_is_numbered_over_the_reference() -> None:
    """Nine points are numbered in order, and eight jumps are listed."""
    steps = np.stack([np.linspace(0, 1, 9), np.zeros(9)], axis=1)
    shown = exhibits.crossing("Across", "", steps, [0.1] * 7 + [1.0], steps[:3], axes=("x1", "x2"))
    found = Reading(page_of(shown))
    assert [one for one in found.all("text") if one.get("class") == "step"].__len__() == 9
    assert "8 → 9" in found.text


def test_surfaces_are_a_table_beside_the_pictures() -> None:
    """Kind, crossings with their interval, width, jump and modes of each surface are listed."""
    page = page_of(a_slice(), cuts=(a_cut(),))
    text = Reading(page[page.index('id="latent"') :].split("</section>")[0]).text
    for part in ("bridge", "2 pieces", "47", "0.05 \u2013 0.09", "0.088", "0.40", "2.51", "57%"):
        assert part in text


def test_hostile_titles_are_only_text() -> None:
    """Markup in the names of lines, layers, axes and modes is shown, never obeyed."""
    shown = a_slice(HOSTILE)
    payload = {**shown.payload, "x_label": HOSTILE}
    moved = a_morph()
    bad = dataclasses.replace(
        moved, title=HOSTILE, payload={**moved.payload, "colours": [HOSTILE] * 5}
    )
    page = page_of(dataclasses.replace(shown, payload=payload), bad, cuts=(a_cut(),))
    found = Reading(page)
    assert found.open == []
    assert page.count("<script>") == page.count("<script") == 3
    assert "<img src=x" not in page
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]


def test_a_picture_that_is_none_leaves_the_lines() -> None:
    """An address in place of a layer's image is not loaded."""
    shown = a_slice()
    layers = [{**one, "image": "https://example.org/x.png"} for one in shown.payload["layers"]]
    found = Reading(
        page_of(dataclasses.replace(shown, payload={**shown.payload, "layers": layers}))
    )
    assert found.all("image") == []
    assert [one for one in found.all("path") if one.get("class") == "line"]


def test_pages_without_a_morph_run_nothing() -> None:
    """The policy names no script where none is needed."""
    assert "script-src" not in rendered(collapsed())
