"""A page within its budget: what is heavy is reduced step by step, and every step is announced.

Thumbnails go first, then points. A step is a pure function over exhibits; the report on disk keeps
everything, and can be rendered again with more room.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gancheck.errors import OutputError
from gancheck.reporters.lighter import (
    fewer_points,
    fewer_tiles,
    smaller_sheet,
    without_maps,
    without_pictures,
    without_sheet,
)
from gancheck.types import Severity

if TYPE_CHECKING:
    from gancheck.types import Diagnosis, Exhibit

BUDGET = 6_000_000
"""Bytes of a page, unless ``--max-report-size`` says otherwise."""

REDUCED = "reduced"
"""The setting of a diagnosis that says what its page lacks."""

Shrink: TypeAlias = "Callable[[Exhibit], Exhibit | None]"
Render: TypeAlias = "Callable[[Sequence[Diagnosis]], str]"


class Step(NamedTuple):
    """One reduction.

    Attributes:
        subject: What it reduces; a later step on the same subject goes further.
        said: How it is announced.
        shrink: Makes one exhibit smaller, or leaves it out.
        passed_only: Whether it only touches exhibits of checks that passed.
    """

    subject: str
    said: str
    shrink: Shrink
    passed_only: bool = False


class Fitted(NamedTuple):
    """A page and what was left out of it."""

    text: str
    reduced: tuple[str, ...]


def _unchanged(exhibit: Exhibit) -> Exhibit:
    return exhibit


def _left_out(_exhibit: Exhibit) -> None:
    return None


STEPS = (
    Step("download", "the JSON to download has no pictures", _unchanged),
    Step("grids", "at most 32 pictures in a grid and 12 pairs", fewer_tiles(32, 12)),
    Step("sheet", "thumbnails of the map at half their size", smaller_sheet),
    Step("passed", "no pictures of checks that passed", _left_out, passed_only=True),
    Step("grids", "at most 12 pictures in a grid and 6 pairs", fewer_tiles(12, 6)),
    Step("sheet", "no thumbnails on the map", without_sheet),
    Step("points", "every 2nd point of maps and clouds", fewer_points(2)),
    Step("points", "every 8th point of maps and clouds", fewer_points(4)),
    Step("points", "every 32nd point of maps and clouds", fewer_points(4)),
    Step("points", "no maps", without_maps),
    Step("grids", "no pictures", without_pictures),
    Step("all", "neither pictures nor plots", _left_out),
)
"""What is tried, in this order, each on top of those before it."""


def fit(diagnoses: Sequence[Diagnosis], render: Render, budget: int) -> Fitted:
    """Render a page of one or more diagnoses, reduced until it fits.

    Args:
        diagnoses: What the page shows.
        render: Makes the page; the setting ``reduced`` of a diagnosis says what it lacks.
        budget: Bytes that the page may have.

    Raises:
        OutputError: Even without pictures and plots the page is larger; the hint says what it
            needs.
    """
    text = render(diagnoses)
    said: dict[str, str] = {}
    for step in STEPS:
        if _bytes(text) <= budget:
            return Fitted(text, tuple(said.values()))
        smaller = [_reduced(diagnosis, step) for diagnosis in diagnoses]
        if step.shrink is not _unchanged and smaller == list(diagnoses):
            continue
        diagnoses = smaller
        said = {step.subject: step.said} if step is STEPS[-1] else {**said, step.subject: step.said}
        text = render([_announced(diagnosis, said.values()) for diagnosis in diagnoses])
    if _bytes(text) <= budget:
        return Fitted(text, tuple(said.values()))
    raise OutputError(
        f"the page takes {size(_bytes(text))} without any picture, above the budget of "
        f"{size(budget)}",
        f"Give --max-report-size {math.ceil(_bytes(text) / 1000)}K or more.",
    )


def announcement(reduced: Sequence[str], budget: int) -> str:
    """Say what was left out of a page to keep it in its budget."""
    return f"reduced to fit {size(budget)}: {'; '.join(reduced)}"


def size(count: int) -> str:
    """Write a number of bytes as people say it: 137 kB, 3.2 MB."""
    if count <= 999_000:
        return f"{math.ceil(count / 1000)} kB"
    return f"{count / 1e6:.1f} MB"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _reduced(diagnosis: Diagnosis, step: Step) -> Diagnosis:
    findings = tuple(
        dataclasses.replace(finding, exhibits=_shrunk(finding.exhibits, step.shrink))
        if not step.passed_only or finding.severity is Severity.OK
        else finding
        for finding in diagnosis.findings
    )
    shown = diagnosis.exhibits
    exhibits = shown if step.passed_only else _shrunk(shown, step.shrink)
    return dataclasses.replace(diagnosis, findings=findings, exhibits=exhibits)


def _shrunk(exhibits: Sequence[Exhibit], shrink: Shrink) -> tuple[Exhibit, ...]:
    smaller = (_made_smaller(exhibit, shrink) for exhibit in exhibits)
    return tuple(exhibit for exhibit in smaller if exhibit is not None)


def _made_smaller(exhibit: Exhibit, shrink: Shrink) -> Exhibit | None:
    """Shrink an exhibit; one whose data are not what its kind promises is left out."""
    try:
        return shrink(exhibit)
    except (TypeError, ValueError, AttributeError, LookupError):
        return None


def _announced(diagnosis: Diagnosis, said: Iterable[str]) -> Diagnosis:
    settings = {**diagnosis.settings, REDUCED: "; ".join(said)}
    return dataclasses.replace(diagnosis, settings=settings)
