"""The page of a trace: everything decided beforehand, the templates only add markup."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from gancheck.remedies import ADVICE, told
from gancheck.reporters import facts, wording
from gancheck.reporters.html import environment, figures, plots, script
from gancheck.reporters.html.download import Download, download
from gancheck.reporters.html.drawable import sound
from gancheck.reporters.html.page import ScoreRow
from gancheck.reporters.slimming import BUDGET, REDUCED, Fitted
from gancheck.reporters.traces import shares, timelines, turning
from gancheck.reporters.traces.axes import Timeline, as_json
from gancheck.reporters.traces.fitting import fit
from gancheck.types import Verdict

if TYPE_CHECKING:
    from gancheck.remedies import Told
    from gancheck.types import Best, Checkpoint, Mode, Score, Trace

_PANELS = ("voyage", "fields")
_MOST_FIELDS = 2
_SHOWN_ROWS = 40
_CHIPS = {
    Verdict.COLLAPSED: "fail",
    Verdict.SUSPECT: "warn",
    Verdict.HEALTHY: "ok",
    Verdict.INCONCLUSIVE: "skip",
}


class Part(NamedTuple):
    """A part of the page and the template that draws it."""

    anchor: str
    title: str
    template: str


class Row(NamedTuple):
    """One checkpoint in the table."""

    it: Checkpoint
    name: str
    mark: wording.Mark | None
    chip: str
    diversity: Score | None
    overlap: Score | None
    most: Mode | None
    events: tuple[str, ...]


class Advised(NamedTuple):
    """A checkpoint to use, and what is said of it."""

    best: Best
    said: str


@dataclass(frozen=True)
class TracePage:
    """The whole page in the order it is read.

    Attributes:
        shown: The trace.
        version: The version of gancheck that made it.
        mark: The verdict as a word.
        facts: What was traced, and how.
        headline: Diversity of the last checkpoint that was measured.
        advised: The checkpoints to use.
        curves: Diversity and overlap over steps.
        shares: Shares of modes over steps.
        moved: How far the same latents' samples went.
        training: Losses and accuracy.
        panels: What moves with the slider, beside the losses.
        films: Film strips.
        others: Further pictures.
        rows: The table of checkpoints.
        settings: What the run depended on.
        timings: Seconds of each stage and its share.
        whole_time: Seconds of the run.
        download: The JSON.
        still: Whether nothing on it moves, so that it carries no script.
    """

    shown: Trace
    version: str
    mark: wording.Mark
    facts: list[tuple[str, str]]
    headline: ScoreRow | None
    advised: list[Advised]
    curves: figures.Figure
    shares: figures.Figure | None
    moved: figures.Figure | None
    training: figures.Figure | None
    panels: list[figures.Figure]
    films: list[figures.Figure]
    others: list[figures.Figure]
    rows: list[Row]
    settings: list[tuple[str, str]]
    timings: list[tuple[str, float, float]]
    whole_time: float
    download: Download
    title: str
    further_styles: tuple[str, ...] = ("trace.css",)
    standing: str = "the pictures of the last step stand still"
    still: bool = False

    @property
    def sections(self) -> list[Part]:
        """The parts of the page that have something to show, in order."""
        moving = self.training or self.panels or self.films
        parts = (
            ("verdict", "Verdict", "section_verdict", True),
            ("training", "Over training", "trace_training", True),
            ("stepwise", "Step by step", "trace_stepwise", moving),
            ("findings", "Findings", "trace_findings", self.shown.findings or self.others),
            ("remedies", "What to try", "trace_remedies", self.shown.conditions),
            ("checkpoints", "Checkpoints", "trace_checkpoints", True),
            ("reproduction", "Reproduction", "section_reproduction", True),
        )
        return [Part(at, title, f"templates/{name}.html.j2") for at, title, name, on in parts if on]

    @property
    def advice(self) -> list[Told]:
        """What is known of each condition that was found."""
        return [told(ADVICE[condition]) for condition in self.shown.conditions]

    @property
    def charts(self) -> list[figures.Figure]:
        """The drawings over all steps."""
        return [one for one in (self.curves, self.shares, self.moved) if one is not None]

    @property
    def measured(self) -> list[Row]:
        """The checkpoints among which the slider chooses."""
        return [row for row in self.rows if not row.it.error]

    @property
    def steps(self) -> str:
        """Their steps, as JSON."""
        return as_json([row.it.step for row in self.measured])

    @property
    def said(self) -> str:
        """What stands beside the slider at each of them, as JSON."""
        return as_json([_said(row) for row in self.measured])

    @property
    def shown_rows(self) -> int:
        """Rows of the table that are not folded."""
        return _SHOWN_ROWS

    @property
    def scripts(self) -> list[str]:
        """The scripts that the pictures need."""
        return script.scripts_for([] if self.still else [*self.charts, *self.others])

    @property
    def policy(self) -> str:
        """The content security policy."""
        return script.policy(self.scripts)


def render(trace: Trace, budget: int = BUDGET) -> str:
    """Return the page, reduced until it fits; it says itself what it lacks.

    Raises:
        OutputError: Even without pictures it is larger than the budget.
    """
    return fitted(trace, budget).text


def fitted(trace: Trace, budget: int = BUDGET, *, still: bool = False) -> Fitted:
    """Return the page, and what was left out of it to keep it in its budget.

    Raises:
        OutputError: Even without pictures it is larger than the budget.
    """
    return fit(
        replace(trace, exhibits=sound(trace.exhibits)), lambda one: _render(one, still), budget
    )


def _render(trace: Trace, still: bool) -> str:
    page = replace(build(trace), still=still)
    return environment().get_template("templates/report.html.j2").render(page=page)


def build(trace: Trace) -> TracePage:
    """Arrange a trace for the templates."""
    shown = figures.figures(trace.exhibits)
    fields = [one for one in shown if one.kind == "fields"][:_MOST_FIELDS]
    panels = [*[one for one in shown if one.kind == "voyage"][:1], *fields]
    films = [one for one in shown if one.kind == "film"]
    last = _last_score(trace)
    reduced = bool(trace.settings.get(REDUCED))
    return TracePage(
        shown=trace,
        version=trace.versions.get("gancheck", ""),
        mark=wording.VERDICTS[trace.verdict],
        facts=_facts(trace),
        headline=None if last is None else ScoreRow(last, None, plots.rule(last, None)),
        advised=[Advised(best, turning.advice(best)) for best in trace.best],
        curves=_timeline(_SCORES, timelines.scores_over_time(trace)),
        shares=_optional(_SHARES, shares.shares_over_time(trace)),
        moved=_optional(_MOVED, timelines.moved_over_time(trace)),
        training=_optional(_TRAINING, timelines.training(trace)),
        panels=panels,
        films=films,
        others=[one for one in shown if one not in panels and one not in films],
        rows=_rows(trace),
        settings=facts.flat(trace.settings),
        timings=facts.timed_parts(trace.timings),
        whole_time=facts.whole_time(trace.timings),
        download=download(trace.to_dict(), "trace", reduced=reduced),
        title=turning.described(trace),
    )


_SCORES = (
    "Diversity and overlap",
    "With 95% intervals. Shaded: the steps among which a change may have begun. Rings: the best.",
)
_SHARES = (
    "Which modes are drawn",
    "Share of the samples of each mode. At the right the reference; below, the mode that leads.",
)
_MOVED = (
    "What becomes of the same latents",
    "How far their samples went since the checkpoint before; at 1, as far as samples of other "
    "latents are: a latent no longer means the same thing.",
)
_TRAINING = ("Losses and accuracy", "As they were logged; accuracy is measured, on the right axis.")


def _optional(words: tuple[str, str], body: Timeline | None) -> figures.Figure | None:
    return None if body is None else _timeline(words, body)


def _timeline(words: tuple[str, str], body: Timeline) -> figures.Figure:
    return figures.Figure("timeline", *words, body)


def _last_score(trace: Trace) -> Score | None:
    found = (turning.score(one, "diversity") for one in reversed(trace.measured()))
    return next((score for score in found if score is not None), None)


def _rows(trace: Trace) -> list[Row]:
    marked = turning.events(trace)
    return [
        Row(
            it=one,
            name=PurePath(one.path).name,
            mark=None if one.verdict is None else wording.VERDICTS[one.verdict],
            chip="skip" if one.verdict is None else _CHIPS[one.verdict],
            diversity=turning.score(one, "diversity"),
            overlap=turning.score(one, "overlap"),
            most=turning.dominant(one),
            events=marked.get(one.step, ()),
        )
        for one in trace.checkpoints
    ]


def _said(row: Row) -> str:
    parts = [
        f"step {row.it.step:,}",
        "" if row.mark is None else row.mark.word.lower(),
        "" if row.diversity is None else f"diversity {row.diversity.value:.2f}",
        "" if row.most is None else f"{row.most.label} {row.most.sample_share:.0%}",
    ]
    return " · ".join(filter(None, parts))


def _facts(trace: Trace) -> list[tuple[str, str]]:
    settings, failed = trace.settings, len(trace.checkpoints) - len(trace.measured())
    samples, seed = settings.get("samples"), settings.get("seed")
    rows = [
        ("Reference", str(settings.get("reference") or "no reference")),
        ("Samples", f"{samples:,} of each checkpoint" if isinstance(samples, int) else ""),
        ("Seen through", str(settings.get("embedder") or "")),
        ("Failed", f"{failed:,} of {len(trace.checkpoints):,}" if failed else ""),
        ("Seed", "" if seed is None else str(seed)),
        ("Date", trace.created.replace("T", " ")[:16]),
        ("Took", wording.duration(facts.whole_time(trace.timings)) if trace.timings else ""),
        ("Version", f"gancheck {trace.versions.get('gancheck', '')}".strip()),
    ]
    return [(name, text) for name, text in rows if text]
