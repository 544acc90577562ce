"""Questions that only a browser can answer: each returns what is wrong with a page, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_NAME = """
const name = (one) => one.tagName.toLowerCase() + (one.id ? `#${one.id}` : "")
  + [...one.classList].map((word) => `.${word}`).join("")
  + ` in ${one.closest("section[id]")?.id ?? "the frame"}`
  + ` (${(one.textContent || "").trim().slice(0, 30)})`;
"""

_UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"

# An element may reach beyond the screen only inside a box that scrolls and itself fits, and only
# what is hidden on purpose, or ends in an ellipsis, may be cut off by its own box.
_OVERFLOW = (
    "() => {"
    + _NAME
    + """
const found = [];
const screen = document.documentElement.clientWidth;
const needed = document.scrollingElement.scrollWidth;
if (needed > screen) found.push(`the page needs ${needed} of ${screen} pixels`);
const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflowX);
const scroller = (one) => {
  for (let at = one.parentElement; at; at = at.parentElement) if (scrolls(at)) return at;
  return null;
};
for (const one of document.body.querySelectorAll("*")) {
  if (one.closest(".hidden, .skip-link, .symbols") || one.ownerSVGElement) continue;
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height || !one.checkVisibility()) continue;
  if ((box.right > screen + 1 || box.left < -1) && !scroller(one))
    found.push(`${name(one)} spans ${box.left.toFixed()} to ${box.right.toFixed()} of ${screen}`);
  const style = getComputedStyle(one);
  const cut = /hidden|clip/.test(style.overflowX) && style.textOverflow !== "ellipsis";
  if (cut && one.tagName !== "svg" && one.scrollWidth > one.clientWidth + 1)
    found.push(`${name(one)} is cut off: ${one.scrollWidth} in ${one.clientWidth}`);
}
return found;
}"""
)

# Contrast as in WCAG 2.2, section 1.4.3: every text that is shown, over the colours behind it.
_CONTRAST = (
    "() => {"
    + _NAME
    + """
const parts = (text) => {
  const found = text.match(/^rgba?\\(([\\d.]+), ([\\d.]+), ([\\d.]+)(?:, ([\\d.]+))?\\)$/);
  if (!found) throw new Error(`a colour that is not understood: ${text}`);
  return [+found[1], +found[2], +found[3], found[4] === undefined ? 1 : +found[4]];
};
const over = (top, below) => {
  const rest = below[3] * (1 - top[3]), whole = top[3] + rest;
  return whole ? [0, 1, 2].map((i) => (top[i] * top[3] + below[i] * rest) / whole).concat(whole)
    : [0, 0, 0, 0];
};
const behind = (one) => {
  let colour = [0, 0, 0, 0];
  for (let at = one; at && colour[3] < 1; at = at.parentElement)
    colour = over(colour, parts(getComputedStyle(at).backgroundColor));
  return over(colour, [255, 255, 255, 1]);
};
const light = (colour) => {
  const [r, g, b] = colour.slice(0, 3).map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const found = new Map();
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const one = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || one.closest("script, style, svg, .hidden, .skip-link")
    || !one.checkVisibility({ visibilityProperty: true })) continue;
  const style = getComputedStyle(one), ground = behind(one);
  const ink = parts(style.color);
  for (let at = one; at; at = at.parentElement) ink[3] *= +getComputedStyle(at).opacity;
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
  const measured = ratio(over(ink, ground), ground);
  if (measured < (large ? 3 : 4.5)) found.set(name(one), `${name(one)}: ${measured.toFixed(2)}`);
}
return [...found.values()];
}"""
)

# What the keyboard must reach: of a group of radio buttons only one takes part.
_REACHABLE = """
const reachable = () => {
  const all = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex], canvas[tabindex]")];
  const seen = new Set();
  return all.filter((one) => {
    if (one.disabled || one.tabIndex < 0 || one.type === "hidden" || !one.checkVisibility())
      return false;
    if (one.type !== "radio") return true;
    const group = [...(one.form ?? document).querySelectorAll(`input[type=radio]`)]
      .filter((other) => other.name === one.name && other.form === one.form);
    return one === (group.find((other) => other.checked) ?? group[0]);
  });
};
"""

_LISTEN = """() => {
window.focused = new Map();
document.addEventListener("focusin", (event) => window.focused.set(event.target, []));
}"""
_LOOK = (
    "() => {"
    + _NAME
    + """
const one = document.activeElement, complaints = window.focused.get(one);
if (!complaints) return;
const style = getComputedStyle(one), box = one.getBoundingClientRect();
const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
  && !/, 0\\)$|transparent/.test(style.outlineColor);
