"""Whatever a file, a label or a message is called: it is shown, and never obeyed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

from browser import dom, hostile
from gancheck.reporters.html import Html, cuts, side_by_side
from gancheck.reporters.side_by_side.comparison import build

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.conftest import Opener

BUILDERS: dict[str, Callable[[str], str]] = {
    "report": lambda text: Html(docs_of=lambda names: {text: text}).render(hostile.report(text)),
    "cuts": lambda text: cuts.render(hostile.cut_report(text)),
    "side by side": lambda text: side_by_side.render(build([(text, hostile.report(text))] * 2)),
}
EXPECTED = {
    "report": 25,
    "cuts": 12,
    "side by side": 10,
}  # places with words of others, at the least
VISIBLE = """() => {
  const shown = document.body.cloneNode(true);
  shown.querySelectorAll("script, style").forEach((one) => one.remove());
  return shown.textContent;
}"""
STRANGERS = """() => [...document.querySelectorAll("*")].flatMap((one) => [
  ...[...one.attributes].filter((at) => /^on/i.test(at.name)).map((at) => at.name),
  ...[one.getAttribute("href") ?? "", one.getAttribute("src") ?? ""]
    .filter((at) => at && !/^(#|data:)/.test(at)),
  ...(one.matches("iframe, object, embed, base, template, meta[http-equiv=refresh]")
    ? [one.tagName] : []),
])"""
BACKWARDS = """(needle) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const node = texts.currentNode, at = node.data.indexOf(needle);
    if (at < 0 || !node.parentElement.checkVisibility()) continue;
    const place = (i) => {
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      return range.getBoundingClientRect();
    };
    const first = place(at), last = place(at + needle.length - 1);
    if (first.top === last.top && last.left < first.left) found.push(node.data);
  }
  return found;
}"""


@cache
def rendered(name: str, text: str) -> str:
    """Render one of the pages with a text everywhere."""
    return BUILDERS[name](text)


@pytest.fixture(params=BUILDERS)
def name(request: pytest.FixtureRequest) -> str:
    """Name one of the pages that show words of others."""
    return str(request.param)


def pwned(page: Page) -> bool:
    """Tell whether any text got a script to run."""
    return bool(page.evaluate(f"() => '{hostile.MARK}' in window"))


def test_nothing_in_a_text_is_obeyed(open_page: Opener, name: str) -> None:
    """Markup, handlers and addresses in names do nothing, whatever happens to the page."""
    page = open_page(rendered(name, hostile.HOSTILE))
    dom.unfold(page)
    dom.use(page)
    page.wait_for_timeout(50)

    assert not pwned(page)
    assert page.evaluate(STRANGERS) == []
    assert page.locator("img[src=x], svg[onload]").count() == 0


def test_every_text_is_shown_as_it_is(open_page: Opener, name: str) -> None:
    """Each text stands on the page letter by letter, in every place that has words of others."""
    visible = str(open_page(rendered(name, hostile.HOSTILE)).evaluate(VISIBLE))

    for text in hostile.TEXTS.values():
        assert visible.count(text) >= EXPECTED[name], text


@pytest.mark.parametrize("text", hostile.CONTROLLED, ids=["separators", "controls", "a surrogate"])
def test_what_would_steer_is_seen_instead(open_page: Opener, name: str, text: str) -> None:
    """Line separators and control characters neither act nor vanish: a sign stands for each."""
    visible = str(open_page(rendered(name, hostile.HOSTILE)).evaluate(VISIBLE))
    first, last = text[:3], text[-4:]
    start = visible.index(first)
    shown = visible[start : visible.index(last, start) + len(last)]

    assert not set(shown) & hostile.STEERING
    assert len(shown) >= len(text)


def test_no_text_turns_the_line_it_stands_in(open_page: Opener, name: str) -> None:
    """A name with a right-to-left override does not make what follows run backwards."""
    page = open_page(rendered(name, hostile.TURNED))

    assert hostile.TURNED.partition("\u202e")[2] in str(page.evaluate(VISIBLE))
    assert page.evaluate(BACKWARDS, hostile.TURNED.partition("\u202e")[2]) == []


@pytest.mark.parametrize("text", [hostile.LONG, hostile.HOSTILE], ids=["a long word", "all texts"])
def test_no_text_makes_the_page_wider(open_page: Opener, name: str, text: str) -> None:
    """Very long words and all texts at once are broken to the width of the screen."""
    page = open_page(rendered(name, text))
    dom.unfold(page)

    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert dom.overflowing(page) == [], width
