"""The differential spectrum finds what one side lacks, and nothing where there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.measures import spectrum
from gancheck.measures.spectrum import differential_spectrum

if TYPE_CHECKING:
    from gancheck.types import FloatArray, IntArray


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer frequencies, directions and exchanges, so that many spectra take little time."""
    monkeypatch.setattr(spectrum, "_FREQUENCIES", 30)
    monkeypatch.setattr(spectrum, "_KEPT", 20)
    monkeypatch.setattr(spectrum, "_EXCHANGES", 99)


def mixture(rng: np.random.Generator, own: IntArray, d: int = 6) -> FloatArray:
    """Draw a point around the corner of a simplex for each number of a mode."""
    return (4 * np.eye(d)[own] + rng.standard_normal((len(own), d))).astype(np.float32)


def test_a_lost_mode_is_found_with_its_share_and_its_samples() -> None:
    """A direction in which A has more carries the mode's share of A, and shows its samples."""
    rng = np.random.default_rng(0)
    own, other = rng.integers(6, size=1500), rng.integers(5, size=1500)

    found = differential_spectrum(mixture(rng, own), mixture(rng, other), paired=False)

    assert found is not None
    assert found.p_value < 0.01
    lost = found.lost[0]
    assert lost.change < 0
    assert lost.a.low < 1 / 6 < lost.a.high
    assert lost.b.high < 0.05
    assert np.mean(own[list(lost.rows)] == 5) > 0.9


@pytest.mark.usefixtures("small")
def test_roles_can_be_swapped() -> None:
    """What A has more of than B, B has less of than A: the same eigenvalues, the same rows."""
    rng = np.random.default_rng(1)
    a, b = mixture(rng, rng.integers(6, size=600)), mixture(rng, rng.integers(4, size=600))

    one, other = (differential_spectrum(*sides, paired=False) for sides in ((a, b), (b, a)))

    assert one is not None
    assert other is not None
    assert one.lost[0].rows == other.gained[0].rows
    assert one.lost[0].change == pytest.approx(-other.gained[0].change, rel=1e-3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("paired", [False, True])
def test_equal_laws_are_called_different_as_often_as_promised(paired: bool) -> None:
    """Of 60 pairs of sets of one law, p falls below 5% in at most 8, independent or in pairs."""
    below = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        own = rng.integers(4, size=300)
        again = own if paired else rng.integers(4, size=300)
        found = differential_spectrum(
            mixture(rng, own), mixture(rng, again), paired=paired, seed=seed
        )
        assert found is not None
        below += found.p_value <= 0.05

    assert below <= 8


@pytest.mark.usefixtures("small")
def test_pairs_see_more_than_independent_samples() -> None:
    """A small loss that agrees in all other pairs stands out only where pairs are known."""
    rng = np.random.default_rng(3)
    own = rng.integers(4, size=1000)
    a = mixture(rng, own)
    b = a.copy()
    b[(own == 3) & (rng.random(1000) < 0.12)] = a[own == 0][0]
    found = [differential_spectrum(a, b, paired=paired) for paired in (False, True)]

    assert found[0] is not None
    assert found[1] is not None
    assert found[1].p_value < 0.05 < found[0].p_value


@pytest.mark.usefixtures("small")
def test_one_and_the_same_set_has_no_spectrum_beyond_chance() -> None:
    """Equal samples leave nothing at all: p is 1 and there are no directions."""
    a = mixture(np.random.default_rng(4), np.arange(200) % 6)

    found = differential_spectrum(a, a, paired=True)

    assert found is not None
    assert (found.p_value, found.gained, found.lost) == (1.0, (), ())


def test_too_little_gives_none() -> None:
    """Below 100 samples, or where all features are one point, there is no spectrum."""
    few = np.random.default_rng(5).standard_normal((99, 3)).astype(np.float32)
    point = np.ones((200, 3), dtype=np.float32)

    assert differential_spectrum(few, few, paired=False) is None
    assert differential_spectrum(point, point, paired=False) is None


def test_sides_of_two_sizes_are_refused() -> None:
    """The caller has to bring both sides to one size."""
    rows = np.zeros((200, 3), dtype=np.float32)

    with pytest.raises(ValueError, match="equal shape"):
        differential_spectrum(rows, rows[:150], paired=False)
