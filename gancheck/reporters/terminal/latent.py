"""A look at a latent space on a terminal: the slice as a heat map, and the table of surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import (
    SEVERITY_STYLES,
    Column,
    Ink,
    indented,
    plain,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from gancheck.cutting import CutReport
    from gancheck.latents.slice import Slice
    from gancheck.types import AnyArray, Cut

_RED = (214, 39, 40)
_RAMP, _LINE = " .:-=+*", "#"
_WIDEST_MAP = 64  # cells; as high as half of it
_SIDE_ROOM = 34  # cells beside the map from which the legend stands there
_MARGIN = 2


def print_cuts(report: CutReport, console: Console) -> None:
    """Print a whole look at a latent space."""
    ink = Ink.of(console)
    blocks: list[list[RenderableType]] = [
        _header(report),
        [] if report.slice is None else _map(report.slice, console, ink),
        _surfaces(report, ink),
        list(_said(report)),
    ]
    for block in filter(None, blocks):
        for line in block:
            console.print(line, width=ink.width, highlight=False)
        console.print()


def _header(report: CutReport) -> list[RenderableType]:
    reference = report.settings.get("reference") or "no reference"
    subject = report.subject
    size = "x".join(str(side) for side in subject.latent_shape or ())
    version = report.versions.get("gancheck", "")
    return [
        plain(f"gancheck {version}  {subject.path}  against  {reference}", "bold"),
        plain(
            f"z = {size} {subject.latent_law or ''} | {report.settings.get('embedder')} | "
            f"seed {report.settings.get('seed')}",
            "dim",
        ),
        *(indented(plain(f"! {warning}", "yellow"), 2) for warning in report.warnings),
    ]


def _map(taken: Slice, console: Console, ink: Ink) -> list[RenderableType]:
    """Draw the first layer: two cells of the slice a character where there is colour."""
    beside = ink.width >= _WIDEST_MAP + _SIDE_ROOM
    side = min(_WIDEST_MAP, ink.width - 2 * _MARGIN) // 2 * 2
    coloured = ink.blocks and console.color_system is not None and not console.no_color
    lines = _half_blocks(taken, side) if coloured else _shades(taken, side)
    legend = _legend(taken, coloured=coloured)
    if not beside:
        return [*(_moved(line) for line in lines), *(indented(part, _MARGIN) for part in legend)]
    columns = [Column("", _MARGIN), Column("", side), Column("", 0)]
    room = ink.width - side - 3 * _MARGIN - 4
    words = [line for part in legend for line in part.wrap(console, room)]
    words += [plain("")] * (len(lines) - len(words))
    return [row([plain(""), line, said], columns) for line, said in zip(lines, words, strict=False)]


def _moved(line: Text) -> Text:
    return Text.assemble(" " * _MARGIN, line)


def _legend(taken: Slice, *, coloured: bool) -> list[Text]:
    from gancheck.exhibits import shaded

    plane, layer = taken.plane, taken.layers[0]
    _, low, high, clipped = shaded(layer.values)
    x0, x1, y0, y1 = plane.extent
    marks = Text("━ red", "rgb(214,39,40)") if coloured else Text(f"{_LINE}")
    ramp = _colour_ramp() if coloured else Text(_RAMP)
    return [
        plain(layer.title, "bold"),
        plain(f"({layer.unit})", "dim"),
        Text.assemble(f"{low:.2g} ", ramp, f" {high:.2g}{'+' if clipped else ''}"),
        Text.assemble(marks, "  the output jumps" if taken.lines else "  no jump crosses it"),
        plain(f"Over {plane.chosen}."),
        plain(
            f"{plane.axes[0]} {x0:.3g} to {x1:.3g} across, {plane.axes[1]} {y0:.3g} to {y1:.3g} up",
            "dim",
        ),
    ]


def _colour_ramp() -> Text:
    import numpy as np

    from gancheck.exhibits import shaded

    pixels = shaded(np.repeat(np.linspace(0, 1, 24)[None], 2, axis=0))[0][0]
    return Text.assemble(*(("█", _style(pixel)) for pixel in pixels))


def _half_blocks(taken: Slice, side: int) -> list[Text]:
    """Return lines in which a character is an upper cell and the lower one its ground."""
    pixels = _pixels(taken, side)
    lines = []
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text()
        for above, below in zip(upper, lower, strict=True):
            line.append("▀", f"{_style(above)} on {_style(below)}")
        lines.append(line)
    return lines


def _style(pixel: AnyArray) -> str:
    return f"rgb({int(pixel[0])},{int(pixel[1])},{int(pixel[2])})"


def _pixels(taken: Slice, side: int) -> AnyArray:
    """Shrink the first layer to side x side colours and draw the lines over it."""
    import numpy as np
    from PIL import Image

    from gancheck.exhibits import shaded

    pixels = shaded(taken.layers[0].values)[0]
    ground = np.where(pixels[..., 3:] == 255, pixels[..., :3], 0).astype(np.uint8)
    small: AnyArray = np.array(Image.fromarray(ground).resize((side, side), Image.Resampling.BOX))
    small[_crossed(taken, side, side)] = _RED
    return small


def _shades(taken: Slice, side: int) -> list[Text]:
    """Return lines of characters from light to dark, for a terminal without colour."""
    import numpy as np
    from PIL import Image

    layer = taken.layers[0].values[::-1]
    known = layer[np.isfinite(layer)]
    low, high = float(known.min()), float(np.quantile(known, 0.998))
    share = np.clip((np.nan_to_num(layer, nan=low) - low) / max(high - low, 1e-12), 0, 1)
    high_side = side // 2
    small = Image.fromarray(share.astype(np.float32)).resize(
        (side, high_side), Image.Resampling.BOX
    )
    level = np.minimum((np.asarray(small) * len(_RAMP)).astype(int), len(_RAMP) - 1)
    crossed = _crossed(taken, side, high_side)
    return [
        Text("".join(_LINE if cut else _RAMP[at] for at, cut in zip(levels, cuts, strict=True)))
        for levels, cuts in zip(level, crossed, strict=True)
    ]


def _crossed(taken: Slice, across: int, down: int) -> AnyArray:
    """Tell which cells of a coarse picture (down, across), from the top, a line runs through."""
    import numpy as np

    x0, x1, y0, y1 = taken.plane.extent
    found = np.zeros((down, across), dtype=bool)
    for line in taken.lines:
        on = line.trace.dense((x1 - x0) / (2 * across))
        column = np.clip(((on[:, 0] - x0) / (x1 - x0) * across).astype(int), 0, across - 1)
        place = np.clip(((y1 - on[:, 1]) / (y1 - y0) * down).astype(int), 0, down - 1)
        found[place, column] = True
    return found


def _surfaces(report: CutReport, ink: Ink) -> list[RenderableType]:
    """Set the table; what does not fit into the width goes to a second line."""
    if not report.cuts:
        return []
    columns = [
        Column("", 2, "right"),
        Column("surface", 7),
        Column("crossings", 9, "right"),
        Column("per unit length", 21),
        Column("width", 7, "right"),
        Column("jump", 5, "right"),
        Column("off ref", 7, "right"),
    ]
    wide = ink.width >= 100
    if wide:
        columns += [Column("accuracy", 8, "right"), Column("joins", 0)]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    for number, cut in enumerate(report.cuts, start=1):
        cells = [plain(number), plain(cut.kind, "bold"), *(plain(text) for text in _cells(cut))]
        lines.append(row(cells[: len(columns)], columns))
        if not wide:
            accuracy, joins = _cells(cut)[-2:]
            said = [f"accuracy {accuracy}" if accuracy else "", f"joins {joins}" if joins else ""]
            if any(said):
                lines.append(indented(plain("  ".join(filter(None, said)), "dim"), 4))
    return lines


def _cells(cut: Cut) -> list[str]:
    rate = cut.rate
    return [
        f"{cut.crossings:,}",
        f"{rate.value:.2g}  {rate.low:.2g} - {rate.high:.2g}",
        f"{cut.width:.2g}",
        f"{cut.jump:.2f}",
        "" if cut.off_reference is None else f"{cut.off_reference:.2f}",
        "" if cut.boundary_accuracy is None else f"{cut.boundary_accuracy:.0%}",
        " - ".join(cut.modes),
    ]


def _said(report: CutReport) -> Iterator[RenderableType]:
    mass = report.cut_mass
    for finding in report.findings:
        mark = wording.SEVERITIES[finding.severity]
        chip = plain(f" {mark.symbol} {mark.word}  ", SEVERITY_STYLES[finding.severity])
        yield Text.assemble(chip, plain(finding.title))
        yield indented(
            plain(f"cut_mass {mass.value:.2g}  [{mass.low:.2g}, {mass.high:.2g}]", "bold"), 2
        )
        yield indented(plain(finding.detail), 2)
    for skipped in report.skipped:
        yield indented(plain(f"- no {skipped.analyzer}: {skipped.reason}", "dim"), 2)
    written = report.settings.get("outputs") or {}
    for form, path in dict(written).items():
        yield Text.assemble(plain(f"  {form:<10}", "dim"), plain(path))
