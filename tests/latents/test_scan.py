"""Secants and bisection tell jumps from slopes on maps whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gancheck.latents.scan import HALVINGS, Map, bisect, candidates, walk
from gancheck.samplers.slices import Lines, random_lines

if TYPE_CHECKING:
    from gancheck.types import FloatArray

STEPS = 64


def along() -> Lines:
    """One straight line along the first axis of a plane, from -3 to 3."""
    return Lines("normal", np.zeros((1, 2)), np.eye(2)[:1], np.array([[-3.0, 3.0]]))


def step_at(place: float, height: float = 2.0) -> Map:
    """Make a map that jumps at one place of the first axis."""

    def run(latents: FloatArray) -> FloatArray:
        side = np.where(latents[:, :1] < place, 0.0, height)
        return np.concatenate([side, 0.01 * latents], axis=1)

    return run


def ramp(width: float) -> Map:
    """Make a map that climbs by 2 over a stretch of the first axis around 0.4."""

    def run(latents: FloatArray) -> FloatArray:
        rise = np.clip((latents[:, :1].astype(np.float64) - 0.4) / width + 0.5, 0, 1)
        return np.concatenate([2 * rise, 0.01 * latents], axis=1)

    return run


def test_secants_measure_slopes_of_a_linear_map() -> None:
    """A map that stretches by 3 has slope 3 everywhere, and steps add up to the line."""
    secants = walk(along(), lambda latents: 3.0 * latents, STEPS)
    np.testing.assert_allclose(secants.slopes, 3.0, rtol=1e-4)
    assert secants.jumps.shape == (1, STEPS)
    assert secants.total_length == pytest.approx(6.0)


def test_a_jump_is_found_where_it_is() -> None:
    """A step function is one candidate, localised to a millionth, with exponent 0 and no width."""
    run = step_at(0.4)
    secants = walk(along(), run, STEPS)
    chosen = candidates(secants, contrast=8.0, least=0.1)
    jumps = bisect(along(), run, secants, chosen)
    assert len(jumps.line) == 1
    assert jumps.length[0] == pytest.approx(0.4, abs=1e-5)
    assert jumps.size[0] == pytest.approx(2.0, abs=1e-2)
    assert jumps.exponent[0] == pytest.approx(0.0, abs=0.01)
    assert jumps.width[0] == pytest.approx(6 / STEPS / 2**HALVINGS)


@pytest.mark.parametrize("width", [1.0, 0.02, 1e-4])
def test_the_width_of_a_steep_passage_is_measured(width: float) -> None:
    """The interval that holds half of a climb is as wide as half of it, to a factor of two."""
    run = ramp(width)
    secants = walk(along(), run, STEPS)
    line, step = np.unravel_index([secants.jumps.argmax()], secants.jumps.shape)
    jumps = bisect(along(), run, secants, (line, step))
    if width < 6 / STEPS / 2:
        assert width / 4 <= jumps.width[0] <= 2 * width
        assert jumps.slope[0] == pytest.approx(2 / width, rel=0.3)
    else:
        assert jumps.exponent[0] == pytest.approx(1.0, abs=0.01)


def test_smooth_maps_have_no_candidates() -> None:
    """A sine has no step that stands out from the median."""
    secants = walk(random_lines("normal", 3, 50, 0), np.sin, STEPS)
    assert len(candidates(secants, contrast=8.0, least=0.1)[0]) == 0


def test_the_largest_jumps_are_never_trimmed() -> None:
    """One single jump among 12,800 steps is a candidate: the tail is the finding."""
    lines = random_lines("normal", 2, 200, 0)

    def run(latents: FloatArray) -> FloatArray:
        return np.asarray(np.where(latents[:, :1] > 3.6, 5.0, 0.0) + 0.01 * latents)

    secants = walk(lines, run, STEPS)
    found = candidates(secants, contrast=8.0, least=0.1)
    assert 0 < len(found[0]) <= 20
    assert (secants.jumps[found] > 4).all()


def test_small_jumps_are_left_out_however_steep() -> None:
    """A jump of 0.05 is below a least jump of 0.1."""
    run = step_at(0.4, height=0.05)
    secants = walk(along(), run, STEPS)
    assert len(candidates(secants, contrast=4.0, least=0.1)[0]) == 0
    assert len(candidates(secants, contrast=4.0, least=0.01)[0]) == 1


def test_without_candidates_the_result_is_empty() -> None:
    """Nothing to bisect gives arrays of length 0 and no call of the map."""
    secants = walk(along(), np.cos, STEPS)
    none = np.empty(0, dtype=np.int64)

    def never(latents: FloatArray) -> FloatArray:
        raise AssertionError(f"asked for {len(latents)} outputs")

    jumps = bisect(along(), never, secants, (none, none))
    assert [len(jumps.line), len(jumps.width), len(jumps.exponent)] == [0, 0, 0]


def test_a_constant_map_has_no_candidates() -> None:
    """A median slope of zero makes no constant map steep."""
    secants = walk(random_lines("normal", 2, 20, 0), np.zeros_like, STEPS)
    assert len(candidates(secants, contrast=8.0, least=0.0)[0]) == 0
