"""The one script of a page, and the policy under which nothing else may run."""

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
_MOVING = "morph"


def script_for(shown: Iterable[Figure]) -> str:
    """Return the script that some figures need; empty where they stand still."""
    return _text() if any(figure.kind == _MOVING for figure in shown) else ""


def policy(script: str) -> str:
    """Return the content security policy of a page: its own script by its hash, or none."""
    if not script:
        return _POLICY
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"{_POLICY}; script-src 'sha256-{digest}'"


@cache
def _text() -> str:
    text = files("gancheck.reporters.html").joinpath("assets/morph.js").read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
