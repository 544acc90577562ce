"""The page of two subjects against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gancheck.comparing import Ruling
from gancheck.reporters import facts, wording
from gancheck.reporters.comparisons import text
from gancheck.reporters.html import environment, figures, script

if TYPE_CHECKING:
    from gancheck.comparing import Comparison, ModeChange, ScoreChange, Side
    from gancheck.measures.spectrum import Direction

_SHOWN_MODES = 40
_LOOKS = {
    Ruling.BETTER: "healthy",
    Ruling.WORSE: "collapsed",
    Ruling.DIFFERENT: "suspect",
    Ruling.SAME: "inconclusive",
}
_TONES = {"lost": "fail", "thinned": "warn", "grown": "warn", "gained": "ok"}
_ICONS = {"lost": "fail", "thinned": "under", "grown": "over", "gained": "ok"}
_SPECTRAL = "More in "


class Row(NamedTuple):
    """A difference of scores in words."""

    change: ScoreChange
    a: str
    b: str
    difference: str
    interval: str


class ModeRow(NamedTuple):
    """A mode, its bars in percent of the longest, and how its change looks."""

    mode: ModeChange
    a: float
    b: float
    ratio: str
    tone: str
    icon: str


class Head(NamedTuple):
    """One side at the top of the page."""

    side: Side
    mark: wording.Mark
    score: wording.ScoreNumbers | None


@dataclass(frozen=True)
class Sheet:
    """Everything the template prints, decided beforehand."""

    comparison: Comparison
    heads: list[Head]
    scores: list[Row]
    folded: list[Row]
    modes: list[ModeRow]
    directions: list[tuple[str, Direction]]
    pictures: list[figures.Figure]
    spectral: list[figures.Figure]

    @property
    def look(self) -> str:
        """The colours of the verdict."""
        return _LOOKS[self.comparison.ruling]

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        return text.headline(self.comparison)

    @property
    def sentences(self) -> list[str]:
        """Why, and what could have been seen."""
        return text.sentences(self.comparison)

    @property
    def paired(self) -> str:
        """What both sides share."""
        return text.paired(self.comparison)

    @property
    def modes_title(self) -> str:
        """What the modes are."""
        return text.modes_title(self.comparison)

    @property
    def further_modes(self) -> int:
        """Modes that are not in the table; they changed less."""
        return len(self.comparison.modes) - len(self.modes)

    @property
    def spectrum(self) -> str:
        """What the spectrum shows."""
        return text.spectrum(self.comparison)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What was compared, and how."""
        return text.facts_of(self.comparison)

    @property
    def settings(self) -> list[tuple[str, str]]:
        """Settings as dotted names."""
        return facts.flat(self.comparison.settings)

    @property
    def version(self) -> str:
        """The version of gancheck that reached the verdict."""
        return self.comparison.versions.get("gancheck", "")

    @property
    def policy(self) -> str:
        """The content security policy: no script, no network."""
        return script.policy([])


def render(it: Comparison) -> str:
    """Return the page."""
    shown = text.scores(it, verbose=False)
    rest = [one for one in it.scores if one not in shown]
    spectral = [one for one in it.exhibits if one.title.startswith(_SPECTRAL)]
    others = [one for one in it.exhibits if one not in spectral]
    found = it.spectrum
    sheet = Sheet(
        comparison=it,
        heads=[_head(it.a), _head(it.b)],
        scores=[_row(one) for one in shown],
        folded=[_row(one) for one in rest],
        modes=_modes(it),
        directions=[]
        if found is None
        else [("A", one) for one in found.lost] + [("B", one) for one in found.gained],
        pictures=figures.figures(others),
        spectral=figures.figures(spectral),
    )
    return environment().get_template("templates/comparison.html.j2").render(page=sheet)


def _head(side: Side) -> Head:
    score = side.scores.get("diversity")
    words = None if score is None else wording.score_numbers(score)
    return Head(side, wording.VERDICTS[side.verdict], words)


def _row(one: ScoreChange) -> Row:
    return Row(one, text.value(one.a), text.value(one.b), text.difference(one), text.interval(one))


def _modes(it: Comparison) -> list[ModeRow]:
    """Return the modes that changed, then those whose shares differ most."""
    ranked = sorted(it.modes, key=lambda mode: mode.shift == "same")[:_SHOWN_MODES]
    top = max((max(one.a_share, one.b_share) for one in ranked), default=0.0) or 1.0
    return [
        ModeRow(
            one,
            round(100 * one.a_share / top, 2),
            round(100 * one.b_share / top, 2),
            text.ratio(one),
            _TONES.get(one.shift, ""),
            _ICONS.get(one.shift, ""),
        )
        for one in ranked
    ]
