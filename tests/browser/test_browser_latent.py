"""The latent space in a real browser: reading a slice, following its lines, playing the morph."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from example_diagnosis import inconclusive

from gancheck import exhibits
from gancheck.reporters.html import Html
from gancheck.types import Exhibit, Finding, Severity

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.conftest import Opener

EXTENT = (-1.0, 1.0, -1.0, 1.0)
SIDE = 64
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SEEN = "(one) => one.toDataURL()"


def a_slice() -> Exhibit:
    """Return a window whose first layer rises from 0 on the left to 10 on the right.

    One cell, at the bottom right, is far above. Two lines stand upright at -0.5 and 0.5, on
    surfaces 1 and 2.
    """
    across = np.tile(np.linspace(0, 10, SIDE), (SIDE, 1))
    across[0, -1] = 99
    half = np.where(np.arange(SIDE)[:, None] < SIDE // 2, np.nan, across.T)
    layers = [("a", "Rising", "steps", across), ("b", "Halved", "parts", half)]
    upright = [np.array([[x, -1.0], [x, 1.0]]) for x in (-0.5, 0.5)]
    lines = [("cut", f"line {at}", False, line) for at, line in enumerate(upright, start=1)]
    shown = exhibits.latent_slice(
        "A slice", "How.", layers, lines, EXTENT, axes=("left", "up"), rings=(0.5,)
    )
    numbered = [{**one, "surface": at} for at, one in enumerate(shown.payload["lines"], start=1)]
    return dataclasses.replace(shown, payload={**shown.payload, "lines": numbered})


def a_strip(number: int) -> Exhibit:
    """Return a film strip across one surface."""
    images = np.full((9, 1, 8, 8), 60 * number, dtype=np.uint8)
    shown = exhibits.strip(f"Across surface {number}", "", images, jumps=[0.1] * 8)
    return dataclasses.replace(shown, payload={**shown.payload, "surface": number})


def a_morph() -> Exhibit:
    """Return points that move from the window to the right."""
    start = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    return exhibits.morph(
        "A morph", "How.", start, start**3 + 4, start[:50] + 4,
        extent=EXTENT, axes=(("left", "up"), ("x1", "x2")),
    )  # fmt: skip


@cache
def content() -> str:
    """Return a page with one slice, strips across both its surfaces, and a morph."""
    shown = (a_slice(), a_strip(1), a_strip(2), a_morph())
    finding = Finding("cuts.crossings", "cuts", Severity.WARN, "jumps", exhibits=shown)
    report = dataclasses.replace(inconclusive(), findings=(finding,))
    return Html(docs_of=lambda _: {}).render(report)


def strip(page: Page, number: int) -> Locator:
    """Return the film strip across a surface."""
    return page.locator(f"#check-1-surface-{number}")


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a place of the window is on the screen."""
    frame = page.locator(".slice rect.outside").bounding_box()
    assert frame is not None
    return (
        frame["x"] + (x + 1) / 2 * frame["width"],
        frame["y"] + (1 - y) / 2 * frame["height"],
    )


def point_at(page: Page, x: float, y: float) -> str:
    """Move the mouse to a place of the window and return what is said of it."""
    page.locator(".slice svg").scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    page.mouse.move(*place(page, x, y))
    return page.locator(".readout").inner_text()


@pytest.mark.parametrize(("x", "y"), [(-0.75, 0.5), (0.1, -0.3), (0.9, 0.0)])
def test_pointing_tells_place_and_value(open_page: Opener, x: float, y: float) -> None:
    """Under the mouse stand the coordinates and the value that the colour stands for."""
    said = point_at(open_page(content(), reduced_motion=True), x, y)
    words = said.replace("·", " ").split()

    assert float(words[words.index("left") + 1]) == pytest.approx(x, abs=0.02)
    assert float(words[words.index("up") + 1]) == pytest.approx(y, abs=0.02)
    assert "Rising" in said
    assert float(words[words.index("Rising:") + 1]) == pytest.approx(5 * (x + 1), abs=0.25)


def test_what_lies_beyond_the_colours_is_not_made_up(open_page: Opener) -> None:
    """At the brightest colour the value is a lower bound; outside the law there is none."""
    page = open_page(content(), reduced_motion=True)

    assert "at least" in point_at(page, 0.995, -0.995)
    page.get_by_role("radio", name="Halved").check()
    assert "outside the latent law" in point_at(page, 0.0, -0.9)
    assert "Halved: " in point_at(page, 0.0, 0.9)


def test_arrow_keys_read_the_slice(open_page: Opener) -> None:
    """The picture takes the focus, and arrows move over it as the mouse does."""
    page = open_page(content(), reduced_motion=True)
    picture = page.locator(".slice svg")
    page.get_by_role("radio", name="Rising").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+ArrowRight")
    said = page.locator(".readout").inner_text()

    assert picture.evaluate("(one) => one === document.activeElement")
    assert "left 0.2 " in said
    assert "up 0 " in said
    page.keyboard.press("ArrowUp")
    assert "up 0.02 " in page.locator(".readout").inner_text()


