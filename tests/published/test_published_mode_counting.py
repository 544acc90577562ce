"""Ring, grid and Stacked MNIST: the tables of VEEGAN, PacGAN and MEG, and what they amount to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.accuracy.protocol import SAMPLES, consistent, effective, grid, reverse_kl, ring
from gancheck.analyzers.modes import count_modes, effective_modes

if TYPE_CHECKING:
    from gancheck.types import IntArray

STACKED = {
    "DCGAN (VEEGAN)": (99.0, 3.40, 33.4),
    "ALI (VEEGAN)": (16.0, 5.40, 4.5),
    "Unrolled GAN (VEEGAN)": (48.7, 4.32, 13.3),
    "VEEGAN": (150.0, 2.95, 52.3),
    "DCGAN (PacGAN)": (78.9, 4.50, 11.1),
    "PacDCGAN2": (1000.0, 0.06, 941.8),
    "WGAN-GP (MEG)": (959.0, 0.7276, 483.0),
}
"""Modes captured of 1,000 and KL as published; and k exp(-KL), to the last digit."""

PACGAN_TABLE_1 = {
    "GAN, ring": (8, 6.3, 0.45, 5.1),
    "ALI, ring": (8, 6.6, 0.36, 5.6),
    "PacGAN2, ring": (8, 7.9, 0.07, 7.5),
    "GAN, grid": (25, 17.3, 0.70, 12.4),
    "ALI, grid": (25, 24.1, 0.14, 21.7),
    "PacGAN2, grid": (25, 23.8, 0.13, 22.0),
    "PacGAN4, grid": (25, 24.8, 0.04, 24.0),
}
"""Modes in all, modes captured and reverse KL as published; and the modes used in effect."""


def geometric_counts(modes: int, captured: int, divergence: float) -> IntArray:
    """Return counts of so many modes, falling by one ratio, that have a given divergence."""
    low, high = 1e-3, 1.0  # the divergence falls as the ratio rises
    for _ in range(60):
        ratio = (low + high) / 2
        shares = ratio ** np.arange(captured)
        shares /= shares.sum()
        seen = shares[shares > 0]
        too_uneven = (seen * np.log(modes * seen)).sum() > divergence
        low, high = (ratio, high) if too_uneven else (low, ratio)
    counts = np.zeros(modes, dtype=np.int64)
    counts[:captured] = np.round(1e9 * shares).astype(np.int64)
    return counts


@pytest.mark.parametrize("name", STACKED)
def test_stacked_mnist_in_effective_modes(name: str) -> None:
    """A published pair of modes and KL: how many modes it amounts to, never more than counted."""
    captured, divergence, wanted = STACKED[name]

    assert effective(1000, divergence) == pytest.approx(wanted, abs=0.07)
    assert wanted <= captured
    assert consistent(captured, 1000, divergence)


@pytest.mark.parametrize("name", [name for name, row in STACKED.items() if row[0] % 1 == 0])
def test_gancheck_reads_counts_with_a_published_divergence(name: str) -> None:
    """Counts with the published modes and KL: the score ``effective_modes`` is k exp(-KL)."""
    captured, divergence, wanted = STACKED[name]
    counts = geometric_counts(1000, int(captured), divergence)
    assert reverse_kl(counts) == pytest.approx(divergence, abs=2e-3)

    score = effective_modes(counts, np.full(1000, 10**6), np.random.default_rng(0))
    assert score.value == pytest.approx(wanted, rel=5e-3)


def test_an_impossible_row_is_rejected() -> None:
    """300 captured modes cannot have a KL below ln(1000 / 300) = 1.204."""
    assert not consistent(300, 1000, 1.1)
    assert consistent(300, 1000, 1.204)


def test_a_perfect_sampler_of_stacked_mnist() -> None:
    """26,000 samples of 1,000 equal modes: KL .0193, so the plain ceiling is 981 modes, not 1,000.

    gancheck takes off what chance adds, and reads 1,000.
    """
    rng = np.random.default_rng(0)
    draws = [rng.multinomial(26_000, np.full(1000, 1e-3)) for _ in range(20)]
    divergences = [reverse_kl(counts) for counts in draws]

    assert np.mean(divergences) == pytest.approx(0.0193, abs=5e-4)
    assert max(abs(one - 0.0193) for one in divergences) < 0.003
    assert effective(1000, float(np.mean(divergences))) == pytest.approx(981, abs=1)
    score = effective_modes(draws[0], np.full(1000, 10**6), rng)
    assert score.value == pytest.approx(1000, abs=3)


@pytest.mark.parametrize("name", PACGAN_TABLE_1)
def test_the_ring_and_the_grid_of_pacgan(name: str) -> None:
    """PacGAN, table 1: counted modes overstate what is used, and every row is possible."""
    modes, captured, divergence, wanted = PACGAN_TABLE_1[name]

    assert effective(modes, divergence) == pytest.approx(wanted, abs=0.06)
    assert wanted < captured
    assert consistent(captured, modes, divergence)


@pytest.mark.parametrize(("name", "k", "divergence"), [("ring", 8, 0.0014), ("grid", 25, 0.0049)])
def test_a_perfect_sampler_of_ring_and_grid(name: str, k: int, divergence: float) -> None:
    """2,500 samples: every mode captured, 98.9% of high quality, a KL of (k - 1) / 2n.

    98.889% = 1 - exp(-4.5) is the most a right sampler can have in the plane; the 99.3% that VEEGAN
    lists for a plain GAN on the ring is a sign of collapse.
    """
    mixture = ring() if name == "ring" else grid()
    rng = np.random.default_rng(1)
    found = [mixture.counts(mixture.draw(SAMPLES, rng)) for _ in range(40)]

    assert all((counts > 0).all() for counts in found)
    quality = [counts.sum() / SAMPLES for counts in found]
    assert np.mean(quality) == pytest.approx(0.9889, abs=0.0012)
    assert max(abs(share - 0.9889) for share in quality) < 0.0075
    assert np.mean([reverse_kl(counts) for counts in found]) == pytest.approx(divergence, rel=0.15)
    base = np.full(k, 10**6)
    scores = [effective_modes(counts, base, rng).value for counts in found[:10]]
    assert np.mean(scores) == pytest.approx(k, rel=2e-3)


def test_a_ring_collapsed_to_one_mode() -> None:
    """One of eight modes: KL ln 8 = 2.079, one effective mode, and the seven others missing."""
    mixture, rng = ring(), np.random.default_rng(2)
    counts = mixture.counts(mixture.draw(SAMPLES, rng, kept=1))
    base = mixture.counts(mixture.draw(SAMPLES, rng))

    assert reverse_kl(counts) == pytest.approx(2.0794, abs=1e-4)
    assert effective_modes(counts, np.full(8, 10**6), rng).value == pytest.approx(1, abs=1e-3)
    found = list(count_modes(counts, base, [str(mode) for mode in range(8)]))
    assert [mode.status for mode in found] == ["over", *["missing"] * 7]
