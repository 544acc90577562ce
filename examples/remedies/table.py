"""Train every system on every world with three seeds and write the table: ``make remedies``.

Each run leaves a small file in the folder of runs, and a run that is there is not done again, so
that the table can be stopped and taken up at any time. After each run the page is written anew,
from all runs there are.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from examples.remedies import effects
from examples.remedies.judging import Outcome, run
from examples.remedies.kept import RUNS, kept, read
from examples.remedies.page import page
from examples.remedies.systems import SYSTEMS
from examples.remedies.worlds import WORLDS
from gancheck import GancheckError

RESULTS = RUNS.parent / "RESULTS.md"
SEEDS = 3


class Job(NamedTuple):
    """One training to do."""

    system: str
    world: str
    seed: int


@dataclass(frozen=True)
class Runs:
    """The folder of runs.

    Attributes:
        folder: Where they are.
        steps: Rounds of each training; None for the system's own.
    """

    folder: Path
    steps: int | None = None

    def path(self, job: Job) -> Path:
        """Return where a run is kept."""
        return self.folder / f"{job.world}_{job.system}_{job.seed}.json"

    def find(self, job: Job) -> Outcome | None:
        """Return a run if it is there and was done with the settings of today."""
        path = self.path(job)
        return read(path, self.steps) if path.exists() else None

    def all(self) -> list[Outcome]:
        """Return every run of the folder that was done with the settings of today, by name."""
        return kept(self.folder, self.steps)

    def do(self, job: Job) -> Outcome:
        """Train, diagnose, and keep what came out, whole or not at all."""
        outcome, _, _ = run(SYSTEMS[job.system], WORLDS[job.world], job.seed, self.steps)
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.path(job).with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(outcome), indent=1) + "\n", encoding="utf-8")
        part.replace(self.path(job))
        return outcome


def jobs(systems: Sequence[str], worlds: Sequence[str], seeds: int) -> list[Job]:
    """List all runs: the first seed of all systems before the second, the ring before the grid."""
    return [
        Job(system, world, seed)
        for seed in range(seeds)
        for world in worlds
        for system in systems
        if SYSTEMS[system].fits(WORLDS[world])
    ]


def collect(
    runs: Runs, wanted: Sequence[Job], processes: int
) -> Iterator[tuple[Job, Outcome | None]]:
    """Yield every run: those that are there first, then the others as they are done.

    A run whose generator gancheck refuses is told on stderr, and yielded as None.
    """
    missing = []
    for job in wanted:
        found = runs.find(job)
        if found is None:
            missing.append(job)
        else:
            yield job, found
    if processes == 1:
        yield from ((job, _done(runs, job)) for job in missing)
        return
    # A fresh interpreter each: a forked one would inherit the threads of this one.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        begun: dict[Future[Outcome | None], Job] = {
            pool.submit(_done, runs, job): job for job in missing
        }
        try:
            for future in as_completed(begun):
                yield begun[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _done(runs: Runs, job: Job) -> Outcome | None:
    try:
        return runs.do(job)
    except GancheckError as error:
        sys.stderr.write(f"{' '.join(map(str, job))}: {error.message}\n")
        return None


def main(arguments: list[str] | None = None) -> int:
    """Do what is missing and write the page; 1 where a run failed, 130 where it was stopped."""
    asked = _parse(arguments)
    # Two processes on two cores: threads of their own would only stand in each other's way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    runs = Runs(asked.runs, asked.steps)
    wanted = jobs(asked.systems, asked.worlds, asked.seeds)
    try:
        failed = _write(runs, collect(runs, wanted, asked.processes), len(wanted), asked.output)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on from here\n")
        return 130
    return int(failed > 0)


def _write(
    runs: Runs, found: Iterable[tuple[Job, Outcome | None]], total: int, output: Path
) -> int:
    """Write the page after each run; return how many runs failed."""
    start, failed = time.perf_counter(), 0
    for number, (job, outcome) in enumerate(found, start=1):
        failed += outcome is None
        if outcome is not None:
            outcomes = runs.all()
            output.write_text(page(outcomes), encoding="utf-8")
            if output == RESULTS:  # a page elsewhere is a trial
                effects.write(outcomes)
        said = "failed" if outcome is None else f"{outcome.verdict}, {outcome.diversity:.2f}"
        passed = time.perf_counter() - start
        sys.stderr.write(
            f"{passed:6.0f} s  {number} of {total}: {' '.join(map(str, job))}: {said}\n"
        )
    return failed


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.remedies.table", description=__doc__)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds of each ({SEEDS})")
    parser.add_argument("--steps", type=int, help="replace the rounds of every system")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time (2)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the page")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
