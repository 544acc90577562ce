"""``python -m fuzz.worker``: reads damaged files that it is told of, until something kills it."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

MOST_BYTES = 2 << 30


def main() -> int:
    """Answer each line on the standard input, a request, with what became of its file."""
    outbox = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a program prints is no answer
    readers = _readers()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    outbox.write("ready\n")
    outbox.flush()
    for line in sys.stdin:
        request = json.loads(line)
        read = partial(readers[request["reader"]], request["options"])
        outbox.write(json.dumps(_answer(read, Path(request["path"]))) + "\n")
        outbox.flush()
    return 0


def _readers() -> dict[str, Callable[[dict[str, Any], Path], object]]:
    """Import what reads files, so that only the reading is measured."""
    import torch

    from gancheck.gcref import read
    from gancheck.loaders import LOADERS, LoadOptions, load

    torch.set_num_threads(1)
    LOADERS.discover()
    return {
        "load": lambda options, path: load(path, LoadOptions(**options)),
        "reference": lambda _, path: read(path),
    }


def _answer(read: Callable[[Path], object], path: Path) -> dict[str, Any]:
    from gancheck.errors import GancheckError

    _forget_peak()
    before, start = _peak(), time.process_time()
    outcome, detail = "ok", ""
    try:
        read(path)
    except GancheckError as error:
        outcome, detail = "refused", str(error)
        if _is_about_memory(error):
            outcome = "memory"
    except BaseException:
        outcome, detail = "traceback", traceback.format_exc()
    seconds = time.process_time() - start
    return {
        "outcome": outcome,
        "detail": detail[-4000:],
        "seconds": seconds,
        "megabytes": _peak(),
        "grown": _peak() - before,
    }


def _is_about_memory(error: BaseException | None) -> bool:
    """Tell a refusal from an attempt to take all memory that happened to be stopped."""
    while error is not None:
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Return the largest resident size since the peak was forgotten, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
