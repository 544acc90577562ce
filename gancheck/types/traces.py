"""Many checkpoints of one training: what each draws, and what the sequence shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gancheck.plain import to_json
from gancheck.types.display import Displayed
from gancheck.types.evidence import Exhibit, Finding, Mode, Score
from gancheck.types.words import JSON, SCHEMA_VERSION, Condition, Verdict

TurnKind: TypeAlias = Literal["onset", "recovery", "dip"]


@dataclass(frozen=True)
class Judged:
    """What the discriminator of a checkpoint says of real and generated samples.

    Attributes:
        path: The file it came from.
        real: Mean of what it says of reference samples, as it stands in its file.
        generated: Mean of what it says of samples.
        accuracy: Share of both that it tells right at zero, 0..1; 0.5 is guessing.
    """

    path: str
    real: float
    generated: float
    accuracy: float


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint of a trace.

    Attributes:
        path: The file.
        step: Training step, from its name; its place in the sequence where names have no numbers.
        verdict: What is said of it; None where it could not be measured.
        conditions: What was found.
        scores: Numbers by name, such as ``diversity``.
        modes: Every mode of the reference, with the share of the samples that hit it.
        counts: Samples of each mode; those of no clear mode are left out.
        moved: How far the same latents' samples went since the checkpoint before: 0 where none
            did, 1 where they are as far from themselves as samples of other latents. None for the
            first checkpoint.
        judged: What its discriminator says; None without one.
        error: Why it could not be measured; empty where it was.
        sha256: Hash of the file, hexadecimal.
        seconds: What measuring it took.
        reused: Whether it was measured by an earlier run.
    """

    path: str
    step: int
    verdict: Verdict | None = None
    conditions: tuple[Condition, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    modes: tuple[Mode, ...] = ()
    counts: tuple[int, ...] = ()
    moved: float | None = None
    judged: Judged | None = None
    error: str = ""
    sha256: str = ""
    seconds: float = 0.0
    reused: bool = False

    def to_dict(self) -> dict[str, JSON]:
        """Return the checkpoint as JSON, as it is streamed line by line."""
        return dict(to_json(self))


@dataclass(frozen=True)
class Visit:
    """Checkpoints in a row that mostly draw one mode.

    Attributes:
        mode: Number of the mode.
        label: Its name.
        first_step: Step of the first of them.
        last_step: Step of the last.
        share: Largest share of the samples that the mode had meanwhile.
    """

    mode: int
    label: str
    first_step: int
    last_step: int
    share: float


@dataclass(frozen=True)
class Turn:
    """A change of the level of diversity.

    Attributes:
        kind: ``onset`` of collapse, ``recovery``, or ``dip`` where the next checkpoint is well.
        step: First checkpoint after the change.
        low: Earliest step that it may have been, 95%.
        high: Latest step that it may have been.
        before: Level of diversity before.
        after: Level after it.
    """

    kind: TurnKind
    step: int
    low: int
    high: int
    before: float
    after: float


@dataclass(frozen=True)
class Best:
    """The checkpoint to use.

    Attributes:
        score: What it is best by: ``diversity`` or ``overlap``.
        step: Its step.
        path: Its file.
        tied: Steps of other checkpoints that cannot be told from it at this number of samples.
    """

    score: str
    step: int
    path: str
    tied: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace(Displayed):
    """Everything that one look at a training found; every report is a rendering of it.

    Attributes:
        checkpoints: In the order of their steps.
        verdict: That of the last checkpoint that could be measured.
        summary: What there is to say, in sentences.
        conditions: Those of the last checkpoint, and ``mode-hopping`` where it was found.
        findings: On hopping, turns, identity of latents and the best checkpoint.
        visits: Dominant modes in the order in which they were visited.
        turns: Onsets and recoveries, by step.
        best: The checkpoints to use, by each score.
        reference_counts: Reference samples of each mode.
        losses: What was logged during training, by column; ``step`` is one of them.
        exhibits: Pictures.
        settings: What the run depended on.
        versions: What it ran with.
        timings: Seconds of each stage.
        warnings: What the user should know.
        created: When, in UTC.
        schema: Version of the contract.
        kind: ``trace``, by which a report of this kind is told from others.
    """

    checkpoints: tuple[Checkpoint, ...]
    verdict: Verdict
    summary: tuple[str, ...]
    conditions: tuple[Condition, ...]
    findings: tuple[Finding, ...]
    visits: tuple[Visit, ...]
    turns: tuple[Turn, ...]
    best: tuple[Best, ...]
    reference_counts: tuple[int, ...]
    losses: Mapping[str, tuple[float, ...]]
    exhibits: tuple[Exhibit, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    created: str = ""
    schema: int = field(default=SCHEMA_VERSION)
    kind: Literal["trace"] = "trace"

    def measured(self) -> tuple[Checkpoint, ...]:
        """Return the checkpoints that could be measured."""
        return tuple(one for one in self.checkpoints if not one.error)

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON contract: ``schema`` and ``kind`` first, then every field."""
        plain = {item.name: to_json(getattr(self, item.name)) for item in dataclasses.fields(self)}
        return {"schema": plain.pop("schema"), "kind": plain.pop("kind"), **plain}
