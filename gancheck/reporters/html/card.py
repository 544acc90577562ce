"""What a notebook shows of a result: a few lines, decided beforehand; no markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters import facts, wording
from gancheck.reporters.html import plots
from gancheck.reporters.slimming import size

if TYPE_CHECKING:
    from gancheck.comparing import Comparison
    from gancheck.types import Diagnosis, Score, Trace

_LEADING = ("diversity", "overlap", "fidelity", "distinct_samples", "memorization", "cut_mass")
_MOST_SENTENCES = 6


class Line(NamedTuple):
    """A number: its name, itself, its interval, what it is held against, its place on a bar."""

    name: str
    value: str
    interval: str
    beside: str
    rule: plots.Rule | None = None


@dataclass(frozen=True)
class Card:
    """Everything the card says.

    Attributes:
        word: The verdict.
        tone: ``good``, ``bad``, ``doubtful`` or ``open``: its colour.
        title: What it is about.
        sentences: Why, in the order of the report.
        conditions: What was found, by name.
        warnings: What the user should know of the run.
        lines: The leading numbers.
        beside: What their last column holds.
        facts: What was compared, how, with what.
        page: The whole page, to be folded in; empty where it does not fit.
        size: How large that is, in words.
    """

    word: str
    tone: str
    title: str
    sentences: Sequence[str]
    conditions: Sequence[str]
    warnings: Sequence[str]
    lines: Sequence[Line]
    beside: str
    facts: Sequence[str]
    page: str = ""

    @property
    def size(self) -> str:
        """How large the page is."""
        return size(len(self.page.encode("utf-8", "backslashreplace")))

    def words(self) -> str:
        """Return the card as text."""
        first = [f"{self.word}  {self.title}", *(f"  {one}" for one in self.sentences)]
        rows = [
            f"  {one.name} {one.value} {one.interval} {one.beside and f'({self.beside} '}"
            f"{one.beside}{one.beside and ')'}".rstrip()
            for one in self.lines
        ]
        return wording.printable("\n".join([*first, *rows]))


_VERDICTS = {"healthy": "good", "suspect": "doubtful", "collapsed": "bad", "inconclusive": "open"}
_RULINGS = {"better": "good", "worse": "bad", "different": "doubtful", "no difference": "open"}


def of_diagnosis(it: Diagnosis) -> Card:
    """Say what a diagnosis found."""
    settings = it.settings
    limits = {name: facts.limit(it, name) for name in it.scores}
    said = (
        f"reference {settings['reference']}" if settings.get("reference") else "no reference",
        facts.sizes(it),
        facts.view(it),
        "" if settings.get("seed") is None else f"seed {settings['seed']}",
    )
    return Card(
        word=wording.VERDICTS[it.verdict].word,
        tone=_VERDICTS[it.verdict.value],
        title=it.subject.path,
        sentences=it.summary[:_MOST_SENTENCES],
        conditions=[condition.value for condition in it.conditions],
        warnings=it.warnings,
        lines=[_line(it.scores[name], limits[name]) for name in _LEADING if name in it.scores],
        beside="limit",
        facts=[one for one in said if one],
    )


def of_trace(it: Trace) -> Card:
    """Say what a trace found, and which checkpoints to use."""
    measured = it.measured()
    last = measured[-1].scores if measured else {}
    best = [f"Best {one.score}: step {one.step:,} ({one.path})." for one in it.best]
    count = wording.counted(len(it.checkpoints), "checkpoint")
    return Card(
        word=wording.VERDICTS[it.verdict].word,
        tone=_VERDICTS[it.verdict.value],
        title=f"{count}, the last one at step {measured[-1].step:,}" if measured else count,
        sentences=[*it.summary[:_MOST_SENTENCES], *best],
        conditions=[condition.value for condition in it.conditions],
        warnings=it.warnings,
        lines=[_line(last[name], None) for name in _LEADING if name in last],
        beside="limit",
        facts=[f"reference {it.settings['reference']}"] if it.settings.get("reference") else [],
    )


def of_comparison(it: Comparison) -> Card:
    """Say what B is against A."""
    from gancheck.reporters.comparisons import text

    return Card(
        word=text.RULINGS[it.ruling].word,
        tone=_RULINGS[it.ruling.value],
        title=f"B {it.b.name} against A {it.a.name}",
        sentences=[f"{text.headline(it)}.", *text.sentences(it)[:_MOST_SENTENCES]],
        conditions=[],
        warnings=it.warnings,
        lines=[
            Line(
                wording.score_title(one.name),
                text.difference(one),
                text.interval(one),
                f"{text.value(one.a)} -> {text.value(one.b)}",
            )
            for one in text.scores(it, verbose=False)
        ],
        beside="A -> B",
        facts=[f"{name.lower()} {value}" for name, value in text.facts_of(it)],
    )


def _line(score: Score, limit: float | None) -> Line:
    numbers = wording.score_numbers(score)
    held = "" if limit is None else f"{limit:.2f}"
    rule = plots.rule(score, limit)
    return Line(wording.score_title(score.name), numbers.value, numbers.interval, held, rule)
