"""``python -m bench.speed.child``: run one job alone in this process, and print what it took."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

_PAUSE = 0.005


class Watch:
    """Samples how much memory of its own this process holds (RssAnon), in bytes."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, own_memory())

    def _look(self) -> None:
        while not self._done.wait(_PAUSE):
            self.peak = max(self.peak, own_memory())


def own_memory() -> int:
    """Return the bytes of this process that no file backs; Linux alone tells."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell how much memory a process holds")


def main(name: str, n: int, d: int, threads: int) -> None:
    """Run one job on as many cores as threads, and print a line of JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    from bench.speed.jobs import JOBS, Case

    answers, sys.stdout = sys.stdout, sys.stderr  # the prdc package prints
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(threads)
    run = JOBS[name](Case(n, d, threads))
    before = own_memory()
    with Watch() as watch:
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = {"wall": wall, "cpu": cpu, "before": before, "peak": watch.peak, "result": result}
    answers.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], *(int(value) for value in sys.argv[2:5]))
