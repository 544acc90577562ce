"""The reference: its two parts, and all that a run needs of it, prepared once.

A prepared reference stands for the images themselves: what analyzers use of them is features,
labels, names, hashes and thumbnails. It can be written to a file and read again, see
`gancheck.gcref`; the images then stay where they are.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from gancheck.errors import NotAvailable, UsageError
from gancheck.measures.trust import Trust
from gancheck.thumbnails import Thumbnails
from gancheck.types import Embedding, Features, OutputKind, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

HASH_BYTES = 16

T = TypeVar("T")


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

    def take(self, rows: IntArray) -> Part:
        """Return the samples at the given row numbers; thumbnails only where they are whole."""
        shown, hashes = self.thumbnails, self.stored_hashes
        if shown is not None and shown.tiles is None:
            shown = None
        return dataclasses.replace(
            self,
            size=len(rows),
            labels=None if self.labels is None else self.labels[rows],
            ids=tuple(self.ids[int(row)] for row in rows) if self.ids else (),
            samples=None if self.samples is None else self.samples.take(rows),
            thumbnails=None
            if shown is None
            else Thumbnails(len(rows), shown.shape, shown.take(rows)),
            stored_hashes=None if hashes is None else hashes[rows],
        )

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
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def take(self, scored: IntArray, independent: IntArray) -> ReferenceView:
        """Return the features at the given row numbers, untested: the test was of all of them."""
        kept = dataclasses.replace(self.scored, values=self.scored.values[scored])
        apart = dataclasses.replace(self.independent, values=self.independent.values[independent])
        return ReferenceView(self.text, self.embedding, kept, apart, self.tolerance, None)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """Return what follows from the reference alone, found when it is first asked for."""
        if name not in self._found:
            self._found[name] = find()
        return cast("T", self._found[name])


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

    def of_class(self, label: int) -> PreparedReference:
        """Return what is known of one class; all of it where there are no labels.

        The views stay those that were fitted on all classes.

        Raises:
            UsageError: No sample has that label.
        """
        parts = self.reference
        labels = parts.labels()
        if labels is None or bool((labels == label).all()):
            return self
        require_class(parts.path, labels, label)
        rows = [np.flatnonzero(one.labels == label) for one in (parts.scored, parts.independent)]
        scored, apart = parts.scored.take(rows[0]), parts.independent.take(rows[1])
        total = len(scored) + len(apart)
        main = self.main.take(rows[0], rows[1])
        other = main if self.strict is self.main else self.strict.take(rows[0], rows[1])
        kept = dataclasses.replace(parts, scored=scored, independent=apart, total=total)
        return dataclasses.replace(self, reference=kept, main=main, strict=other)

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


def require_class(path: str, labels: IntArray | None, label: int) -> None:
    """Refuse to compare a class with a reference that has labels, and not that one.

    Raises:
        UsageError: Saying which labels there are.
    """
    if labels is None or (labels == label).any():
        return
    raise UsageError(
        f"the reference {path} has no sample of class {label}: its labels go from {labels.min()} "
        f"to {labels.max()}",
        "`--class N` is the number of the label on both sides.",
    )


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
