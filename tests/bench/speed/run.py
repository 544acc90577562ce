"""Runs jobs in fresh processes, in turns, and keeps the best of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Took:
    """What one job took: the least of several runs.

    Attributes:
        wall: Seconds.
        cpu: Seconds on all cores together, which a busy machine disturbs less.
        before: Bytes held when the inputs were there.
        peak: Most bytes held.
        result: What it found; None where it did not come to an end.
        failed: Why it did not.
    """

    wall: float = float("inf")
    cpu: float = float("inf")
    before: int = 0
    peak: int = 0
    result: object = None
    failed: str = ""

    def best(self, other: Took) -> Took:
        """Return the smaller of two runs, figure by figure."""
        if other.failed or self.failed:
            return self if self.failed else other
        if self.result is None:
            return other
        return Took(
            min(self.wall, other.wall),
            min(self.cpu, other.cpu),
            min(self.before, other.before),
            min(self.peak, other.peak),
            self.result,
        )


def measure(
    names: Iterable[str],
    size: tuple[int, int],
    threads: int,
    repeats: int,
    tell: Callable[[str], None],
) -> dict[str, Took]:
    """Run jobs in turns, so that all meet the same moods of the machine."""
    names = list(names)
    best: dict[str, Took] = {}
    for turn in range(repeats):
        for name in names:
            before = best.get(name, Took())
            if before.failed:
                continue
            took = once(name, size, threads)
            best[name] = before.best(took)
            tell(f"{turn + 1}/{repeats} {name} {size[0]:,} x {size[1]:,}: {describe(took)}")
    return best


def once(name: str, size: tuple[int, int], threads: int) -> Took:
    """Run one job in a process of its own."""
    environment = {**os.environ, **dict.fromkeys(_LIMITS, str(threads))}
    arguments = [name, *map(str, size), str(threads)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.speed.child", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Took(failed=last)
    return Took(**json.loads(done.stdout.splitlines()[-1]))


def describe(took: Took) -> str:
    """Say in a few words what a run took."""
    if took.failed:
        return took.failed
    return f"{took.wall:.2f} s, {took.cpu:.2f} s of CPU, {took.peak / 2**20:,.0f} MiB"
