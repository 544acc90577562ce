"""The nouns of gancheck: frozen dataclasses and a few small protocols, no I/O.

Shapes are written ``(n, d)`` for vectors and ``(n, c, h, w)`` for images. Images live on the
0..255 scale everywhere after loading: as uint8 in a `SampleSet`, as float where rounding would
hide what is being measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from gancheck.plain import to_json

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.floating[Any]]
    IntArray: TypeAlias = NDArray[np.integer[Any]]
    AnyArray: TypeAlias = NDArray[Any]

JSON: TypeAlias = Any
OutputKind: TypeAlias = Literal["image", "vector"]
ModeStatus: TypeAlias = Literal["missing", "under", "ok", "over"]

SCHEMA_VERSION = 1


class Severity(IntEnum):
    """How much a finding matters; ordered, so that ``max`` is the worst."""

    OK = 0
    NOTE = 1
    WARN = 2
    FAIL = 3


class Verdict(str, Enum):
    """The one-word answer to "did this generator collapse?"."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    COLLAPSED = "collapsed"
    INCONCLUSIVE = "inconclusive"


class Condition(str, Enum):
    """The diseases gancheck can name."""

    MISSING_MODES = "missing-modes"
    IMBALANCED_MODES = "imbalanced-modes"
    WITHIN_MODE_COLLAPSE = "within-mode-collapse"
    FEW_DISTINCT_SAMPLES = "few-distinct-samples"
    OFF_DISTRIBUTION = "off-distribution"
    MEMORIZATION = "memorization"
    IGNORED_LATENT = "ignored-latent"
    LATENT_CUTS = "latent-cuts"
    CLASS_COLLAPSE = "class-collapse"
    IGNORED_LABEL = "ignored-label"
    MODE_HOPPING = "mode-hopping"
    SATURATED_DISCRIMINATOR = "saturated-discriminator"
    WRONG_LATENT_LAW = "wrong-latent-law"
    UNSTABLE_OUTPUT = "unstable-output"


class Interval(NamedTuple):
    """A two-sided 95% confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Concern:
    """Something about a generator itself that was measured while it was loaded.

    Attributes:
        name: What was looked at, such as ``latent-law`` or ``batch-mates``.
        severity: How much it matters; OK when all is well.
        title: What was found, in one line.
        detail: What it means and what to do.
        condition: The condition it stands for, None where it stands for none.
        value: The measured number, such as a ratio of variances.
        limit: What the number was held against, such as ``0.7 to 1.4``; None without one.
    """

    name: str
    severity: Severity
    title: str
    detail: str = ""
    condition: Condition | None = None
    value: float | None = None
    limit: str | None = None


@dataclass(frozen=True)
class GeneratorSpec:
    """What is known of a generator before its first sample is judged.

    Attributes:
        latent_shape: Shape of one latent, without the batch axis.
        latent_law: ``normal``, ``uniform``, ``sphere`` or ``module:function``.
        classes: Number of classes of a conditional generator, None when it takes no label.
        output_kind: ``image`` or ``vector``.
        output_shape: Shape of one output, without the batch axis: (c, h, w) or (d,).
        output_range: Values that stand for black and white; None for vectors.
        differentiable: Whether gradients flow from output to latent.
        origin: The file it came from.
        format: Name of the loader that read it.
        sha256: Hash of the file, hexadecimal.
        notes: What was inferred, chosen or doubted on the way, in sentences for the report.
        concerns: What was measured of the generator itself before it was sampled in bulk.
        backend: What runs it and how, such as ``torch, channels last``; for the report.
        trusted: Whether it only runs because the user said ``--trust``.
        isolated: Whether it runs in a child process with limits.
    """

    latent_shape: tuple[int, ...]
    latent_law: str
    classes: int | None
    output_kind: OutputKind
    output_shape: tuple[int, ...]
    output_range: tuple[float, float] | None
    differentiable: bool
    origin: str
    format: str
    sha256: str
    notes: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()
    backend: str = ""
    trusted: bool = False
    isolated: bool = False


@runtime_checkable
class Generator(Protocol):
    """A trained generator: three facts and a call."""

    @property
    def spec(self) -> GeneratorSpec:
        """What is known of it."""

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents (n, *latent_shape) to float32 outputs (n, *output_shape), raw range."""


