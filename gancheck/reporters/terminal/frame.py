"""What stands around the tables: header, verdict, remarks and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gancheck.reporters import facts, wording
from gancheck.reporters.terminal.ink import VERDICT_STYLES, indented, plain
from gancheck.reporters.terminal.steps import against, step
from gancheck.types import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from gancheck.reporters.terminal.ink import Ink
    from gancheck.types import Diagnosis, Finding


def header(diagnosis: Diagnosis, ink: Ink) -> list[RenderableType]:
    """Say what was diagnosed, against what, and how."""
    title = Text.assemble(
        plain(f"gancheck {facts.version(diagnosis)}".rstrip(), "bold"),
        "  ",
        plain(diagnosis.subject.path, "bold"),
        "  against  ",
        plain(facts.reference(diagnosis)),
    )
    seed = diagnosis.settings.get("seed")
    parts = (
        f"z = {facts.latents(diagnosis.subject)}" if diagnosis.subject.latent_shape else "",
        facts.sizes(diagnosis),
        facts.view(diagnosis),
        "" if seed is None else f"seed {seed}",
        facts.took(diagnosis),
    )
    return [title, _joined(parts, ink.width)]


def verdict(diagnosis: Diagnosis) -> list[RenderableType]:
    """Print the verdict as a bar, then why, then what may be wrong with the run itself."""
    mark = wording.VERDICTS[diagnosis.verdict]
    bar = plain(f" {mark.symbol} {mark.word} ", VERDICT_STYLES[diagnosis.verdict])
    lines: list[RenderableType] = [Text.assemble(bar, "  ", _headline(diagnosis))]
    lines += [indented(plain(sentence), 2) for sentence in diagnosis.summary]
    lines += [indented(plain(f"! {warning}", "yellow"), 2) for warning in diagnosis.warnings]
    return lines


def remarks(diagnosis: Diagnosis) -> list[RenderableType]:
    """Print how the model file was read."""
    notes = diagnosis.subject.notes
    return [indented(plain(f". {note}", "dim"), 1) for note in notes]


def timings(diagnosis: Diagnosis, ink: Ink) -> list[RenderableType]:
    """Print what took how long, with its share of the run."""
    parts = [
        f"{name} {wording.duration(seconds)} ({share:.0%})"
        for name, seconds, share in facts.timed_parts(diagnosis.timings)
    ]
    return [indented(_joined(parts, ink.width - 2), 1)] if parts else []


def next_steps(diagnosis: Diagnosis) -> list[RenderableType]:
    """Print where the reports went, what to try first, and which command explains it."""
    written = facts.outputs(diagnosis)
    names = {"html": "Report", "json": "JSON"}
    lines: list[RenderableType] = [
        step(names.get(form, form), path) for form, path in written.items()
    ]
    worst = max(diagnosis.findings, key=lambda finding: finding.severity, default=None)
    if worst is not None and worst.severity > Severity.OK:
        lines += _after(worst)
    if not diagnosis.settings.get("reference"):
        lines.append(step("Next", "give real samples with --reference for a full diagnosis"))
    return lines


def _after(worst: Finding) -> list[RenderableType]:
    """Say what helps against the worst finding, or what explains it."""
    if worst.condition is None or worst.severity < Severity.WARN:
        return [step("Next", f"gancheck explain {worst.analyzer}")]
    return against(worst.condition)


def _headline(diagnosis: Diagnosis) -> Text:
    score = facts.headline(diagnosis)
    if score is None:
        return plain("no diversity score", "dim")
    value, interval, ceiling = wording.score_numbers(score)
    line = Text.assemble(plain(score.name), " ", plain(value, "bold"), " ", interval)
    bound = facts.limit(diagnosis, score.name)
    if bound is not None:
        line.append(f"   limit {bound:.2f}")
    if ceiling:
        line.append(f"   ceiling {ceiling}", "dim")
    return line


def _joined(parts: Iterable[str], width: int) -> Text:
    """Join facts by bars; a line breaks between two facts, never inside one."""
    lines = [""]
    for part in filter(None, parts):
        longer = f"{lines[-1]} | {part}" if lines[-1] else part
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return plain("\n".join(lines), "dim")
