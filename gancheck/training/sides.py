"""What a generator was trained on and what it never saw, through the main view of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gancheck.errors import NotAvailable
from gancheck.neighbors import Neighbors, between, nearest_in_blocks
from gancheck.training.tables import blocks, take

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

LEAST = 200
"""Fewer training or held-out samples than this calibrate nothing."""
BLOCK_BYTES = 256 * 2**20
_RADIUS_QUERIES = 5000
_RADIUS_SHARE = 0.01
_STREAM = 7
_GATHER_FLOATS = 16_000_000


class Origin(Protocol):
    """Where samples can be read again."""

    def take(self, rows: IntArray) -> AnyArray | None:
        """Return the samples at row numbers of the input; None where they are not at hand."""


@dataclass(frozen=True, eq=False)
class Side:
    """Training or held-out samples, each once.

    Attributes:
        features: (n, d) float32 through the main view; they may lie in a file.
        hashes: (n, 16) uint8 content hashes, see `gancheck.reference.row_hashes`.
        ids: File name of each sample of the input; empty where numbers name them.
        rows: (n,) row number of each in the input.
        origin: The input; None where it is not at hand.
    """

    features: FloatArray
    hashes: AnyArray
    ids: tuple[str, ...]
    rows: IntArray
    origin: Origin | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.features)

    def id_of(self, row: int) -> str:
        """Name one sample for people: its file name, else its number in the input."""
        place = int(self.rows[row])
        return self.ids[place] if self.ids else str(place)

    def samples(self, rows: IntArray) -> AnyArray | None:
        """Read samples again: (m, c, h, w) uint8 or (m, d) float32.

        From a prepared reference come thumbnails, or None where it lacks one of those asked for.

        Raises:
            LoadError: The input is no longer what it was.
        """
        return None if self.origin is None else self.origin.take(self.rows[rows])


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, eq=False)
class Training:
    """Training and held-out samples, with neither repeats nor samples that are on both sides.

    Together they are the pool: training samples first, then held-out ones.

    Attributes:
        training: What the generator was trained on.
        held_out: Samples of the same law that it never saw.
        duplicates: Training samples that were left out because they repeat another exactly.
        held_out_duplicates: The same for held-out samples.
        twins: Pairs of a training and a held-out sample that are the same to the view, or byte for
            byte; both of each are left out.
        notes: What the report should say of them.
        totals: Samples in both inputs.
        tolerance: Distance below which two samples are the same to the view.
        seed: Seed of the choice that `radius` is measured on.
        device: Torch device for distances.
        block_bytes: Size of the part of the pool that is searched at once; no result depends on it.
        progress: Called with (done, total) during long searches.
    """

    training: Side
    held_out: Side
    duplicates: int = 0
    held_out_duplicates: int = 0
    twins: int = 0
    notes: tuple[str, ...] = ()
    totals: tuple[int, int] = (0, 0)
    tolerance: float = 0.0
    seed: int = 0
    device: str = "cpu"
    block_bytes: int = BLOCK_BYTES
    progress: Callable[[int, int], None] = field(default=_silent, repr=False)

    def __len__(self) -> int:
        return len(self.training) + len(self.held_out)

    def require_enough(self) -> None:
        """Refuse sides that are too small to compare.

        Raises:
            NotAvailable: One of them has fewer than 200 samples.
        """
        trained, held = len(self.training), len(self.held_out)
        if min(trained, held) < LEAST:
            raise NotAvailable(
                f"needs {LEAST} training and {LEAST} held-out samples; {trained:,} of "
                f"{self.totals[0]:,} and {held:,} of {self.totals[1]:,} are left after repeated "
                f"ones and {self.twins:,} pairs that are on both sides were left out"
            )

    def nearest(self, queries: FloatArray, k: int) -> Neighbors:
        """Find the k nearest samples of the pool; memory does not grow with its size.

        Args:
            queries: (m, d) features.
            k: Neighbours of each.

        Raises:
            ValueError: The pool has fewer than k samples.
        """
        return nearest_in_blocks(queries, self._blocks(), k, device=self.device)

    def gaps(self, twins: IntArray, others: IntArray) -> FloatArray:
        """Measure distances within the pool.

        Args:
            twins: (m,) rows of the pool.
            others: (m, k) rows of the pool.

        Returns:
            (m, k) distance of each twin to its others.
        """
        out = np.empty(others.shape, dtype=np.float32)
        dims = self.training.features.shape[1]
        step = max(1, _GATHER_FLOATS // (dims * max(1, others.shape[1])))
        for at in range(0, len(twins), step):
            rows = slice(at, at + step)
            left = self._points(twins[rows])[:, None]
            right = self._points(others[rows].ravel())
            out[rows] = between(left, right.reshape(*others[rows].shape, dims))
        return out

    @cached_property
    def radius(self) -> float:
        """The distance below which 1% of the pool has its nearest other sample.

        Estimated on at most 5,000 samples of the pool, chosen without looking at their side.
        Near-duplicates within a side are left out: many of them would be taken for its scale.
        """
        rng = np.random.default_rng([self.seed, _STREAM])
        count = min(_RADIUS_QUERIES, len(self))
        rows = np.sort(rng.choice(len(self), count, replace=False))
        found = self.nearest(self._points(rows), 2)
        # Of samples at distance zero any two may be listed, and the sample itself need not be.
        itself = found.indices[:, 0] == rows
        other = np.where(itself, found.distances[:, 1], found.distances[:, 0])
        apart = other[other > self.tolerance]
        return float(np.quantile(apart if len(apart) else other, _RADIUS_SHARE))

    def _blocks(self) -> Iterator[FloatArray]:
        done = 0
        for side in (self.training, self.held_out):
            for block in blocks(side.features, self.rows_at_once):
                yield block
                done += len(block)
                self.progress(done, len(self))

    @property
    def rows_at_once(self) -> int:
        """Samples of the pool that are searched at once."""
        return max(1, self.block_bytes // (4 * int(self.training.features.shape[1])))

    def _points(self, rows: IntArray) -> FloatArray:
        """Return the features at the given rows of the pool."""
        out = np.empty((len(rows), self.training.features.shape[1]), dtype=np.float32)
        trained = rows < len(self.training)
        out[trained] = take(self.training.features, rows[trained])
        out[~trained] = take(self.held_out.features, rows[~trained] - len(self.training))
        return out
