"""Ranks that torch.distributed connects: tasks, errors, and what becomes of them at the end."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from crew.ranks import Server
from forking.programs import until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")


def test_every_rank_does_its_part(ranks: Server, tmp_path: Path) -> None:
    """Parts go to ranks in order, each in a process of its own that has no crew itself."""
    crew = ranks.start(4, tmp_path, program="roll_call")
    assert [rank.code() for rank in crew] == [0] * 4
    everybody, one = json.loads(crew[0].printed())

    assert [found[:2] for found in everybody] == [["all", part] for part in range(4)]
    assert [found[2] for found in everybody] == [rank.pid for rank in crew]
    assert {found[3] for found in everybody} == {1}
    assert one == [["one", 7, crew[0].pid, 1]]


def test_an_error_comes_back_as_what_it_was(ranks: Server, tmp_path: Path) -> None:
    """Errors of gancheck keep type and hint, lack of memory is one, others name the rank."""
    crew = ranks.start(3, tmp_path, program="failures")
    assert [rank.code() for rank in crew] == [0] * 3
    shape, memory, cuda, bug, after = json.loads(crew[0].printed())

    assert shape == ["ShapeError", "two things differ\nmake them agree", "make them agree"]
    assert memory == ["MemoryError", "rank 1: ", None]
    assert cuda == ["RuntimeError", "rank 1: RuntimeError: CUDA out of memory", None]
    assert bug == ["RuntimeError", "rank 1: KeyError: 'a bug'", None]
    assert after == [0, 5, 2]


def test_the_others_stop_with_rank_0(ranks: Server, tmp_path: Path) -> None:
    """Whatever code rank 0 ends with, the others end quietly."""
    crew = ranks.start(3, tmp_path, program="ends_early")

    assert [rank.code() for rank in crew] == [7, 0, 0]
    assert "".join(rank.said() + rank.printed() for rank in crew) == ""


def test_searches_of_all_ranks_are_those_of_one(ranks: Server, tmp_path: Path) -> None:
    """Neighbours and counts are equal to the bit, scores to rounding, whoever found them."""
    log = tmp_path / "tasks"
    crew = ranks.start(3, tmp_path, program="searches", TASKS_TO=str(log))
    assert [rank.code() for rank in crew] == [0] * 3, crew[0].said()
    apart = json.loads(crew[0].printed())

    assert apart.pop("prdc") < 1e-9
    assert set(apart.values()) == {0.0}
    tasks = {line.split()[0] for line in log.read_text().splitlines()}
    assert tasks >= {"_own_share", "_exact_share", "_both_ways_share", "_counted"}
    assert tasks >= {"_counted_itself", "_cross_share"}


def test_a_rank_that_is_killed_ends_the_run(ranks: Server, tmp_path: Path) -> None:
    """Rank 0 says at once who is gone, with exit code 2."""
    crew = ranks.start(2, tmp_path, program="waits")
    until(lambda: "asleep" in crew[1].printed())
    crew[1].send(signal.SIGKILL)

    assert crew[0].code() == 2
    assert crew[0].said().startswith(f"error: rank 1 (process {crew[1].pid} on ")
    assert "is gone" in crew[0].said()


def test_when_rank_0_is_killed_the_others_end(ranks: Server, tmp_path: Path) -> None:
    """Nobody serves a program that is gone: exit code 2, and a message."""
    crew = ranks.start(3, tmp_path, program="waits")
    until(lambda: "asleep" in crew[1].printed())
    crew[0].send(signal.SIGKILL)

    assert crew[2].code() == 2
    assert "rank 0" in crew[2].said()


def test_a_rank_that_is_told_to_end_does(ranks: Server, tmp_path: Path) -> None:
    """SIGTERM while all live is no loss: exit code 143."""
    crew = ranks.start(3, tmp_path, program="waits")
    until(lambda: "asleep" in crew[1].printed())
    crew[2].send(signal.SIGTERM)

    assert crew[2].code() == 143
    assert crew[2].said() == ""


def test_a_rank_that_is_told_because_another_died_ends_with_2(
    ranks: Server, tmp_path: Path
) -> None:
    """As torchrun does: one is killed, and all others are told to end."""
    crew = ranks.start(3, tmp_path, program="waits")
    until(lambda: "asleep" in crew[1].printed())
    crew[1].send(signal.SIGKILL)
    crew[1].code()
    crew[2].send(signal.SIGTERM)

    assert crew[2].code() == 2
