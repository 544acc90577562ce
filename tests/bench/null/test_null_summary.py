"""The summary of repeated runs counts what it says."""

from __future__ import annotations

import numpy as np
import pytest

from bench.null.__main__ import markdown
from bench.null.laws import LAWS, Law, N
from bench.null.repeat import Outcome, Summary


def outcome(value: float, *, verdict: str = "healthy", flagged: tuple[str, ...] = ()) -> Outcome:
    """Make an outcome whose interval reaches .05 to both sides, of a truth of .7."""
    return Outcome(0.7, value, value - 0.05, value + 0.05, verdict, frozenset(flagged))


def test_a_summary_counts_intervals_flags_and_verdicts() -> None:
    """Two of four intervals hold .7; one analyzer warned twice, one once."""
    found = Summary.of(
        "law",
        "kind",
        [
            outcome(0.70, verdict="collapsed", flagged=("coverage", "modes")),
            outcome(0.74, verdict="collapsed", flagged=("coverage",)),
            outcome(0.76),
            outcome(0.60),
        ],
    )

    assert (found.runs, found.covered) == (4, 0.5)
    assert found.mean == pytest.approx(0.7)
    assert found.half_width == pytest.approx(0.05)
    assert found.flagged == {"coverage": 0.5, "modes": 0.25}
    assert found.verdicts == {"collapsed": 2, "healthy": 2}


def test_the_page_has_a_column_for_every_analyzer_that_warned() -> None:
    """Rows and headings have the same number of cells; an analyzer that was silent reads 0."""
    page = markdown(
        [
            Summary.of("a", "same law", [outcome(0.7, flagged=("modes",))]),
            Summary.of("b", "same law", [outcome(0.7)]),
        ],
        seed=3,
    )
    lines = [line for line in page.splitlines() if line.startswith("|")]

    assert len({line.count("|") for line in lines}) == 1
    assert "| modes |" in lines[0]
    assert "100.0%" in lines[2]
    assert "0.0%" in lines[3]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_pair_has_disjoint_sides_and_its_truth(law: Law) -> None:
    """No sample is in the reference; with modes dropped the truth is what is left."""
    same = law.draw(np.random.default_rng(0), False)
    dropped = law.draw(np.random.default_rng(0), True)

    known = {one.tobytes() for one in same.reference}
    shared = sum(one.tobytes() in known for one in same.samples)
    assert shared <= 2  # MNIST holds a few images twice
    assert (same.truth, len(same.samples) >= N) == (1.0, True)
    assert dropped.truth == pytest.approx(0.7, abs=0.02)
    assert len(dropped.samples) >= N
