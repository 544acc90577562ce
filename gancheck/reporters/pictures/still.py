"""A slice with its cut lines, axes and a colour bar, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from gancheck.exhibits import shaded

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from gancheck.latents.slice import Slice
    from gancheck.types import FloatArray

RED, CASING = (214, 39, 40), (255, 255, 255)
INK, SOFT, PAPER, _OUTSIDE = (26, 30, 36), (89, 98, 110), (255, 255, 255), (236, 238, 241)
_SIDE, _LEFT, _TOP, _BOTTOM, _RIGHT = 840, 96, 84, 96, 176
_FINER = 3  # lines are drawn so many times larger and then shrunk, which smooths them
_BAR, _BAR_GAP, _TICKS = 26, 28, 5


def slice_png(taken: Slice, title: str, layer: int = 0) -> bytes:
    """Draw one layer of a slice with the cut lines, axes and a colour bar."""
    from PIL import Image

    one = taken.layers[layer]
    pixels, low, high, clipped = shaded(one.values)
    field = Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    page = Image.new("RGB", (_LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM), PAPER)
    ground = Image.new("RGB", field.size, _OUTSIDE)
    ground.paste(field, (0, 0), field)
    page.paste(_with_lines(ground, taken), (_LEFT, _TOP))
    pen = _Pen(page)
    pen.write((_LEFT, 18), title, 26, INK)
    pen.write((_LEFT, 50), f"{one.title}, over {taken.plane.chosen}", 18, SOFT)
    _axes(page, pen, taken)
    _colour_bar(page, pen, (low, high), one.unit, clipped=clipped)
    return _encoded(page)


def _with_lines(ground: Image, taken: Slice) -> Image:
    """Draw the lines, white below and red on top."""
    from PIL import Image, ImageDraw

    large = ground.resize((_SIDE * _FINER, _SIDE * _FINER), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(large)
    x0, x1, y0, y1 = taken.plane.extent
    paths = []
    for line in taken.lines:
        points = line.trace.course
        share = (points - [x0, y0]) / [x1 - x0, y1 - y0]
        paths.append(np.stack([share[:, 0], 1 - share[:, 1]], axis=1) * _SIDE * _FINER)
    for width, colour in ((7, CASING), (4, RED)):
        for path in paths:
            _stroke(draw, path, width * _FINER, colour)
    return large.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _stroke(draw: ImageDraw, path: FloatArray, width: int, colour: tuple[int, int, int]) -> None:
    draw.line([tuple(point) for point in path], fill=colour, width=width, joint="curve")
    for x, y in (path[0], path[-1]):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)


class _Pen:
    """Writes on a picture."""

    def __init__(self, page: Image) -> None:
        from PIL import ImageDraw

        self.draw = ImageDraw.Draw(page)

    def write(
        self,
        at: tuple[float, float],
        text: str,
        size: int,
        colour: tuple[int, int, int],
        anchor: str = "la",
    ) -> None:
        self.draw.text(at, text, fill=colour, font=font(size), anchor=anchor)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that comes with Pillow."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _axes(page: Image, pen: _Pen, taken: Slice) -> None:
    from PIL import Image

    x0, x1, y0, y1 = taken.plane.extent
    pen.draw.rectangle((_LEFT - 1, _TOP - 1, _LEFT + _SIDE, _TOP + _SIDE), outline=SOFT)
    for share in np.linspace(0, 1, _TICKS):
        x, y = _LEFT + share * _SIDE, _TOP + (1 - share) * _SIDE
        pen.draw.line((x, _TOP + _SIDE, x, _TOP + _SIDE + 8), fill=SOFT, width=2)
        pen.draw.line((_LEFT - 8, y, _LEFT, y), fill=SOFT, width=2)
        pen.write((x, _TOP + _SIDE + 14), f"{x0 + share * (x1 - x0):.3g}", 18, SOFT, "ma")
        pen.write((_LEFT - 14, y), f"{y0 + share * (y1 - y0):.3g}", 18, SOFT, "rm")
    pen.write((_LEFT + _SIDE / 2, _TOP + _SIDE + 46), taken.plane.axes[0], 20, INK, "ma")
    words = Image.new("RGB", (_SIDE, 30), PAPER)
    _Pen(words).write((_SIDE / 2, 2), taken.plane.axes[1], 20, INK, "ma")
    page.paste(words.rotate(90, expand=True), (4, _TOP))


def _colour_bar(
    page: Image, pen: _Pen, ends: tuple[float, float], unit: str, *, clipped: bool
) -> None:
    from PIL import Image

    pixels = shaded(np.repeat(np.linspace(0, 1, 256)[:, None], 2, axis=1))[0]
    left = _LEFT + _SIDE + _BAR_GAP
    bar = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).resize((_BAR, _SIDE))
    page.paste(bar, (left, _TOP))
    pen.draw.rectangle((left - 1, _TOP - 1, left + _BAR, _TOP + _SIDE), outline=SOFT)
    low, high = ends
    for share in np.linspace(0, 1, _TICKS):
        said = _number(low + share * (high - low), high - low) + (
            "+" if clipped and share == 1 else ""
        )
        y = _TOP + (1 - share) * _SIDE
        pen.write((left + _BAR + 10, y), said, 18, SOFT, "lm")
    words = Image.new("RGB", (_SIDE, 30), PAPER)
    _Pen(words).write((_SIDE / 2, 2), unit, 19, INK, "ma")
    page.paste(words.rotate(-90, expand=True), (left + _BAR + 80, _TOP))


def _number(value: float, span: float) -> str:
    """Write a value to a thousandth of the span."""
    step = 10.0 ** np.floor(np.log10(max(span, 1e-12)) - 2)
    return f"{round(value / step) * step:.3g}"


def _encoded(page: Image) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    buffer, maker = io.BytesIO(), PngInfo()
    maker.add_text("Software", "gancheck")
    page.save(buffer, "PNG", optimize=True, pnginfo=maker)
    return buffer.getvalue()
