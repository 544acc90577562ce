"""Pictures of what B lost and gained against A."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gancheck import exhibits

if TYPE_CHECKING:
    from gancheck.comparing.modes import ModeCounts
    from gancheck.comparing.nouns import ModeChange
    from gancheck.measures.spectrum import Direction, Spectrum
    from gancheck.types import AnyArray, Exhibit, FloatArray, SampleSet

_MOST_MODES = 4  # of each kind of change
_TILES = 12
_POINTS = 1500


@dataclass(frozen=True)
class Gallery:
    """What pictures are taken from.

    Attributes:
        a: Samples of A.
        b: Samples of B, as many.
        seen: Features of both, in the main view.
        paired: Whether row i of both comes from the same latent.
    """

    a: SampleSet
    b: SampleSet
    seen: tuple[FloatArray, FloatArray]
    paired: bool

    def of_modes(self, changes: Sequence[ModeChange], counts: ModeCounts) -> Iterator[Exhibit]:
        """Show the modes that changed: samples of the one, and what the other draws instead."""
        if self.a.kind != "image":
            return
        for down in (True, False):
            words = ("lost", "thinned") if down else ("gained", "grown")
            for change in [one for one in changes if one.shift in words][:_MOST_MODES]:
                yield from self._of_mode(change, counts, down=down)

    def of_spectrum(self, spectrum: Spectrum) -> Iterator[Exhibit]:
        """Show the samples that lie furthest along each direction."""
        if self.a.kind != "image":
            return
        for letter, samples, directions in (
            ("A", self.a, spectrum.lost),
            ("B", self.b, spectrum.gained),
        ):
            for number, one in enumerate(directions, 1):
                yield exhibits.grid(
                    f"More in {letter}: direction {number}",
                    f"Samples of {letter} furthest along it. {_shares(one)}",
                    samples.values[np.array(one.rows)],
                    role="samples",
                )

    def of_points(self) -> Iterator[Exhibit]:
        """Show samples that are points of a plane as such."""
        if self.a.kind == "vector" and self.a.shape == (2,):
            series = [
                ("A", "reference", self.a.values[:_POINTS]),
                ("B", "samples", self.b.values[:_POINTS]),
            ]
            yield exhibits.scatter(
                "Samples of A and B", "The first of each.", series, axes=("x1", "x2")
            )

    def _of_mode(self, change: ModeChange, counts: ModeCounts, *, down: bool) -> Iterator[Exhibit]:
        """Show the middle of a mode on the side that has more of it, and the other side."""
        letter, other = ("A", "B") if down else ("B", "A")
        own = self._middle(change.id, counts, 0 if down else 1)
        title = f"{change.shift.capitalize()}: {change.label}"
        shares = f"A {change.a_share:.1%}, B {change.b_share:.1%} of the samples."
        if self.paired:
            yield exhibits.pairs(
                title,
                f"Left, samples of {letter} in this mode; right, what {other} draws from the same "
                f"latents. {shares}",
                (self.a if down else self.b).values[own],
                (self.b if down else self.a).values[own],
                [""] * len(own),
                titles=(letter, other),
            )
            return
        yield exhibits.grid(
            f"{title} ({letter})",
            f"Samples of {letter} in this mode. {shares}",
            (self.a if down else self.b).values[own],
            role="samples",
        )
        rest = self._middle(change.id, counts, 1 if down else 0)
        if len(rest):
            yield exhibits.grid(
                f"{title} ({other})",
                f"What {other} has of it.",
                (self.b if down else self.a).values[rest],
                role="samples",
            )

    def _middle(self, mode: int, counts: ModeCounts, side: int) -> AnyArray:
        """Return rows of a mode on one side, those nearest to its middle first."""
        rows = np.flatnonzero((counts.a if side == 0 else counts.b) == mode)
        if not len(rows):
            return rows
        seen = self.seen[side][rows].astype(np.float64)
        apart = np.linalg.norm(seen - np.median(seen, axis=0), axis=1)
        return np.asarray(rows[np.argsort(apart, kind="stable")[:_TILES]])


def _shares(one: Direction) -> str:
    return (
        f"Like these are {one.a.value:.1%} of A ({one.a.low:.1%} to {one.a.high:.1%}) and "
        f"{one.b.value:.1%} of B ({one.b.low:.1%} to {one.b.high:.1%})."
    )
