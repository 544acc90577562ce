"""Ratios of the speed bench are ratios of what was measured, and the jobs answer alike."""

from __future__ import annotations

import mmap

import pytest

from bench.speed.child import Watch, own_memory
from bench.speed.jobs import Case, everything, neighbours, product, vendi
from bench.speed.run import Took, describe
from bench.speed.table import CONTESTS, HEADINGS, growth, row, text

OURS = Took(wall=2.0, cpu=4.0, before=100, peak=200, result=1.0)
PEER = Took(wall=10.0, cpu=12.0, before=200, peak=1000, result=1.0)
LIMIT = Took(wall=1.0, cpu=1.2, before=0, peak=1, result=1.0)


def test_a_line_holds_ratios_and_the_share_of_the_limit() -> None:
    """Five times in wall time, three in CPU time, a fifth of the memory, 2 x 1.2 s of 4 s."""
    took = {"everything": OURS, "prdc": PEER, "product": LIMIT}
    line = row(CONTESTS[0], took)
    assert line == (CONTESTS[0].title, "5.0", "3.0", "0.20", "0.12", "60%")
    assert line is not None
    assert len(line) == len(HEADINGS)


def test_a_peer_that_failed_is_said_to_have_failed() -> None:
    """Without its figures there is no ratio; without ours there is no line."""
    took = {"everything": OURS, "prdc": Took(failed="MemoryError"), "product": LIMIT}
    line = row(CONTESTS[0], took)
    assert line is not None
    assert line[1:] == ("did not run",) * 4 + ("60%",)
    assert row(CONTESTS[0], {"prdc": PEER}) is None
    assert describe(took["prdc"]) == "MemoryError"


def test_the_best_of_several_runs_counts() -> None:
    """Figure by figure the smaller; a failure stays one."""
    best = Took().best(PEER).best(OURS)
    assert (best.wall, best.cpu, best.before, best.peak) == (2.0, 4.0, 100, 200)
    assert OURS.best(Took(failed="killed")).failed == "killed"


def test_growth_is_told_beside_the_square() -> None:
    """Twice the points: how many times the time, and what four times would be."""
    lines = growth({1000: OURS, 2000: PEER})
    assert lines[1][:3] == ("2,000", "3.0", "4.0")
    assert len(text(("a", "b", "c", "d", "e"), lines).splitlines()) == 4


def test_memory_that_is_held_is_seen() -> None:
    """A block of 64 MiB that is written to shows in the peak."""
    before = own_memory()
    # Fresh pages: what the heap hands out may be memory that the process holds already.
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, 2**26, flags=private) as block, Watch() as watch:
        block[:: mmap.PAGESIZE] = bytes(2**26 // mmap.PAGESIZE)
    assert watch.peak - before >= 2**25


@pytest.mark.parametrize("job", [product, everything, neighbours, vendi])
def test_jobs_run_twice_alike(job: object) -> None:
    """A job can be run again and finds the same."""
    run = job(Case(150, 8, 1))  # type: ignore[operator]
    assert run() == run()