@dataclass(frozen=True)
class SampleSet:
    """Samples, drawn from a generator or read from disk.

    Attributes:
        values: (n, c, h, w) uint8 images or (n, d) float32 vectors.
        origin: Where they came from, for people.
        format: Name of the loader or ``generator``.
        latents: (n, *latent_shape) float32, None when read from disk.
        labels: (n,) int64, None when there are none.
        label_names: Name of each label value, empty when values name themselves.
        ids: File name or index of each sample, in the order of ``values``.
        seed: Seed of the latents, None when read from disk.
        sha256: Hash of the input, hexadecimal; empty for drawn samples.
        notes: What was inferred or doubted on the way.
    """

    values: AnyArray
    origin: str
    format: str
    latents: FloatArray | None = None
    labels: IntArray | None = None
    label_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    seed: int | None = None
    sha256: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def kind(self) -> OutputKind:
        """Images have four axes, vectors two."""
        return "image" if self.values.ndim == 4 else "vector"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(int(side) for side in self.values.shape[1:])

    def take(self, rows: AnyArray) -> SampleSet:
        """Return the samples at the given row numbers, in that order."""
        return dataclasses.replace(
            self,
            values=self.values[rows],
            latents=None if self.latents is None else self.latents[rows],
            labels=None if self.labels is None else self.labels[rows],
            ids=tuple(self.ids[int(row)] for row in rows) if self.ids else (),
        )

    def id_of(self, row: int) -> str:
        """Name one sample for people: its file name, else its number."""
        return self.ids[row] if self.ids else str(row)


@dataclass(frozen=True)
class Features:
    """Samples seen through an embedder: values (n, d) float32."""

    values: FloatArray
    embedder: str
    sha256: str

    def __len__(self) -> int:
        return int(self.values.shape[0])


class Embedding(Protocol):
    """An embedder that is ready to use: nothing left to fit."""

    @property
    def name(self) -> str:
        """Name and settings, as printed in the report."""

    @property
    def sha256(self) -> str:
        """Hash of weights and settings: equal hashes mean equal features."""

    def __call__(self, values: AnyArray) -> FloatArray:
        """Embed images (n, c, h, w) on the 0..255 scale, or vectors (n, d), to (n, dim)."""


@dataclass(frozen=True)
class Exhibit:
    """Data for one picture; never HTML.

    Attributes:
        kind: ``grid``, ``pairs``, ``bars``, ``scatter``, ``heatmap`` or ``strip``.
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
    """

    name: str
    value: float
    low: float
    high: float
    ceiling: float | None = None
    n: int | None = None
    k: int | None = None
    view: str | None = None


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
class Cut:
    """One place where neighbouring latents land far apart.

    Attributes:
        kind: ``cut`` (the jump stays as the step shrinks) or ``bridge`` (steep but continuous).
        position: Latent in the middle of the jump.
        direction: Unit vector along which the line crossed it.
        jump: Distance between both sides, in units of the median random-pair distance.
        width: Latent length that holds half the jump.
        slope_exponent: 1 where the output is smooth, 0 at a true discontinuity.
        contrast: Local slope over the median slope.
        off_reference: Distance of its middle from the reference over the usual distance of a
            real sample from its neighbour; None without a reference.
    """

    kind: Literal["cut", "bridge"]
    position: tuple[float, ...]
    direction: tuple[float, ...]
    jump: float
    width: float
    slope_exponent: float
    contrast: float
    off_reference: float | None


Evidence: TypeAlias = Finding | Score | Mode | Cut


@dataclass(frozen=True)
class Skipped:
    """An analyzer that could not run, and why."""

    analyzer: str
    reason: str


@dataclass(frozen=True)
class Subject:
    """The thing that was diagnosed."""

    path: str
    format: str
    sha256: str
    latent_shape: tuple[int, ...] | None
    latent_law: str | None
    classes: int | None
    output_kind: OutputKind
    output_shape: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """Everything one run found; every report is a rendering of it."""

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
    created: str = ""
    schema: int = field(default=SCHEMA_VERSION)

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON contract: ``schema`` first, then every field, enums as their words."""
        plain = {item.name: to_json(getattr(self, item.name)) for item in dataclasses.fields(self)}
        plain["cut_mass"] = plain["scores"].get("cut_mass")
        return {"schema": plain.pop("schema"), **plain}
