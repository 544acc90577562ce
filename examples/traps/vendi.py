"""Vendi rises while modes drop: real digits, without the nines, without the eights and nines.

The Vendi score counts how many different things a set holds, whatever these are, and looks at no
reference. Nines look like fours and sevens; a set without them holds less that is alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from examples.remedies.digits import DIGITS
from examples.traps.trap import JUDGED, Table, Trap, judged, write_page
from gancheck import Settings, diagnose
from gancheck.errors import UsageError
from gancheck.measures.vendi import vendi

if TYPE_CHECKING:
    from gancheck import Diagnosis
    from gancheck.loaders.in_memory import Samples
    from gancheck.types import AnyArray

REFERENCE = Path(__file__).resolve().parents[1] / "mnist" / "mnist_reference.npz"
DROPPED: tuple[tuple[int, ...], ...] = ((), (9,), (8, 9))


@dataclass(frozen=True, eq=False)
class Judged:
    """A set of real digits, by both numbers.

    Attributes:
        dropped: Digits that it does not hold.
        vendi: Vendi score of its pixels.
        found: What gancheck says of it.
    """

    dropped: tuple[int, ...]
    vendi: float
    found: Diagnosis

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the modes that gancheck misses."""
        return tuple(mode.label for mode in self.found.modes if mode.status == "missing")


def without(dropped: tuple[int, ...], samples: int, seed: int) -> AnyArray:
    """Draw digits (n, 28, 28) that are none of those dropped.

    Raises:
        UsageError: There are not as many.
    """
    images, labels = DIGITS.reference()
    rows = np.flatnonzero(~np.isin(labels, dropped))
    if samples > len(rows):
        raise UsageError(
            f"{samples:,} digits were asked for, and only {len(rows):,} are left without {dropped}",
            "Ask for fewer with --samples.",
        )
    chosen = np.random.default_rng(seed).permutation(rows)[:samples]
    return np.asarray(images[np.sort(chosen)])


def judge(
    dropped: tuple[int, ...], images: AnyArray, settings: Settings, reference: Samples = REFERENCE
) -> Judged:
    """Judge what is left without some digits, beside the reference with all of them."""
    score = vendi(images.reshape(len(images), -1))
    return Judged(dropped, score, diagnose(images, reference, settings))


def table(sets: list[Judged]) -> Table:
    """Return the Vendi scores, and what gancheck says."""
    rows = [(_name(one.dropped), f"{one.vendi:.2f}", *_cells(one)) for one in sets]
    note = (
        "All sets hold equally many real digits, none of which is in the reference. Vendi is that "
        "of the plain pixels; a higher one is said to be more diverse."
    )
    return Table(("digits", "Vendi"), ("missing", *JUDGED), tuple(rows), note)


def show(page: Path, samples: int, seed: int) -> Table:
    """Judge all digits, and what is left of them, and write the page of the smallest set."""
    settings = Settings(samples=samples, seed=seed, map="pca")
    left = {dropped: without(dropped, samples, seed) for dropped in DROPPED}
    sets = [judge(dropped, images, settings) for dropped, images in left.items()]
    write_page(sets[-1].found, page)
    return table(sets)


def _name(dropped: tuple[int, ...]) -> str:
    return f"without {' and '.join(map(str, dropped))}" if dropped else "all ten"


def _cells(one: Judged) -> tuple[str, ...]:
    return (", ".join(one.missing) or "-", *judged(one.found))


TRAP = Trap(
    "vendi",
    "Vendi rises while modes drop: a set of digits counts as more diverse with every digit that "
    "it loses.",
    3_000,
    show,
)
