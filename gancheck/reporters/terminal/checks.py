"""The checks on a terminal: failed first, value and limit side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import wording
from gancheck.reporters.terminal.ink import (
    SEVERITY_STYLES,
    Column,
    indented,
    plain,
    row,
    taken,
)
from gancheck.types import Severity, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import Diagnosis, Finding, Skipped

_ROOMY = 44  # cells from which the meaning has a column of its own
_MARK = Column("", 7)


def table(diagnosis: Diagnosis, ink: Ink, *, verbose: bool) -> list[RenderableType]:
    """Print the checks; of a healthy generator the passed ones become one line."""
    folded = diagnosis.verdict is Verdict.HEALTHY and not verbose
    findings = wording.worst_first(diagnosis.findings)
    shown = [f for f in findings if not (folded and f.severity is Severity.OK)]
    columns = _columns(shown, ink)
    lines: list[RenderableType] = [ink.heading(columns), ink.rule()] if shown else []
    for finding in shown:
        lines += _check(finding, columns, verbose=verbose)
    if len(findings) > len(shown):
        lines.append(_passed(len(findings) - len(shown)))
    return lines + [_skip(skipped, columns) for skipped in diagnosis.skipped]


def _columns(findings: list[Finding], ink: Ink) -> list[Column]:
    longest = max((len(finding.id) for finding in findings), default=0)
    intervals = [wording.between(finding.interval) for finding in findings]
    fixed = [
        Column("value", max([5, *(len(_value(finding)) for finding in findings)]), "right"),
        Column("95% interval", max([12, *(len(text) for text in intervals)])),
        Column("limit", max([7, *(len(finding.limit or "") for finding in findings)])),
    ]
    room = ink.width - taken([_MARK, *fixed]) - 1
    check = Column("check", max(12, min(longest, 30, room)))
    columns = [_MARK, check, *fixed]
    roomy = ink.width - taken(columns) >= _ROOMY
    return [*columns, Column("what it means", 0)] if roomy else columns


def _check(finding: Finding, columns: list[Column], *, verbose: bool) -> list[RenderableType]:
    style = SEVERITY_STYLES[finding.severity]
    mark = wording.SEVERITIES[finding.severity]
    cells = [
        plain(f" {mark.symbol} {mark.word}", style),
        plain(finding.id),
        plain(_value(finding), "bold" if finding.severity >= Severity.WARN else ""),
        plain(wording.between(finding.interval)),
        plain(finding.limit or ""),
        plain(finding.title),
    ]
    lines: list[RenderableType] = [row(cells[: len(columns)], columns)]
    left = taken([_MARK])
    if len(columns) < len(cells):
        lines.append(indented(cells[-1], left))
    if verbose:
        lines += [indented(_passage(part), left) for part in wording.passages(finding.detail)]
    return lines


def _passage(part: wording.Passage) -> Text:
    lead = f"{part.lead}: " if part.lead else ""
    return Text.assemble(plain(lead, "bold dim"), plain(part.text, "dim"))


def _value(finding: Finding) -> str:
    return wording.number(finding.value, finding.interval)


def _passed(count: int) -> Text:
    return Text.assemble(
        plain(" v ok", SEVERITY_STYLES[Severity.OK]),
        plain(f"     {wording.counted(count, 'check')} passed"),
        plain("  (--verbose lists them)", "dim"),
    )


def _skip(skipped: Skipped, columns: list[Column]) -> RenderableType:
    check = Column("", columns[1].width)
    cells = [plain(" - skip", "dim"), plain(skipped.analyzer, "dim"), plain(skipped.reason, "dim")]
    return row(cells, [_MARK, check, Column("", 0)])
