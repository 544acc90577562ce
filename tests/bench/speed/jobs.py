"""What is timed: the same question put to gancheck, to other packages, and to the machine.

A job is prepared (inputs, imports, first calls) and then run; only running is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gancheck.types import FloatArray

K = 5
TWIN_RADIUS = 1.0  # of duplicates; normal points in many dimensions have none
_ROWS = 2000  # of a bare product at once, so that it fits at any size


@dataclass(frozen=True)
class Case:
    """Sizes of a run.

    Attributes:
        n: Points on each side.
        d: Dimensions.
        threads: Threads, on as many cores.
        seed: Seed of the points.
    """

    n: int
    d: int
    threads: int
    seed: int = 0

    def points(self, side: int) -> FloatArray:
        """Draw standard normal points, where nothing can be left out for being far away."""
        rng = np.random.default_rng([self.seed, side])
        return rng.standard_normal((self.n, self.d), dtype=np.float32)


Run = Callable[[], object]


def product(case: Case) -> Run:
    """One float32 product of both sides, written to a block of rows at a time."""
    import torch

    left, right = (torch.from_numpy(case.points(side)) for side in (0, 1))
    out = torch.empty(min(_ROWS, case.n), case.n)

    def run() -> float:
        for at in range(0, case.n, _ROWS):
            block = left[at : at + _ROWS]
            torch.mm(block, right.T, out=out[: len(block)])
        return float(out[0, 0])

    return run


def everything(case: Case) -> Run:
    """PRDC with errors, clipped density, neighbours within and across both sides, duplicates."""
    from gancheck.measures.prdc import compare
    from gancheck.neighbors import count_listed

    reference, samples = case.points(0), case.points(1)
    compare(reference[:100], samples[:100], K)

    def run() -> dict[str, float]:
        found = compare(reference, samples, K)
        twins = count_listed(found.own[1], samples, TWIN_RADIUS)[0]
        scores = {name: float(mean.each.mean()) for name, mean in found.means.items()}
        return {**scores, "duplicates": float((twins > 0).mean())}

    return run


def prdc(case: Case) -> Run:
    """PRDC by the package of its authors, and nothing else."""
    from prdc import compute_prdc

    reference, samples = case.points(0), case.points(1)

    def run() -> dict[str, float]:
        found = compute_prdc(reference, samples, K)
        return {name: float(value) for name, value in found.items()}

    return run


def neighbours(case: Case) -> Run:
    """The nearest points of one side among the other's."""
    from gancheck.neighbors import nearest

    reference, samples = case.points(0), case.points(1)
    nearest(samples[:100], reference[:100], K)
    return lambda: float(nearest(samples, reference, K).distances.mean())


def faiss(case: Case) -> Run:
    """The same by faiss, exact search."""
    import faiss as library

    library.omp_set_num_threads(case.threads)
    reference, samples = case.points(0), case.points(1)

    def run() -> float:
        index = library.IndexFlatL2(case.d)
        index.add(reference)
        squared, _ = index.search(samples, K)
        return float(np.sqrt(squared).mean())

    return run


def own_neighbours(case: Case) -> Run:
    """The nearest other points of each point of one side."""
    from gancheck.neighbors import nearest

    points = case.points(0)
    nearest(points[:100], points[:100], K, exclude_self=True)
    return lambda: float(nearest(points, points, K, exclude_self=True).distances.mean())


def faiss_own(case: Case) -> Run:
    """The same by faiss, which finds each point itself first."""
    import faiss as library

    library.omp_set_num_threads(case.threads)
    points = case.points(0)

    def run() -> float:
        index = library.IndexFlatL2(case.d)
        index.add(points)
        squared, _ = index.search(points, K + 1)
        return float(np.sqrt(squared[:, 1:]).mean())

    return run


def vendi(case: Case) -> Run:
    """The Vendi score of cosine similarity."""
    from gancheck.measures.vendi import vendi as measure

    points = case.points(0).astype(np.float64)
    return lambda: measure(points)


def vendi_score(case: Case) -> Run:
    """The same by the package of its authors, as its README calls it for vectors."""
    from vendi_score import vendi as library

    points = case.points(0).astype(np.float64)
    return lambda: float(library.score_X(points, normalize=True))


def vendi_score_dual(case: Case) -> Run:
    """The same by that package, told to take the smaller matrix."""
    from vendi_score import vendi as library

    points = case.points(0).astype(np.float64)
    return lambda: float(library.score_dual(points, normalize=True))


JOBS: dict[str, Callable[[Case], Run]] = {
    job.__name__: job
    for job in (
        product,
        everything,
        prdc,
        neighbours,
        faiss,
        own_neighbours,
        faiss_own,
        vendi,
        vendi_score,
        vendi_score_dual,
    )
}
