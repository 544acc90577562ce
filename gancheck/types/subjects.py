"""What is diagnosed: generators, their samples, and features of those."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gancheck.errors import ShapeError
from gancheck.types.words import Condition, OutputKind, Severity

if TYPE_CHECKING:
    import torch

    from gancheck.types.words import AnyArray, FloatArray, IntArray


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
        latent_law: ``normal``, ``uniform``, ``sphere``, ``module:function`` or ``normal:0.7``.
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
        call: What each input is given, such as ``z = latents (100, 1, 1)``.
        label_names: Name of each class, such as a prompt; empty when numbers name themselves.
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
    call: str = ""
    label_names: tuple[str, ...] = ()


@runtime_checkable
class Generator(Protocol):
    """A trained generator: three facts and a call."""

    @property
    def spec(self) -> GeneratorSpec:
        """What is known of it."""

    def __call__(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents (n, *latent_shape) to float32 outputs (n, *output_shape), raw range."""


class Column(Protocol):
    """One column of a table whose rows are samples; loaders of tables bring their own class."""

    @property
    def name(self) -> str:
        """Its name in the table."""

    @property
    def kind(self) -> str:
        """What its values are, in the loader's word, such as ``number`` or ``category``."""


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
        columns: Columns of the table that the vectors are rows of; empty for all other samples.
        view: Embedder that suits them where nobody asks for one; empty leaves it to their kind
            and shape.
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
    columns: tuple[Column, ...] = field(default=(), repr=False)
    view: str = ""

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


def require_same_columns(samples: SampleSet, reference: SampleSet) -> None:
    """Refuse tables whose columns differ; the order of columns is the loader's business.

    Raises:
        ShapeError: The message names the columns.
    """
    ours, theirs = ({one.name: one.kind for one in side.columns} for side in (samples, reference))
    if ours == theirs or not (ours and theirs):
        return
    said = [f"only the reference has {name!r}" for name in theirs if name not in ours]
    said += [f"only the samples have {name!r}" for name in ours if name not in theirs]
    said += [
        f"{name!r} is a {kind} in the samples and a {theirs[name]} in the reference"
        for name, kind in ours.items()
        if kind != theirs.get(name, kind)
    ]
    raise ShapeError(
        f"samples and reference are tables with different columns: {'; '.join(said)}",
        "Give both tables the same columns, with values of one kind in each.",
    )


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
class Subject:
    """The thing that was diagnosed; see `GeneratorSpec` for what its attributes mean."""

    path: str
    format: str
    sha256: str
    latent_shape: tuple[int, ...] | None
    latent_law: str | None
    classes: int | None
    output_kind: OutputKind
    output_shape: tuple[int, ...]
    notes: tuple[str, ...] = ()
    backend: str = ""
    trusted: bool = False
    isolated: bool = False

    @classmethod
    def of(cls, loaded: Generator | SampleSet, path: str) -> Subject:
        """Describe what was loaded from a path, or from memory under a name."""
        if isinstance(loaded, SampleSet):
            return cls(
                path=path,
                format=loaded.format,
                sha256=loaded.sha256,
                latent_shape=None,
                latent_law=None,
                classes=None,
                output_kind=loaded.kind,
                output_shape=loaded.shape,
                notes=loaded.notes,
            )
        spec = loaded.spec
        return cls(
            path=path,
            format=spec.format,
            sha256=spec.sha256,
            latent_shape=spec.latent_shape,
            latent_law=spec.latent_law,
            classes=spec.classes,
            output_kind=spec.output_kind,
            output_shape=spec.output_shape,
            notes=spec.notes,
            backend=spec.backend,
            trusted=spec.trusted,
            isolated=spec.isolated,
        )
