"""Samples that are on both sides: near-duplicates between training and held-out data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.neighbors import between, count_pairs
from gancheck.training.tables import Table, blocks, take

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray


class Twins(NamedTuple):
    """Training and held-out samples that are the same: (n,) and (m,) bool, and the pairs."""

    training: AnyArray
    held_out: AnyArray
    pairs: int


def find_twins(
    training: Table,
    held_out: Table,
    tolerance: float,
    rows: int,
    *,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Twins:
    """Find the pairs at most a tolerance apart, and those with the same hash.

    Args:
        training: One side, without repeats.
        held_out: The other.
        tolerance: Distance below which two samples are the same to the view.
        rows: Samples of each side that are compared at once.
        device: Torch device for distances.
        progress: Called with (done, total) in between.
    """
    near, far = np.zeros(len(training), dtype=bool), np.zeros(len(held_out), dtype=bool)
    pairs = done = 0
    for right, theirs in _placed(held_out.features, rows):
        for left, ours in _placed(training.features, rows):
            of_theirs, of_ours = count_pairs(theirs, ours, tolerance, device=device)
            far[right] |= of_theirs > 0
            near[left] |= of_ours > 0
            pairs += int(of_theirs.sum())
            done += len(theirs) * len(ours)
            if progress is not None:
                progress(done, len(training) * len(held_out))
    one, other = _same_content(training.hashes, held_out.hashes)
    apart = between(take(training.features, one), take(held_out.features, other)) > tolerance
    near[one], far[other] = True, True
    return Twins(near, far, pairs + int(np.count_nonzero(apart)))


def _placed(features: FloatArray, rows: int) -> Iterator[tuple[slice, FloatArray]]:
    at = 0
    for block in blocks(features, rows):
        yield slice(at, at + len(block)), block
        at += len(block)


def _same_content(left: AnyArray, right: AnyArray) -> tuple[IntArray, IntArray]:
    """Return the rows of two lists of distinct hashes that are in both."""
    _, one, other = np.intersect1d(
        _as_one(left), _as_one(right), assume_unique=True, return_indices=True
    )
    return one, other


def _as_one(hashes: AnyArray) -> AnyArray:
    """See (n, 16) uint8 as n values that can be compared."""
    return np.ascontiguousarray(hashes).view(f"S{hashes.shape[1]}").ravel()
