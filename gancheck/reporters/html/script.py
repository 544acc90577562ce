"""The scripts of a page, and the policy under which nothing else may run.

A kind of figure that moves or answers names its scripts in `_NEEDS`, in the order they run; a page
carries each once, whatever the number of figures. Without them every figure still shows its still
picture.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gancheck.reporters.html.figures import Figure

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_D3 = "vendor/d3.min.js"
_NEEDS = {
    "cloud": (_D3, "cloud.js", "map.js"),
    "morph": ("dots.js", "morph.js"),
    "slice": ("slice.js",),
    "timeline": ("dots.js", "trace.js"),
}


def scripts_for(shown: Iterable[Figure]) -> list[str]:
    """Return the scripts that some figures need; none where they stand still."""
    wanted = dict.fromkeys(name for figure in shown for name in _NEEDS.get(figure.kind, ()))
    return [_text(name) for name in sorted(wanted, key=_order)]


def policy(scripts: Iterable[str]) -> str:
    """Return the content security policy of a page: its own scripts by their hashes, or none."""
    allowed = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
        for text in scripts
    )
    return f"{_POLICY}; script-src {allowed}" if allowed else _POLICY


def _order(name: str) -> tuple[bool, str]:
    """Libraries come before what uses them."""
    return not name.startswith("vendor/"), name


@cache
def _text(name: str) -> str:
    text = files("gancheck.reporters.html").joinpath(f"assets/{name}").read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
