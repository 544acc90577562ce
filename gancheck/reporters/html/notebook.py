"""A result in a notebook: a card that reads without scripts and styles, the page folded into it.

Notebooks hold many results and get mailed, so the page in the card is small and stands still: its
pictures do not move, and its frame may do nothing. Front ends that let no frame through still show
the card.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gancheck.errors import OutputError
from gancheck.reporters.html import card as cards
from gancheck.reporters.html import environment
from gancheck.reporters.slimming import BUDGET, fit
from gancheck.types import Diagnosis, Trace

if TYPE_CHECKING:
    from gancheck.comparing import Comparison
    from gancheck.reporters.html.card import Card

ROOM = 300_000
"""Bytes of the page in a card; what is larger is reduced, and left out where that does not do."""


def card(result: object) -> str:
    """Return a result as a piece of HTML without classes, ids, scripts and style sheets."""
    said = dataclasses.replace(_said(result), page=_folded(result))
    return environment().get_template("templates/card.html.j2").render(card=said)


def words(result: object) -> str:
    """Return a result as a few lines of text."""
    return _said(result).words()


def save(result: object, path: Path, *, force: bool) -> None:
    """Write the whole page of a result.

    Raises:
        OutputError: The file cannot be written, or holds something that gancheck did not write.
    """
    from gancheck.reporters.writing import require_writable, write

    require_writable(path, force=force)
    write(_page(result, BUDGET), path, force=force)


def _said(result: object) -> Card:
    if isinstance(result, Diagnosis):
        return cards.of_diagnosis(result)
    if isinstance(result, Trace):
        return cards.of_trace(result)
    return cards.of_comparison(cast("Comparison", result))


def _folded(result: object) -> str:
    """Return a small page that stands still; empty where even that is too large."""
    try:
        text = _page(result, ROOM, still=True)
    except OutputError:
        return ""
    return text if len(text.encode("utf-8", "backslashreplace")) <= ROOM else ""


def _page(result: object, budget: int, *, still: bool = False) -> str:
    if isinstance(result, Diagnosis):
        return _of_diagnosis(result, budget, still)
    if isinstance(result, Trace):
        return _of_trace(result, budget, still)
    from gancheck.reporters.html.comparison import render

    return render(cast("Comparison", result))


def _of_diagnosis(diagnosis: Diagnosis, budget: int, still: bool) -> str:
    """Return the page of what the JSON of the diagnosis holds, as the command line does."""
    from gancheck.reporters.html.method import registered_docs
    from gancheck.reporters.html.page import build
    from gancheck.stored import as_stored

    def render(diagnoses: Sequence[Diagnosis]) -> str:
        page = dataclasses.replace(build(diagnoses[0], docs_of=registered_docs), still=still)
        return environment().get_template("templates/report.html.j2").render(page=page)

    return fit([as_stored(diagnosis)], render, budget).text


def _of_trace(trace: Trace, budget: int, still: bool) -> str:
    from gancheck.reporters.traces.page import fitted
    from gancheck.stored import trace_as_stored

    return fitted(trace_as_stored(trace), budget, still=still).text
