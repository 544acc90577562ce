"""The bench of traces measures what it says, on a scale that takes seconds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.trace import __main__ as bench
from bench.trace.spiral import traced, train
from bench.trace.trainings import LAWS, counts, hopping, jitter
from gancheck.types import Condition


def test_jitter_has_the_spread_and_the_memory_that_it_claims() -> None:
    """Both, of normal numbers and of heavy tails."""
    rng = np.random.default_rng(0)
    for heavy in (False, True):
        found = jitter(rng, 40_000, 0.04, 0.7, heavy=heavy)

        assert found.std() == pytest.approx(0.04, rel=0.1)
        assert np.corrcoef(found[:-1], found[1:])[0, 1] == pytest.approx(0.7, abs=0.05)


def test_latents_that_keep_their_modes_move_less() -> None:
    """All counts are those of the shares; those of kept latents vary less from one to the next."""
    rng, law = np.random.default_rng(0), LAWS["8 halving"]
    shares = np.tile(law, (200, 1))
    loose, tight = (counts(rng, shares, 1000, kept) for kept in (0.0, 0.95))

    assert loose.mean(axis=0) / 1000 == pytest.approx(law, abs=0.01)
    assert np.abs(np.diff(tight, axis=0)).mean() < 0.5 * np.abs(np.diff(loose, axis=0)).mean()


def test_planted_places_are_those_that_are_drawn() -> None:
    """No place follows itself, and each leads its checkpoints."""
    shares, places = hopping(np.random.default_rng(3), 30, LAWS["10 even"])
    led = [int(row.argmax()) for row in shares if row.max() > 0.62]

    assert len(shares) == 30
    assert all(one != other for one, other in pairwise(places))
    assert set(led) <= set(places)


def test_rows_come_out_as_promised_on_a_small_scale() -> None:
    """A fall of half is dated, an even training has no onset, and hops are found in order."""
    assert bench.onset_share(20, 20, 0.5, 0.01) >= 0.95
    assert bench.worst_false_share(20, 20, 0.0) <= 0.05
    lines = list(bench.hopping_rows(3))

    assert lines[1].endswith("2 even: 0, 10 even: 0, 20 even: 0, 8 halving: 0, 100, Zipf: 0")
    assert lines[-1].endswith("in order: 3")


def test_the_spiral_that_hops_is_called_so_from_its_own_checkpoints(tmp_path: Path) -> None:
    """The example's trainer saves them; a third of its steps show it already."""
    train("collapsed", 20, tmp_path, steps=200)
    trace = traced(tmp_path / "checkpoints" / "collapsed", samples=300).trace()

    assert len(trace.checkpoints) == 10
    assert Condition.MODE_HOPPING in trace.conditions
    assert len(trace.visits) >= 4
    assert [one.first_step for one in trace.visits] == sorted(
        one.first_step for one in trace.visits
    )
