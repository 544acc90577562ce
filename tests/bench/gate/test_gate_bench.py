"""The bench of gates measures what it says, on a scale that takes seconds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bench.gate import simulate
from bench.gate.__main__ import markdown
from bench.gate.rerun import BATCHES, once, write_files
from bench.gate.simulate import Row, rows
from bench.gate.worlds import dropped, halving, junk, modes, retrained, tuned


def test_the_truth_of_each_world_is_the_overlap_of_its_laws() -> None:
    """Shares counted in many samples agree with the overlap that the world claims."""
    rng = np.random.default_rng(0)
    for world in (dropped(8, 8, 20_000), halving(8, 20_000)):
        reference, samples = world.draw(rng)
        middles = modes(8)
        shares = [
            np.bincount(
                np.linalg.norm(side[:, None] - middles, axis=2).argmin(axis=1), minlength=10
            )
            / len(side)
            for side in (reference, samples)
        ]
        assert np.minimum(*shares).sum() == pytest.approx(world.truth, abs=0.02)
    _, samples = junk(0.2, 3, 20_000).draw(rng)
    assert (samples.mean(axis=1) < 15).mean() == pytest.approx(0.8, abs=0.02)


def test_a_change_keeps_the_latents_that_it_does_not_move() -> None:
    """A tuned candidate draws most samples as before; a retrained one draws none of them."""
    rng = np.random.default_rng(0)
    _, before, after = tuned(0.1, 4, 2000).draw(rng)
    assert (before != after).any(axis=1).mean() == pytest.approx(0.1, abs=0.02)
    _, before, after = retrained(8, 4, 2000).draw(rng)
    assert (before != after).any(axis=1).all()


def test_few_gates_give_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every column is filled from real gates, and far beyond the limit they all fail."""
    monkeypatch.setattr(simulate, "WORLDS", (dropped(5, 4, 300),))
    monkeypatch.setattr(simulate, "CHANGES", (tuned(0.1, 4, 300),))
    monkeypatch.setattr(
        simulate, "_each", lambda work, gates: [work(gate) for gate in range(gates)]
    )
    told: list[str] = []
    found = list(rows(12, 0, "", told.append))

    assert [row.gates for row in found] == [12, 12]
    assert told == [row.name for row in found]
    assert found[0].mean == pytest.approx(0.5, abs=0.05)
    assert found[1].mean < -0.03
    assert found[0].said == pytest.approx(found[0].sd, rel=1)
    assert "| 5 of 10 modes, d = 4 | 300 | 0.500 |" in markdown(found, None, 0)


def test_a_share_that_has_no_meaning_is_a_dash() -> None:
    """No gate can be held against a drop below nothing."""
    row = Row("x", 10, 5, 0.0, 0.0, 0.1, 0.1, 0.05, 0.05, math.nan, 0.8)
    assert "| 5.0% | 5.0% | - | 80.0% |" in markdown([row], None, 0)


def test_reruns_agree_whatever_the_batch_size(tmp_path: Path) -> None:
    """The gate says the same to the last digit with the whole draw at once and in pieces."""
    model, reference = write_files(tmp_path)
    said = {once(model, reference, size) for size in (BATCHES[0], BATCHES[2])}
    assert len(said) == 1
