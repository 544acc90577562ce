"""Pictures that repeat others, but for faint noise, mirroring and a shift by a few pixels.

Nearest neighbours in pixels miss a copy that was shifted: of digits shifted by two pixels both ways
they find none. Candidates therefore come from fingerprints, which hardly change when a picture is
mirrored or shifted; each is then compared in pixels, at the best of all flips and shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gancheck.devices import kernel
from gancheck.neighbors import between, nearest

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray, IntArray

SAME = 0.025
"""Root mean square difference of two pictures that are the same to the eye, of the range of values.

A little more than noise that nobody sees (0.02), and less than honest pictures differ: of 10,000
handwritten digits none comes nearer than 0.027 to any of 50,000 others, and those that come nearest
are ones; of 3,000 small colour drawings none comes nearer than 0.045 to any of 10,000 others."""
_FARTHEST = 3  # pixels
_SMALLEST_SHARE = 8  # of the side: no picture is shifted by more than an eighth of it
_WAVES = 6  # spatial frequencies of a fingerprint
_LARGEST = 64  # pixels along a side that a fingerprint looks at
_CANDIDATES = 3
_BYTES_COMPARED = 1 << 30  # of all pairs: of large pictures only the likeliest are compared
_FLOATS = 1 << 22  # largest block held at once
_WHITE = np.float32(255)


@dataclass(frozen=True, eq=False)
class Alike:
    """The most similar of some known pictures, for each of n pictures.

    Attributes:
        rows: (n,) row numbers of the known pictures; -1 where none was worth a comparison.
        distances: (n,) root mean square difference over the area in common, at the best flip and
            shift, as a share of the range of values; infinite where none was compared.
        mirrored: (n,) booleans, True where the best fit is left-right reversed.
        shifts: (n, 2) pixels down and right that the known picture has to be shifted by.
    """

    rows: IntArray
    distances: FloatArray
    mirrored: AnyArray
    shifts: IntArray


class Fit(NamedTuple):
    """How well pictures fit others, pair by pair; see `Alike` for what the parts mean."""

    distances: FloatArray
    mirrored: AnyArray
    shifts: IntArray


def fingerprints(images: AnyArray) -> FloatArray:
    """Describe pictures so that mirroring and small shifts hardly change it.

    These are the amplitudes of the low spatial frequencies of each channel: a shift changes only
    their phases, and mirroring swaps each with that of the mirrored wave, so that the sum and the
    difference without sign of the two stay as they are. Coarse waves are the strongest and change
    the most when content comes in at an edge: amplitudes are weighted by the root of frequency.

    Args:
        images: (n, c, h, w) on the 0..255 scale.

    Returns:
        (n, d) float32; d depends on the shape of the images only.
    """
    shape = images.shape[1:]
    step = max(1, _FLOATS // int(np.prod(shape)))
    blocks = [_amplitudes(images[at : at + step]) for at in range(0, len(images), step)]
    return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)


def _amplitudes(images: AnyArray) -> FloatArray:
    small = _pooled(images.astype(np.float32) / _WHITE)
    height, width = small.shape[2:]
    waves = max(0, min(_WAVES, (min(height, width) - 1) // 2))
    spectrum = np.abs(np.fft.fft2(small, norm="ortho"))[:, :, : waves + 1]
    along, against = spectrum[..., : waves + 1], np.roll(spectrum[..., ::-1], 1, axis=-1)
    against = against[..., : waves + 1]
    both = np.concatenate([along + against, np.abs(along - against)], axis=2)
    steps = np.arange(waves + 1)
    weights = np.sqrt(np.maximum(np.hypot(steps[:, None], steps), 0.5))
    weighted = both * np.concatenate([weights, weights])
    return np.asarray(weighted.reshape(len(small), -1), dtype=np.float32)


def _pooled(images: FloatArray) -> FloatArray:
    """Average blocks of pixels until both sides fit."""
    n, channels, height, width = images.shape
    block = -(-max(height, width) // _LARGEST)
    if block == 1 or min(height, width) < block:
        return images
    down, right = height // block, width // block
    cut = images[:, :, : down * block, : right * block]
    return np.asarray(cut.reshape(n, channels, down, block, right, block).mean(axis=(3, 5)))


@kernel("distances")
def most_alike(
    images: AnyArray,
    prints: FloatArray,
    pictures: Callable[[IntArray], AnyArray],
    *,
    own: IntArray | None = None,
    also: IntArray | None = None,
    device: str = "cpu",
) -> Alike:
    """Find the known picture that each picture repeats most exactly.

    Args:
        images: (n, c, h, w) on the 0..255 scale.
        prints: (m, d) `fingerprints` of the known pictures.
        pictures: Returns the known pictures at given row numbers, (r, c, h, w).
        own: (n,) row number of each picture among the known ones, which is left out.
        also: (n,) row number of another candidate for each, such as its nearest by features; -1
            where there is none.
        device: Torch device for distances.

    Returns:
        The best fits. A pair costs time in proportion to its pixels: of large pictures only the
        likeliest pairs are compared.
    """
    best = _none(len(images))
    wanted = min(_CANDIDATES + (own is not None), len(prints))
    if not len(images) or not wanted:
        return best
    looks = fingerprints(images)
    near = nearest(looks, prints, wanted, device=device)
    rows, apart = near.indices, near.distances
    if own is not None:
        apart = np.where(rows == own[:, None], np.inf, apart)
    if also is not None:
        known = (near.indices == also[:, None]).any(axis=1) | (also < 0)
        rows = np.column_stack([rows, also])
        apart = np.column_stack([apart, np.where(known, np.inf, _apart(looks, prints, also))])
    each = int(np.prod(images.shape[1:]))
    pairs = _likeliest(apart, max(1, _BYTES_COMPARED // each))
    step = max(1, _FLOATS // each)
    for part in (pairs[at : at + step] for at in range(0, len(pairs), step)):
        queries, known = part[:, 0], rows[part[:, 0], part[:, 1]]
        distinct, place = np.unique(known, return_inverse=True)
        _keep_best(best, queries, known, fit(images[queries], pictures(distinct)[place]))
    return best


def _apart(looks: FloatArray, prints: FloatArray, rows: IntArray) -> FloatArray:
    """Return distances of fingerprints; of what has none, the largest that are still compared."""
    out = np.full(len(rows), np.finfo(np.float32).max, dtype=np.float32)
    known = (rows >= 0) & (rows < len(prints))
    out[known] = between(looks[known], prints[rows[known]])
    return out


def _likeliest(apart: FloatArray, most: int) -> IntArray:
    """Return (row, column) of the smallest finite entries of a matrix, row by row."""
    pairs = np.argwhere(np.isfinite(apart))
    if len(pairs) > most:
        order = np.argsort(apart[pairs[:, 0], pairs[:, 1]], kind="stable")[:most]
        pairs = pairs[np.sort(order)]
    return np.asarray(pairs)


def _none(count: int) -> Alike:
    return Alike(
        np.full(count, -1, dtype=np.int64),
        np.full(count, np.inf),
        np.zeros(count, dtype=bool),
        np.zeros((count, 2), dtype=np.int64),
    )


def _keep_best(best: Alike, queries: IntArray, known: IntArray, found: Fit) -> None:
    """Enter the pairs that are better than what is known; the smallest last, so that it stays."""
    for pair in np.argsort(-found.distances, kind="stable"):
        query = queries[pair]
        if found.distances[pair] < best.distances[query]:
            best.rows[query], best.distances[query] = known[pair], found.distances[pair]
            best.mirrored[query], best.shifts[query] = found.mirrored[pair], found.shifts[pair]


def fit(left: AnyArray, right: AnyArray) -> Fit:
    """Compare pictures pair by pair, at the best flip and shift of the right one.

    The shift is the one at which the grey pictures differ least; the difference is then taken in
    all channels over the area in common.

    Args:
        left: (n, c, h, w) on the 0..255 scale.
        right: (n, c, h, w) on the same scale.
    """
    one, other = (side.astype(np.float32) / _WHITE for side in (left, right))
    looked = _Transformed.of(one)
    straight, turned = (_fit(one, looked, side) for side in (other, other[..., ::-1]))
    mirrored = turned[0] < straight[0]
    return Fit(
        np.where(mirrored, turned[0], straight[0]),
        mirrored,
        np.where(mirrored[:, None], turned[1], straight[1]),
    )


def aligned(images: AnyArray, mirrored: AnyArray, shifts: IntArray) -> AnyArray:
    """Move pictures as `Alike` says; what comes in from outside repeats the edge."""
    moved = np.empty_like(images)
    for row, image in enumerate(images):
        turned = image[..., ::-1] if mirrored[row] else image
        down, right = (int(step) for step in shifts[row])
        height, width = image.shape[1:]
        up = np.clip(np.arange(height) - down, 0, height - 1)
        across = np.clip(np.arange(width) - right, 0, width - 1)
        moved[row] = turned[:, up[:, None], across[None, :]]
    return moved


class _Transformed(NamedTuple):
    """Grey pictures (n, h, w), framed in zeros and Fourier transformed, and sums of their squares.

    The sums are over all pixels above and to the left: (n, h + 1, w + 1).
    """

    spectrum: AnyArray
    squares: FloatArray
    reach: int
    framed: tuple[int, int]

    @classmethod
    def of(cls, images: FloatArray) -> _Transformed:
        from scipy.fft import next_fast_len, rfft2

        grey = images.mean(axis=1)
        height, width = grey.shape[1:]
        reach = min(_FARTHEST, min(height, width) // _SMALLEST_SHARE)
        framed = next_fast_len(height + reach), next_fast_len(width + reach, real=True)
        sums = np.square(grey).cumsum(axis=1).cumsum(axis=2)
        squares = np.pad(sums, ((0, 0), (1, 0), (1, 0)))
        return cls(rfft2(grey, s=framed), squares, reach, framed)

    def within(self, down: slice, across: slice) -> FloatArray:
        """Return the sum of squares inside a window, (n,), from those of its corners."""
        top, bottom, left, right = down.start, down.stop, across.start, across.stop
        lower = self.squares[:, bottom, right] - self.squares[:, bottom, left]
        return np.asarray(lower - self.squares[:, top, right] + self.squares[:, top, left])


def _fit(left: FloatArray, looked: _Transformed, right: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the difference at the best shift, (n,), and that shift, (n, 2)."""
    height, width = left.shape[2:]
    shifts = _best_shifts(looked, _Transformed.of(right), height, width)
    distances = np.empty(len(left))
    for down, across, rows in _groups(shifts):
        here, there = (
            (..., _common(sign * down, height), _common(sign * across, width)) for sign in (1, -1)
        )
        gap = left[rows][here] - right[rows][there]
        distances[rows] = np.sqrt(np.square(gap).mean(axis=(1, 2, 3), dtype=np.float64))
    return distances, shifts


