"""The page of a trace in a real browser: one slider moves all, and nothing gets in the way."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from example_trace import build_trace, stored

from browser import dom
from gancheck.reporters.traces import page as pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.conftest import Opener

WIDTHS = (320, 400, 768, 1280)
LAST = 10  # of eleven steps that were measured, counted from 0
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SEEN = """() => [...document.querySelectorAll("canvas")].map((one) => one.toDataURL())
  .concat(document.querySelector(".film .column").getAttribute("x"))
  .concat([...document.querySelectorAll(".now")].map((one) => one.getAttribute("x1")))"""
AT = "(one) => Number(one.value)"


@cache
def content() -> str:
    """Return the page of a trace with everything in it."""
    return pages.render(stored(build_trace(points=60)))


def slider(page: Page) -> object:
    """Return where the slider stands."""
    return page.get_by_role("slider", name="Training step").evaluate(AT)


def test_the_slider_moves_everything(open_page: Opener) -> None:
    """Samples, both fields, the film and the marker of every drawing follow the slider."""
    page = open_page(content(), reduced_motion=True)
    page.evaluate(SETTLED)
    before = page.evaluate(SEEN)
    handle = page.get_by_role("slider", name="Training step")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.evaluate(SETTLED)
    after = page.evaluate(SEEN)

    assert slider(page) == LAST - 5
    assert len(before) == 3 + 1 + 4
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert page.locator(".player output").inner_text().startswith("step 300 · collapsed")
    assert handle.get_attribute("aria-valuetext") == page.locator(".player output").inner_text()


def test_play_runs_to_the_end_and_can_be_paused(open_page: Opener) -> None:
    """From the last step it begins again; a press or a key pauses where it is."""
    page = open_page(content())
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.player input').value === '1'")
    page.get_by_role("button", name="Pause").click()
    paused = slider(page)
    page.wait_for_timeout(900)

    assert slider(page) == paused
    page.get_by_role("slider", name="Training step").press(" ")
    page.wait_for_function("() => document.querySelector('.player input').value === '2'")
    assert page.get_by_role("button", name="Pause").is_visible()


def test_without_motion_play_takes_one_step(open_page: Opener) -> None:
    """Who asked for no motion goes from step to step; nothing moves in between."""
    page = open_page(content(), reduced_motion=True)
    page.get_by_role("button", name="Next step").click()
    assert slider(page) == 0
    page.get_by_role("button", name="Next step").click()

    assert slider(page) == 1


def test_pointing_tells_mode_share_and_step_and_a_click_goes_there(open_page: Opener) -> None:
    """Over the stacked shares stand the mode, its share and the step; a click chooses it."""
    page = open_page(content(), reduced_motion=True)
    drawing = page.locator(".over-steps", has=page.locator(".layer")).locator(".plot")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box is not None
    unit = box["width"] / 480
    x = 46 + (250 - 25) / 600 * (424 - 46)  # step 250, place 3 reaches from 0.02 to 0.64
    spot = box["x"] + unit * x, box["y"] + unit * (196 - 0.3 * 184)
    page.mouse.move(*spot)

    assert drawing.locator("xpath=..").locator(".tip").inner_text() == "step 250: place 3 62.0%"
    page.mouse.click(*spot)
    assert page.locator(".player output").inner_text().startswith("step 250")


def test_the_page_fits_and_can_be_read_everywhere(open_page: Opener) -> None:
    """Phones and desks, light and dark: nothing too wide, too faint, or without a name."""
    page = open_page(content(), reduced_motion=True)
    dom.unfold(page)

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate(SETTLED)
            assert dom.overflowing(page) == [], (scheme, width)
        assert dom.faint(page) == []
    assert dom.unnamed(page) == []
    assert dom.disordered(page) == []
    assert dom.unreachable(page) == []


def test_without_scripts_and_on_paper_the_last_step_stands(open_page: Opener) -> None:
    """No control without a script to answer it; every section with its still pictures."""
    page = open_page(content(), scripts=False)

    for name in ("verdict", "training", "stepwise", "findings", "checkpoints", "reproduction"):
        assert page.locator(f"#{name}").is_visible()
    assert page.locator("svg.plot").count() == 7
    for one in page.locator("button, input, canvas").all():
        assert not one.is_visible()
    page.emulate_media(media="print")
    assert dom.overflowing(page) == []


def test_a_visitor_in_a_hurry_breaks_nothing(open_page: Opener) -> None:
    """Pressing, hovering and changing everything in no order raises no error."""
    page = open_page(content())
    dom.use(page)

    assert open_page.faults == []
