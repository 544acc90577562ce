"""A real browser to open pages in, and a watch over everything that they do.

A test asks for `open_page`, gives it the text or the path of a page and gets Playwright's
synchronous `Page`::

    def test_something(open_page: Opener) -> None:
        page = open_page(html, width=400, dark=True)
        page.get_by_role("button", name="Play").click()

The text is written to a file and opened from ``file://``, in a fresh profile without a network.
`scripts=False` opens it with scripts switched off, `reduced_motion=True` for someone who asked for
no motion. When the test ends it fails if any page that it opened asked for anything but itself,
``data:`` and ``blob:``, wrote an error or a warning to the console, threw, broke its own content
security policy or opened a dialog. A test that provokes one of these looks at `open_page.faults`
and clears it.

The browser is the system's Chromium, or the program named by ``GANCHECK_BROWSER``. Where there is
none, every test here is skipped with one line that says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

VARIABLE = "GANCHECK_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "NO BROWSER: THE PAGE WAS NOT TESTED. `make browser` installs Debian's Chromium; "
    f"{VARIABLE} names another one"
)
_FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_OWN = ("data:", "blob:")
_LOUD = ("error", "warning", "assert")
_PATIENCE_MS = 20_000  # a busy machine is slow, not broken
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (one) =>
  console.error(`policy: ${one.effectiveDirective} ${one.blockedURI}`));
"""


def program() -> str | None:
    """Return the browser to test with, None where there is none."""
    named = os.environ.get(VARIABLE)
    found = (shutil.which(name) for name in ([named] if named else NAMES))
    return next((path for path in found if path), None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a browser that is not there: all from this line, so that it is told once."""
    if "browser" in getattr(item, "fixturenames", ()) and program() is None:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser once for each worker."""
    path = program()
    assert path is not None
    from playwright.sync_api import sync_playwright

    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*root, *_FLAGS])
        yield started
        started.close()


@dataclass
class Opener:
    """Opens pages and notes what they should not have done.

    Attributes:
        browser: The running browser.
        folder: Where pages given as text are written.
        faults: What pages did wrong so far, in words.
        pages: The pages opened so far.
    """

    browser: Browser
    folder: Path
    faults: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def __call__(
        self,
        content: str | Path,
        *,
        width: int = 1280,
        dark: bool = False,
        scripts: bool = True,
        reduced_motion: bool = False,
    ) -> Page:
        """Open a page, given as its text or its path, in a profile of its own."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce" if reduced_motion else "no-preference",
            offline=True,
        )
        context.set_default_timeout(_PATIENCE_MS)
        context.add_init_script(_TELL_VIOLATIONS)
        page = context.new_page()
        address = self._written(content).as_uri()
        self._watch(page, address)
        page.goto(address)
        self.pages.append(page)
        return page

    def _written(self, content: str | Path) -> Path:
        if isinstance(content, Path):
            return content
        path = self.folder / f"page-{len(self.pages)}.html"
        path.write_bytes(content.encode("utf-8", "backslashreplace"))  # as a report is
        return path

    def _watch(self, page: Page, address: str) -> None:
        def asked(request: Request) -> None:
            if request.url != address and not request.url.startswith(_OWN):
                self.faults.append(f"asked for {request.url}")

        def said(message: ConsoleMessage) -> None:
            if message.type in _LOUD:
                self.faults.append(f"console {message.type}: {message.text}")

        def opened(dialog: Dialog) -> None:
            self.faults.append(f"opened a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", asked)
        page.on("console", said)
        page.on("dialog", opened)
        page.on("pageerror", lambda error: self.faults.append(f"threw: {error}"))


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open pages, and fail the test if one of them did what a page must not do."""
    opener = Opener(browser, tmp_path)
    yield opener
    for page in opener.pages:
        if not page.is_closed():
            page.title()  # whatever the page reported before now has arrived
        page.context.close()
    assert not opener.faults, "\n".join(opener.faults)
