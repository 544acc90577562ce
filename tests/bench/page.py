"""``PYTHONPATH=tests python -m bench.page``: how fast and how large a page with a full map is.

Opens the page in a browser, changes colours and zooms, and prints what the reader waits for.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from browser.conftest import _FLAGS, program
from gancheck import exhibits
from gancheck.exhibits import Side
from gancheck.reporters.html import Html
from gancheck.types import Diagnosis, Exhibit, Subject, Verdict

if TYPE_CHECKING:
    from gancheck.types import AnyArray

_MODES = 12
_PICTURED = 2048
_AFTER_NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
_TIMED = """async (act) => {
  const began = performance.now();
  act();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(prog="bench.page", description=__doc__)
    parser.add_argument("--points", type=int, default=50_000, help="reference and samples together")
    parser.add_argument("--pictures", action="store_true", help="with thumbnails")
    parser.add_argument("--runs", type=int, default=5, help="how often the page is opened")
    asked = parser.parse_args(arguments)
    text = page(asked.points, pictures=asked.pictures)
    rows = {"file, MB": [len(text.encode()) / 1e6], **measured(text, asked.runs)}
    for name, values in rows.items():
        spread = f"{min(values):8.1f} .. {max(values):.1f}" if len(values) > 1 else ""
        sys.stdout.write(f"{name:24} {statistics.median(values):8.1f} {spread}\n")
    return 0


def page(points: int, *, pictures: bool) -> str:
    """Render a report whose map has that many points."""
    rng = np.random.default_rng(0)
    sides = [_side(rng, points // 2, pictures=pictures) for _ in range(2)]
    labels = [f"mode {number}" for number in range(_MODES)]
    shown = exhibits.cloud("Map", "Points of two sides.", sides[0], sides[1], labels=labels)
    return Html().render(_diagnosis((shown, _morph(rng, points))))


def measured(text: str, runs: int) -> dict[str, list[float]]:
    """Open a page again and again; return milliseconds by what was waited for."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(text, encoding="utf-8")
        args = ["--no-sandbox", *_FLAGS]
        browser = playwright.chromium.launch(executable_path=program(), args=args)
        for _ in range(runs):
            opened = browser.new_page(viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            opened.goto(file.as_uri())
            opened.wait_for_selector(".map.open")
            opened.evaluate(_AFTER_NEXT_FRAME)
            found.setdefault("ready, ms", []).append(1000 * (time.perf_counter() - began))
            for name, act in _acts().items():
                found.setdefault(name, []).append(float(opened.evaluate(act)))
            opened.close()
        browser.close()
    return found


def _acts() -> dict[str, str]:
    over = "document.querySelector('.over')"
    wheel = (
        "new WheelEvent('wheel', {deltaY: -120, ctrlKey: true, bubbles: true, cancelable: true,"
        "clientX: innerWidth / 3, clientY: 300})"
    )
    scripts = {
        "colours by mode, ms": "document.querySelector('.live [value=mode]').click()",
        "one mode off, ms": "document.querySelector('[data-mode=\"3\"]').click()",
        "zoom, ms": f"{over}.dispatchEvent({wheel})",
        "zoom again, ms": f"{over}.dispatchEvent({wheel})",
        "back, ms": "document.querySelector('[data-do=reset]').click()",
        "hover, ms": f"{over}.dispatchEvent(new PointerEvent('pointermove', "
        "{bubbles: true, clientX: innerWidth / 3, clientY: 300}))",
        "step of the slider, ms": "(() => { const one = document.querySelector('.morph input');"
        "one.value = 50; one.dispatchEvent(new Event('input', {bubbles: true})); })()",
        "all in view, ms": "document.querySelector('[data-do=view]').click()",
    }
    return {name: f"({_TIMED})(() => {script})" for name, script in scripts.items()}


def _side(rng: np.random.Generator, n: int, *, pictures: bool) -> Side:
    modes = rng.integers(_MODES, size=n)
    turn = 2 * np.pi * modes / _MODES
    middles = 8 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rows = np.arange(min(n, _PICTURED))
    return Side(
        middles + rng.standard_normal((n, 2)),
        modes,
        rng.random(n) < 0.02,
        rows if pictures else rows[:0],
        _tiles(rng, len(rows)) if pictures else None,
    )


def _tiles(rng: np.random.Generator, n: int) -> AnyArray:
    coarse = rng.integers(0, 256, (n, 3, 8, 8), dtype=np.uint8)
    return np.asarray(coarse.repeat(8, axis=2).repeat(8, axis=3))


def _morph(rng: np.random.Generator, n: int) -> Exhibit:
    start, end = rng.uniform(-1, 1, (n, 2)), rng.standard_normal((n, 2))
    axes = (("z1", "z2"), ("x", "y"))
    known = rng.standard_normal((_PICTURED, 2))
    window = (-1.0, 1.0, -1.0, 1.0)
    return exhibits.morph("Morph", "", start, end, known, extent=window, axes=axes)


def _diagnosis(shown: tuple[Exhibit, ...]) -> Diagnosis:
    subject = Subject("model.pt", "torchscript", "", (2,), "normal", None, "image", (3, 64, 64))
    return Diagnosis(
        subject, Verdict.HEALTHY, (), (), {}, (), (), (), shown, (), {}, {"gancheck": "0"}, {}
    )


if __name__ == "__main__":
    raise SystemExit(main())
