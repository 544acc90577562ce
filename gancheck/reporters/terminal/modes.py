"""The modes on a terminal: two bars a mode, the most damaged first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import MODE_STYLES, Column, plain, row

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import Diagnosis, Mode

_MOST = 12  # rows that leave the verdict on the screen
_LONGEST_LABEL = 16
_LONGEST_BAR = 30
_SHARE = 6
_STATUS = 7


def chart(diagnosis: Diagnosis, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    """Draw reference and samples side by side; modes that are fine all round stay folded."""
    ranked = wording.most_damaged_first(diagnosis.modes)
    damaged = any(mode.status != "ok" for mode in ranked)
    if not ranked or not (damaged or verbose):
        return []
    shown = ranked if verbose else ranked[:_MOST]
    columns = _columns(shown, ink)
    top = max(max(mode.reference_share, mode.sample_share) for mode in ranked) or 1.0
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    lines += [row(_cells(mode, columns, ink, top=top), columns) for mode in shown]
    return [*lines, *_rest(ranked[len(shown) :])]


def _columns(modes: list[Mode], ink: Ink) -> list[Column]:
    label = max(4, min(_LONGEST_LABEL, max(len(mode.label) for mode in modes)))
    room = ink.width - (label + 1) - 2 * _SHARE - _STATUS - 6 * 2
    bar = max(6, min(_LONGEST_BAR, room // 2))
    return [
        Column(" mode", label + 1),
        Column("", _SHARE, "right"),
        Column("reference", bar),
        Column("", _SHARE, "right"),
        Column("samples", bar),
        Column("", _STATUS),
    ]


def _cells(mode: Mode, columns: list[Column], ink: Ink, *, top: float) -> list[Text]:
    style = MODE_STYLES[mode.status]
    longest = columns[2].width
    word = mode.status.upper() if mode.status == "missing" else mode.status
    return [
        plain(f" {mode.label}"),
        plain(wording.percent(mode.reference_share), "dim"),
        plain(ink.bar(mode.reference_share / top, longest), "bright_black"),
        plain(wording.percent(mode.sample_share)),
        plain(ink.bar(mode.sample_share / top, longest), "blue"),
        plain(word, style),
    ]


def _rest(modes: list[Mode]) -> list[Text]:
    if not modes:
        return []
    counts = Counter(mode.status for mode in modes)
    kinds = ", ".join(f"{count:,} {status}" for status, count in counts.most_common())
    return [plain(f" {wording.counted(len(modes), 'more mode')}: {kinds}  (--verbose)", "dim")]