if (!outlined) complaints.push(`${name(one)} has the focus and does not show it`);
if (box.bottom < 1 || box.top > innerHeight || box.right < 1 || box.left > innerWidth
  || box.width < 2) complaints.push(`${name(one)} has the focus off the screen`);
}"""
)
_COUNT = "() => {" + _REACHABLE + "return reachable().length; }"
_MISSED = (
    "() => {"
    + _NAME
    + _REACHABLE
    + """
const found = reachable().filter((one) => !window.focused.has(one))
  .map((one) => `${name(one)} is not reached by Tab`);
for (const complaints of window.focused.values()) found.push(...complaints);
for (const one of document.body.querySelectorAll("*")) {
  if (getComputedStyle(one).cursor !== "pointer" || !one.checkVisibility()) continue;
  if (!one.closest("a, button, input, select, textarea, summary, label, [tabindex]"))
    found.push(`${name(one)} looks like a control and is none`);
}
return found;
}"""
)

_UNNAMED = (
    "() => {"
    + _NAME
    + """
const found = [];
const complain = (selector, named, what) => {
  for (const one of document.querySelectorAll(selector))
    if (!named(one)) found.push(`${name(one)} has no ${what}`);
};
const label = (one) => one.getAttribute("aria-label")?.trim()
  || document.getElementById(one.getAttribute("aria-labelledby"))?.textContent.trim();
complain("img", (one) => one.alt.trim() || !one.checkVisibility(), "alternative text");
complain("svg", (one) => one.closest("[aria-hidden=true], .symbols")
  || (one.getAttribute("role") && label(one)) || one.closest("[role=img][aria-label]"), "words");
complain("canvas", (one) => one.closest("[aria-hidden=true]") || label(one), "words");
complain("button, a[href], summary", (one) => label(one) || one.textContent.trim(), "name");
complain("input:not([type=hidden]), select, textarea",
  (one) => label(one) || [...(one.labels ?? [])].some((at) => at.textContent.trim()), "label");
complain("nav, main > section", label, "name");
complain("figure", (one) => one.querySelector("figcaption")?.textContent.trim(), "caption");
complain("table", (one) => one.caption?.textContent.trim()
  || label(one.closest("[role=region]") ?? one), "caption");
return found;
}"""
)


_OUTLINE = (
    "() => {"
    + _NAME
    + """
const all = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
const level = (one) => (one ? +one.tagName[1] : 0);
const found = all.filter((one, i) => level(one) > level(all[i - 1]) + 1)
  .map((one) => `${name(one)} stands under a level that is left out`);
if (all.filter((one) => level(one) === 1).length !== 1) found.push("not one main heading");
return found;
}"""
)

_HOVERED = 12  # drawings that the mouse visits; there are not as many kinds
_PRESS = """() => { for (const one of document.querySelectorAll(
  "button, input, summary, [tabindex], path, circle, svg.plot, canvas, img, li, label")) {
  for (const kind of ["pointerover", "pointerenter", "mouseover", "mouseenter", "pointermove",
    "mousemove", "focus", "input", "change"]) one.dispatchEvent(new Event(kind, { bubbles: true }));
  if (!one.closest("a[href], summary")) one.dispatchEvent(new Event("click", { bubbles: true }));
} }"""


def use(page: Page) -> None:
    """Press, change and hover whatever answers, in no order, as a visitor in a hurry would."""
    page.evaluate(_PRESS)
    for one in page.locator("canvas, svg.plot").all()[:_HOVERED]:
        box = one.bounding_box() if one.is_visible() else None
        if box is None:
            continue
        one.scroll_into_view_if_needed()
        box = one.bounding_box() or box
        for share in (0.1, 0.3, 0.5, 0.7, 0.9):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate(_UNFOLD)


def overflowing(page: Page) -> list[str]:
    """Name what is wider than the screen, or cut off by the box that it stands in."""
    return list(page.evaluate(_OVERFLOW))


def faint(page: Page) -> list[str]:
    """Name the texts whose contrast is below 4.5, large ones below 3."""
    return list(page.evaluate(_CONTRAST))


def unnamed(page: Page) -> list[str]:
    """Name pictures, controls, figures and tables that have no words to be read out."""
    return list(page.evaluate(_UNNAMED))


def disordered(page: Page) -> list[str]:
    """Name headings under which, or over which, a level is missing."""
    return list(page.evaluate(_OUTLINE))


def unreachable(page: Page) -> list[str]:
    """Go through the page with Tab; name what it misses, and what hides that it has the focus."""
    page.evaluate(_LISTEN)
    for _ in range(int(page.evaluate(_COUNT)) + 2):
        page.keyboard.press("Tab")
        page.evaluate(_LOOK)
    return list(page.evaluate(_MISSED))
