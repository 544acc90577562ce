"""The map in a browser: hover, toggles, lasso and keyboard act on the points that are there."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from example_diagnosis import healthy

from gancheck import exhibits
from gancheck.exhibits import Side
from gancheck.reporters.html import Html

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.conftest import Opener

HOSTILE = '<b>eight & "nine"</b>'
REFERENCE = np.array([[0.0, 0.0], [0.0, 4.0], [8.0, 0.0], [8.0, 4.0]])
SAMPLES = np.array([[2.0, 1.0], [2.0, 3.0], [6.0, 3.0], [6.0, 1.0], [4.0, 2.0]])
GREYS = (20, 60, 100, 140, 180, 220)  # of the six points with a picture, in their order
EDGE = 18  # pixels around the window


@pytest.fixture(scope="module")
def report() -> str:
    """Render a report whose map has nine points; three of them have no picture of their own."""
    tiles = np.array(GREYS, dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 3, 24, 24), dtype=np.uint8
    )
    shown = exhibits.cloud(
        "Map",
        "Nine points.",
        Side(
            SAMPLES,
            np.array([0, 0, 1, 1, -1]),
            np.array([False, False, False, False, True]),
            np.array([0, 3, 4]),
            tiles[3:],
        ),
        Side(REFERENCE, np.array([0, 0, 1, 1]), None, np.arange(3), tiles[:3], list("abcd")),
        labels=["four", HOSTILE],
    )
    return Html().render(dataclasses.replace(healthy(), exhibits=(shown,)))


def until(page: Page, script: str) -> None:
    """Wait for a script to be true; the page's own policy forbids Playwright's way to wait."""
    for _ in range(200):
        if page.evaluate(script):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {script}")


class Shown:
    """The map of an opened page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas: Locator = page.locator(".over")
        self.tip: Locator = page.locator(".tip")
        self.canvas.scroll_into_view_if_needed()
        until(page, "document.querySelector('.ink').width !== 300")  # which an empty canvas has

    def at(self, point: np.ndarray) -> tuple[float, float]:
        """Return where a point is on the screen while nothing is zoomed."""
        box = self.canvas.bounding_box()
        assert box is not None
        scale = min((box["width"] - 2 * EDGE) / 8, (box["height"] - 2 * EDGE) / 4)
        x = box["x"] + box["width"] / 2 + (point[0] - 4) * scale
        return x, box["y"] + box["height"] / 2 - (point[1] - 2) * scale

    def hover(self, point: np.ndarray) -> str:
        """Point at a place and return what is said there."""
        self.page.mouse.move(*self.at(point))
        return self.tip.inner_text() if self.tip.is_visible() else ""

    def grey(self) -> int:
        """Return the level of the picture in the tip, once it is drawn."""
        read = """() => {
          const tile = document.querySelector(".tip canvas");
          return [...tile.getContext("2d").getImageData(12, 12, 1, 1).data];
        }"""
        until(self.page, f"({read})()[3] === 255")
        return int(self.page.evaluate(read)[0])

    def press(self, name: str) -> Locator:
        """Press a button."""
        button = self.page.locator(".live").get_by_role("button", name=name)
        button.click()
        return button


@pytest.fixture
def shown(open_page: Opener, report: str) -> Shown:
    """Open the page at its map."""
    return Shown(open_page(report))


def test_hover_shows_the_picture_of_the_point(shown: Shown) -> None:
    """Point by point: the right name, mode and picture, or the nearest one that is stored."""
    for number, name in ((0, "a"), (1, "b"), (2, "c")):
        assert shown.hover(REFERENCE[number]).startswith(f"reference {name}\nmode: ")
        assert shown.grey() == pytest.approx(GREYS[number], abs=4)
    assert shown.hover(SAMPLES[0]) == "sample 0\nmode: four"
    assert shown.grey() == pytest.approx(GREYS[3], abs=4)
    assert shown.hover(SAMPLES[4]) == "sample 4\nno clear mode\noff the reference"
    assert shown.grey() == pytest.approx(GREYS[5], abs=4)

    assert shown.hover(SAMPLES[2]) == f"sample 2\nmode: {HOSTILE}\nnearest shown: sample 3"
    assert shown.grey() == pytest.approx(GREYS[4], abs=4)
    assert shown.hover(np.array([4.0, 4.0])) == ""


