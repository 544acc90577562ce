"""What is said of it: findings, scores, modes, cuts, and the diagnosis that holds them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gancheck.plain import to_json
from gancheck.types.display import Displayed
from gancheck.types.subjects import Subject
from gancheck.types.words import (
    JSON,
    SCHEMA_VERSION,
    Condition,
    CopyKind,
    CutKind,
    Interval,
    ModeStatus,
    Severity,
    Verdict,
)


@dataclass(frozen=True)
class Exhibit:
    """Data for one picture; never HTML.

    Attributes:
        kind: One word, such as ``grid``; `gancheck.exhibits` lists them.
        title: A short heading.
        caption: How to read it, and what was chosen how.
        payload: JSON-ready data; the keys of each kind are listed in `gancheck.exhibits`.
    """

    kind: str
    title: str
    caption: str
    payload: Mapping[str, JSON]


@dataclass(frozen=True)
class Finding:
    """One thing an analyzer has to say; always yielded, also when all is well.

    Attributes:
        id: ``analyzer.what``, stable across versions.
        analyzer: Name of the analyzer.
        severity: How much it matters.
        title: One sentence with the measured value.
        detail: Evidence, usual causes, what to do.
        condition: The disease it is evidence for, whatever the severity.
        value: The measured number, None for findings without one.
        interval: 95% interval of the value.
        limit: What the value was held against, such as ``>= 0.80``.
        exhibits: Pictures.
        needed: Samples that would settle what the finding leaves open; None where it is settled,
            infinity where no number would.
    """

    id: str
    analyzer: str
    severity: Severity
    title: str
    detail: str = ""
    condition: Condition | None = None
    value: float | None = None
    interval: Interval | None = None
    limit: str | None = None
    exhibits: tuple[Exhibit, ...] = ()
    needed: float | None = None


@dataclass(frozen=True)
class Tails:
    """One-sided confidence bounds: each end of each interval holds by itself.

    The ends of a two-sided 95% interval are one-sided bounds at 97.5%.

    Attributes:
        at_95: Bounds at 95%, the ends of the two-sided 90% interval.
        at_99: Bounds at 99%, the ends of the two-sided 98% interval.
    """

    at_95: Interval
    at_99: Interval


@dataclass(frozen=True)
class Replicates:
    """A score computed from both halves of random splits of its rows; its error comes from these.

    Which rows a half holds depends on their numbers alone, so that two runs with the same n, seed
    and reference split the same latents and the same reference samples.

    Attributes:
        first: The score of the first half of each of S splits.
        second: The score of the second half.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]


@dataclass(frozen=True)
class Score:
    """A named number with its 95% interval and its real-versus-real ceiling.

    Attributes:
        name: Key in the report, such as ``diversity``.
        value: The estimate.
        low: Lower end of the 95% interval.
        high: Upper end of the 95% interval.
        ceiling: What two halves of the reference score against each other, None without one.
        n: Samples on each side.
        k: Neighbours, None where the score does not use any.
        view: Embedder that saw the samples.
        tails: One-sided bounds, None where only the interval is known.
        replicates: What paired comparisons need, None where there is none.
        version: Rises when the same samples would get another number.
    """

    name: str
    value: float
    low: float
    high: float
    ceiling: float | None = None
    n: int | None = None
    k: int | None = None
    view: str | None = None
    tails: Tails | None = None
    replicates: Replicates | None = None
    version: int = 1


@dataclass(frozen=True)
class Mode:
    """One mode of the reference and how often the samples hit it."""

    id: int
    label: str
    reference_share: float
    sample_share: float
    low: float
    high: float
    status: ModeStatus


