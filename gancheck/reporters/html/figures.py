"""Exhibits made ready to draw: sized pictures, scaled bars, laid-out plots."""

from __future__ import annotations

import base64
import binascii
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html import charts, latent, plots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gancheck.types import JSON, Exhibit, Mode

_URI = re.compile(r"data:image/(?:webp|png|jpeg|gif);base64,([A-Za-z0-9+/=]+)")
_SHARP_SIDE = 32  # up to here every pixel is shown as a crisp square
_SHOWN_SIDE = 56
_STRIPS = ("strip", "crossing")


class Picture(NamedTuple):
    """A picture and how large to show it; ``uri`` is empty where the data is no picture."""

    uri: str
    width: int
    height: int
    sharp: bool
    caption: str
    alt: str


class Film(NamedTuple):
    """Pictures in a row and the jumps between them, of which there may be none."""

    pictures: list[Picture]
    jumps: list[latent.Jump]


class Pair(NamedTuple):
    """Two pictures to compare, and what they differ in where that is shown."""

    left: Picture
    right: Picture
    difference: Picture | None
    caption: str


class Shares(NamedTuple):
    """Four numbers of one mode: both shares, and the interval of the samples."""

    reference: float
    samples: float
    low: float
    high: float


class Bar(NamedTuple):
    """One mode as bars; ``at`` is in percent of the longest bar or whisker."""

    label: str
    status: str
    share: Shares
    at: Shares


@dataclass(frozen=True)
class Figure:
    """One exhibit, ready for the template.

    Attributes:
        kind: What is drawn.
        title: Its heading.
        caption: How to read it.
        body: What the template draws; its type depends on the kind.
        role: ``reference``, ``samples`` or empty.
        anchor: Where a line of a slice leads to, for the film strip across it; else empty.
    """

    kind: str
    title: str
    caption: str
    body: object
    role: str = ""
    anchor: str = ""


def figures(exhibits: Sequence[Exhibit], anchor: str = "") -> list[Figure]:
    """Prepare the exhibits of one finding: the lines of a slice lead to the strips across them.

    Args:
        exhibits: What to draw.
        anchor: What anchors begin with; without one, nothing leads anywhere.
    """
    crossed = {latent.surface_of(one.payload): one for one in exhibits if one.kind in _STRIPS}
    strips = {
        number: latent.Choice(one.title, f"{anchor}-surface-{number}")
        for number, one in crossed.items()
        if anchor and number
    }
    return [figure(one, strips) for one in exhibits]


def figure(exhibit: Exhibit, strips: Mapping[str, latent.Choice] | None = None) -> Figure:
    """Prepare one exhibit; kinds of a newer version keep their words and lose their picture."""
    role = str(exhibit.payload.get("role", ""))
    own = (strips or {}).get(latent.surface_of(exhibit.payload))
    anchor = own.target if own and exhibit.kind in _STRIPS else ""
    body: object = exhibit.kind
    kind = exhibit.kind if exhibit.kind in _BUILDERS or exhibit.kind == "slice" else "unknown"
    if exhibit.kind == "slice":
        body = latent.slice_plot(exhibit.payload, lambda uri: any(_size(uri)), strips)
    elif exhibit.kind in _BUILDERS:
        body = _BUILDERS[exhibit.kind](exhibit)
    return Figure(kind, exhibit.title, exhibit.caption, body, role, anchor)


def mode_bars(modes: Iterable[Mode]) -> list[Bar]:
    """Scale the modes of a diagnosis to a common length."""
    from gancheck.exhibits.charts import mode_rows

    return bars(mode_rows(modes))


def bars(rows: Sequence[Mapping[str, JSON]]) -> list[Bar]:
    """Scale rows of shares so that the longest bar or whisker fills the width."""
    shares = [Shares(*(float(row[key] or 0.0) for key in Shares._fields)) for row in rows]
    top = max((max(share) for share in shares), default=0.0) or 1.0
    return [
        Bar(
            label=str(row["label"]),
            status=str(row["status"]),
            share=share,
            at=Shares(*(round(100 * part / top, 2) for part in share)),
        )
        for row, share in zip(rows, shares, strict=True)
    ]


