"""A trace on a terminal: what there is to say, and one line a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import (
    SEVERITY_STYLES,
    VERDICT_STYLES,
    Column,
    Ink,
    indented,
    plain,
    row,
)
from gancheck.reporters.terminal.steps import against
from gancheck.reporters.traces.lines import Lines, sparkline
from gancheck.reporters.traces.turning import advice, described, events, score, thinned
from gancheck.types import Severity

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gancheck.types import Checkpoint, Finding, Trace, Visit

_MOST_LINES, _MOST_VISITS, _MOST_FAILED = 40, 24, 8
_LONGEST_SPARK = 60
_CHIP = 7


class Live:
    """Prints checkpoints as they are done, one line each, under one heading."""

    def __init__(self, console: Console, steps: Sequence[int] = ()) -> None:
        self._console = console
        self._lines = Lines.of(Ink.of(console), steps)
        self._begun = False

    def add(self, checkpoint: Checkpoint) -> None:
        """Print one checkpoint."""
        if not self._begun:
            _print(self._console, self._lines.heading())
        self._begun = True
        _print(self._console, [self._lines.line(checkpoint)])


def print_trace(
    trace: Trace, console: Console, *, verbose: bool = False, listed: bool = True
) -> None:
    """Print a trace, laid out for the width, colours and characters of the console.

    Args:
        trace: What to print.
        console: Where to.
        verbose: List every checkpoint and visit, and the details of all findings.
        listed: List checkpoints; not needed where `Live` printed them already.
    """
    ink = Ink.of(console)
    blocks = (
        _header(trace, ink),
        _verdict(trace, ink),
        _checkpoints(trace, ink, verbose=verbose) if listed else [],
        list(_turns(trace)),
        _visits(trace, ink, verbose=verbose),
        [line for finding in trace.findings for line in _finding(finding, verbose=verbose)],
        _ending(trace, ink),
    )
    for block in filter(None, blocks):
        _print(console, block)
        console.print()


def _print(console: Console, lines: Sequence[RenderableType]) -> None:
    for line in lines:
        console.print(line, width=Ink.of(console).width, highlight=False)


def _header(trace: Trace, ink: Ink) -> list[RenderableType]:
    title = Text.assemble(
        plain(f"gancheck {trace.versions.get('gancheck', '')}".rstrip(), "bold"),
        "  ",
        plain(described(trace), "bold"),
        "  against  ",
        plain(str(trace.settings.get("reference") or "no reference")),
    )
    samples, seed = trace.settings.get("samples"), trace.settings.get("seed")
    failed = len(trace.checkpoints) - len(trace.measured())
    facts = (
        f"{samples:,} samples each" if isinstance(samples, int) else "",
        str(trace.settings.get("embedder") or ""),
        "" if seed is None else f"seed {seed}",
        wording.duration(trace.timings["total"]) if "total" in trace.timings else "",
        f"{failed:,} failed" if failed else "",
    )
    return [title, plain(" | ".join(filter(None, facts)), "dim")]


def _verdict(trace: Trace, ink: Ink) -> list[RenderableType]:
    mark = wording.VERDICTS[trace.verdict]
    bar = plain(f" {mark.symbol} {mark.word} ", VERDICT_STYLES[trace.verdict])
    said = ", ".join(condition.value for condition in trace.conditions)
    lines: list[RenderableType] = [Text.assemble(bar, "  ", plain(said))]
    lines += [indented(plain(sentence), 2) for sentence in trace.summary]
    lines += [indented(plain(f"! {warning}", "yellow"), 2) for warning in trace.warnings]
    spark = _spark(trace, ink)
    return [*lines, spark] if spark else lines


def _spark(trace: Trace, ink: Ink) -> Text | None:
    """Draw diversity over all checkpoints in one line; blanks where there is none."""
    found = [score(one, "diversity") for one in trace.checkpoints]
    values = [None if one is None else one.value for one in found]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    drawn = sparkline(values, ink, min(_LONGEST_SPARK, ink.width - 32))
    ends = f"{known[0]:.2f} to {known[-1]:.2f}"
    return Text.assemble("  ", plain("diversity ", "dim"), plain(drawn, "blue"), plain(f"  {ends}"))


def _checkpoints(trace: Trace, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    marked = events(trace)
    failed = [one.step for one in trace.checkpoints if one.error]
    most = len(trace.checkpoints) if verbose else _MOST_LINES
    shown = thinned(trace.checkpoints, [*marked, *failed[:_MOST_FAILED]], most)
    lines = Lines.of(ink, [one.step for one in shown])
    found = [*lines.heading(), *(lines.line(one, marked.get(one.step, ())) for one in shown)]
    left = len(trace.checkpoints) - len(shown)
    if left:
        said = f" {left:,} of {len(trace.checkpoints):,} checkpoints are left out"
        found.append(plain(f"{said}, evenly  (--verbose lists them)", "dim"))
    return found


def _turns(trace: Trace) -> Iterator[RenderableType]:
    for turn in trace.turns:
        between = f"95%: {turn.low:,} to {turn.high:,}"
        said = f"at step {turn.step:,} ({between}): diversity {turn.before:.2f} -> {turn.after:.2f}"
        yield Text.assemble(plain(f" {turn.kind:<9}", "bold"), plain(said))


def _visits(trace: Trace, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    if not trace.visits:
        return []
    shown = trace.visits if verbose else trace.visits[:_MOST_VISITS]
    left = len(trace.visits) - len(shown)
    words = [*map(_visit, shown), *([f"{left:,} more (--verbose)"] if left else [])]
    return [plain(" Visited in order", "dim"), *_chained(words, ink.width - 3)]


def _visit(visit: Visit) -> str:
    steps = f"step {visit.first_step:,}"
    if visit.last_step != visit.first_step:
        steps = f"steps {visit.first_step:,}-{visit.last_step:,}"
    return f"{visit.label} ({visit.share:.0%}) {steps}"


def _chained(words: Sequence[str], width: int) -> Iterator[RenderableType]:
    """Join words by arrows; a line breaks after an arrow, never inside a word."""
    lines = [""]
    for at, word in enumerate(words):
        part = wording.printable(word) + (" -> " if at < len(words) - 1 else "")
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return (indented(plain(line.rstrip()), 3) for line in lines)


def _finding(finding: Finding, *, verbose: bool) -> Iterator[RenderableType]:
    mark = wording.SEVERITIES[finding.severity]
    chip = plain(f" {mark.symbol} {mark.word}", SEVERITY_STYLES[finding.severity])
    yield row([chip, plain(finding.title)], [Column("", _CHIP), Column("", 0)])
    numbers = (
        wording.number(finding.value, finding.interval),
        wording.between(finding.interval),
        f"limit {finding.limit}" if finding.limit else "",
    )
    if finding.interval or finding.limit:
        yield indented(plain("  ".join(filter(None, numbers)), "bold"), _CHIP + 2)
    if verbose or finding.severity >= Severity.WARN:
        for part in wording.passages(finding.detail):
            lead = f"{part.lead}: " if part.lead else ""
            yield indented(
                Text.assemble(plain(lead, "bold dim"), plain(part.text, "dim")), _CHIP + 2
            )


def _ending(trace: Trace, ink: Ink) -> list[RenderableType]:
    """Say which checkpoints are the best, where the reports went, and what to try first."""
    lines: list[RenderableType] = []
    for best in trace.best:
        said = plain(f" Best by {best.score}: ", "dim") + plain(advice(best), "bold")
        fits = len(said) + len(best.path) + 2 <= ink.width
        lines += [said + plain(f"  {best.path}", "dim")] if fits else []
        lines += [] if fits else [said, indented(plain(best.path, "dim"), 3)]
    written = trace.settings.get("outputs")
    for form, path in written.items() if isinstance(written, dict) else ():
        lines.append(Text.assemble(plain(f" {form:<10}", "dim"), plain(path)))
    return [*lines, *(against(trace.conditions[0]) if trace.conditions else [])]
