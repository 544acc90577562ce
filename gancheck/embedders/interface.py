"""What an embedder is: something that, shown what it may learn from, becomes an `Embedding`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from gancheck.types import Embedding, SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Material:
    """What an embedder may be fitted on, and how it should run.

    Anything learned on the scored reference alone breaks the exchangeability of reference and
    samples: identical laws then read as different. So an embedder sees an independent part of the
    reference, or the label-blind pool of both sides in equal numbers, never the scored part alone.

    Attributes:
        samples: The samples that will be judged.
        pool: Values of scored reference and samples, the same number of each, without saying which
            is which; samples only when there is no reference.
        independent: Part of the reference that is never scored; without a reference, an
            independent draw of the generator or None.
        seed: Seed of everything random in the fit.
        device: Torch device to run on.
        progress: Called with (done, total) during long work.
    """

    samples: SampleSet
    pool: AnyArray
    independent: SampleSet | None
    seed: int = 0
    device: str = "cpu"
    progress: Callable[[int, int], None] = field(default=_silent, compare=False)


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
