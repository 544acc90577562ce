"""What an embedder is: something that, shown what it may learn from, becomes an `Embedding`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from gancheck.errors import ShapeError
from gancheck.types import Embedding, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray

ENOUGH_INDEPENDENT = 200
"""Independent samples from which on a view learns from them alone, and not from the pool."""


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Material:
    """What an embedder may be fitted on, and how it should run.

    Anything learned on the scored reference alone breaks the exchangeability of reference and
    samples: identical laws then read as different. So an embedder sees an independent part of the
    reference, or the label-blind pool of both sides in equal numbers, never the scored part alone.

    Attributes:
        samples: Samples of the kind and shape that will be judged, to check and to try; nothing
            may be learned from them.
        pool: Values of scored reference and samples, the same number of each, without saying which
            is which; samples only when there is no reference. None where the view must not depend
            on the samples that are judged: with 200 independent samples or more, and in
            ``gancheck prepare``.
        independent: Part of the reference that is never scored; without a reference, an
            independent draw of the generator or None.
        seed: Seed of everything random in the fit.
        device: Torch device to run on.
        progress: Called with (done, total) during long work.
    """

    samples: SampleSet
    pool: AnyArray | None
    independent: SampleSet | None
    seed: int = 0
    device: str = "cpu"
    progress: Callable[[int, int], None] = field(default=_silent, compare=False)

    def to_learn_from(self, view: str, least: int) -> AnyArray:
        """Return the independent part where it has enough samples, else the pool.

        Raises:
            ShapeError: The independent part is too small, and there is no pool.
        """
        apart = 0 if self.independent is None else len(self.independent)
        if self.independent is not None and apart >= least:
            return self.independent.values
        if self.pool is None:
            noun = f"{self.samples.kind}s"
            raise ShapeError(
                f"embedder {view!r} needs {least} {noun} to learn from that are not scored, and "
                f"there are {apart}",
                f"A third of the reference is set aside: {3 * least} {noun} are enough.",
            )
        return self.pool


class Embedder(Protocol):
    """A frozen dataclass whose fields are its settings, all of them with defaults.

    An embedder that needs to be told which file or network to use says so in `argument`; that is
    then its first field, and the one without a default.
    """

    argument: ClassVar[str]
    """What follows the colon in ``--embedder NAME:ARGUMENT``; empty when nothing does."""

    def prepare(self, material: Material) -> Embedding:
        """Fit what has to be fitted and return the finished embedding.

        Raises:
            ShapeError: The samples are not of the kind this embedder looks at, or the independent
                part is too small to fit on.
        """


@runtime_checkable
class Stateful(Protocol):
    """An embedding that learned something, and can write it down.

    Embeddings without learned state need not be stored: the registry makes them again, and their
    sha256 tells whether they are the same.
    """

    def to_bytes(self) -> bytes:
        """Write everything learned; equal embeddings give equal bytes, which cannot carry code."""


@runtime_checkable
class Restorer(Protocol):
    """An embedder whose embeddings are `Stateful`: it reads what they wrote."""

    def restore(self, content: bytes, device: str) -> Embedding:
        """Return the embedding that wrote the content, ready to run on a torch device.

        Raises:
            LoadError: The content is damaged.
        """


def is_tolerant(embedding: Embedding) -> bool:
    """Tell whether a view is made to overlook small losses of fidelity.

    An embedding says so with an attribute ``tolerant``. In all other views whatever differs counts.
    """
    return bool(getattr(embedding, "tolerant", False))
