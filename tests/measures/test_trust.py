"""The self-test of a view: it notices a view that sees too much, and a view that is calm."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analyzers.studies import Identity, blob_map, normal, sample_set
from gancheck.measures.trust import LEAST, MOST, Trust, merging_radius, self_test, shifted
from gancheck.samplers.batches import Sampler
from gancheck.types import SampleSet

if TYPE_CHECKING:
    from gancheck.types import AnyArray, FloatArray


@dataclasses.dataclass(frozen=True)
class Coarse(Identity):
    """An embedding that sees the mean of each quarter of an image, and nothing finer."""

    def __call__(self, values: AnyArray) -> FloatArray:
        """Average (n, c, 12, 12) over blocks of 6 x 6."""
        blocks = np.asarray(values, dtype=np.float32).reshape(len(values), -1, 2, 6, 2, 6)
        return np.asarray(blocks.mean(axis=(3, 5)).reshape(len(values), -1))


@dataclasses.dataclass(frozen=True)
class Edgy(Identity):
    """An embedding that sees how much each pixel differs from the next, a thousandfold."""

    def __call__(self, values: AnyArray) -> FloatArray:
        """Sum the absolute steps within each row of pixels."""
        steps = np.abs(np.diff(np.asarray(values, dtype=np.float32), axis=3))
        return np.asarray(1000 * steps.sum(axis=3).reshape(len(values), -1))


def trust_of(view: Identity, samples: SampleSet) -> Trust:
    """Run the self-test of a view on samples."""
    found = self_test(view, samples, view(samples.values), tolerance=0.0, seed=0)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def blobs() -> SampleSet:
    """Six hundred soft discs."""
    return sample_set(Sampler(blob_map()).draw(600, seed=1).values)


def test_a_view_that_ignores_detail_passes(blobs: SampleSet) -> None:
    """Averages over quarters see neither rounding nor noise."""
    found = trust_of(Coarse(), blobs)
    assert found.n == 300
    assert [change.name for change in found.changes] == ["rounding", "noise", "shift"]
    assert found.ceiling.value > 0.9
    assert min(change.value for change in found.changes[:2]) > 0.9


def test_a_view_that_sees_noise_is_found_out(blobs: SampleSet) -> None:
    """Steps between neighbouring pixels are all the noise that nobody sees: overlap goes."""
    found = trust_of(Edgy(), blobs)
    noise = next(change for change in found.changes if change.name == "noise")
    assert noise.value < 0.5 < found.ceiling.value
    assert found.least <= noise.value
    assert noise.low <= noise.value <= noise.high


def test_vectors_have_the_ceiling_only() -> None:
    """Nobody looks at vectors: nothing about them is invisible."""
    found = trust_of(Identity(), sample_set(normal(500, 4, 0)))
    assert found.changes == ()
    assert found.least == found.ceiling.value > 0.9


def test_halves_are_neither_too_large_nor_too_small() -> None:
    """Fewer than two hundred samples are not tested; more than four thousand are not used."""
    few, many = sample_set(normal(2 * LEAST - 1, 2, 0)), sample_set(normal(2 * MOST + 500, 2, 0))
    assert self_test(Identity(), few, few.values, tolerance=0.0, seed=0) is None
    assert trust_of(Identity(), many).n == MOST


def test_equal_seeds_give_equal_tests(blobs: SampleSet) -> None:
    """The noise follows the seed and nothing else."""
    assert trust_of(Edgy(), blobs) == trust_of(Edgy(), blobs)


def test_half_a_pixel_is_the_mean_of_two_neighbours() -> None:
    """A step at column 2 becomes a ramp over columns 1 to 2; the left edge is repeated."""
    row = np.array([[[[4, 4, 8, 8]]]], dtype=np.uint8)
    np.testing.assert_array_equal(shifted(row), [[[[4, 4, 6, 8]]]])


@pytest.mark.parametrize(("tolerance", "wanted"), [(0.0, 0.2), (0.5, 0.5), (5.0, 1.0)])
def test_merging_radius(tolerance: float, wanted: float) -> None:
    """Between a tenth and a half of a spacing of 2 the tolerance decides."""
    assert merging_radius(2.0, tolerance) == pytest.approx(wanted)
