"""Searches for which memory runs out start over in smaller tiles, and find the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from gancheck.neighbors import (
    count_listed,
    count_pairs,
    distinct,
    nearest,
    nearest_both_ways,
    tiles,
)
from gancheck.neighbors.closest import Closest
from gancheck.neighbors.counting import Counting
from gancheck.neighbors.tiles import Scan, Tile

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray

LARGEST = 64  # rows and columns of tiles for which there is memory
ERRORS = (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), MemoryError())


def search(left: FloatArray, right: FloatArray) -> list[AnyArray]:
    """Ask for everything that a scan can tell."""
    own = nearest(left, left, 3, exclude_self=True)
    there, back = nearest_both_ways(left, right, (4, 2))
    found = [own, there, back]
    counts: list[AnyArray] = [
        *count_pairs(left, right, 1.0),
        *count_listed(own, left, 1.5),
        distinct(left, 0.7),
    ]
    return [*counts, *(each for one in found for each in (one.distances, one.indices))]


@pytest.fixture
def sides() -> tuple[FloatArray, FloatArray]:
    """Two sets of points, many of them near each other."""
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((n, 3)).astype(np.float32) for n in (300, 250))
    return left, right


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("after", [False, True])
def test_whatever_runs_out_of_memory_finds_the_same(
    sides: tuple[FloatArray, FloatArray],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    after: bool,
) -> None:
    """Watchers that fail before or after they saw a tile count nothing twice."""
    wanted = search(*sides)
    monkeypatch.setattr(tiles, "_LEAST_BUDGET", 2**10)
    monkeypatch.setattr(tiles, "BUDGET", 2**21)
    failed: list[int] = []
    kinds: tuple[Any, ...] = (Closest, Counting)
    for kind in kinds:
        monkeypatch.setattr(kind, "see", _failing(kind.see, error, failed, after))
    for one, other in zip(search(*sides), wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    assert failed


def _failing(
    see: Callable[[object, Tile], None], error: Exception, failed: list[int], after: bool
) -> Callable[[object, Tile], None]:
    """See like before, but have no memory for large tiles."""

    def failing(watcher: object, tile: Tile) -> None:
        large = max(tile.height, tile.width) > LARGEST
        if after or not large:
            see(watcher, tile)
        if large:
            failed.append(tile.height)
            raise error

    return failing


def test_memory_for_the_tiles_themselves_may_run_out(
    sides: tuple[FloatArray, FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A product that does not fit is taken in smaller pieces."""
    wanted = search(*sides)
    monkeypatch.setattr(tiles, "_LEAST_BUDGET", 2**10)
    monkeypatch.setattr(tiles, "BUDGET", 2**21)
    multiply = torch.mm

    def scarce(left: torch.Tensor, right: torch.Tensor, *, out: torch.Tensor) -> torch.Tensor:
        if len(left) > LARGEST:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return multiply(left, right, out=out)

    monkeypatch.setattr(torch, "mm", scarce)
    for one, other in zip(search(*sides), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


class Stubborn:
    """A watcher that cannot forget, and has memory for nothing."""

    def __init__(self, error: Exception) -> None:
        self.error, self.tiles = error, 0

    def see(self, tile: Tile) -> None:
        """Fail."""
        self.tiles += 1
        raise self.error


@pytest.mark.parametrize("error", [MemoryError("no more"), ValueError("another one")])
def test_what_cannot_start_over_says_so(
    sides: tuple[FloatArray, FloatArray], error: Exception
) -> None:
    """The error that ended the scan is raised, at once."""
    watcher = Stubborn(error)
    with pytest.raises(type(error), match=str(error)):
        Scan(*sides).show([watcher])
    assert watcher.tiles == 1


def test_a_search_that_never_fits_ends(
    sides: tuple[FloatArray, FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halving ends, and the last error is raised."""
    failed: list[int] = []
    error = RuntimeError("CUDA out of memory.")

    def never(watcher: object, tile: Tile) -> None:
        failed.append(tile.height)
        raise error

    monkeypatch.setattr(Closest, "see", never)
    with pytest.raises(RuntimeError, match="out of memory"):
        nearest(*sides, 2)
    assert 2 <= len(failed) <= 12
