"""A comparison on a terminal: the verdict, what decided it, scores, modes and directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.comparing import Ruling
from gancheck.reporters import wording
from gancheck.reporters.comparisons import text
from gancheck.reporters.terminal.ink import (
    VERDICT_STYLES,
    Column,
    Ink,
    indented,
    plain,
    row,
)
from gancheck.types import Verdict

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gancheck.comparing import Comparison, ModeChange, ScoreChange, Side
    from gancheck.measures.spectrum import Direction

RULING_STYLES = {
    Ruling.BETTER: VERDICT_STYLES[Verdict.HEALTHY],
    Ruling.WORSE: VERDICT_STYLES[Verdict.COLLAPSED],
    Ruling.DIFFERENT: VERDICT_STYLES[Verdict.SUSPECT],
    Ruling.SAME: VERDICT_STYLES[Verdict.INCONCLUSIVE],
}
_SHIFT_STYLES = {
    "lost": "bold red",
    "thinned": "yellow",
    "same": "dim",
    "grown": "yellow",
    "gained": "bold green",
}
_MOST_MODES = 12


def print_comparison(it: Comparison, console: Console, *, verbose: bool = False) -> None:
    """Print a comparison, laid out for the width of the console.

    Args:
        it: What to print.
        console: Where to.
        verbose: Show what is folded otherwise: every score and every mode.
    """
    ink = Ink.of(console)
    blocks: tuple[list[RenderableType], ...] = (
        [*_side(it.a), *_side(it.b)],
        _ruling(it),
        _scores(it, ink, verbose=verbose),
        _modes(it, ink, verbose=verbose),
        _spectrum(it, ink),
        _ends(it, ink),
    )
    for block in filter(None, blocks):
        for line in block:
            console.print(line, width=ink.width, highlight=False)
        console.print()


def print_ruling(it: Comparison, console: Console) -> None:
    """Print the verdict and its reasons only."""
    for line in _ruling(it):
        console.print(line, width=Ink.of(console).width, highlight=False)


def _side(side: Side) -> list[RenderableType]:
    mark = wording.VERDICTS[side.verdict]
    score = side.scores.get("diversity")
    words = None if score is None else wording.score_numbers(score)
    head = Text.assemble(
        plain(f" {side.letter} ", "bold"),
        plain(f" {mark.symbol} {mark.word} ", VERDICT_STYLES[side.verdict]),
        plain(f"  diversity {words.value} {words.interval}" if words else "  no diversity"),
    )
    lines: list[RenderableType] = [head, indented(plain(side.name), 4)]
    found = ", ".join(one.value for one in side.conditions)
    return [*lines, indented(plain(found, "dim"), 4)] if found else lines


def _ruling(it: Comparison) -> list[RenderableType]:
    mark = text.RULINGS[it.ruling]
    bar = plain(f" {mark.symbol} {mark.word} ", RULING_STYLES[it.ruling])
    lines: list[RenderableType] = [Text.assemble(bar, "  ", plain(text.headline(it), "bold"))]
    lines += [indented(plain(sentence), 2) for sentence in text.sentences(it)]
    lines += [indented(plain(text.paired(it), "dim"), 2)]
    lines += [indented(plain(f"! {warning}", "yellow"), 2) for warning in it.warnings]
    return lines


def _scores(it: Comparison, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    shown = text.scores(it, verbose=verbose)
    if not shown:
        return []
    longest = max(len(one.name) for one in shown)
    columns = [
        Column(" score", max(8, min(longest + 1, 20))),
        Column("A", 7, "right"),
        Column("B", 7, "right"),
        Column("B minus A", 9, "right"),
        Column("95% interval", 18),
        Column("", 0),
    ]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    lines += [row(_score_cells(one), columns) for one in shown]
    rest = len(it.scores) - len(shown)
    if rest:
        more = f" {wording.counted(rest, 'more score')}, whose intervals hold 0  (--verbose)"
        lines.append(plain(more, "dim"))
    return lines


def _score_cells(one: ScoreChange) -> list[Text]:
    return [
        plain(f" {one.name}"),
        plain(text.value(one.a)),
        plain(text.value(one.b)),
        plain(text.difference(one), "bold" if one.shown else ""),
        plain(text.interval(one)),
        plain("paired" if one.paired else "unpaired" if one.se is not None else "", "dim"),
    ]


def _modes(it: Comparison, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    changed = [mode for mode in it.modes if mode.shift != "same"]
    shown = list(it.modes) if verbose else changed[:_MOST_MODES]
    if not it.modes:
        return []
    if not shown:
        same = f" {text.modes_title(it)}: {len(it.modes)}, none lost, gained, or off by a factor "
        return [plain(same + "of two.", "dim")]
    columns = [
        Column(" mode", 18),
        Column("reference", 9, "right"),
        Column("A", 7, "right"),
        Column("B", 7, "right"),
        Column("B over A", 16),
        Column("", 0),
    ]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    lines += [row(_mode_cells(mode), columns) for mode in shown]
    rest = len(it.modes) - len(shown)
    if rest > 0:
        more = f" {wording.counted(rest, 'more mode')}  (--verbose)"
        lines.append(plain(more, "dim"))
    return lines


def _mode_cells(mode: ModeChange) -> list[Text]:
    known = mode.reference_share
    mark = text.SHIFTS[mode.shift]
    return [
        plain(f" {mode.label}"),
        plain("" if known is None else wording.percent(known), "dim"),
        plain(wording.percent(mode.a_share)),
        plain(wording.percent(mode.b_share)),
        plain(text.ratio(mode)),
        plain(mark.word, _SHIFT_STYLES[mode.shift]),
    ]


def _spectrum(it: Comparison, ink: Ink) -> list[RenderableType]:
    if it.spectrum is None:
        return []
    lines: list[RenderableType] = [plain(f" Spectrum. {text.spectrum(it)}")]
    found = [("A", one) for one in it.spectrum.lost] + [("B", one) for one in it.spectrum.gained]
    if not found:
        return lines
    columns = [
        Column(" more in", 8),
        Column("share of A", 10, "right"),
        Column("share of B", 10, "right"),
        Column("eigenvalue", 10, "right"),
        Column("p", 7, "right"),
    ]
    lines += [ink.heading(columns), ink.rule()]
    lines += [row(_direction_cells(letter, one), columns) for letter, one in found]
    return lines


def _direction_cells(letter: str, one: Direction) -> list[Text]:
    return [
        plain(f" {letter}", "bold"),
        plain(wording.percent(one.a.value)),
        plain(wording.percent(one.b.value)),
        plain(f"{one.change:+.4f}"),
        plain(f"{one.p_value:.2g}"),
    ]


def _ends(it: Comparison, ink: Ink) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text.assemble(plain(f" {name:<13}", "dim"), plain(said)) for name, said in text.facts_of(it)
    ]
    written = it.settings.get("outputs")
    if isinstance(written, dict):
        lines += [
            Text.assemble(plain(f" {form.upper():<13}", "dim"), plain(str(path)))
            for form, path in written.items()
        ]
    if not it.settings.get("reference"):
        hint = "give real samples with --reference to tell which one is better"
        lines.append(Text.assemble(plain(f" {'Next':<13}", "dim"), plain(hint)))
    return lines
