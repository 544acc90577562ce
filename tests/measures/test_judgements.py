"""What discriminator outputs say: hand-computed gradients, known divergences, honest tests."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.measures.judgements import (
    LOG2,
    are_probabilities,
    jensen_shannon,
    minimax_gradient,
    nonsaturating_gradient,
    permutation_p_value,
    share_above,
    sigmoid,
    to_logits,
)


def test_gradient_factors_by_hand() -> None:
    """Probabilities 0.1 and 0.5 average to 0.3; the other loss has the rest."""
    logits = to_logits(np.array([0.1, 0.5]))
    assert minimax_gradient(logits) == pytest.approx(0.3)
    assert nonsaturating_gradient(logits) == pytest.approx(0.7)


def test_probabilities_and_logits_are_told_apart() -> None:
    """Anything outside [0, 1] is a logit; certain probabilities have finite logits."""
    assert are_probabilities(np.array([0.0, 0.3, 1.0]))
    assert not are_probabilities(np.array([-0.1, 0.3]))
    assert not are_probabilities(np.array([0.3, 1.7]))
    assert np.isfinite(to_logits(np.array([0.0, 1.0]))).all()
    np.testing.assert_allclose(sigmoid(to_logits(np.array([0.2, 0.9]))), [0.2, 0.9])


def integral(shift: float) -> float:
    """The Jensen-Shannon divergence of N(0, 1) and N(shift, 1), on a fine grid."""
    x = np.linspace(-8, 8 + shift, 20_001)
    p, q = (np.exp(-((x - at) ** 2) / 2) / np.sqrt(2 * np.pi) for at in (0.0, shift))
    middle = (p + q) / 2
    terms = [np.where(law > 0, law * np.log(law / middle), 0.0) for law in (p, q)]
    return float(sum(terms).sum() * (x[1] - x[0]) / 2)  # type: ignore[union-attr]


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("scale", [0.01, 50.0])
def test_the_divergence_of_two_normal_laws(shift: float, scale: float) -> None:
    """The best discriminator's logits, on whatever scale, give the divergence by integration."""
    rng = np.random.default_rng(0)
    real, made = rng.standard_normal(4000) + shift, rng.standard_normal(4000)
    found = jensen_shannon(scale * real, scale * made, 0)
    assert found.value == pytest.approx(integral(shift), abs=0.02)
    assert found.interval.low <= integral(shift) + 0.02
    assert not found.at_ceiling


def test_equal_laws_have_no_divergence() -> None:
    """Logits of one law on both sides: the bound is near zero."""
    rng = np.random.default_rng(0)
    assert jensen_shannon(rng.standard_normal(2000), rng.standard_normal(2000), 0).value < 0.01


def test_a_perfect_discriminator_reaches_the_ceiling() -> None:
    """Sides that do not mix have log 2, and no more."""
    rng = np.random.default_rng(0)
    found = jensen_shannon(10 + rng.random(1000), -10 - rng.random(1000), 0)
    assert found.at_ceiling
    assert found.value == pytest.approx(LOG2, abs=0.005)
    assert found.interval.high <= LOG2


def test_the_divergence_is_a_lower_bound_for_useless_discriminators() -> None:
    """Constant logits prove nothing."""
    assert jensen_shannon(np.zeros(500), np.zeros(500), 0).value < 1e-6


def test_the_order_of_two_sides() -> None:
    """Ties count half; the share is that of all pairs."""
    one, other = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0])
    assert share_above(one, other) == pytest.approx(4.5 / 6)


def test_the_permutation_test_is_honest_and_sees() -> None:
    """Equal laws are rejected in about 5% of draws, a clear shift always."""
    rng = np.random.default_rng(0)
    values = [
        permutation_p_value(rng.standard_normal(60), rng.standard_normal(80), rng)
        for _ in range(60)
    ]
    assert sum(value <= 0.05 for value in values) <= 8
    assert min(values) >= 0.001
    shifted = permutation_p_value(rng.standard_normal(100) + 1, rng.standard_normal(100), rng)
    assert shifted <= 0.005
