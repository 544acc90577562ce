"""The page as a reader meets it: every width, both schemes, keyboard, paper, and no scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import dom, pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.conftest import Opener

WIDTHS = (320, 400, 768, 1280)
ALWAYS = ("verdict", "wrong", "checks")
STATIC = {  # what stands without any script; the last of it has pictures
    "collapsed": (*ALWAYS, "modes", "look"),
    "digits": (*ALWAYS, "modes", "look"),
    "colour": (*ALWAYS, "look"),
    "spiral": (*ALWAYS, "modes", "map"),
}
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
DRAWN = "() => [...document.querySelectorAll('canvas')].map((one) => one.toDataURL())"
BROKEN = """() => [...document.images].filter((one) => one.checkVisibility()
  && !(one.complete && one.naturalWidth)).map((one) => one.alt)"""
OFF_PAPER = """(ids) => ids.filter((id) => {
  const one = document.getElementById(id);
  return !(one?.checkVisibility() && one.getBoundingClientRect().height > 40);
})"""


@pytest.mark.parametrize("name", pages.NAMES)
def test_a_page_opens_from_a_file_and_stays_alone(open_page: Opener, name: str) -> None:
    """Opened from disk it shows its pictures, asks for nothing and complains of nothing."""
    page = open_page(pages.page(name))
    page.evaluate(SETTLED)
    dom.unfold(page)

    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:")
    assert "unsafe-eval" not in policy
    assert page.url.startswith("file://")
    assert page.title().endswith("gancheck")
    assert page.evaluate(BROKEN) == []
    assert open_page.faults == []


@pytest.mark.parametrize("name", pages.NAMES)
def test_a_page_can_be_read_out(open_page: Opener, name: str) -> None:
    """Landmarks, one main heading, no level left out, and words for whatever is drawn."""
    page = open_page(pages.page(name))
    dom.unfold(page)

    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    assert page.get_by_role("navigation", name="Sections").count() == 1
    assert page.get_by_role("region").count() >= page.locator("main > section").count()
    assert page.locator("html").get_attribute("lang") == "en"
    assert dom.disordered(page) == []
    assert dom.unnamed(page) == []


@pytest.mark.parametrize("name", pages.NAMES)
def test_a_page_fits_every_screen(open_page: Opener, name: str) -> None:
    """From a small phone to a desk, light and dark, nothing is wider than the screen or cut off."""
    page = open_page(pages.page(name))
    dom.unfold(page)

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate(SETTLED)
            assert dom.overflowing(page) == [], (scheme, width)


@pytest.mark.parametrize("name", sorted({*pages.NAMES} - {"digits"}))
def test_text_can_be_told_from_its_ground(open_page: Opener, name: str) -> None:
    """Contrast is at least 4.5, of large letters 3: light, dark and on paper."""
    page = open_page(pages.page(name))
    dom.unfold(page)

    light = dom.faint(page)
    page.emulate_media(color_scheme="dark")
    dark = dom.faint(page)
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark", media="print")
    paper = dom.faint(page)

    assert ground == "rgb(15, 18, 22)"
    assert (light, dark, paper) == ([], [], [])


@pytest.mark.parametrize("name", ["collapsed", "spiral", "side by side"])
def test_everything_can_be_reached_by_keyboard(open_page: Opener, name: str) -> None:
    """Tab arrives at every control, each shows that it has the focus, and nothing else lures."""
    page = open_page(pages.page(name), reduced_motion=True)
    dom.unfold(page)

    assert dom.unreachable(page) == []


def test_the_first_stop_leads_past_the_navigation(open_page: Opener) -> None:
    """The skip link shows itself when it has the focus, and leads into the report."""
    page = open_page(pages.page("collapsed"))
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the report")
    box = link.bounding_box()

    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_links_lead_to_what_they_name(open_page: Opener) -> None:
    """Every entry of the navigation brings its section up to the top of the screen."""
    page = open_page(pages.page("collapsed"), width=400, reduced_motion=True)
    links = page.get_by_role("navigation").get_by_role("link").all()

    assert len(links) > 5
    for link in links:
        target = str(link.get_attribute("href"))
        link.click()
        top = page.locator(target).evaluate("(one) => one.getBoundingClientRect().top")
        end = page.evaluate("() => innerHeight + scrollY >= document.body.scrollHeight - 2")
        assert -1 <= top <= 40 or end, target


def test_folded_checks_open(open_page: Opener) -> None:
    """What passed is folded away, and opens from the keyboard."""
    page = open_page(pages.page("collapsed"))
    fold = page.locator("details.passed")
    row = fold.locator("tbody tr").first

    assert not row.is_visible()
    fold.locator("summary").press("Enter")
    assert row.is_visible()


@pytest.mark.parametrize("name", ["collapsed", "spiral"])
def test_paper_shows_the_whole_report(open_page: Opener, name: str) -> None:
    """On paper the sections stand with folded rows opened, without controls, within the width."""
    page = open_page(pages.page(name), width=720, dark=True)
    page.emulate_media(media="print")

    assert page.evaluate(OFF_PAPER, list(STATIC[name])) == []
    folded = page.locator("details.passed tbody tr").first
    assert folded.evaluate("(one) => one.checkVisibility({ contentVisibilityAuto: true })")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    for control in page.locator("nav, button, input").all():
        assert not control.is_visible()
    assert dom.overflowing(page) == []
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("name", ["collapsed", "digits", "colour", "spiral"])
def test_without_scripts_the_report_still_stands(open_page: Opener, name: str) -> None:
    """With scripts off: verdict, what is wrong, checks, modes and look, with their pictures."""
    page = open_page(pages.page(name), scripts=False)

    for one in STATIC[name]:
        assert page.locator(f"#{one}").is_visible()
    assert page.locator("h1").inner_text().isupper()
    assert page.locator("#checks").get_by_role("table").count() >= 1
    for picture in page.locator(f"#{STATIC[name][-1]}").locator("img, svg.plot").all()[:3]:
        assert (picture.bounding_box() or {"height": 0})["height"] > 10
    assert page.evaluate(BROKEN) == []
    assert unusable(page) == []


def unusable(page: Page) -> list[str]:
    """Name controls that are shown although no script answers them."""
    controls = page.locator("button, input[type=range], canvas").all()
    return [str(one.get_attribute("class")) for one in controls if one.is_visible()]


@pytest.mark.parametrize(("name", "calm"), [("spiral", False), ("cuts", True)])
def test_nothing_moves_by_itself(open_page: Opener, name: str, calm: bool) -> None:
    """No animation, no transition and no canvas runs before the reader asks for it."""
    page = open_page(pages.page(name), reduced_motion=calm)
    page.evaluate(SETTLED)
    before = page.evaluate(DRAWN)
    page.wait_for_timeout(250)

    assert page.evaluate("() => document.getAnimations().length") == 0
    assert page.evaluate(DRAWN) == before
    if calm:
        assert (
            page.evaluate("() => getComputedStyle(document.documentElement).scrollBehavior")
            == "auto"
        )
