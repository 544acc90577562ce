"""Samples that repeat real ones: byte for byte, or so nearly that nobody sees a difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.measures.alike import SAME, Alike, fingerprints, most_alike
from gancheck.measures.copying import FALSE_DISCOVERIES
from gancheck.neighbors import nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

QUERIES = 2000
"""Real samples that are compared with the others, to learn how near honest ones come."""
_BYTES_AT_ONCE = 1 << 26
_BYTES_SEARCHED = 1 << 29  # of pictures that fingerprints are taken of
_BYTES_OF_PRINTS = 1 << 26


@dataclass(frozen=True, eq=False)
class Pictures:
    """Real pictures that may be repeated.

    Attributes:
        prints: (m, d) fingerprints of the first m pictures.
        read: Returns the pictures at given row numbers, (r, c, h, w).
    """

    prints: FloatArray
    read: Callable[[IntArray], AnyArray]

    @classmethod
    def of(cls, read: Callable[[IntArray], AnyArray], count: int) -> Pictures:
        """Look at as many of some pictures as can be read and held at reasonable cost."""
        if not count:
            return cls(np.empty((0, 0), dtype=np.float32), read)
        one = read(np.arange(1))
        most = min(_BYTES_SEARCHED // one.nbytes, _BYTES_OF_PRINTS // fingerprints(one).nbytes)
        count = min(count, max(1, most))
        step = max(1, _BYTES_AT_ONCE // one.nbytes)
        pieces = (np.arange(at, min(at + step, count)) for at in range(0, count, step))
        return cls(np.concatenate([fingerprints(read(rows)) for rows in pieces]), read)

    def __len__(self) -> int:
        return len(self.prints)

    def nearest(self, images: AnyArray, also: IntArray | None = None, device: str = "cpu") -> Alike:
        """Find the one that each of (n, c, h, w) images repeats most exactly; see `most_alike`."""
        return most_alike(images, self.prints, self.read, also=also, device=device)

    def among_themselves(self, rows: IntArray, device: str = "cpu") -> FloatArray:
        """Return how near the pictures at (n,) rows come to any other of them: (n,)."""
        images = self.read(rows)
        return most_alike(images, self.prints, self.read, own=rows, device=device).distances


class Honest(NamedTuple):
    """How near honest samples come to real ones that they cannot have repeated.

    Attributes:
        distances: (m,) of each.
        ratio: How many of the samples in question each of them stands for.
    """

    distances: FloatArray
    ratio: float


class Trusted(NamedTuple):
    """Up to which distance repeats are believed.

    Attributes:
        distance: The largest such distance; negative when none is believed.
        expected: Repeats within it that honest samples would have.
    """

    distance: float
    expected: float


@dataclass(frozen=True, eq=False)
class Repeats:
    """What each of n samples repeats.

    Attributes:
        exact: (n,) booleans, True for samples that are equal to a real one.
        near: (n,) booleans, True for others that nobody could tell from a real one.
        rows: (n,) row number of that real one, or of the most similar; -1 where none was compared.
        differences: (n,) how far the sample is from it; infinite where none was compared.
        mirrored: (n,) booleans, True where it is left-right reversed.
        shifts: (n, 2) pixels down and right that it is shifted by.
        expected: How many of these samples honest ones would have.
        doubted: How many more samples come near, but no nearer than honest ones do.
    """

    exact: AnyArray
    near: AnyArray
    rows: IntArray
    differences: FloatArray
    mirrored: AnyArray
    shifts: IntArray
    expected: float
    doubted: int

    @property
    def any(self) -> AnyArray:
        """(n,) booleans, True for samples of either kind."""
        return self.exact | self.near


def picture_repeats(equal: IntArray, alike: Alike | None, honest: Honest) -> Repeats:
    """Sort pictures into exact repeats, near-exact ones and others.

    Equal pictures are no coincidence, and are always believed.

    Args:
        equal: (n,) row number of the real picture with the same bytes, -1 where there is none.
        alike: The most similar real picture of each; None where there are no pictures to compare.
        honest: How near honest pictures come.
    """
    exact = equal >= 0
    if alike is None:
        return _unlike(exact, equal)
    others = np.where(exact, np.inf, alike.distances)
    trusted = trusted_distance(others, honest, SAME)
    near = others <= trusted.distance
    return Repeats(
        exact,
        near,
        np.where(exact, equal, alike.rows),
        np.where(exact, 0.0, alike.distances),
        alike.mirrored & ~exact,
        np.where(exact[:, None], 0, alike.shifts),
        trusted.expected,
        int((others <= SAME).sum() - near.sum()),
    )


def row_repeats(distances: FloatArray, rows: IntArray, honest: Honest, tolerance: float) -> Repeats:
    """Sort vectors into exact repeats, those within a tolerance, and others.

    Rows of few or of whole numbers are equal by chance: exact repeats, too, are believed only
    where honest rows have far fewer.

    Args:
        distances: (n,) distance of each to the nearest real vector.
        rows: (n,) row number of that vector.
        honest: How near honest vectors come.
        tolerance: The largest distance of a near-exact repeat; 0 for exact ones only.
    """
    trusted = trusted_distance(distances, honest, tolerance)
    inside = distances <= trusted.distance
    found = _unlike(inside & (distances == 0), rows)
    return Repeats(
        found.exact,
        inside & (distances > 0),
        rows,
        np.asarray(distances, dtype=np.float64),
        found.mirrored,
        found.shifts,
        trusted.expected,
        int((distances <= tolerance).sum() - inside.sum()),
    )


def _unlike(exact: AnyArray, rows: IntArray) -> Repeats:
    n = len(exact)
    none = np.zeros(n, dtype=bool)
    differences = np.where(exact, 0.0, np.inf)
    return Repeats(exact, none, rows, differences, none, np.zeros((n, 2), dtype=np.int64), 0.0, 0)


def trusted_distance(found: FloatArray, honest: Honest, most: float) -> Trusted:
    """Choose up to which distance a sample is believed to repeat a real one.

    Where nothing honest comes as near as ``most``, everything that does is believed. Where honest
    ones do, a distance is believed only if ten times as many samples lie within it:
    ``(1 + honest) * ratio <= 0.1 * found``, as in knockoff+ (Barber and Candes 2015).

    Args:
        found: (n,) distance of each sample to what it may repeat.
        honest: The same where nothing can have been repeated.
        most: The largest distance that may be believed.
    """
    chance = np.sort(honest.distances[honest.distances <= most])
    if not len(chance):
        return Trusted(most, 0.0)
    levels = np.sort(found[found <= most])
    within = np.searchsorted(levels, levels, side="right")
    false = np.searchsorted(chance, levels, side="right")
    passed = np.flatnonzero((1 + false) * honest.ratio <= FALSE_DISCOVERIES * within)
    if not len(passed):
        return Trusted(-1.0, 0.0)
    last = passed[-1]
    return Trusted(float(levels[last]), float(honest.ratio * false[last]))


def repeated(hashes: AnyArray, known: AnyArray) -> IntArray:
    """Return for each of (n, b) hashes the first row of (m, b) known ones equal to it, or -1."""
    first: dict[bytes, int] = {}
    for row, one in enumerate(known):
        first.setdefault(bytes(one), row)
    return np.array([first.get(bytes(one), -1) for one in hashes], dtype=np.int64)


def spacings(features: FloatArray, rows: IntArray, device: str = "cpu") -> FloatArray:
    """Return how near the features (m, d) at (n,) rows come to any other of them: (n,)."""
    near = nearest(features[rows], features, 2, device=device)
    return np.asarray(np.where(near.indices[:, 0] == rows, *near.distances.T[::-1]))
