"""Mode dropping as the literature tests it: what the ideal measure reads is known for each step.

Salvy et al. 2025 (clipped density and coverage) and Raisa et al. 2025 (fidelity and diversity
metrics) drop modes one after another, or all but one at once, and say what a sound measure reads.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bench.accuracy.gaussians import MODES, ten_modes
from gancheck.measures.overlap import overlap

N = 1000


def test_modes_dropped_one_after_another() -> None:
    """Sequential dropping: 1, .9, .. .1 in a line of slope 1, each step lower than the last."""
    law, left = ten_modes(16), np.arange(MODES, 0, -1)
    reference = law.draw(N, np.random.default_rng(1))[0]
    read = [
        overlap(
            reference,
            law.draw(
                N, np.random.default_rng(2), shares=np.where(np.arange(MODES) < kept, 1 / kept, 0)
            )[0],
        ).value
        for kept in left
    ]

    assert read == pytest.approx(left / MODES, abs=0.04)
    assert np.polyfit(left / MODES, read, 1)[0] == pytest.approx(1, abs=0.04)
    assert all(more > less for more, less in pairwise(read))


@pytest.mark.parametrize("kept", [0.7, 0.4, 0.0])
def test_all_modes_but_one_dropped_at_once(kept: float) -> None:
    """Simultaneous dropping, a share left of all modes but the first: (kept (k - 1) + 1) / k."""
    law = ten_modes(16)
    shares = np.full(MODES, kept / MODES)
    shares[0] += 1 - kept
    found = overlap(
        law.draw(N, np.random.default_rng(1))[0],
        law.draw(N, np.random.default_rng(2), shares=shares)[0],
    )

    assert found.value == pytest.approx((kept * (MODES - 1) + 1) / MODES, abs=0.05)
