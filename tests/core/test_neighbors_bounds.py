"""Nothing that compares sets of points holds a table of all pairs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.analyzers.duplicates import intrinsic_dimension
from gancheck.mapping import off
from gancheck.measures.balls import both_sides
from gancheck.measures.clusters import assign
from gancheck.measures.overlap import overlap
from gancheck.measures.prdc import clipped_density, compare, prdc
from gancheck.neighbors import tiles

if TYPE_CHECKING:
    from gancheck.types import FloatArray

FEW, MANY = 500, 2500

Work = Callable[["FloatArray", "FloatArray"], object]

WORKS: dict[str, Work] = {
    "prdc": lambda reference, samples: prdc(reference, samples, 5),
    "clipped density": lambda reference, samples: clipped_density(reference, samples, 5),
    "all at once": lambda reference, samples: compare(reference, samples, 5),
    "balls": lambda reference, samples: both_sides(reference, samples, 5, "cpu"),
    "overlap": lambda reference, samples: overlap(reference, samples),
    "map": lambda reference, samples: off(samples, reference),
    "modes": lambda reference, samples: assign(
        reference, np.arange(len(reference)) % 3, samples, 10
    ),
    "dimension": lambda reference, samples: intrinsic_dimension(samples),
}


def peak_of(work: Work, n: int, *, collapsed: bool) -> int:
    """Return the most bytes of arrays that a comparison of n points on each side holds."""
    rng = np.random.default_rng(n)
    reference, samples = (rng.standard_normal((n, 4)).astype(np.float32) for _ in range(2))
    if collapsed:
        samples[:] = samples[np.arange(n) % 200]
    tracemalloc.start()
    try:
        work(reference, samples)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("collapsed", [False, True])
@pytest.mark.parametrize("name", WORKS)
def test_memory_grows_with_the_points_alone(
    name: str, collapsed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times the points take at most five times the arrays; pairs would take 25 times."""
    monkeypatch.setattr(tiles, "BUDGET", 2**21)
    peak_of(WORKS[name], 300, collapsed=collapsed)  # imports are outside the measurement
    few, many = (peak_of(WORKS[name], n, collapsed=collapsed) for n in (FEW, MANY))
    assert many < 6 * few + 2**21
