"""A training as an animation: four panels that move from checkpoint to checkpoint."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from gancheck.reporters.html.drawable import sound
from gancheck.reporters.pictures.moving import maker
from gancheck.reporters.pictures.plotting import (
    GREY,
    HUES,
    LINE,
    NOW,
    SIDE,
    Dots,
    Field,
    Panel,
    Title,
    Trail,
    Word,
    chart,
    dots,
    field,
    look,
    stack,
)
from gancheck.reporters.pictures.still import INK, PAPER, SOFT, font
from gancheck.reporters.traces.axes import spans_of
from gancheck.reporters.traces.fitting import kept
from gancheck.reporters.traces.shares import stacked
from gancheck.reporters.traces.timelines import columns, heights
from gancheck.reporters.traces.turning import CURVES, score
from gancheck.reporters.wording import VERDICTS, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from gancheck.types import Exhibit, Trace

_MOST_FRAMES = 60
_PANELS = 4
_GAP, _HEAD, _TITLE = 14, 40, 20
_WHOLE, _SHORTEST, _LONGEST, _REST = 8000, 90, 600, 1500  # milliseconds
_MOST_CURVES = 6
_LETTERS = 13  # height of titles in pixels
_QUICK = {"webp": {"method": 2}}  # the next better one takes twice as long
_OF_POINTS, _OF_FIELDS, _PROBE = 90, 110, 12  # colours, and pictures that tell which


def animation(trace: Trace, form: str) -> bytes:
    """Show the training checkpoint by checkpoint, for ever, as ``gif`` or ``webp``.

    The panels are losses and accuracy, samples on the reference, and what the discriminator says
    over latents and over samples; where one of them is not known, the modes' shares, the scores
    and the identity of latents take its place.
    """
    from PIL import Image

    panels = _panels(trace)
    steps = _steps(trace)
    frames = [_frame(trace, panels, step) for step in steps]
    if form == "gif":
        palette = _palette(panels, steps)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    pace = round(min(_LONGEST, max(_SHORTEST, _WHOLE / len(frames))))
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        form.upper(),
        save_all=True,
        append_images=frames[1:],
        duration=[*[pace] * (len(frames) - 1), _REST],
        loop=0,
        **{**maker(form), **_QUICK.get(form, {})},
    )
    return buffer.getvalue()


def _steps(trace: Trace) -> list[int]:
    """Return the steps to show: those measured, thinned evenly."""
    measured = [one.step for one in trace.measured()] or [one.step for one in trace.checkpoints]
    return [measured[at] for at in kept(len(measured), _MOST_FRAMES)] or [0]


def _panels(trace: Trace) -> list[Panel]:
    """Choose four panels, in the order in which the article on the spiral has them."""
    shown = sound(trace.exhibits)
    voyages = [one for one in shown if one.kind == "voyage"]
    fields = [one for one in shown if one.kind == "fields"]
    training, scores = _training(trace), _scores(trace)
    found = [
        training or scores,
        dots(_titled(voyages[0]), voyages[0].payload) if voyages else None,
        *[field(_titled(one), one.payload) for one in fields[:2]],
    ]
    known = [panel for panel in found if panel is not None]
    others = (_shares(trace), _moved(trace), scores if training else None)
    return [*known, *(panel for panel in others if panel is not None)][:_PANELS]


def _titled(exhibit: Exhibit) -> Title:
    return (Word(exhibit.title),)


def _training(trace: Trace) -> Panel | None:
    """Draw losses and accuracy."""
    logged = dict(list(columns(trace).items())[:_MOST_CURVES])
    judged = [(one.step, one.judged.accuracy) for one in trace.checkpoints if one.judged]
    if not logged and not judged:
        return None
    low, high, _ = heights(logged)
    trails = [
        Trail(HUES[at], [(p.step, _share(p.value, low, high)) for p in points])
        for at, points in enumerate(logged.values())
    ]
    trails += [Trail(INK, judged)] if judged else []
    words = [Word(name, HUES[at]) for at, name in enumerate(logged)]
    words += [Word("accuracy", INK)] if judged else []
    return chart(tuple(words), trails, (low, high), right=bool(judged))


def _scores(trace: Trace) -> Panel | None:
    """Draw diversity and overlap."""
    trails, words = [], []
    for at, name in enumerate(CURVES):
        found = [(one.step, score(one, name)) for one in trace.checkpoints]
        points = [(step, None if known is None else known.value) for step, known in found]
        if any(value is not None for _, value in points):
            trails.append(Trail(HUES[at], points))
            words.append(Word(name, HUES[at]))
    return chart(tuple(words), trails, (0, 1), right=False) if trails else None


def _moved(trace: Trace) -> Panel | None:
    """Draw how far the same latents' samples went."""
    points = [(one.step, one.moved) for one in trace.checkpoints]
    known = [value for _, value in points if value is not None and math.isfinite(value)]
    if not known:
        return None
    top = max(1.0, *known)
    shares = [(step, _share(value, 0.0, top)) for step, value in points]
    title = (Word("how far the same latents went"),)
    return chart(title, [Trail(HUES[0], shares)], (0, top), right=False)


