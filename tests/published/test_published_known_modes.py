"""The published rows and the ceilings of ring, grid and Stacked MNIST, through `captured`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.accuracy.protocol import SAMPLES, grid, ring
from gancheck.measures.captured import Captured, captured, captured_by, null_of
from published.test_published_mode_counting import PACGAN_TABLE_1, STACKED

MANY = 200_000


def of_row(k: int, modes: float, divergence: float) -> Captured:
    """Return samples of so many of k modes, one of them fatter than the rest by the divergence."""
    others = math.ceil(modes) - 1
    low, high = 1 / (others + 1), 1 - 1e-9  # the divergence rises with the fat mode's share
    for _ in range(60):
        fat = (low + high) / 2
        found = math.log(k * fat) * fat + math.log(k * (1 - fat) / others) * (1 - fat)
        low, high = (fat, high) if found < divergence else (low, fat)
    counts = np.zeros(k, dtype=np.int64)
    counts[: others + 1] = np.round(MANY * np.array([low, *[(1 - low) / others] * others]))
    return Captured(np.repeat(np.arange(k), counts), np.full(k, 1 / k))


@pytest.mark.parametrize("name", sorted(STACKED))
def test_rows_of_stacked_mnist(name: str) -> None:
    """Modes and KL of VEEGAN, PacGAN and MEG give the effective modes they amount to."""
    modes, divergence, effective = STACKED[name]
    found = of_row(1000, modes, divergence)
    assert found.reverse_kl == pytest.approx(divergence, abs=0.002)
    assert found.effective == pytest.approx(effective, rel=0.005)
    assert found.effective <= found.modes
    assert found.reverse_kl >= math.log(1000 / found.modes)


@pytest.mark.parametrize("name", sorted(PACGAN_TABLE_1))
def test_rows_of_ring_and_grid(name: str) -> None:
    """Table 1 of PacGAN: the reverse divergence gives the effective modes."""
    k, modes, divergence, effective = PACGAN_TABLE_1[name]
    found = of_row(k, modes, divergence)
    assert found.reverse_kl == pytest.approx(divergence, abs=0.002)
    assert found.effective == pytest.approx(effective, abs=0.06)


@pytest.mark.parametrize(("name", "k", "divergence"), [("ring", 8, 0.0014), ("grid", 25, 0.0049)])
def test_perfect_samplers_reach_their_ceilings(name: str, k: int, divergence: float) -> None:
    """All modes, 98.889% of high quality, and the divergence that 2,500 samples cannot be below."""
    mixture = ring() if name == "ring" else grid()
    rng = np.random.default_rng(11)
    runs = [captured(mixture.draw(SAMPLES, rng), mixture.centres, mixture.sd) for _ in range(40)]
    assert all(run.modes == k for run in runs)
    assert np.mean([run.high_quality for run in runs]) == pytest.approx(0.98889, abs=0.0012)
    assert all(abs(run.high_quality - 0.98889) < 0.0075 for run in runs)
    assert runs[0].ceiling == pytest.approx(0.98889, abs=1e-5)
    assert runs[0].reverse_kl_null.mean == pytest.approx(divergence, rel=0.05)
    found = [run.reverse_kl for run in runs]
    error = float(np.std(found)) / math.sqrt(len(runs))
    assert np.mean(found) == pytest.approx(runs[0].reverse_kl_null.mean, abs=3 * error)
    beyond = np.mean([run.reverse_kl > run.reverse_kl_null.high for run in runs])
    assert beyond <= 0.15


def test_a_perfect_sampler_of_stacked_mnist() -> None:
    """26,000 samples of 1,000 modes: KL .0193 with sd .0009, 981 effective modes and not 1,000."""
    null = null_of(np.full(1000, 1e-3), 26_000)
    assert null.mean == pytest.approx(0.0193, abs=0.0002)
    digits = np.random.default_rng(2).integers(0, 10, (26_000, 3))
    found = captured_by(np.eye(10, dtype=np.float32)[digits])
    assert found.modes == 1000
    assert found.reverse_kl == pytest.approx(0.0193, abs=0.003)
    assert found.most_effective == pytest.approx(981, abs=1)
    assert not found.missing.any()


def test_a_ring_collapsed_to_one_mode() -> None:
    """KL ln 8 = 2.079 and one effective mode; the seven others are missing."""
    mixture = ring()
    points = mixture.draw(SAMPLES, np.random.default_rng(3), kept=1)
    found = captured(points, mixture.centres, mixture.sd)
    assert found.reverse_kl == pytest.approx(math.log(8))
    assert found.effective == pytest.approx(1)
    assert found.missing.tolist() == [False, *[True] * 7]


def test_more_quality_than_perfect_samples_is_over_concentration() -> None:
    """The 99.3% that VEEGAN reports of a GAN on the ring are shown to be beyond 98.889%."""
    hits = round(0.993 * SAMPLES)
    found = Captured(np.where(np.arange(SAMPLES) < hits, 0, -1), np.full(8, 1 / 8), 0.98889)
    assert found.quality_bounds()[1].at_95.low > 0.98889
