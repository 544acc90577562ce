"""Everything the template prints, decided beforehand: order, grouping, what is folded."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from gancheck.reporters import facts, wording
from gancheck.reporters.html import figures, method, plots, script
from gancheck.reporters.html.redaction import redact
from gancheck.types import Severity

if TYPE_CHECKING:
    from gancheck.reporters.html import DocsOf
    from gancheck.types import JSON, Diagnosis, Finding, Score

_MODES = "modes"  # the analyzer whose pictures stand beside the mode table
_CUTS = "cuts"  # the analyzer whose pictures stand beside the table of surfaces
_SHOWN_MODES = 30
_MOST_MODES = 300
_LARGEST_JSON = 2_000_000  # characters; above it the embedded copy goes without its pictures


class Check(NamedTuple):
    """A finding, its place in the page, its pictures, and what its analyzer advises."""

    anchor: str
    finding: Finding
    figures: list[figures.Figure]
    advice: list[method.Block]


class ScoreRow(NamedTuple):
    """A score, what it is held against and its place on the rule."""

    score: Score
    limit: float | None
    rule: plots.Rule | None


class Download(NamedTuple):
    """The JSON inside the page."""

    name: str
    uri: str
    complete: bool


class Doc(NamedTuple):
    """The documentation of one analyzer."""

    analyzer: str
    blocks: list[method.Block]


@dataclass(frozen=True)
class Page:
    """The whole page in the order it is read; `templates/report.html.j2` only adds markup."""

    diagnosis: Diagnosis
    version: str
    mark: wording.Mark
    facts: list[tuple[str, str]]
    headline: ScoreRow | None
    checks: list[Check]
    scores: list[ScoreRow]
    modes: list[figures.Bar]
    folded_modes: list[figures.Bar]
    dropped_modes: int
    look: list[figures.Figure]
    docs: list[Doc]
    settings: list[tuple[str, str]]
    timings: list[tuple[str, float, float]]
    whole_time: float
    download: Download

    @property
    def problems(self) -> list[Check]:
        """Checks that failed or warn."""
        return [check for check in self.checks if check.finding.severity >= Severity.WARN]

    @property
    def open_checks(self) -> list[Check]:
        """Checks that are worth reading."""
        return [check for check in self.checks if check.finding.severity > Severity.OK]

    @property
    def passed_checks(self) -> list[Check]:
        """Checks with nothing to say."""
        return [check for check in self.checks if check.finding.severity is Severity.OK]

    @property
    def mode_checks(self) -> list[Check]:
        """Findings whose pictures belong beside the mode table."""
        return [check for check in self._pictured if self._is_mode_check(check)]

    @property
    def latent_checks(self) -> list[Check]:
        """Findings whose pictures belong beside the table of surfaces."""
        return [check for check in self._pictured if check.finding.analyzer == _CUTS]

    @property
    def scripts(self) -> list[str]:
        """The scripts that the pictures need, if any."""
        return script.scripts_for(one for check in self._pictured for one in check.figures)

    @property
    def policy(self) -> str:
        """The content security policy."""
        return script.policy(self.scripts)

    @property
    def evidence(self) -> list[tuple[str, list[Check]]]:
        """All other findings with pictures, by analyzer, the worst first."""
        groups: dict[str, list[Check]] = {}
        for check in self._pictured:
            if not self._is_mode_check(check) and check.finding.analyzer != _CUTS:
                groups.setdefault(check.finding.analyzer, []).append(check)
        return list(groups.items())

    @property
    def _pictured(self) -> list[Check]:
        return [check for check in self.checks if check.figures]

    def _is_mode_check(self, check: Check) -> bool:
        return bool(self.modes) and check.finding.analyzer == _MODES


def build(diagnosis: Diagnosis, *, docs_of: DocsOf) -> Page:
    """Arrange a diagnosis for the template."""
    headline = facts.headline(diagnosis)
    docs = _docs(diagnosis, docs_of)
    modes = figures.mode_bars(wording.most_damaged_first(diagnosis.modes))
    return Page(
        diagnosis=diagnosis,
        version=facts.version(diagnosis),
        mark=wording.VERDICTS[diagnosis.verdict],
        facts=_facts(diagnosis),
        headline=None if headline is None else _score_row(diagnosis, headline),
        checks=_checks(diagnosis, docs),
        scores=[_score_row(diagnosis, score) for score in diagnosis.scores.values()],
        modes=modes[:_SHOWN_MODES],
        folded_modes=modes[_SHOWN_MODES:_MOST_MODES],
        dropped_modes=max(0, len(modes) - _MOST_MODES),
        look=[figures.figure(exhibit) for exhibit in diagnosis.exhibits],
        docs=docs,
        settings=_flat(diagnosis.settings),
        timings=facts.timed_parts(diagnosis.timings),
        whole_time=facts.whole_time(diagnosis.timings),
        download=_download(diagnosis),
    )


def _facts(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    subject = diagnosis.subject
    shape = " x ".join(str(side) for side in subject.output_shape)
    seed = diagnosis.settings.get("seed")
    rows = [
        ("Model", f"{subject.path} ({subject.format})"),
        ("Reference", facts.reference(diagnosis)),
        ("Compared", facts.sizes(diagnosis)),
        ("Seen through", facts.view(diagnosis)),
        ("Latents", facts.latents(subject)),
        ("Output", f"{subject.output_kind} {shape}"),
        ("Seed", "" if seed is None else str(seed)),
        ("Date", _date(diagnosis)),
        ("Took", facts.took(diagnosis)),
    ]
    return [(name, text) for name, text in rows if text]


def _date(diagnosis: Diagnosis) -> str:
    try:
        moment = datetime.fromisoformat(diagnosis.created.replace("Z", "+00:00"))
    except ValueError:
        return diagnosis.created
    zone = moment.tzname() or ""
    return f"{moment:%Y-%m-%d %H:%M} {zone}".strip()


def _checks(diagnosis: Diagnosis, docs: list[Doc]) -> list[Check]:
    """Number the findings, the worst first; the first problem of an analyzer brings its advice."""
    advice = {doc.analyzer: method.advice(doc.blocks) for doc in docs}
    return [
        Check(
            f"check-{at}",
            finding,
            _figures(finding, diagnosis),
            advice.pop(finding.analyzer, []) if finding.severity >= Severity.WARN else [],
        )
        for at, finding in enumerate(wording.worst_first(diagnosis.findings), start=1)
    ]


def _figures(finding: Finding, diagnosis: Diagnosis) -> list[figures.Figure]:
    """Prepare the pictures of a finding; bars that repeat the mode table are left to it."""
    repeats = finding.analyzer == _MODES and bool(diagnosis.modes)
    kept = [exhibit for exhibit in finding.exhibits if not (repeats and exhibit.kind == "bars")]
    return [figures.figure(exhibit) for exhibit in kept]


def _score_row(diagnosis: Diagnosis, score: Score) -> ScoreRow:
    limit = facts.limit(diagnosis, score.name)
    return ScoreRow(score, limit, plots.rule(score, limit))


def _docs(diagnosis: Diagnosis, docs_of: DocsOf) -> list[Doc]:
    ran = list(dict.fromkeys(finding.analyzer for finding in diagnosis.findings))
    return [Doc(name, method.blocks(text)) for name, text in docs_of(ran).items() if text]


def _flat(settings: Mapping[str, JSON], prefix: str = "") -> list[tuple[str, str]]:
    """Write nested settings as dotted names; the command stands on its own."""
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += _flat(value, f"{name}.")
        elif name != "command" and value is not None:
            rows.append((name, str(value)))
    return rows


def _download(diagnosis: Diagnosis) -> Download:
    contract = diagnosis.to_dict()
    text = json.dumps(contract, indent=1, ensure_ascii=False, allow_nan=False)
    complete = len(text) <= _LARGEST_JSON
    if not complete:
        text = json.dumps(_without_pictures(contract), indent=1, allow_nan=False)
    encoded = base64.b64encode(str(redact(text)).encode("utf-8", "backslashreplace"))
    name = f"{PurePath(diagnosis.subject.path).stem or 'report'}.gancheck.json"
    return Download(name, f"data:application/json;base64,{encoded.decode('ascii')}", complete)


def _without_pictures(contract: dict[str, JSON]) -> dict[str, JSON]:
    findings = [{**finding, "exhibits": []} for finding in contract["findings"]]
    return {**contract, "findings": findings, "exhibits": []}
