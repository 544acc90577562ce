"""The page of several diagnoses beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters import facts, wording
from gancheck.reporters.html import environment, figures, script
from gancheck.reporters.slimming import REDUCED

if TYPE_CHECKING:
    from gancheck.reporters.side_by_side.comparison import Comparison, Run
    from gancheck.types import Diagnosis

_SHOWN_MODES = 40


@dataclass(frozen=True)
class Column:
    """One run at the head of the page."""

    letter: str
    report: str
    diagnosis: Diagnosis
    mark: wording.Mark
    score: wording.ScoreNumbers | None
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Sheet:
    """Everything the template prints, decided beforehand."""

    comparison: Comparison
    columns: list[Column]
    looks: list[tuple[str, figures.Figure]]
    reduced: str

    @property
    def policy(self) -> str:
        """The content security policy: no script, no network."""
        return script.policy([])

    @property
    def version(self) -> str:
        """The version of gancheck that put the runs side by side."""
        from gancheck import __version__

        return __version__

    @property
    def shown_modes(self) -> int:
        """How many modes are in the table; the others differ less."""
        return _SHOWN_MODES


def render(comparison: Comparison) -> str:
    """Return the page."""
    sheet = Sheet(
        comparison=comparison,
        columns=[_column(run) for run in comparison.runs],
        looks=_looks(comparison),
        reduced=str(comparison.runs[0].diagnosis.settings.get(REDUCED) or ""),
    )
    return environment().get_template("templates/side_by_side.html.j2").render(page=sheet)


def _column(run: Run) -> Column:
    diagnosis = run.diagnosis
    headline = facts.headline(diagnosis)
    rows = [
        ("Reference", facts.reference(diagnosis)),
        ("Compared", facts.sizes(diagnosis)),
        ("Seen through", facts.view(diagnosis)),
        ("Report", run.report),
        ("Date", diagnosis.created),
        ("gancheck", facts.version(diagnosis)),
    ]
    return Column(
        letter=run.letter,
        report=run.report,
        diagnosis=diagnosis,
        mark=wording.VERDICTS[diagnosis.verdict],
        score=None if headline is None else wording.score_numbers(headline),
        facts=[(name, text) for name, text in rows if text],
    )


def _looks(comparison: Comparison) -> list[tuple[str, figures.Figure]]:
    """Return the random images of each run, and those of the reference they share, if they do."""
    shown = [
        (f"{run.letter}: samples", figures.figure(one)) for run, one in comparison.grids("samples")
    ]
    real = comparison.grids("reference")
    if any(field.name == "reference" for field in comparison.differing):
        return shown + [(f"{run.letter}: reference", figures.figure(one)) for run, one in real]
    return shown + [("Reference", figures.figure(one)) for _, one in real[:1]]
