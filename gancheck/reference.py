"""The reference: its two parts, and all that a run needs of it, prepared once.

A prepared reference stands for the images themselves: what analyzers use of them is features,
labels, names, hashes and thumbnails. It can be written to a file and read again, see
`gancheck.gcref`; the images then stay where they are.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.measures.overlap import usual_spacing
from gancheck.measures.trust import Trust
from gancheck.thumbnails import Thumbnails
from gancheck.types import Embedding, Features, OutputKind, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

HASH_BYTES = 16


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the reference, with its samples or without them.

    Attributes:
        size: Number of samples.
        shape: Shape of one sample, (c, h, w) or (d,).
        labels: (n,) int64, None when there are none.
        label_names: Name of each label value, empty when values name themselves.
        ids: File name or index of each sample.
        samples: The samples themselves, None where only a prepared file was given.
        thumbnails: Small pictures of them; None for vectors, and where none were made.
        stored_hashes: (n, 16) uint8 from the file; None where they follow from the samples.
    """

    size: int
    shape: tuple[int, ...]
    labels: IntArray | None = None
    label_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    samples: SampleSet | None = field(default=None, repr=False)
    thumbnails: Thumbnails | None = field(default=None, repr=False)
    stored_hashes: AnyArray | None = field(default=None, repr=False)

    @classmethod
    def of(cls, samples: SampleSet) -> Part:
        """Wrap samples that are there."""
        return cls(
            len(samples),
            samples.shape,
            samples.labels,
            samples.label_names,
            samples.ids,
            samples,
        )

    def __len__(self) -> int:
        return self.size

    @property
    def kind(self) -> OutputKind:
        """Images have three axes, vectors one."""
        return "image" if len(self.shape) == 3 else "vector"

    @property
    def values(self) -> AnyArray:
        """The samples as an array: (n, c, h, w) uint8 images or (n, d) float32 vectors.

        Raises:
            NotAvailable: Only a prepared file was given, and it does not hold them.
        """
        return self.given().values

    @cached_property
    def hashes(self) -> AnyArray:
        """Hash of the content of each sample, (n, 16) uint8; equal samples have equal hashes.

        Raises:
            NotAvailable: Only a prepared file was given, and it does not hold them.
        """
        return row_hashes(self.values) if self.stored_hashes is None else self.stored_hashes

    def pictures(self, rows: AnyArray) -> AnyArray:
        """Return images to show of the given rows, (m, c, h, w) uint8: thumbnails if there are any.

        Raises:
            NotAvailable: Only a prepared file was given, and it does not hold them.
        """
        if self.thumbnails is not None:
            return self.thumbnails.take(rows)
        chosen: AnyArray = self.values[rows]
        return chosen

    def id_of(self, row: int) -> str:
        """Name one sample for people: its file name, else its number."""
        return self.ids[row] if self.ids else str(row)

    def with_samples(self, samples: SampleSet | None) -> Part:
        """Return the same part with its samples at hand."""
        return dataclasses.replace(self, samples=samples)

    def given(self) -> SampleSet:
        """Return the samples themselves.

        Raises:
            NotAvailable: Only a prepared file was given, and it does not hold them.
        """
        if self.samples is None:
            raise NotAvailable(
                "needs the reference samples themselves; a prepared reference was given, which "
                "does not hold them (--reference with the original data)"
            )
        return self.samples


@dataclass(frozen=True, eq=False)
class Reference:
    """Reference samples in two parts that share no sample.

    Attributes:
        scored: What the samples are compared with.
        independent: What anything learned is fitted on; never scored.
        path: Where it was read from.
        sha256: Hash of the input.
        total: Samples in the input.
        notes: What was inferred or doubted while reading it.
    """

    scored: Part
    independent: Part
    path: str
    sha256: str
    total: int
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> OutputKind:
        """``image`` or ``vector``."""
        return self.scored.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.scored.shape

    def labels(self) -> IntArray | None:
        """Labels of both parts, None when there are none."""
        if self.scored.labels is None or self.independent.labels is None:
            return None
        return np.concatenate([self.scored.labels, self.independent.labels])


@dataclass(frozen=True, eq=False)
class ReferenceView:
    """The reference through one embedder.

    Attributes:
        text: The embedder, as ``--embedder`` would name it.
        embedding: The same, ready to use.
        scored: Features of the scored part.
        independent: Features of the independent part.
        tolerance: Distance below which two samples are the same to this view.
        trust: Self-test of the view; None where the reference is too small for one.
    """

    text: str
    embedding: Embedding
    scored: Features
    independent: Features
    tolerance: float
    trust: Trust | None
    _spacings: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def spacing(self, device: str) -> float:
        """Return the median distance of a scored point to its nearest neighbour; found once."""
        if device not in self._spacings:
            self._spacings[device] = usual_spacing(self.scored.values, device=device)
        return self._spacings[device]


@dataclass(frozen=True, eq=False)
class PreparedReference:
    """Everything about a run that depends on the reference alone.

    Attributes:
        reference: Both parts.
        main: The view that diversity is judged in.
        strict: The view in which fidelity counts; the same object when both are one.
        reason: The sentence that justifies the main view.
        seed: Seed of the split and of all that was fitted.
        version: Version of gancheck that prepared it.
        portable: False when its views had to look at the samples that are judged, because the
            reference is too small to fit them on: it then serves that one run only.
    """

    reference: Reference
    main: ReferenceView
    strict: ReferenceView
    reason: str
    seed: int
    version: str
    portable: bool = True

    def with_samples_of(self, read: Reference) -> PreparedReference:
        """Return the same with the samples, the path and the notes of a reference just read."""
        parts = dataclasses.replace(
            self.reference,
            scored=self.reference.scored.with_samples(read.scored.samples),
            independent=self.reference.independent.with_samples(read.independent.samples),
            path=read.path,
            notes=read.notes,
        )
        return dataclasses.replace(self, reference=parts)


def row_hashes(values: AnyArray) -> AnyArray:
    """Hash the bytes of each row of an (n, ...) array to (n, 16) uint8."""
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    hashed = b"".join(
        hashlib.blake2b(row.tobytes(), digest_size=HASH_BYTES).digest() for row in rows
    )
    return np.frombuffer(hashed, dtype=np.uint8).reshape(len(values), HASH_BYTES)


def among(values: AnyArray, hashes: AnyArray) -> AnyArray:
    """Tell which rows of (n, ...) values have one of the (m, 16) hashes, byte for byte: (n,)."""
    known = {bytes(row) for row in hashes}
    return np.array([bytes(row) in known for row in row_hashes(values)], dtype=bool)
