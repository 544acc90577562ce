"""A page of a trace within its budget: fewer steps, fewer points, and it says so."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gancheck.errors import OutputError
from gancheck.reporters.slimming import REDUCED, Fitted, size

if TYPE_CHECKING:
    from gancheck.types import JSON, Exhibit, Trace

Shrink: TypeAlias = "Callable[[Exhibit], Exhibit | None]"


class Step(NamedTuple):
    """One reduction: what it is about, how it is announced, and what it does to an exhibit."""

    subject: str
    said: str
    shrink: Shrink


def fit(trace: Trace, render: Callable[[Trace], str], budget: int) -> Fitted:
    """Render a page, reduced until it fits.

    Args:
        trace: What the page shows.
        render: Makes the page; the setting ``reduced`` says what it lacks.
        budget: Bytes that the page may have.

    Raises:
        OutputError: Even without pictures the page is larger; the hint says what it needs.
    """
    text, said = render(trace), dict[str, str]()
    for step in _STEPS:
        if _bytes(text) <= budget:
            return Fitted(text, tuple(said.values()))
        smaller = _shrunk(trace.exhibits, step.shrink)
        if step.subject != "download" and smaller == trace.exhibits:
            continue
        said[step.subject] = step.said
        settings = {**trace.settings, REDUCED: "; ".join(said.values())}
        trace = dataclasses.replace(trace, exhibits=smaller, settings=settings)
        text = render(trace)
    if _bytes(text) <= budget:
        return Fitted(text, tuple(said.values()))
    raise OutputError(
        f"the page takes {size(_bytes(text))} without any picture, above the budget of "
        f"{size(budget)}",
        f"Give --max-report-size {math.ceil(_bytes(text) / 1000)}K or more.",
    )


def kept(count: int, most: int) -> list[int]:
    """Return which of so many frames to keep: evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(at * (count - 1) / (most - 1)) for at in range(most)})


def fewer_fields(most: int) -> Shrink:
    """Return what keeps so many steps of a field."""

    def shrink(exhibit: Exhibit) -> Exhibit:
        if exhibit.kind != "fields":
            return exhibit
        steps, images = exhibit.payload["steps"], exhibit.payload["images"]
        at = kept(len(steps), most)
        return _with(exhibit, steps=[steps[i] for i in at], images=[images[i] for i in at])

    return shrink


def fewer_frames(most: int) -> Shrink:
    """Return what keeps so many steps of a voyage."""

    def shrink(exhibit: Exhibit) -> Exhibit:
        if exhibit.kind != "voyage":
            return exhibit
        steps, row = exhibit.payload["steps"], 4 * int(exhibit.payload["points"])
        places, at = _unpacked(exhibit.payload["positions"]), kept(len(steps), most)
        packed = b"".join(places[i * row : (i + 1) * row] for i in at)
        return _with(exhibit, steps=[steps[i] for i in at], positions=_packed(packed))

    return shrink


def fewer_points(every: int) -> Shrink:
    """Return what keeps one of so many points of a voyage, in all steps the same ones."""

    def shrink(exhibit: Exhibit) -> Exhibit:
        if exhibit.kind != "voyage":
            return exhibit
        points = int(exhibit.payload["points"])
        frames = len(exhibit.payload["steps"])
        at = range(0, points, every)
        wide = [frame * points + i for frame in range(frames) for i in at]
        return _with(
            exhibit,
            points=len(at),
            positions=_picked(exhibit.payload["positions"], 4, wide),
            reference=_every(exhibit.payload["reference"], 4, every),
            colours=_picked(exhibit.payload["colours"], 3, at),
        )

    return shrink


def without(kind: str) -> Shrink:
    """Return what leaves out exhibits of a kind, or all for an empty one."""
    return lambda exhibit: None if kind in ("", exhibit.kind) else exhibit


_STEPS = (
    Step("download", "the JSON to download has no pictures", lambda exhibit: exhibit),
    Step("fields", "at most 60 steps of what the discriminator says", fewer_fields(60)),
    Step("voyage", "every 2nd point of the map", fewer_points(2)),
    Step("fields", "at most 24 steps of what the discriminator says", fewer_fields(24)),
    Step("voyage", "every 2nd point and at most 60 steps of the map", fewer_frames(60)),
    Step("film", "no film strips", without("film")),
    Step("fields", "at most 6 steps of what the discriminator says", fewer_fields(6)),
    Step("voyage", "every 8th point and at most 60 steps of the map", fewer_points(4)),
    Step("fields", "nothing of what the discriminator says over space", without("fields")),
    Step("voyage", "no map", without("voyage")),
    Step("all", "no pictures", without("")),
)
"""What is tried, in this order, each on top of those before it."""


def _shrunk(exhibits: Sequence[Exhibit], shrink: Shrink) -> tuple[Exhibit, ...]:
    smaller = (shrink(exhibit) for exhibit in exhibits)
    return tuple(exhibit for exhibit in smaller if exhibit is not None)


def _picked(text: JSON, width: int, at: Iterable[int]) -> str:
    content = _unpacked(text)
    return _packed(b"".join(content[width * i : width * (i + 1)] for i in at))


def _every(text: JSON, width: int, every: int) -> str:
    return _picked(text, width, range(0, len(_unpacked(text)) // width, every))


def _unpacked(text: JSON) -> bytes:
    return base64.b64decode(str(text or ""))


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _with(exhibit: Exhibit, **changed: JSON) -> Exhibit:
    return dataclasses.replace(exhibit, payload={**exhibit.payload, **changed})
