"""Variety of single classes: what is called collapsed, what is not, and how often by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from gancheck.measures.per_class import LEAST, Variety, collapsed, narrow, variety

if TYPE_CHECKING:
    from gancheck.types import FloatArray

Draw: TypeAlias = Callable[[np.random.Generator, int, int], "FloatArray"]
CLASSES = 6


def normal(rng: np.random.Generator, n: int, d: int) -> FloatArray:
    """Draw from the law of the real class."""
    return rng.standard_normal((n, d)).astype(np.float32)


def compared(draw: Draw, n: int, d: int) -> list[Variety | None]:
    """Compare some classes with real samples of a Gaussian."""
    found = []
    for seed in range(CLASSES):
        rng = np.random.default_rng([seed, n, d])
        real = normal(rng, n, d)
        found.append(variety(real, draw(rng, n, d).astype(np.float32), tolerance=1e-4))
    return found


def points(rng: np.random.Generator, n: int, d: int) -> FloatArray:
    """Draw five points again and again, with a little noise."""
    return normal(rng, 5, d)[rng.integers(0, 5, n)] + 0.02 * normal(rng, n, d)


@pytest.mark.parametrize("d", [2, 16, 64])
@pytest.mark.parametrize("n", [50, 200])
def test_sound_classes_are_not_flagged(n: int, d: int) -> None:
    """Classes that follow the real law reproduce most of it, and none is called anything."""
    found = compared(normal, n, d)
    assert not collapsed(found).any()
    assert not narrow(found).any()
    assert all(one is not None and one.diversity > 0.7 for one in found)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n, d: np.full((n, d), 0.3),
        lambda rng, n, d: 0.3 + 0.05 * normal(rng, n, d),
        lambda rng, n, d: 0.3 + 0.2 * normal(rng, n, d),
        points,
    ],
    ids=["point", "point-and-noise", "point-and-more-noise", "five-points"],
)
@pytest.mark.parametrize(("n", "d"), [(50, 2), (50, 16), (50, 64), (200, 16)])
def test_collapsed_classes_are_found(draw: Draw, n: int, d: int) -> None:
    """One point, one point with noise, or five points: each class is named, from 50 samples on."""
    assert collapsed(compared(draw, n, d)).all()


@pytest.mark.parametrize("d", [16, 64])
def test_a_class_that_shrinks_by_half_is_narrow_and_not_collapsed(d: int) -> None:
    """Half the spread in many dimensions loses most of the variety, and samples still differ."""
    found = compared(lambda rng, n, d: 0.7 * normal(rng, n, d), 200, d)
    assert narrow(found).all()
    assert not collapsed(found).any()


@pytest.mark.parametrize("d", [2, 16])
def test_a_class_that_lies_elsewhere_has_not_lost_variety(d: int) -> None:
    """Samples far off the real class have no overlap with it, which is not for want of variety."""
    found = compared(lambda rng, n, d: 5 + normal(rng, n, d), 50, d)
    assert all(one is not None and one.diversity < 0.1 and one.elsewhere for one in found)
    assert not collapsed(found).any()
    assert not narrow(found).any()


@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_spread_is_that_of_the_samples_over_that_of_real_ones(share: float) -> None:
    """Samples at a share of the real scale have that share of the spread, wherever they lie."""
    found = compared(lambda rng, n, d: 3 + share * normal(rng, n, d), 200, 8)
    assert [one.spread for one in found if one] == pytest.approx([share] * len(found), rel=0.1)


def test_half_a_class_is_not_a_collapse() -> None:
    """A class that keeps one half of its law reproduces about half of it."""

    def half(rng: np.random.Generator, n: int, d: int) -> FloatArray:
        drawn = normal(rng, n, d)
        drawn[:, 0] = np.abs(drawn[:, 0])
        return drawn

    found = compared(half, 200, 2)
    assert not collapsed(found).any()
    assert np.mean([one.diversity for one in found if one]) == pytest.approx(0.5, abs=0.12)


def test_too_few_samples_are_not_compared() -> None:
    """Below 50 samples on either side there is nothing to say, and nothing is flagged."""
    rng = np.random.default_rng(0)
    many, few = normal(rng, 200, 3), normal(rng, LEAST - 1, 3)
    assert variety(many, few, tolerance=0.0) is None
    assert variety(few, many, tolerance=0.0) is None
    assert not collapsed([None, None]).any()
    assert not narrow([None, None]).any()


def test_a_class_of_one_value_on_both_sides_is_sound() -> None:
    """Where the real class is one value, drawing it is not a collapse."""
    same = np.ones((80, 4), dtype=np.float32)
    found = [variety(same, same, tolerance=1e-6)]
    assert not collapsed(found).any()
    assert not narrow(found).any()
