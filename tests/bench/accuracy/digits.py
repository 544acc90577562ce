"""Real digits: the shipped ones, or a larger set from an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy import lookup
from bench.accuracy.cases import COPIES, VARIETY, WELL, Case, Real, Scale, World, stream
from bench.accuracy.gaussians import halving

if TYPE_CHECKING:
    from gancheck.types import AnyArray, IntArray

SHIPPED = Path(__file__).resolve().parents[3] / "examples" / "mnist"
_FAINT = 0.02  # noise that nobody sees
_KEYS = (("images", "labels"), ("X", "y"))


def read(path: Path) -> tuple[AnyArray, IntArray]:
    """Read images (n, 1, h, w) uint8 and labels from an archive.

    Raises:
        ValueError: It has neither ``images`` and ``labels`` nor ``X`` and ``y``.
    """
    with np.load(path, allow_pickle=False) as archive:
        keys = next((pair for pair in _KEYS if set(pair) <= set(archive.files)), None)
        if keys is None:
            raise ValueError(f"{path} holds {archive.files}, and neither images, labels nor X, y")
        images, labels = (archive[key] for key in keys)
    side = round(float(np.sqrt(images[0].size)))
    return images.reshape(-1, 1, side, side).astype(np.uint8), labels.astype(np.int64)


def real(scale: Scale) -> Real:
    """Return reference and held-out digits: the shipped split, or a seeded one of an archive."""
    if scale.digits is None:
        parts = [read(SHIPPED / f"mnist_{name}.npz") for name in ("reference", "held_out")]
        (reference, labels), (held_out, other_labels) = parts
    else:
        images, every = read(scale.digits)
        rows = stream(scale.seed, "digits").permutation(len(images))
        cut = min(scale.reference, len(rows) * 3 // 5)
        reference, labels = images[rows[:cut]], every[rows[:cut]]
        held_out, other_labels = images[rows[cut:]], every[rows[cut:]]
    size = min(scale.reference, len(reference))
    n = min(scale.n, len(held_out), size * 2 // 3)
    return Real(reference[:size], held_out, labels[:size], other_labels, n)


CASES = (
    Case("held out", lookup.unchanged(), sound=WELL, quick=True),
    *(
        Case(f"{count} of 10 digits", lookup.kept(count), VARIETY, quick=count in (5, 1))
        for count in (9, 7, 5, 2, 1)
    ),
    Case("shares 1/2, 1/4, ..", lookup.uneven(halving()), VARIETY),
    *(
        Case(f"{count:,} images redrawn", lookup.few(count, _FAINT), VARIETY, quick=count == 100)
        for count in (20, 100, 1000)
    ),
    Case("noise sd .02", lookup.under_noise(_FAINT), sound=WELL),
    Case("noise sd .1", lookup.under_noise(0.1), sound=VARIETY),
    Case("blur 3x3", lookup.under_blur(), sound=VARIETY),
    Case("5 of 10 digits, blur", lookup.kept(5, change=lookup.blurred), VARIETY),
    Case("5% copies of reference", lookup.with_copies(0.05), COPIES, sound=WELL),
)

WORLDS = (World("digits", real, CASES),)
