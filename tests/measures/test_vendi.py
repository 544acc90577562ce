"""Entropies of a set: published values, closed forms, and what they hold in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from gancheck.measures import vendi as module
from gancheck.measures.vendi import rke, vendi

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def test_vendi_reproduces_the_published_package() -> None:
    """For the 50 x 8 normal matrix of seed 0 it equals score_dual, 7.494491933643."""
    points = np.random.RandomState(0).randn(50, 8)
    assert vendi(points) == pytest.approx(7.494491933643, abs=1e-9)
    wide = np.random.RandomState(0).randn(8, 50)
    direct = np.linalg.eigvalsh(cosine(wide) / 8)
    share = direct[direct > 1e-12]
    assert vendi(wide) == pytest.approx(np.exp(-(share * np.log(share)).sum()), abs=1e-9)


def cosine(points: np.ndarray) -> np.ndarray:
    """The matrix of cosine similarities."""
    rows = points / np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(rows @ rows.T)


@pytest.mark.parametrize("groups", [1, 3, 7])
def test_vendi_counts_orthogonal_groups(groups: int) -> None:
    """M groups of equal size in orthogonal directions score m; their lengths do not matter."""
    points = np.repeat(np.eye(10)[:groups], 6, axis=0) * np.arange(1, 6 * groups + 1)[:, None]
    assert vendi(points) == pytest.approx(groups, abs=1e-9)


def test_vendi_of_unequal_groups_is_the_exponential_of_entropy() -> None:
    """Shares of 3/4 and 1/4 score exp(H(3/4, 1/4))."""
    points = np.repeat(np.eye(4)[:2], [30, 10], axis=0)
    wanted = np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert vendi(points) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_rke_counts_far_point_modes(count: int) -> None:
    """M far-apart point modes of n / m each score m, up to the pairs that were left out."""
    points = np.repeat(100.0 * np.arange(count)[:, None], 600 // count, axis=0)
    n = len(points)
    wanted = (n - 1) / (n / count - 1)
    assert rke(points, 1.0) == pytest.approx(wanted, rel=1e-9)
    assert wanted == pytest.approx(count, rel=0.02)


def test_rke_of_the_ring_has_its_closed_form() -> None:
    """Eight Gaussians of sd 0.01, kernel of width 0.1: 8 (1 + 4 (t/s)^2) = 8.32."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(2400) / 8
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.01 * rng.standard_normal(
        (2400, 2)
    )
    assert rke(points, 0.1) == pytest.approx(8.32, abs=0.06)


def test_rke_is_bounded_by_the_number_of_pairs() -> None:
    """Points that the kernel cannot see together score n (n - 1) / 2, not infinity."""
    assert rke(1e6 * np.arange(10.0)[:, None], 1e-6) == pytest.approx(45)


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize(("n", "d"), [(40, 3), (300, 20)])
def test_rke_equals_the_sum_over_all_pairs(n: int, d: int, offset: float) -> None:
    """Tiles of half of the table say what a list of all distances says."""
    points = np.random.default_rng(n).standard_normal((n, d)).astype(np.float32) + offset
    squared = pdist(points.astype(np.float64), "sqeuclidean")
    wanted = 1 / np.exp(-squared / 2.0**2).mean()
    assert rke(points, 2.0) == pytest.approx(wanted, rel=1e-9)


def test_rows_are_normalised_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into pieces of a few rows the score is the same; rows of zeros add nothing."""
    points = np.random.default_rng(0).standard_normal((101, 7)).astype(np.float32)
    points[::10] = 0
    whole = vendi(points)
    monkeypatch.setattr(module, "_BYTES", 8 * 7 * 4)
    assert vendi(points) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("measure", [vendi, lambda points: rke(points, 3.0)], ids=["vendi", "rke"])
def test_no_table_of_all_pairs_is_held(
    measure: Callable[[FloatArray], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With four times the points not even twice the memory is taken."""
    monkeypatch.setattr(module, "_BYTES", 2**17)
    peaks = []
    for n in (1500, 6000):
        points = np.random.default_rng(0).standard_normal((n, 8)).astype(np.float32)
        measure(points[:100])
        tracemalloc.start()
        measure(points)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] + 2**19
