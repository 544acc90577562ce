"""Exhibits made ready to draw: sized pictures, scaled bars, laid-out plots."""

from __future__ import annotations

import base64
import binascii
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters.html import latent, plots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gancheck.types import JSON, Exhibit, Mode

_URI = re.compile(r"data:image/(?:webp|png|jpeg|gif);base64,([A-Za-z0-9+/=]+)")
_SHARP_SIDE = 32  # up to here every pixel is shown as a crisp square
_SHOWN_SIDE = 56


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
    """Two pictures to compare."""

    left: Picture
    right: Picture
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
    """One exhibit, ready for the template; ``body`` depends on the kind."""

    kind: str
    title: str
    caption: str
    body: object
    role: str = ""


def figure(exhibit: Exhibit) -> Figure:
    """Prepare one exhibit; kinds of a newer version keep their words and lose their picture."""
    build = _BUILDERS.get(exhibit.kind)
    kind = exhibit.kind if build else "unknown"
    body = build(exhibit) if build else exhibit.kind
    role = str(exhibit.payload.get("role", ""))
    return Figure(kind, exhibit.title, exhibit.caption, body, role)


def mode_bars(modes: Iterable[Mode]) -> list[Bar]:
    """Scale the modes of a diagnosis to a common length."""
    return bars(
        [
            {
                "label": mode.label,
                "reference": mode.reference_share,
                "samples": mode.sample_share,
                "low": mode.low,
                "high": mode.high,
                "status": mode.status,
            }
            for mode in modes
        ]
    )


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
    left, right = (str(exhibit.payload[side]) for side in ("left_title", "right_title"))
    return [
        Pair(
            picture(pair["left"], left, f"{exhibit.title}, pair {at}: {left}"),
            picture(pair["right"], right, f"{exhibit.title}, pair {at}: {right}"),
            str(pair["caption"]),
        )
        for at, pair in enumerate(exhibit.payload["pairs"], start=1)
    ]


def _bars(exhibit: Exhibit) -> list[Bar]:
    return bars(exhibit.payload["rows"])


def _scatter(exhibit: Exhibit) -> plots.Scatter:
    return plots.scatter(exhibit.payload)


def _heatmap(exhibit: Exhibit) -> plots.Heatmap:
    uri = str(exhibit.payload["image"])
    return plots.heatmap(exhibit.payload, uri if any(_size(uri)) else "")


def _slice(exhibit: Exhibit) -> latent.SlicePlot:
    return latent.slice_plot(exhibit.payload, lambda uri: any(_size(uri)))


def _crossing(exhibit: Exhibit) -> latent.CrossingPlot:
    return latent.crossing_plot(exhibit.payload)


def _morph(exhibit: Exhibit) -> latent.MorphPlot:
    return latent.morph_plot(exhibit.payload)


_BUILDERS = {
    "grid": _tiles,
    "strip": _strip,
    "pairs": _pairs,
    "bars": _bars,
    "scatter": _scatter,
    "heatmap": _heatmap,
    "slice": _slice,
    "crossing": _crossing,
    "morph": _morph,
}