def _best_shifts(left: _Transformed, right: _Transformed, height: int, width: int) -> IntArray:
    """Return the shifts, (n, 2), at which grey pictures differ least over the area in common.

    ``sum (a - b)^2 = sum a^2 + sum b^2 - 2 sum a b``: the products of all shifts come from one
    Fourier transform.
    """
    from scipy.fft import irfft2

    products = irfft2(left.spectrum * right.spectrum.conj(), s=left.framed)
    shifts = np.argwhere(np.ones((2 * left.reach + 1, 2 * left.reach + 1))) - left.reach
    differences = [
        (
            left.within(_common(down, height), _common(across, width))
            + right.within(_common(-down, height), _common(-across, width))
            - 2 * products[:, down, across]
        )
        / ((height - abs(down)) * (width - abs(across)))
        for down, across in shifts
    ]
    return np.asarray(shifts[np.argmin(differences, axis=0)])


def _common(step: int, side: int) -> slice:
    """Return what is left of a side from which a picture was moved by a step."""
    return slice(max(0, step), side + min(0, step))


def _groups(shifts: IntArray) -> Iterator[tuple[int, int, IntArray]]:
    """Yield each shift with the rows that have it."""
    for down, across in np.unique(shifts, axis=0):
        yield int(down), int(across), np.flatnonzero((shifts == (down, across)).all(axis=1))