def picture(uri: JSON, caption: str, alt: str) -> Picture:
    """Size a picture; small ones grow by a whole factor, so that pixels stay square."""
    width, height = _size(str(uri))
    if not width:
        return Picture("", _SHOWN_SIDE, _SHOWN_SIDE, False, caption, alt)
    factor = max(1, round(_SHOWN_SIDE / max(width, height)))
    sharp = max(width, height) <= _SHARP_SIDE
    return Picture(str(uri), width * factor, height * factor, sharp, caption, alt)


def _size(uri: str) -> tuple[int, int]:
    """Return width and height of a data URI, zeros when it is anything but a picture."""
    from PIL import Image

    match = _URI.fullmatch(uri)
    try:
        return Image.open(io.BytesIO(base64.b64decode(match[1]))).size if match else (0, 0)
    except (OSError, binascii.Error):
        return (0, 0)


def _tiles(exhibit: Exhibit) -> list[Picture]:
    tiles = exhibit.payload["tiles"]
    return [
        picture(
            tile["image"],
            str(tile["caption"]),
            f"{exhibit.title}: {tile['caption'] or f'image {at} of {len(tiles)}'}",
        )
        for at, tile in enumerate(tiles, start=1)
    ]


def _strip(exhibit: Exhibit) -> Film:
    return Film(_tiles(exhibit), latent.jumps(exhibit.payload.get("jumps", ())))


def _pairs(exhibit: Exhibit) -> list[Pair]:
    payload = exhibit.payload
    titles = {side: str(payload.get(f"{side}_title", side)) for side in Pair._fields[:3]}

    def shown(pair: Mapping[str, JSON], side: str, at: int) -> Picture:
        alt = f"{exhibit.title}, pair {at}: {titles[side]}"
        return picture(pair[side], titles[side], alt)

    return [
        Pair(
            shown(pair, "left", at),
            shown(pair, "right", at),
            shown(pair, "difference", at) if pair.get("difference") else None,
            str(pair["caption"]),
        )
        for at, pair in enumerate(payload["pairs"], start=1)
    ]


def _bars(exhibit: Exhibit) -> list[Bar]:
    return bars(exhibit.payload["rows"])


def _scatter(exhibit: Exhibit) -> plots.Scatter:
    return plots.scatter(exhibit.payload)


def _heatmap(exhibit: Exhibit) -> plots.Heatmap:
    uri = str(exhibit.payload["image"])
    return plots.heatmap(exhibit.payload, uri if any(_size(uri)) else "")


def _crossing(exhibit: Exhibit) -> latent.CrossingPlot:
    return latent.crossing_plot(exhibit.payload)


def _morph(exhibit: Exhibit) -> latent.MorphPlot:
    return latent.morph_plot(exhibit.payload)


def _histogram(exhibit: Exhibit) -> charts.Chart:
    return charts.histogram(exhibit.payload)


def _lines(exhibit: Exhibit) -> charts.Chart:
    return charts.lines(exhibit.payload)


def _table(exhibit: Exhibit) -> charts.Table:
    return charts.table(exhibit.payload)


def _cloud(exhibit: Exhibit) -> object:
    from gancheck.reporters.html.map import cloud_plot

    return cloud_plot(exhibit.payload)


def _voyage(exhibit: Exhibit) -> object:
    from gancheck.reporters.html.voyages import voyage_plot

    return voyage_plot(exhibit.payload)


def _film(exhibit: Exhibit) -> object:
    from gancheck.reporters.html.voyages import film_plot

    return film_plot(exhibit.payload)


def _fields(exhibit: Exhibit) -> object:
    from gancheck.reporters.html.voyages import fields_plot

    return fields_plot(exhibit.payload, lambda uri: any(_size(uri)))


_BUILDERS: dict[str, Callable[[Exhibit], object]] = {
    "grid": _tiles,
    "strip": _strip,
    "pairs": _pairs,
    "bars": _bars,
    "scatter": _scatter,
    "heatmap": _heatmap,
    "crossing": _crossing,
    "morph": _morph,
    "histogram": _histogram,
    "lines": _lines,
    "table": _table,
    "cloud": _cloud,
    "voyage": _voyage,
    "film": _film,
    "fields": _fields,
}
