"""Student's t distribution against a library."""

from __future__ import annotations

import pytest
from scipy.stats import t

from gancheck.gate.quantiles import student_t


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 10, 19, 20, 49, 99, 400])
@pytest.mark.parametrize("probability", [0.5, 0.95, 0.975, 0.99])
def test_quantiles_are_those_of_a_library(probability: float, degrees: int) -> None:
    """The finite sums are exact, for odd and even degrees of freedom."""
    assert student_t(probability, degrees) == pytest.approx(
        t.ppf(probability, degrees), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("probability", "degrees"), [(0.4, 10), (1.0, 10), (0.95, 0)])
def test_what_is_no_quantile_is_refused(probability: float, degrees: int) -> None:
    """Lower tails, certainty and no degrees of freedom are errors of the caller."""
    with pytest.raises(ValueError, match="no t quantile"):
        student_t(probability, degrees)