@dataclass(frozen=True)
class Rate:
    """Crossings per unit of latent length, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cut:
    """A surface in the latent space on whose two sides neighbouring latents land far apart.

    Attributes:
        kind: ``cut`` (the jump stays as the step shrinks) or ``bridge`` (steep but continuous).
        crossings: How many scanned lines' crossings lie on it.
        rate: Crossings per unit of latent length.
        width: Median latent length, along a line, from a tenth to nine tenths of the jump.
        jump: Median distance between both sides, in units of the distance of random samples.
        normal: Unit normal of its largest flat piece.
        offset: Distance of that piece from the origin, along the normal.
        pieces: Flat pieces it was found as; 1 for a plane, more where it bends.
        boundary_accuracy: Share of the other crossings whose sides the largest piece tells apart;
            None without any.
        off_reference: Median distance of its middle from the reference over the usual distance of
            a real sample from its neighbour; None without a reference.
        modes: Names of the two modes it joins most often; empty without a reference.
        points: Latents of some crossings, (crossings, d).
    """

    kind: CutKind
    crossings: int
    rate: Rate
    width: float
    jump: float
    normal: tuple[float, ...]
    offset: float
    pieces: int
    boundary_accuracy: float | None
    off_reference: float | None
    modes: tuple[str, ...]
    points: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Copy:
    """A sample that repeats a training sample.

    Attributes:
        sample: File name or number of the sample.
        training: File name or number of its training twin.
        kind: ``exact`` (every byte), ``near`` (the same to the eye, also flipped or shifted) or
            ``close`` (closer than honest samples come, by the mirrored control).
        distance: Distance of both in the view.
        held_out_distance: Distance of the sample to the nearest held-out sample; None without any.
        closeness: Natural logarithm of the distance to the nearest other real sample over the
            distance to the twin; None for exact copies.
        latent: The latent that draws it again; empty for a set of samples.
    """

    sample: str
    training: str
    kind: CopyKind
    distance: float
    held_out_distance: float | None = None
    closeness: float | None = None
    latent: tuple[float, ...] = ()


Evidence: TypeAlias = Finding | Score | Mode | Cut | Copy


@dataclass(frozen=True)
class Skipped:
    """An analyzer that could not run, and why."""

    analyzer: str
    reason: str


@dataclass(frozen=True)
class Diagnosis(Displayed):
    """Everything one run found; every report is a rendering of it.

    At the end of a notebook cell it shows itself: the verdict, why, the scores, and the page folded
    in. `save_html` writes that page, `to_dict` is the JSON.

    Attributes:
        subject: What was diagnosed.
        verdict: The answer in one word.
        summary: Why, in sentences.
        conditions: What was found.
        scores: Numbers by name, such as ``diversity``, each with its 95% interval.
        modes: Modes of the reference, with the share of the samples in each; empty without one.
        cuts: Where the latent space is cut.
        findings: All that the analyzers have to say, the worst first.
        exhibits: Pictures of the whole, such as the map.
        skipped: Analyzers that could not run, with their reasons.
        settings: What the run depended on.
        versions: What it ran with.
        timings: Seconds of its stages.
        warnings: What the user should know of the run.
        copies: Samples that repeat training samples.
        created: When, in UTC.
        schema: Version of the JSON.

    Example:
        The diagnosis of `gancheck.diagnose`:

        >>> score = diagnosis.scores["diversity"]
        >>> score.low < score.value < score.high < 0.8
        True
        >>> [mode.label for mode in diagnosis.modes if mode.status == "missing"]
        ['4', '5', '6', '7']
        >>> diagnosis.to_dict()["verdict"]
        'collapsed'
        >>> diagnosis.save_html("ring.html").name
        'ring.html'
    """

    subject: Subject
    verdict: Verdict
    summary: tuple[str, ...]
    conditions: tuple[Condition, ...]
    scores: Mapping[str, Score]
    modes: tuple[Mode, ...]
    cuts: tuple[Cut, ...]
    findings: tuple[Finding, ...]
    exhibits: tuple[Exhibit, ...]
    skipped: tuple[Skipped, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    copies: tuple[Copy, ...] = ()
    created: str = ""
    schema: int = field(default=SCHEMA_VERSION)

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON contract: ``schema`` first, then every field, enums as their words."""
        plain = {item.name: to_json(getattr(self, item.name)) for item in dataclasses.fields(self)}
        plain["cut_mass"] = plain["scores"].get("cut_mass")
        return {"schema": plain.pop("schema"), **plain}
