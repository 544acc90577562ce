"""Entropies of a set: how many different things it holds, Vendi score and RKE."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gancheck.neighbors import Scan, Tile

if TYPE_CHECKING:
    from gancheck.types import FloatArray

_BYTES = 64 * 2**20  # of rows that are brought to length 1 at once


def vendi(features: FloatArray) -> float:
    """Return the Vendi score of cosine similarity, through the smaller of both Gram matrices.

    ``exp(-sum l log l)`` over the eigenvalues l of K / n (Friedman and Dieng 2023): 1 for equal
    samples, m for m orthogonal groups of equal size. Memory is that of the smaller Gram matrix,
    min(n, d) squared, and of a block of rows.

    Args:
        features: (n, d); rows are normalised to length 1, rows of zeros stay zero.
    """
    n, d = features.shape
    share = np.linalg.eigvalsh((_dual(features) if d < n else _gram(features)) / n)
    share = share[share > 1e-12]
    return float(np.exp(-np.sum(share * np.log(share))))


def _dual(features: FloatArray) -> FloatArray:
    """Return the sum of products of each row with itself, (d, d), rows having length 1."""
    n, d = features.shape
    total = np.zeros((d, d))
    step = max(1, _BYTES // (8 * d))
    for at in range(0, n, step):
        rows = _normalised(features[at : at + step])
        total += rows.T @ rows
    return total


def _gram(features: FloatArray) -> FloatArray:
    """Return the products of all rows, (n, n) where n is at most d, rows having length 1."""
    rows = _normalised(features)
    return np.asarray(rows @ rows.T)


def _normalised(rows: FloatArray) -> FloatArray:
    rows = rows.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(norms > 0, norms, 1.0)
    return np.asarray(rows)


def rke(features: FloatArray, width: float, device: str = "cpu") -> float:
    """Return the RKE mode count of a Gaussian kernel: 1 / mean of k(x, y)^2 over distinct pairs.

    Equals m for m far-apart point modes of equal size and many samples (Jalali et al. 2023). Pairs
    of a sample with itself are left out, so that it saturates at the number of pairs, not at n.

    Args:
        features: (n, d).
        width: Standard deviation of the kernel, in feature units.
        device: Torch device of the tiles.
    """
    n = len(features)
    likeness = _Likeness(width)
    Scan(features, features, np.arange(n), device, precise=True).show([likeness])
    return 1.0 / max(likeness.total / (n * (n - 1)), 2 / (n * (n - 1)))


class _Likeness:
    """Adds up the squared Gaussian kernel over all pairs of a scan."""

    def __init__(self, width: float) -> None:
        self.total, self._width = 0.0, width

    def see(self, tile: Tile) -> None:
        """Add the pairs of one tile."""
        each = (tile.entries.clamp(min=0) / -(self._width**2)).exp_()
        self.total = math.fsum((self.total, float(each.sum())))

    def forget(self) -> bool:
        """Start over."""
        self.total = 0.0
        return True
