"""Exhibits made lighter: fewer pictures, smaller ones, fewer points; pure functions."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gancheck.types import Exhibit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gancheck.types import JSON

_PICTURED = frozenset({"grid", "strip", "pairs", "heatmap", "slice"})
_MAPS = frozenset({"cloud", "morph", "scatter"})
_SAMPLE = 1  # bit of a point's flags in a cloud: a sample, not a part of the reference
_NO_TILE = b"\xff\xff"
_QUALITY = 40  # of the smaller sheet, as WebP counts
_LARGEST_SHEET = 20_000_000  # pixels; a sheet that claims more is left out


def fewer_tiles(tiles: int, pairs: int) -> Callable[[Exhibit], Exhibit]:
    """Return what keeps the first pictures of a grid and the first pairs."""

    def shrink(exhibit: Exhibit) -> Exhibit:
        if exhibit.kind == "grid":
            return _with(exhibit, tiles=_first(exhibit.payload.get("tiles"), tiles))
        if exhibit.kind == "pairs":
            return _with(exhibit, pairs=_first(exhibit.payload.get("pairs"), pairs))
        return exhibit

    return shrink


def smaller_sheet(exhibit: Exhibit) -> Exhibit:
    """Halve the sides of a cloud's thumbnails."""
    sheet = exhibit.payload.get("sheet")
    if exhibit.kind != "cloud" or not isinstance(sheet, dict):
        return exhibit
    try:
        return _with(exhibit, sheet=_halved(sheet))
    except (OSError, ValueError, KeyError, TypeError):  # it was no sheet to begin with
        return without_sheet(exhibit)


def without_sheet(exhibit: Exhibit) -> Exhibit:
    """Take the thumbnails from a cloud."""
    if exhibit.kind != "cloud" or not exhibit.payload.get("sheet"):
        return exhibit
    points = len(_unpacked(exhibit.payload.get("flags")))
    return _with(exhibit, sheet=None, tiles=_packed(points * _NO_TILE))


def without_pictures(exhibit: Exhibit) -> Exhibit | None:
    """Leave out what is made of pictures."""
    return None if exhibit.kind in _PICTURED else exhibit


def without_maps(exhibit: Exhibit) -> Exhibit | None:
    """Leave out what is made of points, and with it the scripts that move them."""
    return None if exhibit.kind in _MAPS else exhibit


def fewer_points(every: int) -> Callable[[Exhibit], Exhibit]:
    """Return what keeps one of so many points, from the first one on."""

    def shrink(exhibit: Exhibit) -> Exhibit:
        thin = _THINNED.get(exhibit.kind)
        return _with(exhibit, **thin(exhibit.payload, every)) if thin else exhibit

    return shrink


def _scatter(payload: Mapping[str, JSON], every: int) -> dict[str, JSON]:
    return {"series": [_thinned(one, every) for one in payload.get("series", ())]}


def _crossing(payload: Mapping[str, JSON], every: int) -> dict[str, JSON]:
    return {"reference": _thinned(payload.get("reference", {}), every)}


def _morph(payload: Mapping[str, JSON], every: int) -> dict[str, JSON]:
    clouds = {
        name: _thinned(payload.get(name, {}), every) for name in ("start", "end", "reference")
    }
    return {**clouds, "colours": payload.get("colours", [])[::every]}


def _cloud(payload: Mapping[str, JSON], every: int) -> dict[str, JSON]:
    """Thin what is kept for each point; points without names keep their numbers as such."""
    flags = _unpacked(payload.get("flags"))
    first = sum(not flag & _SAMPLE for flag in flags)  # the reference comes first
    kept = range(0, len(flags), every)
    drawn = [at - first for at in kept if at >= first]
    packed = {
        name: _packed(_picked(_unpacked(payload.get(name)), width, kept))
        for name, width in (("positions", 4), ("flags", 1), ("modes", 2), ("tiles", 2))
    }
    colours = _packed(_picked(_unpacked(payload.get("colours")), 3, drawn))
    sides = [drawn] if first == 0 else [[at for at in kept if at < first], drawn]
    known = payload.get("names") or []
    names = [
        [_name(known[side] if side < len(known) else [], at) for at in rows]
        for side, rows in enumerate(sides)
    ]
    return {**packed, "colours": colours, "names": names}


def _name(known: Sequence[JSON], at: int) -> JSON:
    return known[at] if at < len(known) else str(at)


def _thinned(points: Mapping[str, JSON], every: int) -> dict[str, JSON]:
    return {
        key: value[::every] if key in ("x", "y") and isinstance(value, list) else value
        for key, value in points.items()
    }


def _halved(sheet: Mapping[str, JSON]) -> dict[str, JSON]:
    """Scale a sheet to half its width and height.

    Raises:
        ValueError: It is no picture, too large a one, or its tiles are too small to halve.
    """
    from PIL import Image

    content = base64.b64decode(str(sheet["image"]).partition(",")[2], validate=True)
    picture = Image.open(io.BytesIO(content))
    width, height = picture.width // 2, picture.height // 2
    tile, cell = ([int(side) // 2 for side in sheet[name]] for name in ("tile", "cell"))
    if 4 * width * height > _LARGEST_SHEET or min(width, height, *tile, *cell) < 1:
        raise ValueError("no sheet that can be halved")
    buffer = io.BytesIO()
    picture.resize((width, height), Image.Resampling.BOX).save(buffer, "WEBP", quality=_QUALITY)
    image = f"data:image/webp;base64,{_packed(buffer.getvalue())}"
    return {**sheet, "image": image, "tile": tile, "cell": cell}


def _picked(content: bytes, width: int, rows: Sequence[int]) -> bytes:
    return b"".join(content[at * width : (at + 1) * width] for at in rows)


def _unpacked(text: JSON) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _first(items: JSON, most: int) -> JSON:
    return items[:most] if isinstance(items, list) else items


def _with(exhibit: Exhibit, **changed: JSON) -> Exhibit:
    return dataclasses.replace(exhibit, payload={**exhibit.payload, **changed})


_THINNED = {"scatter": _scatter, "crossing": _crossing, "morph": _morph, "cloud": _cloud}
