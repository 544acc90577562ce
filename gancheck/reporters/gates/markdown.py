"""The result of a gate as Markdown, for the summary of a build: text and tables, no pictures.

Names come from files and reports, and may hold anything: what Markdown or GitHub would read as
more than text is written as its number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.gate.phrases import figures
from gancheck.gate.words import one_line, sided
from gancheck.reporters.gates import GATE_REPORTERS, facts
from gancheck.reporters.wording import counted

if TYPE_CHECKING:
    from gancheck.gate import GateResult, Outcome

LARGEST = 1_000_000
"""Bytes of a summary; GitHub drops one of more than 1,024 KiB whole."""

_ROWS = 100
_REASONS = 20
_NOTES = 20
_COMMAND = 8000
_SPECIAL = re.compile(
    r"[\\`*\[\]<|~$&@#]"  # emphasis, code, links, markup, tables, mathematics, mentions
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore inside a word is one
    r"|(?<=:)//|(?i:(?<=\bwww)\.)"  # addresses become links by themselves
    r"|^[-+=>]|^\d+[.)](?=\s|$)"  # lists and quotations begin a line
)
_LINKING = "@#"  # read as a mention or a reference even where they are written as numbers
_BLANK = "&#8203;"  # has no width
_HEADINGS = ("", "check", "value", "interval", "limit", "ceiling")


@dataclass(frozen=True)
class MarkdownGate:
    """Verdict, table of checks, what helps, lost modes, and how to run it again."""

    name: str = "markdown"
    suffix: str = ".md"

    def render(self, result: GateResult) -> str:
        """Return the summary; what is left out of a large one is said."""
        blocks = (
            _head(result),
            _table(result),
            _reasons(result),
            _modes(result),
            _notes(result),
            _again(result),
        )
        return "\n\n".join(block for block in blocks if block) + "\n"


def prose(text: str, most: int = 300) -> str:
    """Write foreign text so that it is read as text, on one line, in paragraphs and tables."""
    return _SPECIAL.sub(_numbered, one_line(text, most))


def _numbered(found: re.Match[str]) -> str:
    text = "".join(f"&#{ord(char)};" for char in found[0])
    return text + _BLANK if found[0] in _LINKING else text


def _head(result: GateResult) -> str:
    head = f"## gancheck gate: {result.word}"
    sentence = prose(result.sentence.partition(": ")[2], 1000)
    about = " · ".join(prose(part) for part in (result.subject, *facts.measured(result)))
    verdict = f"Verdict: **{result.verdict.value}**. {prose(' '.join(result.summary), 1000)}"
    return "\n\n".join((head, f"**{sentence}**", verdict.rstrip(), about))


def _table(result: GateResult) -> str:
    shown = result.outcomes[:_ROWS]
    headings = [*_HEADINGS]
    headings[3] = facts.confidence(result) or headings[3]
    lines = [_row(headings), "|---|---|--:|---|---|--:|"]
    lines += [_row(_cells(result, outcome)) for outcome in shown]
    left_out = len(result.outcomes) - len(shown)
    cut = f"\n\n{counted(left_out, 'more check')} left out of this table." if left_out else ""
    return "\n".join(lines) + cut


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(result: GateResult, outcome: Outcome) -> list[str]:
    mark, text = facts.mark(result, outcome), figures(outcome)
    sure = "" if facts.confidence(result) else f" {sided(outcome.confidence)}"
    drop = outcome.limit.kind == "max-drop" and text.baseline
    return [
        f"**{mark.word}**" if result.alarm(outcome) else mark.word,
        prose(outcome.limit.name, 100),
        f"{text.value} ({text.baseline} to {text.new})" if drop else text.value,
        f"{text.interval}{sure}".rstrip(),
        outcome.limit.bound,
        text.ceiling,
    ]


def _reasons(result: GateResult) -> str:
    """List what did not simply pass, with what helps."""
    loud = [one for one in result.outcomes if result.alarm(one)]
    lines = [f"- {prose(one.reason, 600)}{_helps(one)}" for one in loud[:_REASONS]]
    left_out = len(loud) - _REASONS
    if left_out > 0:
        lines.append(f"- {counted(left_out, 'more reason')} left out.")
    return "\n".join(lines)


def _helps(outcome: Outcome) -> str:
    return f". {prose(outcome.hint)}" if outcome.hint else ""


def _modes(result: GateResult) -> str:
    lost, more = facts.lost_modes(result)
    if not lost:
        return ""
    lines = [f"- {prose(mode.label, 100)}: {prose(facts.shares(mode))}" for mode in lost]
    lines += [f"- and {more:,} more"] if more else []
    return "\n".join(["Never or hardly ever drawn:", "", *lines])


def _notes(result: GateResult) -> str:
    return "\n\n".join(prose(note) for note in result.notes[:_NOTES])


def _again(result: GateResult) -> str:
    """Show the command in a block that nothing in it can close."""
    command = str(result.settings.get("command") or "")
    if not command:
        return ""
    shown = one_line(command, _COMMAND)
    cut = f" (cut after {_COMMAND:,} characters)" if len(command) > _COMMAND else ""
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    version = facts.version(result)
    made = f" with gancheck {prose(version)}" if version else ""
    return "\n".join([f"To reproduce{made}{cut}:", "", f"{fence}sh", shown, fence])


GATE_REPORTERS.register("markdown")(MarkdownGate())
