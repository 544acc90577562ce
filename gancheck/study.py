"""What an analyzer may see of a run. Things that are absent raise `NotAvailable` when touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.measures.clusters import KnownModes, assign, cluster, label_assigner
from gancheck.measures.overlap import usual_spacing
from gancheck.measures.trust import Trust, merging_radius
from gancheck.reference import Reference, ReferenceView
from gancheck.samplers.batches import Sampler
from gancheck.types import Embedding, Features, GeneratorSpec, SampleSet

if TYPE_CHECKING:
    from gancheck.critic import Critic
    from gancheck.loaders.mode_files import ModeFile
    from gancheck.training import Training
    from gancheck.types import FloatArray, IntArray

T = TypeVar("T")

_BYTES_AT_ONCE = 1 << 28  # of raw outputs on the way to features
_LEAST_ROWS = 256
_VOTERS = 10  # nearest neighbours that give a feature its cluster


@dataclass(frozen=True)
class View:
    """Samples and reference through one embedder.

    Attributes:
        embedding: The embedder, ready to use.
        samples: Features of all samples.
        scored: Features of the scored reference, None without one.
        independent: Features of the independent reference, None without one.
        tolerance: Distance below which two samples are the same to this view.
        device: Torch device for distances.
        trust: Self-test of the view, None without a reference or with too small a one.
        known: The reference through the same view, which remembers what runs have in common.
    """

    embedding: Embedding
    samples: Features
    scored: Features | None
    independent: Features | None
    tolerance: float
    device: str = "cpu"
    trust: Trust | None = None
    known: ReferenceView | None = None

    @classmethod
    def of(cls, samples: SampleSet, known: ReferenceView, device: str) -> View:
        """Show samples to the view that a reference was prepared with."""
        return cls(
            known.embedding,
            embedded(known.embedding, samples),
            known.scored,
            known.independent,
            known.tolerance,
            device,
            known.trust,
            known,
        )

    @property
    def name(self) -> str:
        """Name of the embedder."""
        return self.embedding.name

    @property
    def reference(self) -> FloatArray:
        """Features of the scored reference, (n, d).

        Raises:
            NotAvailable: There is no reference.
        """
        if self.scored is None:
            raise NotAvailable("needs reference data (--reference)")
        return self.scored.values

    @property
    def fitting(self) -> FloatArray:
        """Features of the independent reference, (n, d).

        Raises:
            NotAvailable: There is no reference.
        """
        if self.independent is None:
            raise NotAvailable("needs reference data (--reference)")
        return self.independent.values

    @cached_property
    def spacing(self) -> float:
        """Median distance of a scored reference point to its nearest neighbour."""
        return self.once("spacing", lambda: usual_spacing(self.reference, device=self.device))

    @property
    def twin_radius(self) -> float:
        """Distance below which points are merged before overlaps are estimated."""
        return merging_radius(self.spacing, self.tolerance)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """Return what follows from the reference alone, as an earlier run found it if one did."""
        return find() if self.known is None else self.known.once(f"{name} {self.device}", find)

    def equal(self, least: int = 100) -> tuple[FloatArray, FloatArray]:
        """Return reference and samples at the same size.

        Args:
            least: Fewer than this on either side is too few to compare.

        Raises:
            NotAvailable: There is no reference, or one side is too small.
        """
        n = min(len(self.reference), len(self.samples))
        if n < least:
            raise NotAvailable(
                f"compares at least {least} samples with as many scored reference samples; "
                f"there are {len(self.samples)} and {len(self.reference)}"
            )
        return self.reference[:n], self.samples.values[:n]


@dataclass(frozen=True)
class Study:
    """One run, as analyzers see it.

    Attributes:
        samples: What is judged.
        view: The view that diversity is judged in: blind to small changes that a viewer ignores.
        strict_view: The view in which fidelity counts; may be the same.
        seed: Seed of the run.
        device: Torch device.
        sampler: The generator and how to run it; None for a set of samples.
        reference_parts: The reference; None without one.
        critic: The discriminator that the generator was trained against; None without one.
        training_parts: Training and held-out samples; None without held-out data.
        earlier: A study of other samples through the same views, whose modes are used again.
        label: Label that conditional generators get where none is named.
        known: Modes that are known beforehand; None where none were given.
    """

    samples: SampleSet
    view: View
    strict_view: View
    seed: int = 0
    device: str = "cpu"
    sampler: Sampler | None = None
    reference_parts: Reference | None = field(default=None)
    critic: Critic | None = None
    training_parts: Training | None = None
    earlier: Study | None = field(default=None, repr=False)
    label: int = 0
    known: ModeFile | None = field(default=None, repr=False)

    @property
    def reference(self) -> Reference:
        """The reference.

        Raises:
            NotAvailable: There is none.
        """
        if self.reference_parts is None:
            raise NotAvailable("needs reference data (--reference)")
        return self.reference_parts

    @property
    def generator(self) -> Sampler:
        """The generator and how to run it.

        Raises:
            NotAvailable: The subject is a set of samples.
        """
        if self.sampler is None:
            raise NotAvailable("needs the generator itself; the subject is a set of samples")
        return self.sampler

    @property
    def discriminator(self) -> Critic:
        """The discriminator that the generator was trained against.

        Raises:
            NotAvailable: There is none.
        """
        if self.critic is None:
            raise NotAvailable("needs the discriminator (--discriminator)")
        return self.critic

    @property
    def known_modes(self) -> ModeFile:
        """Modes that are known beforehand.

        Raises:
            NotAvailable: None were given.
        """
        if self.known is None:
            raise NotAvailable("needs known modes (--modes)")
        return self.known

    @property
    def training(self) -> Training:
        """All training samples, and held-out ones.

        Raises:
            NotAvailable: There is no held-out data, or too little on one side to compare.
        """
        if self.training_parts is None:
            raise NotAvailable("needs held-out data (--holdout)")
        self.training_parts.require_enough()
        return self.training_parts

    @property
    def spec(self) -> GeneratorSpec:
        """What is known of the generator.

        Raises:
            NotAvailable: The subject is a set of samples.
        """
        return self.generator.generator.spec

    @property
    def dimension(self) -> int:
        """Number of latent coordinates."""
        return int(np.prod(self.spec.latent_shape))

    @cached_property
    def modes(self) -> KnownModes:
        """Modes of the reference: its labels, else clusters of its independent part.

        Raises:
            NotAvailable: There is no reference, or too little of it to find clusters in.
        """
        if self.earlier is not None:
            return self.earlier.modes
        independent, features = self.reference.independent, self.view.fitting
        seed = int(self.rng("modes").integers(2**31))
        if independent.labels is None:
            found = cluster(features, seed)
            count = int(found.max()) + 1
            return KnownModes(
                found,
                tuple(f"cluster {number}" for number in range(count)),
                lambda other: assign(features, found, other, _VOTERS),
            )
        values, labels = np.unique(independent.labels, return_inverse=True)
        given = independent.label_names
        names = tuple(given[int(value)] if given else str(int(value)) for value in values)
        return KnownModes(labels, names, label_assigner(features, labels, seed))

    @cached_property
    def found_modes(self) -> IntArray:
        """Mode of each sample, (n,); -1 where it is not clear.

        Raises:
            NotAvailable: As for `modes`.
        """
        return self.modes.assign(self.view.samples.values)

    @cached_property
    def reference_modes(self) -> IntArray:
        """Mode of each scored reference sample, found as those of samples are: (n,).

        Raises:
            NotAvailable: As for `modes`.
        """
        if self.earlier is not None:
            return self.earlier.reference_modes
        return self.modes.assign(self.view.reference)

    def features_at(self, latents: FloatArray, labels: int | IntArray | None = None) -> FloatArray:
        """Run latents (n, d) through generator and view, without rounding: (n, dim).

        Outputs are never all held at once, however many latents there are.
        """
        rows = _rows_at_once(self.spec.output_shape)
        return np.concatenate(
            [
                self.view.embedding(self.outputs_at(latents[piece], _piece(labels, piece)))
                for piece in (slice(at, at + rows) for at in range(0, len(latents), rows))
            ]
        )

    def outputs_at(self, latents: FloatArray, labels: int | IntArray | None = None) -> FloatArray:
        """Run latents (n, d) through the generator, without rounding.

        Conditional generators get one label for all of them, that of the study by default, or one
        for each.
        """
        shaped = np.asarray(latents, dtype=np.float32).reshape(-1, *self.spec.latent_shape)
        given = None
        if self.spec.classes is not None:
            each = np.broadcast_to(self.label if labels is None else labels, len(shaped))
            given = each.astype(np.int64)
        return self.generator.outputs(shaped, given)

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream of one analyzer, the same in every run with this seed."""
        return np.random.default_rng([self.seed, *name.encode()])


def _rows_at_once(shape: tuple[int, ...]) -> int:
    """Return how many outputs to hold at once: a power of two, so that batches stay as they are."""
    fitting = _BYTES_AT_ONCE // (4 * max(1, int(np.prod(shape))))
    return max(_LEAST_ROWS, 1 << max(fitting, 1).bit_length() - 1)


def _piece(labels: int | IntArray | None, rows: slice) -> int | IntArray | None:
    return labels[rows] if isinstance(labels, np.ndarray) else labels


def embedded(embedding: Embedding, samples: SampleSet) -> Features:
    """Show samples to a view."""
    return Features(embedding(samples.values), embedding.name, embedding.sha256)