def test_toggles_hide_a_side_and_a_mode(shown: Shown) -> None:
    """What is switched off is not there for the mouse, and the button says so."""
    assert shown.hover(REFERENCE[0])
    button = shown.press("reference 4")
    assert button.get_attribute("aria-pressed") == "false"
    assert shown.hover(REFERENCE[0]) == ""
    assert shown.hover(SAMPLES[0])

    shown.press("four 2 | 2")
    assert shown.hover(SAMPLES[0]) == ""
    assert shown.hover(SAMPLES[2])
    shown.press("Hide all modes")
    assert shown.hover(SAMPLES[2]) == ""
    shown.press("Show all modes")
    shown.press("reference 4")
    assert button.get_attribute("aria-pressed") == "true"
    assert shown.hover(REFERENCE[0])


@pytest.mark.parametrize("by_button", [False, True])
def test_the_lasso_gathers_exactly_what_is_inside(shown: Shown, by_button: bool) -> None:
    """The left half: two points of each side, counted by mode and shown; Escape lets them go."""
    mouse = shown.page.mouse
    if by_button:
        assert shown.press("Lasso").get_attribute("aria-pressed") == "true"
    else:
        shown.page.keyboard.down("Shift")
    corners = [np.array(corner) for corner in ((3, -0.3), (3, 4.3), (-0.3, 4.3), (-0.3, -0.3))]
    mouse.move(*shown.at(corners[0]))
    mouse.down()
    for corner in corners[1:]:
        mouse.move(*shown.at(corner), steps=3)
    mouse.up()
    shown.page.keyboard.up("Shift")

    assert shown.page.inner_text(".counts") == "Chosen: reference 2, samples 2"
    assert shown.page.locator(".shares li").all_inner_texts() == ["four2 | 2"]
    numbers = [
        [int(one.get_attribute("data-tile") or -1) for one in half.locator("canvas").all()]
        for half in shown.page.locator(".halves .tiles").all()
    ]
    assert numbers == [[0, 1], [3]]
    assert shown.page.locator(".kept").is_hidden()

    shown.page.keyboard.press("Escape")
    assert shown.page.locator(".chosen").is_hidden()


def test_the_keyboard_goes_from_point_to_point(shown: Shown) -> None:
    """Arrows walk, Enter keeps a picture, and a screen reader hears where one is."""
    press = shown.page.keyboard.press
    shown.canvas.focus()
    press("ArrowRight")  # the first key starts in the middle
    said = shown.page.locator(".live [role=status]")
    assert said.inner_text() == "sample 4, no clear mode, off the reference"
    press("ArrowRight")
    assert said.inner_text().startswith(("sample 2", "sample 3"))
    press("ArrowRight")
    assert said.inner_text().startswith("reference")
    press("Enter")
    assert shown.page.locator(".kept canvas").count() == 1
    press("+")
    press("ArrowLeft")
    assert shown.tip.is_visible()
    press("Escape")
    assert shown.tip.is_hidden()
    assert shown.page.locator(".kept").is_hidden()


def test_the_wheel_scrolls_the_page_until_the_map_is_meant(shown: Shown) -> None:
    """Scrolling past the map scrolls; with Control, or once it has the focus, it zooms."""
    page, key = shown.page, shown.page.keyboard
    place = "document.querySelector('.over').__zoom.k"
    page.mouse.move(*shown.at(np.array([4.0, 4.0])))
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 120)
    until(page, f"scrollY > {before}")
    assert page.evaluate(place) == 1

    page.mouse.move(*shown.at(np.array([4.0, 3.5])))
    key.down("Control")
    page.mouse.wheel(0, -120)
    until(page, f"{place} > 1")
    key.up("Control")
    shown.press("Reset")
    assert page.evaluate(place) == 1


@pytest.mark.parametrize("dark", [False, True])
def test_colours_change_and_a_phone_is_wide_enough(
    open_page: Opener, report: str, dark: bool
) -> None:
    """Every rule of colour paints the points, in both schemes, without a page that is too wide."""
    shown = Shown(open_page(report, width=360, dark=dark))
    shot = "document.querySelector('.ink').toDataURL()"
    by_side = shown.page.evaluate(shot)
    shown.page.get_by_label("mode", exact=True).check()
    until(shown.page, f"{shot} !== {by_side!r}")

    assert shown.page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_without_scripts_the_still_picture_stands(open_page: Opener, report: str) -> None:
    """Nobody needs the script to see where the points are."""
    page = open_page(report, scripts=False)

    assert page.locator(".map .still svg.plot").is_visible()
    assert page.locator(".live").is_hidden()
