"""Analyzers let loose on a study, and what they bring back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from gancheck.analyzers import ANALYZERS
from gancheck.errors import NotAvailable
from gancheck.policy import Judgement, judge
from gancheck.settings import Clock
from gancheck.study import Study
from gancheck.types import Copy, Cut, Evidence, Finding, Mode, Score, Skipped


@dataclass
class Collected:
    """Evidence by kind, in the order it came."""

    findings: list[Finding] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    modes: list[Mode] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, evidence: Evidence) -> None:
        """File one piece."""
        match evidence:
            case Finding():
                self.findings.append(evidence)
            case Score():
                self.scores.append(evidence)
            case Mode():
                self.modes.append(evidence)
            case Cut():
                self.cuts.append(evidence)
            case Copy():
                self.copies.append(evidence)

    def judged(self) -> Judgement:
        """Weigh the findings."""
        return judge(self.findings, self.skipped)


def analyze(study: Study, clock: Clock, names: Collection[str] | None = None) -> Collected:
    """Run analyzers; one that lacks something is skipped with the reason.

    Args:
        study: What they see.
        clock: Hears of each.
        names: Which to run; None runs all of them.
    """
    collected = Collected()
    for name, make in ANALYZERS:
        if names is not None and name not in names:
            continue
        with clock.stage(f"analyze {name}"):
            try:
                for evidence in make().analyze(study):
                    collected.add(evidence)
            except NotAvailable as absent:
                collected.skipped.append(Skipped(name, absent.message))
    return collected
