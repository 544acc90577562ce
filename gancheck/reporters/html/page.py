"""Everything the templates print, decided beforehand: order, grouping, what is folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from gancheck.policy import MISUSE, SENTENCES
from gancheck.remedies import ADVICE, told
from gancheck.reporters import facts, wording
from gancheck.reporters.html import figures, method, plots, script
from gancheck.reporters.html.download import Download, download
from gancheck.reporters.slimming import REDUCED
from gancheck.types import Severity

if TYPE_CHECKING:
    from gancheck.remedies import Told
    from gancheck.reporters.html import DocsOf
    from gancheck.types import Diagnosis, Exhibit, Finding, Score

_PLACES = {
    "modes": "modes",
    "duplicates": "look",
    "cuts": "latent",
    "discriminator": "latent",
    "memorization": "memorization",
    "conditional": "classes",
}
"""Section in which the pictures of a finding stand, by its id or its analyzer."""
_ELSEWHERE = "evidence"
_MAPS = ("cloud", "scatter")
_LEADING = {
    *("diversity", "fidelity", "precision", "recall", "coverage", "density"),
    *("effective_modes", "distinct_samples", "memorization", "cut_mass", "latent_share"),
    *("label_fidelity", "worst_class_diversity"),
}
"""Scores that are shown; all others are folded."""
_SHOWN_MODES = 30
_MOST_MODES = 300


class Check(NamedTuple):
    """A finding, its place in the page and its pictures."""

    anchor: str
    finding: Finding
    figures: list[figures.Figure]

    @property
    def place(self) -> str:
        """The section in which its pictures stand."""
        of_analyzer = _PLACES.get(self.finding.analyzer, _ELSEWHERE)
        return _PLACES.get(self.finding.id, of_analyzer)


class Problem(NamedTuple):
    """A check to act on, what is known of its condition, and where that was said before."""

    check: Check
    told: Told | None
    said_at: str


class Section(NamedTuple):
    """A part of the page; its template is called after its anchor."""

    anchor: str
    title: str

    @property
    def template(self) -> str:
        """The file that draws it."""
        return f"templates/section_{self.anchor}.html.j2"


class ScoreRow(NamedTuple):
    """A score, what it is held against and its place on the rule."""

    score: Score
    limit: float | None
    rule: plots.Rule | None


class Doc(NamedTuple):
    """The documentation of one analyzer."""

    analyzer: str
    blocks: list[method.Block]


@dataclass(frozen=True)
class Page:
    """The whole page in the order it is read; the templates only add markup.

    With ``still`` set nothing on it moves, and it carries no script.
    """

    diagnosis: Diagnosis
    version: str
    mark: wording.Mark
    facts: list[tuple[str, str]]
    headline: ScoreRow | None
    checks: list[Check]
    scores: list[ScoreRow]
    folded_scores: list[ScoreRow]
    modes: list[figures.Bar]
    folded_modes: list[figures.Bar]
    dropped_modes: int
    look: list[figures.Figure]
    maps: list[figures.Figure]
    docs: list[Doc]
    limits: list[str]
    settings: list[tuple[str, str]]
    timings: list[tuple[str, float, float]]
    whole_time: float
    download: Download
    still: bool = False

    @property
    def shown(self) -> Diagnosis:
        """What the page is about."""
        return self.diagnosis

    @property
    def title(self) -> str:
        """The name of what the page is about."""
        return self.diagnosis.subject.path

    @property
    def standing(self) -> str:
        """What does not move where scripts are off."""
        return "the map and the latent space stand still"

    @property
    def further_styles(self) -> tuple[str, ...]:
        """Styles beside those of every page."""
        return ()

    @property
    def sections(self) -> list[Section]:
        """The parts of the page that have something to show, in order."""
        wrong = "What is wrong" if self._flagged else "In short"
        parts = [
            ("verdict", "Verdict", True),
            ("wrong", wrong, True),
            ("checks", "Checks", True),
            ("modes", "Modes", self.modes or self.checks_in("modes")),
            ("look", "Samples", self.look or self.checks_in("look")),
            ("map", "Map", self.maps),
            ("latent", "Latent space", self.checks_in("latent")),
            ("memorization", "Memorization", self.checks_in("memorization")),
            ("classes", "Classes", self.checks_in("classes")),
            ("evidence", "More evidence", self.checks_in(_ELSEWHERE)),
            ("scores", "Scores", self.diagnosis.scores),
            ("method", "Method and limits", True),
            ("reproduction", "Reproduction", True),
        ]
        return [Section(anchor, title) for anchor, title, shown in parts if shown]

    @property
    def problems(self) -> list[Problem]:
        """The worst checks, each condition explained where it comes up first."""
        found, said = [], dict[str, str]()
        for check in self._flagged[:SENTENCES]:
            condition = check.finding.condition
            known = None if condition is None else told(ADVICE[condition])
            name = "" if condition is None else condition.value
            found.append(Problem(check, None if name in said else known, said.get(name, "")))
            if name:
                said.setdefault(name, check.anchor)
        return found

    @property
    def more_problems(self) -> int:
        """Checks to act on beyond those that are explained."""
        return max(0, len(self._flagged) - SENTENCES)

    @property
    def summary(self) -> list[str]:
        """Sentences of the summary that no problem repeats."""
        titles = {_bare(problem.check.finding.title) for problem in self.problems}
        return [one for one in self.diagnosis.summary if _bare(one) not in titles]

    @property
    def explained(self) -> set[str]:
        """Anchors of the checks whose details stand under what is wrong."""
        return {problem.check.anchor for problem in self.problems}

    @property
    def open_checks(self) -> list[Check]:
        """Checks that are worth reading."""
        return [check for check in self.checks if check.finding.severity > Severity.OK]

    @property
    def passed_checks(self) -> list[Check]:
        """Checks with nothing to say."""
        return [check for check in self.checks if check.finding.severity is Severity.OK]

    def checks_in(self, place: str) -> list[Check]:
        """Return the checks whose pictures stand in a section, the worst first."""
        return [check for check in self.checks if check.figures and check.place == place]

    @property
    def scripts(self) -> list[str]:
        """The scripts that the pictures need, if any."""
        of_checks = [one for check in self.checks for one in check.figures]
        moving = [] if self.still else [*of_checks, *self.look, *self.maps]
        return script.scripts_for(moving)

    @property
    def policy(self) -> str:
        """The content security policy."""
        return script.policy(self.scripts)

    @property
    def _flagged(self) -> list[Check]:
        """Checks that failed or warn; a generator that was not run as trained comes first."""
        found = [check for check in self.checks if check.finding.severity >= Severity.WARN]
        return sorted(found, key=lambda check: check.finding.id not in MISUSE)


def build(diagnosis: Diagnosis, *, docs_of: DocsOf) -> Page:
    """Arrange a diagnosis for the templates."""
    headline = facts.headline(diagnosis)
    scores = [_score_row(diagnosis, score) for score in diagnosis.scores.values()]
    modes = figures.mode_bars(wording.most_damaged_first(diagnosis.modes))
    maps = [one for one in diagnosis.exhibits if one.kind in _MAPS]
    look = [one for one in diagnosis.exhibits if one.kind not in _MAPS]
    return Page(
        diagnosis=diagnosis,
        version=facts.version(diagnosis),
        mark=wording.VERDICTS[diagnosis.verdict],
        facts=_facts(diagnosis),
        headline=None if headline is None else _score_row(diagnosis, headline),
        checks=_checks(diagnosis),
        scores=[row for row in scores if _leads(row)],
        folded_scores=[row for row in scores if not _leads(row)],
        modes=modes[:_SHOWN_MODES],
        folded_modes=modes[_SHOWN_MODES:_MOST_MODES],
        dropped_modes=max(0, len(modes) - _MOST_MODES),
        look=figures.figures(look),
        maps=figures.figures(maps),
        docs=_docs(diagnosis, docs_of),
        limits=facts.limits_of_method(diagnosis),
        settings=facts.flat(diagnosis.settings),
        timings=facts.timed_parts(diagnosis.timings),
        whole_time=facts.whole_time(diagnosis.timings),
        download=_download(diagnosis),
    )


def _facts(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    subject = diagnosis.subject
    shape = " x ".join(str(side) for side in subject.output_shape)
    seed = diagnosis.settings.get("seed")
    rows = [
        ("Generator", f"{subject.path} ({subject.format})"),
        ("Reference", facts.reference(diagnosis)),
        ("Compared", facts.sizes(diagnosis)),
        ("Seen through", facts.view(diagnosis)),
        ("Latents", facts.latents(subject)),
        ("Output", f"{subject.output_kind} {shape}"),
        ("Seed", "" if seed is None else str(seed)),
        ("Date", _date(diagnosis)),
        ("Took", facts.took(diagnosis)),
        ("Version", f"gancheck {facts.version(diagnosis)}".strip()),
    ]
    return [(name, text) for name, text in rows if text]


def _date(diagnosis: Diagnosis) -> str:
    try:
        moment = datetime.fromisoformat(diagnosis.created.replace("Z", "+00:00"))
    except ValueError:
        return diagnosis.created
    zone = moment.tzname() or ""
    return f"{moment:%Y-%m-%d %H:%M} {zone}".strip()


def _checks(diagnosis: Diagnosis) -> list[Check]:
    """Number the findings, the worst first."""
    found = []
    for at, finding in enumerate(wording.worst_first(diagnosis.findings), start=1):
        anchor = f"check-{at}"
        shown = figures.figures(_exhibits(finding, diagnosis), anchor)
        found.append(Check(anchor, finding, shown))
    return found


def _exhibits(finding: Finding, diagnosis: Diagnosis) -> list[Exhibit]:
    """Return what a finding shows; bars that repeat the mode table are left to it."""
    repeats = _PLACES.get(finding.analyzer) == "modes" and bool(diagnosis.modes)
    return [one for one in finding.exhibits if not (repeats and one.kind == "bars")]


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".").casefold()


def _score_row(diagnosis: Diagnosis, score: Score) -> ScoreRow:
    limit = facts.limit(diagnosis, score.name)
    return ScoreRow(score, limit, plots.rule(score, limit))


def _leads(row: ScoreRow) -> bool:
    return row.score.name in _LEADING or row.limit is not None


def _docs(diagnosis: Diagnosis, docs_of: DocsOf) -> list[Doc]:
    ran = list(dict.fromkeys(finding.analyzer for finding in diagnosis.findings))
    return [Doc(name, method.blocks(text)) for name, text in docs_of(ran).items() if text]


def _download(diagnosis: Diagnosis) -> Download:
    name = PurePath(diagnosis.subject.path).stem or "report"
    return download(diagnosis.to_dict(), name, reduced=bool(diagnosis.settings.get(REDUCED)))
