"""Samples on their way from the latent space to where they land, as an animation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from gancheck.reporters.pictures.still import INK, PAPER, SOFT, font

if TYPE_CHECKING:
    from PIL.Image import Image

    from gancheck.latents.pictures import Morph
    from gancheck.types import FloatArray

FORMS = ("gif", "webp")
_GREY = (187, 187, 187)
_SIDE, _EDGE, _DOT = 480, 12, 2
_COLOURS = 120
_FRAMES, _MILLISECONDS, _REST = 60, 60, 1200


def animation(moving: Morph, form: str) -> bytes:
    """Move samples from their latent to where they land, for ever, as ``gif`` or ``webp``."""
    from PIL import Image

    frames = [_frame(moving, share) for share in _shares()]
    buffer = io.BytesIO()
    if form == "gif":
        palette = _palette(moving)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(
        buffer,
        form.upper(),
        save_all=True,
        append_images=frames[1:],
        duration=[_REST, *[_MILLISECONDS] * (_FRAMES - 2), _REST],
        loop=0,
        **maker(form),
    )
    return buffer.getvalue()


def maker(form: str) -> dict[str, Any]:
    """Return options of a form, with a mark by which an earlier animation is known again."""
    if form == "gif":
        return {"optimize": True, "comment": b"gancheck"}
    return {"quality": 30, "method": 3, "xmp": b"gancheck"}


def _shares() -> FloatArray:
    """Return how far along the points are in each frame: slow at both ends."""
    even = np.linspace(0, 1, _FRAMES)
    return even * even * (3 - 2 * even)


def _palette(moving: Morph) -> Image:
    """Return a palette of paper, ink and the colours of the points, so that all frames share it."""
    from PIL import Image

    colours = Image.fromarray(moving.colours[None]).quantize(_COLOURS)
    fixed = [part for colour in (PAPER, _GREY, INK, SOFT) for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*fixed, *(colours.getpalette() or [])[: 3 * _COLOURS]])
    return palette


def _frame(moving: Morph, share: float) -> Image:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (_SIDE, _SIDE), PAPER)
    draw = ImageDraw.Draw(picture)
    window = moving.plane.extent
    target = _target(moving)
    start, end = _placed(moving.start, window), _placed(moving.end, target)
    if moving.reference is not None:
        for x, y in _placed(moving.reference, target):
            draw.rectangle((x - 1, y - 1, x, y), fill=_GREY)
    at = (1 - share) * start + share * end
    for (x, y), colour in zip(at, moving.colours, strict=True):
        box = (x - _DOT, y - _DOT, x + _DOT, y + _DOT)
        draw.ellipse(box, fill=tuple(int(part) for part in colour))
    words = "latent" if share == 0 else "sample" if share == 1 else ""
    draw.text((10, 6), words, fill=INK, font=font(18))
    return picture


def _target(moving: Morph) -> tuple[float, float, float, float]:
    """Return the window around the samples, of equal units on both axes."""
    clouds = [moving.end] if moving.reference is None else [moving.end, moving.reference]
    points = np.concatenate(clouds)
    low, high = np.quantile(points, 0.001, axis=0), np.quantile(points, 0.999, axis=0)
    middle, half = (low + high) / 2, 0.54 * max(float((high - low).max()), 1e-6)
    return middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half


def _placed(points: FloatArray, extent: tuple[float, float, float, float]) -> FloatArray:
    x0, x1, y0, y1 = extent
    share = (points - [x0, y0]) / [x1 - x0, y1 - y0]
    return np.stack([share[:, 0], 1 - share[:, 1]], axis=1) * (_SIDE - 2 * _EDGE) + _EDGE
