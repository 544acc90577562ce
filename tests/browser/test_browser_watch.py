"""The watch over pages, and the questions put to them, see what they are there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import dom

if TYPE_CHECKING:
    from browser.conftest import Opener

HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>'
POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
MISDEEDS = {
    "a request": ('<img src="http://example.invalid/a.png" alt="">', "asked for http://example"),
    "another file": ('<img src="beside.png" alt="">', "asked for file://"),
    "a thrown error": ("<script>throw new Error('oh no')</script>", "threw: oh no"),
    "an error told": ("<script>console.error('told')</script>", "console error: told"),
    "a dialog": ("<script>alert(1)</script>", "opened a dialog: 1"),
    "its own policy": (f"{POLICY}<script>0</script>", "policy: script-src-elem inline"),
}


@pytest.mark.parametrize(("body", "expected"), MISDEEDS.values(), ids=MISDEEDS)
def test_a_misdeed_is_noted(open_page: Opener, body: str, expected: str) -> None:
    """Requests, errors, dialogs and broken policies are seen: silence is not cheap."""
    page = open_page(HEAD + body)
    page.wait_for_timeout(50)
    page.title()

    assert any(expected in fault for fault in open_page.faults), open_page.faults
    open_page.faults.clear()


def test_a_quiet_page_has_no_faults(open_page: Opener) -> None:
    """A page that does nothing but show its text and a picture of its own is not blamed."""
    page = open_page(
        HEAD + '<p>quiet</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">'
    )

    assert page.inner_text("p") == "quiet"
    assert not open_page.faults


def test_what_is_too_wide_is_named(open_page: Opener) -> None:
    """A wide box, and text that its box cuts off, are found; a box that scrolls may hold both."""
    wide, word = "<p style='width:700px'>wide</p>", "W" * 200
    page = open_page(
        f"{HEAD}{wide}<p style='overflow:hidden' class=cut>{word}</p>"
        f"<div style='overflow-x:auto'>{wide}</div>"
        f"<p class=hidden style='overflow:hidden'>{word}</p>",
        width=400,
    )

    found = dom.overflowing(page)
    assert len(found) == 3
    assert "of 400 pixels" in found[0]
    assert found[1].startswith("p in the frame (wide) spans 8 to 708")
    assert found[2].startswith("p.cut")


def test_faint_text_is_named(open_page: Opener) -> None:
    """Grey on white below 4.5 is found, also through opacity; large letters may be fainter."""
    page = open_page(
        f"{HEAD}<body style='background:#fff'><p style='color:#777' class=faint>a</p>"
        "<p style='color:#767676'>b</p><p style='opacity:.4' class=pale>c</p>"
        "<p style='color:#777; font-size:24px'>d</p>"
        "<div style='background:#000'><p class=dark style='color:#555'>e</p></div>"
    )

    assert [one.split()[0] for one in dom.faint(page)] == ["p.faint", "p.pale", "p.dark"]


def test_what_has_no_words_is_named(open_page: Opener) -> None:
    """Pictures, drawings, controls, figures and tables without a name are found."""
    page = open_page(
        f"{HEAD}<img alt=''><svg></svg><svg aria-hidden=true></svg><canvas></canvas>"
        "<button></button><input><label>named <input></label><figure></figure><table></table>"
        "<nav></nav>"
    )

    tags = [one.split()[0] for one in dom.unnamed(page)]
    assert tags == ["img", "svg", "canvas", "button", "input", "nav", "figure", "table"]


def test_a_level_left_out_is_named(open_page: Opener) -> None:
    """A page without a main heading, and a heading two levels below the last, are found."""
    page = open_page(f"{HEAD}<h1>a</h1><h2>b</h2><h4>c</h4><h2>d</h2><h1>e</h1>")

    found = dom.disordered(page)
    assert [one.split()[0] for one in found] == ["h4", "not"]


def test_what_the_keyboard_misses_is_named(open_page: Opener) -> None:
    """A control that hides its focus, one that is skipped and a false one are all found."""
    page = open_page(
        f"{HEAD}<button>good</button><button class=plain style='outline:none'>plain</button>"
        "<button class=away style='position:absolute;left:-900px'>away</button>"
        "<span class=false style='cursor:pointer'>false</span>"
    )

    found = dom.unreachable(page)
    assert [one.split()[0] for one in found] == ["button.plain", "button.away", "span.false"]
