"""Sharp is not diverse, in pictures: real digits, but of each only the styles that lean one way.

Nothing is drawn badly, as every picture is a real one, and all ten digits are there in the right
shares. What is lost lies inside the digits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from examples.remedies.digits import DIGITS
from examples.traps.trap import JUDGED, Table, Trap, judged, write_page
from examples.traps.vendi import REFERENCE
from gancheck import Settings, diagnose
from gancheck.errors import UsageError

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


def leaning(images: AnyArray) -> FloatArray:
    """Return how far each picture (n, height, width) leans: columns per row, by its moments."""
    ink = images.astype(np.float64)
    ink /= ink.sum(axis=(1, 2), keepdims=True)
    rows, columns = np.arange(ink.shape[1])[:, None], np.arange(ink.shape[2])[None]
    down = rows - (ink * rows).sum(axis=(1, 2))[:, None, None]
    across = columns - (ink * columns).sum(axis=(1, 2))[:, None, None]
    return np.asarray((ink * down * across).sum(axis=(1, 2)) / (ink * down**2).sum(axis=(1, 2)))


def drawn(samples: int, seed: int, *, half: bool) -> tuple[AnyArray, AnyArray]:
    """Draw real digits and their labels; on request of each only the half that leans more.

    Raises:
        UsageError: There are not as many.
    """
    images, labels = DIGITS.reference()
    rows = np.arange(len(images))
    if half:
        lean = leaning(images)
        middle = np.array([np.median(lean[labels == digit]) for digit in range(DIGITS.classes)])
        rows = np.flatnonzero(lean > middle[labels])
    if samples > len(rows):
        raise UsageError(
            f"{samples:,} digits were asked for, and there are {len(rows):,}",
            "Ask for fewer with --samples.",
        )
    chosen = np.random.default_rng(seed).permutation(rows)[:samples]
    return images[chosen], labels[chosen]


def show(page: Path, samples: int, seed: int) -> Table:
    """Judge all styles and half of them, and write the page of the half."""
    settings = Settings(samples=samples, seed=seed, map="pca")
    rows = []
    for name, half in (("all styles", False), ("half of the styles", True)):
        images, labels = drawn(samples, seed, half=half)
        found = diagnose(images, REFERENCE, settings)
        digits = f"{len(np.unique(labels))} of {DIGITS.classes}"
        precision = f"{found.scores['precision'].value:.2f}"
        rows.append((name, digits, precision, *judged(found)))
    write_page(found, page)
    note = (
        "Every picture is a real digit that the reference does not hold. Half of the styles are "
        "those that lean more than the median of their digit. Precision is the share of pictures "
        "that lie among real ones."
    )
    return Table(("", "digits", "precision"), JUDGED, tuple(rows), note)


TRAP = Trap(
    "styles",
    "Sharp pictures are not diversity: every picture is real and every digit is there, and half of "
    "the styles are lost.",
    1_900,
    show,
)
