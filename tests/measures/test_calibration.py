"""The expected filling of balls under equal laws is the published one, and is inverted exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from gancheck.measures.calibration import calibrated, expected_share

N = 2000


def test_the_calibration_table_is_the_published_one() -> None:
    """E[min(C, K)] / K at half and at all points, for N = M = 2000, to three decimals."""
    table = {3: (0.441, 0.688), 5: (0.470, 0.754), 10: (0.492, 0.824)}
    table |= {20: (0.499, 0.875), 50: (0.500, 0.921)}
    for k, wanted in table.items():
        got = expected_share(np.array([1000, 2000]), N, k)
        np.testing.assert_allclose(got, wanted, atol=1e-3)


@pytest.mark.parametrize(("counted", "n", "k"), [(0, 50, 5), (3, 50, 5), (40, 40, 7), (90, 30, 3)])
def test_the_expected_filling_is_that_of_a_beta_binomial(counted: int, n: int, k: int) -> None:
    """The closed form equals the sum over scipy's beta-binomial law."""
    hits = np.arange(counted + 1)
    wanted = (np.minimum(hits, k) * betabinom.pmf(hits, counted, k, n - k)).sum() / k
    assert expected_share(np.array([counted]), n, k)[0] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("share", [0.05, 0.4, 1.0, 1.7])
def test_calibration_inverts_the_expected_filling(share: float) -> None:
    """The filling that a share of the points would give is read back as that share."""
    filling = expected_share(np.array([share * N]), N, 10)[0]
    assert calibrated(np.array([filling]), N, N, 10)[0] == pytest.approx(share, abs=2e-3)
