"""Several diagnoses on a terminal: verdicts, scores with their differences, modes and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import facts, wording
from gancheck.reporters.side_by_side.comparison import Outcome
from gancheck.reporters.terminal.ink import (
    SEVERITY_STYLES,
    VERDICT_STYLES,
    Column,
    Ink,
    indented,
    plain,
    row,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gancheck.reporters.side_by_side.comparison import Comparison, Difference, Run, ScoreRow
    from gancheck.types import Severity

_MOST_MODES = 12
_NOTE = (
    "Every 95% interval is of its own run; the runs are not paired. Higher and lower: the "
    "intervals do not overlap, which shows a difference. Overlap leaves it open."
)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print runs beside each other, laid out for the width of the console."""
    ink = Ink.of(console)
    blocks: tuple[list[RenderableType], ...] = (
        [line for run in comparison.runs for line in _run(run)],
        _differing(comparison),
        _scores(comparison, ink),
        _conditions(comparison),
        _modes(comparison, ink),
        _checks(comparison, ink),
        [indented(plain(_NOTE, "dim"), 1)],
    )
    for block in filter(None, blocks):
        for line in block:
            console.print(line, width=ink.width, highlight=False)
        console.print()


def _run(run: Run) -> list[RenderableType]:
    mark = wording.VERDICTS[run.diagnosis.verdict]
    score = facts.headline(run.diagnosis)
    words = None if score is None else wording.score_numbers(score)
    first = Text.assemble(
        plain(f" {run.letter} ", "bold"),
        plain(f" {mark.symbol} {mark.word} ", VERDICT_STYLES[run.diagnosis.verdict]),
        plain(f"  diversity {words.value} {words.interval}" if words else "  no diversity score"),
    )
    second = Text.assemble(plain(run.diagnosis.subject.path), plain(f"  ({run.report})", "dim"))
    return [first, indented(second, 4)]


def _differing(comparison: Comparison) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for field in comparison.differing:
        style = "yellow" if field.decides else "dim"
        mark = "!" if field.decides else "."
        lines.append(plain(f" {mark} {field.name} differs", style))
        lines += [
            indented(plain(f"{run.letter}  {text}", "dim"), 4)
            for run, text in zip(comparison.runs, field.texts, strict=True)
        ]
    return lines


def _scores(comparison: Comparison, ink: Ink) -> list[RenderableType]:
    if not comparison.scores:
        return []
    longest = max(len(one.name) for one in comparison.scores)
    columns = [
        Column(" score", max(8, min(longest + 1, 20))),
        Column("", 1),
        Column("value", 6, "right"),
        Column("95% interval", 16),
        Column("minus A", 8, "right"),
        Column("intervals", 0),
    ]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    for score in comparison.scores:
        if not score.alike:
            lines += [row(cells, columns) for cells in _score_cells(score, comparison)]
    alike = [score.name for score in comparison.scores if score.alike]
    if alike:
        lines.append(indented(plain(f"The same in all runs: {', '.join(alike)}.", "dim"), 1))
    return lines


def _score_cells(score: ScoreRow, comparison: Comparison) -> list[list[Text]]:
    rows = []
    for run, cell in zip(comparison.runs, score.cells, strict=True):
        words = None if cell.score is None else wording.score_numbers(cell.score)
        rows.append(
            [
                plain(f" {score.name}" if run.letter == "A" else ""),
                plain(run.letter, "dim"),
                plain(words.value if words else "-", "bold"),
                plain(words.interval if words else ""),
                *_difference(cell.difference),
            ]
        )
    return rows


def _difference(found: Difference | None) -> tuple[Text, Text]:
    if found is None:
        return plain(""), plain("")
    apart = found.outcome in (Outcome.HIGHER, Outcome.LOWER)
    said = found.says if found.outcome is None else found.outcome.value
    return plain(found.shown, "bold" if apart else ""), plain(said, "" if apart else "dim")


def _conditions(comparison: Comparison) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for one in comparison.conditions:
        runs = " ".join(
            run.letter for run, found in zip(comparison.runs, one.found, strict=True) if found
        )
        changes = [
            f"{change} in {run.letter}"
            for at, run in enumerate(comparison.runs)
            if at and (change := one.change(at)) in ("gained", "lost")
        ]
        said = f" ({', '.join(changes)})" if changes else ""
        lines.append(plain(f" {one.condition.value}: {runs}{said}"))
    return lines


def _modes(comparison: Comparison, ink: Ink) -> list[RenderableType]:
    if comparison.modes_apart:
        return [indented(plain(f"Modes are not compared: {comparison.modes_apart}.", "yellow"), 1)]
    if not comparison.modes:
        return []
    columns = [Column(" mode", 18), Column("reference", 9, "right")]
    columns += [Column(run.letter, 7, "right") for run in comparison.runs]
    columns += [Column("spread", 7, "right")]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    apart = [mode for mode in comparison.modes if mode.spread > 0]
    for mode in apart[:_MOST_MODES]:
        shares = [plain(wording.percent(one.sample_share)) for one in mode.modes]
        cells = [plain(f" {mode.label}"), plain(wording.percent(mode.reference_share), "dim")]
        lines.append(row([*cells, *shares, plain(wording.percent(mode.spread), "bold")], columns))
    left = len(comparison.modes) - len(apart[:_MOST_MODES])
    if left > 0:
        lines.append(plain(f" {wording.counted(left, 'more mode')}, closer together", "dim"))
    return lines if apart else [plain(" Every mode has the same share in all runs.", "dim")]


def _checks(comparison: Comparison, ink: Ink) -> list[RenderableType]:
    if not comparison.checks:
        return []
    columns = [Column(" check", max(30, ink.width - 9 * len(comparison.runs) - 4))]
    columns += [Column(run.letter, 7) for run in comparison.runs]
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()]
    for check in comparison.checks:
        cells = [plain(f" {check.id}"), *(_severity(one) for one in check.severities)]
        lines.append(row(cells, columns))
    return lines


def _severity(severity: Severity | None) -> Text:
    if severity is None:
        return plain("not run", "dim")
    mark = wording.SEVERITIES[severity]
    return plain(f"{mark.symbol} {mark.word}", SEVERITY_STYLES[severity])
