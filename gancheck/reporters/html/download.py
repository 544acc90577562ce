"""The JSON of a report inside its page."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html.redaction import redact

if TYPE_CHECKING:
    from gancheck.types import JSON

_LARGEST = 2_000_000  # characters; above it the embedded copy goes without its pictures


class Download(NamedTuple):
    """The JSON inside the page."""

    name: str
    uri: str
    complete: bool


def download(contract: Mapping[str, JSON], name: str, *, reduced: bool) -> Download:
    """Put a report's JSON into a link.

    Args:
        contract: The report.
        name: What the file is called, without its endings.
        reduced: Whether the page is short of room already.
    """
    text = json.dumps(contract, indent=1, ensure_ascii=False, allow_nan=False)
    complete = not reduced and len(text) <= _LARGEST
    if not complete:
        text = json.dumps(_without_pictures(contract), indent=1, allow_nan=False)
    encoded = base64.b64encode(str(redact(text)).encode("utf-8", "backslashreplace"))
    uri = f"data:application/json;base64,{encoded.decode('ascii')}"
    return Download(f"{name}.gancheck.json", uri, complete)


def _without_pictures(contract: Mapping[str, JSON]) -> dict[str, JSON]:
    findings = [{**finding, "exhibits": []} for finding in contract["findings"]]
    return {**contract, "findings": findings, "exhibits": []}