def test_a_click_on_a_line_shows_its_strip(open_page: Opener) -> None:
    """The strip of the clicked line stands alone, and the line and its choice are marked."""
    page = open_page(content(), reduced_motion=True)
    assert (strip(page, 1).is_visible(), strip(page, 2).is_visible()) == (True, False)

    point_at(page, 0.5, 0.3)
    page.mouse.click(*place(page, 0.5, 0.3))

    assert (strip(page, 1).is_visible(), strip(page, 2).is_visible()) == (False, True)
    chosen = page.locator(".lines a.chosen")
    assert chosen.count() == 1
    assert chosen.get_attribute("href") == "#check-1-surface-2"
    assert page.locator(".choices [aria-current]").inner_text() == "Across surface 2"


def test_strips_are_chosen_from_the_keyboard(open_page: Opener) -> None:
    """Each strip has a link that Enter follows, and all of them come back together."""
    page = open_page(content(), reduced_motion=True)
    page.get_by_role("link", name="Across surface 2").press("Enter")
    assert (strip(page, 1).is_visible(), strip(page, 2).is_visible()) == (False, True)

    page.get_by_role("button", name="All strips").press("Enter")
    assert strip(page, 1).is_visible()
    assert strip(page, 2).is_visible()


def test_layers_and_lines_are_switched(open_page: Opener) -> None:
    """One layer is seen at a time, and the lines can be taken off."""
    page = open_page(content(), reduced_motion=True)
    pictures = page.locator(".slice image")
    assert [one.is_visible() for one in pictures.all()].count(True) == 1

    before = [one.is_visible() for one in pictures.all()]
    page.get_by_role("radio", name="Rising").focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="Halved").is_checked()
    assert [one.is_visible() for one in pictures.all()] == [not one for one in before]

    page.get_by_role("checkbox", name="Lines").press("Space")
    assert not page.locator(".lines").is_visible()


def test_play_moves_the_slider_and_stops(open_page: Opener) -> None:
    """Play moves on with the time, Pause holds where it is, and the end is the end."""
    page = open_page(content())
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    slider = page.get_by_role("slider")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    assert 25 <= int(slider.input_value()) <= 40

    page.get_by_role("button", name="Pause").click()
    held = slider.input_value()
    page.clock.run_for(1000)
    assert slider.input_value() == held

    page.get_by_role("button", name="Play").click()
    page.clock.run_for(5000)
    assert slider.input_value() == "100"
    assert page.get_by_role("button", name="Play").count() == 1


def test_the_slider_draws(open_page: Opener) -> None:
    """Arrow keys move it, and every place has a picture of its own."""
    page = open_page(content())
    slider, canvas = page.get_by_role("slider"), page.locator(".stage canvas")
    first = canvas.evaluate(SEEN)
    slider.press("End")
    assert slider.input_value() == "100"
    last = canvas.evaluate(SEEN)
    slider.press("ArrowLeft")
    assert slider.input_value() == "99"
    slider.press("Home")

    assert first != last
    assert canvas.evaluate(SEEN) == first


def test_reduced_motion_jumps(open_page: Opener) -> None:
    """Who asked for no motion sees the other end at once, and back."""
    page = open_page(content(), reduced_motion=True)
    slider, button = page.get_by_role("slider"), page.get_by_role("button", name="Play")
    button.click()
    assert slider.input_value() == "100"
    button.click()
    assert slider.input_value() == "0"


def test_without_scripts_everything_is_shown(open_page: Opener) -> None:
    """All layers stand side by side, all strips below; a line is a link to its strip."""
    page = open_page(content(), scripts=False)

    assert [one.is_visible() for one in page.locator(".slice image").all()] == [True, True]
    assert strip(page, 1).is_visible()
    assert strip(page, 2).is_visible()
    assert not page.locator(".readout").is_visible()
    assert not page.locator(".switch").is_visible()
    page.get_by_role("link", name="Across surface 2").click()
    assert page.url.endswith("#check-1-surface-2")


def test_paper_shows_every_strip(open_page: Opener) -> None:
    """What is hidden until it is chosen is printed all the same."""
    page = open_page(content())
    assert not strip(page, 2).is_visible()
    page.emulate_media(media="print")
    assert strip(page, 2).is_visible()


def test_a_link_from_elsewhere_opens_its_strip(open_page: Opener) -> None:
    """An address with the anchor of a strip shows that strip."""
    page = open_page(content(), reduced_motion=True)
    page.evaluate("() => { location.hash = '#check-1-surface-2'; }")
    strip(page, 2).wait_for()

    assert not strip(page, 1).is_visible()
