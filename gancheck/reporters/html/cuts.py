"""The page of one look at a latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gancheck.reporters import facts
from gancheck.reporters.html import environment, figures, script

if TYPE_CHECKING:
    from gancheck.cutting import CutReport


@dataclass(frozen=True)
class CutPage:
    """Everything the template prints, decided beforehand."""

    report: CutReport
    version: str
    facts: list[tuple[str, str]]
    figures: list[figures.Figure]
    settings: list[tuple[str, str]]

    @property
    def scripts(self) -> list[str]:
        """The scripts that the pictures need, if any."""
        return script.scripts_for(self.figures)

    @property
    def policy(self) -> str:
        """The content security policy."""
        return script.policy(self.scripts)


def render(report: CutReport) -> str:
    """Return the page."""
    shown = figures.figures([one for found in report.findings for one in found.exhibits], "cuts")
    version = report.versions.get("gancheck", "")
    page = CutPage(report, version, _facts(report), shown, facts.flat(report.settings))
    return environment().get_template("templates/cuts_page.html.j2").render(page=page)


def _facts(report: CutReport) -> list[tuple[str, str]]:
    subject = report.subject
    rows = [
        ("Model", f"{subject.path} ({subject.format})"),
        ("Reference", str(report.settings.get("reference") or "no reference")),
        ("Seen through", str(report.settings.get("embedder") or "")),
        ("Latents", facts.latents(subject)),
        ("Output", f"{subject.output_kind} {' x '.join(map(str, subject.output_shape))}"),
        ("Seed", str(report.settings.get("seed", ""))),
    ]
    return [(name, text) for name, text in rows if text]
