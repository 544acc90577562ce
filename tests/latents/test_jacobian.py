"""Derivatives from outputs alone: accuracy, ranks, and directions that do nothing."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from gancheck.latents.jacobian import (
    STEP,
    Grams,
    count_hidden,
    derivatives,
    gram,
    is_rough,
    median_interval,
    participation,
    rounding,
    step_against,
)

if TYPE_CHECKING:
    from gancheck.types import FloatArray


def network(inputs: int, outputs: int, seed: int = 0) -> torch.nn.Sequential:
    """A small smooth network with random weights, in float32."""
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 32), torch.nn.Tanh(), torch.nn.Linear(32, outputs)
    ).requires_grad_(False)


def run_of(net: torch.nn.Module) -> object:
    """Wrap a network as a map of arrays."""
    return lambda z: net(torch.as_tensor(z, dtype=torch.float32)).numpy()


@pytest.mark.parametrize("scale", [1.0, 127.5])
def test_differences_are_the_exact_derivatives(scale: float) -> None:
    """Singular values of a float32 network agree with autograd to a tenth of a percent."""
    net = network(6, 40)
    rng = np.random.default_rng(0)
    for point in rng.standard_normal((5, 6)):
        slopes = derivatives(lambda z: scale * run_of(net)(z), point, np.ones(6), STEP)  # type: ignore[operator]
        at = torch.as_tensor(point, dtype=torch.float32)
        exact = scale * torch.func.jacrev(net)(at).numpy()
        ours = np.linalg.svd(slopes, compute_uv=False)
        theirs = np.linalg.svd(exact, compute_uv=False)
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_derivatives_are_per_standard_deviation() -> None:
    """An input that moves by half as much counts half."""
    slopes = derivatives(lambda z: z @ np.eye(2), np.zeros(2), np.array([1.0, 0.5]), STEP)
    np.testing.assert_allclose(slopes, np.diag([1.0, 0.5]), atol=1e-9)


@pytest.mark.parametrize(
    ("variances", "rank"), [([1, 1, 1, 1], 4), ([5, 0, 0], 1), ([4, 1], 25 / 17), ([0, 0], 0)]
)
def test_the_effective_rank_counts_equal_variances(variances: list[float], rank: float) -> None:
    """Participation ratio by hand: (sum v)^2 / sum v^2."""
    assert participation(np.array(variances, dtype=float)) == pytest.approx(rank)


def linear(singular: list[float], outputs: int) -> FloatArray:
    """A linear map (d, outputs) with given singular values, turned on both sides."""
    rng = np.random.default_rng(1)
    left = np.linalg.qr(rng.standard_normal((len(singular), len(singular))))[0]
    right = np.linalg.qr(rng.standard_normal((outputs, len(singular))))[0]
    return np.asarray(left @ np.diag(singular) @ right.T)


def grams_of(matrix: FloatArray, points: int = 3) -> Grams:
    """Derivatives of a linear map, the same at every point."""
    return Grams(np.stack([gram(matrix)] * points), matrix.shape[1])


def test_known_singular_values_come_back() -> None:
    """Of a linear map: singular values, condition and effective rank are what it was made with."""
    found = grams_of(linear([10.0, 2.0, 0.1], 7))
    np.testing.assert_allclose(found.singular_values[0], [10.0, 2.0, 0.1], rtol=1e-6)
    np.testing.assert_allclose(found.log_conditions(), 2.0, rtol=1e-6)
    variances = np.array([100.0, 4.0, 0.01])
    assert found.effective_rank() == pytest.approx(variances.sum() ** 2 / (variances**2).sum())


def test_a_lost_direction_has_a_bounded_condition() -> None:
    """A singular value of 0 is a millionth of the largest, as far as float32 can tell."""
    found = grams_of(linear([3.0, 1.0, 0.0], 7))
    np.testing.assert_allclose(found.log_conditions(), 6.0)


def test_more_inputs_than_outputs_are_no_lost_direction() -> None:
    """A map of five inputs to two outputs has two singular values, and these are compared."""
    matrix = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 2)))[0] * [4.0, 1.0]
    np.testing.assert_allclose(grams_of(matrix).log_conditions(), np.log10(4.0), rtol=1e-6)


def test_hidden_directions_are_counted_and_checked() -> None:
    """Seven directions of ten are below the limit, and drawing them anew confirms it."""
    matrix = linear([5.0] * 3 + [1e-4] * 7, 12)
    draws = np.random.default_rng(0).standard_normal((32, 10))
    count, change = count_hidden(lambda z: z @ matrix, grams_of(matrix), draws, 1e-3)
    assert count == 7
    assert 0 < change < 1e-3


def test_directions_that_only_look_still_are_not_counted() -> None:
    """A direction that is flat where it was looked at, and moves the output elsewhere, counts."""
    flat = Grams(np.stack([np.diag([1.0, 0.0])]), 2)

    def run(z: FloatArray) -> FloatArray:
        return np.stack([z[:, 0], np.where(np.abs(z[:, 1]) > 0.5, z[:, 1], 0.0)], axis=1)

    draws = np.random.default_rng(0).standard_normal((32, 2))
    assert count_hidden(run, flat, draws, 1e-3) == (0, 0.0)


def test_noise_that_follows_the_latent_is_rough() -> None:
    """Noise seeded by the latent changes as much over a tenth of a step; smooth maps do not."""
    points = np.random.default_rng(0).standard_normal((16, 4))

    def hashed(z: FloatArray) -> FloatArray:
        return np.stack([np.random.default_rng(zlib.crc32(row.tobytes())).random(5) for row in z])

    assert is_rough(hashed, points, np.ones(4), STEP)
    assert not is_rough(lambda z: np.sin(z), points, np.ones(4), STEP)
    assert not is_rough(np.sign, points, np.ones(4), STEP)


@pytest.mark.parametrize(("kind", "error"), [(np.float32, 1e-8), (np.float16, 1e-4)])
def test_rounding_is_measured(kind: type, error: float) -> None:
    """Outputs around a half have the rounding errors of their float type, up to a factor of 3."""
    points = np.random.default_rng(0).standard_normal((16, 4))
    turn = np.random.default_rng(1).standard_normal((4, 500)) / 4
    found = rounding(
        lambda z: (np.tanh(z @ turn) / 2 + 0.5).astype(kind).astype(np.float64), points, np.ones(4)
    )
    if kind is np.float16:
        assert error / 3 < found < 3 * error
    else:
        assert found < 1e-5


def test_the_step_grows_with_the_rounding() -> None:
    """Fine outputs take the short step; coarse ones a longer one, then less counts as hidden."""
    assert step_against(1e-5, 0.29) == (STEP, 0.29)
    step, hidden = step_against(0.02, 0.29)
    assert STEP < step < 0.25
    assert hidden == pytest.approx(0.29)
    step, hidden = step_against(0.5, 0.29)
    assert step == 0.25
    assert hidden > 0.29


def test_the_interval_of_the_median_holds_it() -> None:
    """In 95 of 100 draws or more the interval contains the true median; alone it is the value."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        _, low, high = median_interval(rng.exponential(size=20))
        hits += low <= np.log(2) <= high
    assert hits >= 185
    assert median_interval(np.array([3.0])) == (3.0, 3.0, 3.0)
