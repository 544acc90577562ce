"""The map: drawn by another process, and the same as if it had been drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from gancheck.mapping import CARTOGRAPHER, Cartographer


@pytest.fixture
def cartographer() -> Cartographer:
    """Return the one that the runs of this process use, whose process may be there already."""
    return CARTOGRAPHER


def clouds() -> np.ndarray:
    """Two clouds of 60 points far apart in five dimensions."""
    rng = np.random.default_rng(0)
    middles = np.repeat([0.0, 20.0], 60)[:, None]
    return (middles + rng.standard_normal((120, 5))).astype(np.float32)


def test_what_is_apart_stays_apart_and_equal_seeds_give_equal_maps(
    cartographer: Cartographer,
) -> None:
    """The map shows two clouds as two, and is a function of features and seed."""
    once = cartographer.begin(clouds(), 3)()
    again = cartographer.begin(clouds(), 3)()
    other = cartographer.begin(clouds(), 4)()

    middles = once[:60].mean(axis=0), once[60:].mean(axis=0)
    spread = max(once[:60].std(), once[60:].std())
    assert once.shape == (120, 2)
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * spread
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_map_nobody_waited_for_does_not_answer_the_next_request(
    cartographer: Cartographer,
) -> None:
    """A run that failed half-way leaves no answer behind for the one after it."""
    cartographer.begin(clouds()[:50], 0)
    placed = cartographer.begin(clouds(), 0)()

    assert placed.shape == (120, 2)


def test_a_process_that_died_is_an_error_and_the_next_map_gets_a_new_one() -> None:
    """A killed process is reported, not waited for, and costs one map."""
    own = Cartographer()
    wait = own.begin(clouds(), 0)
    process = own._process
    assert process is not None
    process.kill()

    with pytest.raises(RuntimeError, match="draws maps ended with -9"):
        wait()
    assert own._running() is not process
    own.close()
