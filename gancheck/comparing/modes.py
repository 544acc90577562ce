"""Which modes B lost or gained against A: counts in, statements out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck.comparing.nouns import ModeChange, ModeShift
from gancheck.measures.balance import counted
from gancheck.measures.discordant import paired_ratio_p_values
from gancheck.stats import reject_false_discoveries, share_ratio_interval, share_ratio_p_values

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

LOST_BELOW, THINNED_BELOW = 0.25, 0.5
LEAST = 100
"""Samples of clear modes on each side, below which nothing is said of modes."""


@dataclass(frozen=True)
class ModeCounts:
    """The modes of the samples of both sides.

    Attributes:
        a: (n,) mode of each sample of A, -1 where it is not clear.
        b: (n,) the same for B.
        names: Name of each mode.
        reference: (m,) share of each mode of the reference; None without one.
        paired: Whether row i of both comes from the same latent.
    """

    a: IntArray
    b: IntArray
    names: Sequence[str]
    reference: FloatArray | None = None
    paired: bool = False

    @property
    def hits(self) -> tuple[IntArray, IntArray]:
        """Samples of each side in each mode."""
        return counted(self.a, len(self.names)), counted(self.b, len(self.names))

    def changes(self) -> tuple[ModeChange, ...]:
        """Compare the counts of each mode; empty with fewer than 100 clear samples on a side."""
        if not self.paired:
            return count_changes(*self.hits, self.names, self.reference)
        hits = self.hits
        both = counted(np.where(self.a == self.b, self.a, -1), len(self.names))
        clear = int(hits[0].sum()), int(hits[1].sum())

        def p_values(own: int, other: int, ratio: float) -> FloatArray:
            """Test the share of one side against a multiple of the other's, of what is clear."""
            fair = min(1.0, ratio * clear[own] / max(1, clear[other]))
            return paired_ratio_p_values(both, hits[other] - both, hits[own] - both, fair)

        return _changes(hits, self.names, self.reference, p_values)


def count_changes(
    a: IntArray, b: IntArray, names: Sequence[str], reference: FloatArray | None = None
) -> tuple[ModeChange, ...]:
    """Compare counts of independent samples, exactly; empty with fewer than 100 on a side.

    Args:
        a: (m,) samples of A in each mode.
        b: (m,) samples of B in each mode.
        names: (m,) labels.
        reference: (m,) shares of the reference.
    """
    hits = a, b
    clear = int(a.sum()), int(b.sum())

    def p_values(own: int, other: int, ratio: float) -> FloatArray:
        return share_ratio_p_values(
            hits[own], clear[own], hits[other], clear[other], ratio, below=True
        )

    return _changes(hits, names, reference, p_values)


def _changes(
    hits: tuple[IntArray, IntArray],
    names: Sequence[str],
    reference: FloatArray | None,
    p_values: Callable[[int, int, float], FloatArray],
) -> tuple[ModeChange, ...]:
    """Name what is shown against its margin; false discoveries are held at 5% over all modes."""
    a, b = hits
    clear = int(a.sum()), int(b.sum())
    if min(clear) < LEAST:
        return ()
    shown: tuple[tuple[ModeShift, AnyArray], ...] = (
        ("lost", reject_false_discoveries(p_values(1, 0, LOST_BELOW))),
        ("thinned", reject_false_discoveries(p_values(1, 0, THINNED_BELOW))),
        ("gained", reject_false_discoveries(p_values(0, 1, LOST_BELOW))),
        ("grown", reject_false_discoveries(p_values(0, 1, THINNED_BELOW))),
    )
    found = []
    for at, name in enumerate(names):
        shift: ModeShift = next((word for word, flags in shown if flags[at]), "same")
        ratio = share_ratio_interval(int(b[at]), clear[1], int(a[at]), clear[0])
        found.append(
            ModeChange(
                id=at,
                label=name,
                reference_share=None if reference is None else float(reference[at]),
                a_hits=int(a[at]),
                b_hits=int(b[at]),
                a_share=float(a[at] / clear[0]),
                b_share=float(b[at] / clear[1]),
                low=ratio.low,
                high=ratio.high,
                shift=shift,
            )
        )
    return tuple(sorted(found, key=lambda mode: -abs(mode.b_share - mode.a_share)))
