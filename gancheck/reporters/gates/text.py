"""The result of a gate on a terminal: the sentence, then one row a check."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.gate import Alarm, State
from gancheck.gate.phrases import Figures, figures
from gancheck.gate.words import one_line, sided
from gancheck.reporters.gates import GATE_REPORTERS, facts

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from gancheck.gate import GateResult, Outcome
    from gancheck.reporters.terminal.ink import Column, Ink

_WIDTH = 100
_LONGEST = 1200
_LONGEST_NAME = 26
_NUMBERS = ("value", "ceiling")


def print_result(result: GateResult, console: Console) -> None:
    """Print the result of a gate, laid out for the width of the console."""
    from gancheck.reporters.terminal.ink import Ink

    ink = Ink.of(console)
    head = _foreign(result.sentence, "bold" if result.passed else "bold red")
    console.print(head, width=ink.width, highlight=False)
    blocks = (_about(result, ink), _table(result, ink), _modes(result), _end(result))
    for line in (line for block in blocks for line in block):
        console.print(line, width=ink.width, highlight=False)


@dataclass(frozen=True)
class TextGate:
    """What the terminal shows, as plain text of 100 columns."""

    name: str = "text"
    suffix: str = ".txt"

    def render(self, result: GateResult) -> str:
        """Return the result as text."""
        from rich.console import Console

        page = io.StringIO()
        console = Console(file=page, width=_WIDTH, no_color=True, force_terminal=False)
        print_result(result, console)
        return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _about(result: GateResult, ink: Ink) -> list[RenderableType]:
    """Name the subject, and how it was measured; a plain pass does without the latter."""
    from gancheck.reporters.terminal.ink import indented

    subject = one_line(result.subject, 200)
    parts = [subject] if _is_quiet(result) else [subject, *facts.measured(result)]
    return [indented(_foreign(line, "dim"), 1) for line in _joined(parts, ink.width - 1)]


def _joined(parts: list[str], width: int) -> list[str]:
    """Join facts by bars; a line breaks between two of them."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]} | {part}"
        lines = [*lines[:-1], longer] if len(longer) <= width else [*lines, part]
    return lines


def _table(result: GateResult, ink: Ink) -> list[RenderableType]:
    """Set a row a check; those that did not pass have their reason below."""
    if len(result.outcomes) == 1 and _is_quiet(result):
        return []
    from gancheck.reporters.terminal.ink import row

    texts = [_cells(result, outcome) for outcome in result.outcomes]
    columns = _columns(result, texts, ink)
    shown = list(columns.values())
    lines: list[RenderableType] = [ink.heading(shown), ink.rule()]
    for outcome, text in zip(result.outcomes, texts, strict=True):
        cells = _styled(result, outcome, text)
        lines.append(row([cells[at] for at in columns], shown))
        lines += _below(result, outcome)
    return lines


def _columns(result: GateResult, texts: list[list[str]], ink: Ink) -> dict[int, Column]:
    """Return the columns that have something to show, by their places; the ceiling yields first."""
    from gancheck.reporters.terminal.ink import Column, taken

    titles = ("", "check", "value", facts.confidence(result) or "interval", "limit", "ceiling")
    columns = {}
    for at, title in enumerate(titles):
        longest = max(len(text[at]) for text in texts)
        if longest:
            width = max(len(title), min(longest, _LONGEST_NAME if title == "check" else longest))
            columns[at] = Column(title, width, "right" if title in _NUMBERS else "left")
    if taken(list(columns.values())) > ink.width:
        columns.pop(len(titles) - 1, None)
    return columns


def _cells(result: GateResult, outcome: Outcome) -> list[str]:
    shown = facts.mark(result, outcome)
    text: Figures = figures(outcome)
    sure = "" if facts.confidence(result) else sided(outcome.confidence)
    return [
        f" {shown.symbol} {shown.word}",
        facts.harmless(one_line(outcome.limit.name, 60)),
        text.value,
        f"{text.interval} {sure}".strip(),
        outcome.limit.bound,
        text.ceiling,
    ]


def _styled(result: GateResult, outcome: Outcome, texts: list[str]) -> list[Text]:
    from gancheck.reporters.terminal.ink import plain

    style = _style(result, outcome)
    styles = (style, "", "bold" if result.alarm(outcome) else "", "", "", "dim")
    return [plain(text, found) for text, found in zip(texts, styles, strict=True)]


def _style(result: GateResult, outcome: Outcome) -> str:
    loud = {Alarm.ERROR: "bold red", Alarm.WARNING: "yellow", Alarm.NONE: "cyan"}
    quiet = {State.PASSED: "green", State.OFF: "dim"}
    return quiet.get(outcome.state, loud[result.alarm(outcome)])


def _below(result: GateResult, outcome: Outcome) -> list[RenderableType]:
    """Say below a row what it does not show, unless the first line has said it, and what helps."""
    from gancheck.reporters.terminal.ink import indented

    if outcome.state in (State.PASSED, State.OFF):
        return []
    bounded = outcome.limit.kind in ("min", "max") and ";" not in outcome.reason
    shown = outcome.state is State.FAILED and bounded
    said = "" if shown or outcome.reason in result.sentence else outcome.reason
    return [indented(_foreign(text, "dim"), 9) for text in (said, outcome.hint) if text]


def _modes(result: GateResult) -> list[RenderableType]:
    """Name the modes that are lost, where the gate did not pass."""
    from gancheck.reporters.terminal.ink import indented, plain

    lost, more = facts.lost_modes(result)
    if result.passed or not lost:
        return []
    lines = [f"{one_line(mode.label, 60)}: {facts.shares(mode)}" for mode in lost]
    rest = [f"and {more:,} more"] if more else []
    heading = plain(" never or hardly ever drawn:", "dim")
    return [heading, *(indented(_foreign(line), 3) for line in [*lines, *rest])]


def _end(result: GateResult) -> list[RenderableType]:
    from gancheck.reporters.terminal.ink import indented

    return [indented(_foreign(f". {note}", "dim"), 1) for note in result.notes]


def _foreign(text: str, style: str = "") -> Text:
    """Set text that may hold anything on one line, as text: also in the log of a build."""
    from gancheck.reporters.terminal.ink import plain

    return plain(facts.harmless(one_line(text, _LONGEST)), style)


def _is_quiet(result: GateResult) -> bool:
    return result.passed and not any(result.alarm(one) for one in result.outcomes)


GATE_REPORTERS.register("text")(TextGate())