def _shares(trace: Trace) -> Panel | None:
    """Stack the shares of the modes."""
    found = stacked(trace)
    if found is None:
        return None
    groups, by_step, _ = found
    steps = [one.step for one in trace.checkpoints]
    spans = dict(zip(steps, spans_of(steps), strict=True))
    colours = [look(group.look) for group in groups]
    return stack((Word("shares of the modes"),), spans, by_step, colours)


def _share(value: float | None, low: float, high: float) -> float | None:
    return None if value is None or not math.isfinite(value) else (value - low) / (high - low)


def _frame(trace: Trace, panels: Sequence[Panel], step: int) -> Image:
    from PIL import Image, ImageDraw

    wide = 2 * SIDE + 3 * _GAP
    rows = -(-len(panels) // 2)
    page = Image.new("RGB", (wide, _HEAD + rows * (_TITLE + SIDE + _GAP)), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_GAP, 12), f"step {step:,}", fill=INK, font=font(20))
    one = next((one for one in trace.checkpoints if one.step == step), None)
    if one is not None and one.verdict is not None:
        said, known = VERDICTS[one.verdict].word.lower(), score(one, "diversity")
        said += "" if known is None else f", diversity {known.value:.2f}"
        draw.text((wide - _GAP, 16), said, fill=SOFT, font=font(15), anchor="ra")
    for at, panel in enumerate(panels):
        left = _GAP + at % 2 * (SIDE + _GAP)
        top = _HEAD + at // 2 * (_TITLE + SIDE + _GAP)
        _entitle(draw, panel.title, left, top)
        page.paste(panel.at(step), (left, top + _TITLE))
    return page


def _entitle(draw: ImageDraw, title: Title, left: int, top: int) -> None:
    """Write a title word by word; what its panel has no room for is cut off."""
    room, x = SIDE, float(left)
    for word in title:
        text = _fitted(printable(word.text).replace("\n", " "), left + room - x)
        draw.text((x, top), text, fill=word.colour, font=font(_LETTERS))
        x += font(_LETTERS).getlength(f"{text}   ")


def _fitted(text: str, width: float) -> str:
    """Cut text that is too long."""
    if font(_LETTERS).getlength(text) <= width:
        return text
    while text and font(_LETTERS).getlength(f"{text}..") > width:
        text = text[:-1]
    return f"{text}.." if text else ""


def _palette(panels: Sequence[Panel], steps: Sequence[int]) -> Image:
    """Return one palette for all frames: ink and curves, then what points and fields show."""
    from PIL import Image

    fixed = [
        PAPER,
        INK,
        SOFT,
        GREY,
        LINE,
        NOW,
        *HUES,
        *(look(f"tone-{at} pale") for at in range(10)),
    ]
    flat = [part for colour in (*fixed, look("others")) for part in colour]
    for panel in panels:
        if isinstance(panel, Dots):
            flat += _colours(Image.fromarray(panel.colours[None]), _OF_POINTS)
    fields = [panel for panel in panels if isinstance(panel, Field)]
    seen = [panel.at(step) for panel in fields for step in steps[:: max(1, len(steps) // _PROBE)]]
    if seen:
        sheet = Image.new("RGB", (64 * len(seen), 64), PAPER)
        for at, picture in enumerate(seen):
            sheet.paste(picture.resize((64, 64), Image.Resampling.NEAREST), (64 * at, 0))
        flat += _colours(sheet, _OF_FIELDS)
    palette = Image.new("P", (1, 1))
    palette.putpalette(flat)
    return palette


def _colours(picture: Image, most: int) -> list[int]:
    return (picture.quantize(most).getpalette() or [])[: 3 * most]
