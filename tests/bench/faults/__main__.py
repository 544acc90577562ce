"""``python -m bench.faults``: kill runs at random moments, and see whether the next is as ever."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.faults.runs import serving
from bench.faults.storm import storm


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; return 1 where a report differs or something is left."""
    parser = argparse.ArgumentParser(prog="bench.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="runs to kill in each round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of a seed each")
    asked = parser.parse_args(arguments)
    bad, start = 0, time.perf_counter()
    with TemporaryDirectory() as scratch, serving(Path(scratch)) as server:
        for seed in range(asked.rounds):
            with TemporaryDirectory() as folder:
                found = storm(server, Path(folder), asked.kills, seed)
            good = found.same and not found.left
            bad += not good
            sys.stdout.write(
                f"round {seed}: {found.killed} killed, {found.finished} finished first; before the "
                f"next run {found.blocks} blocks and {found.parts} half-written files, after it "
                f"{found.left}; report {'the same' if found.same else 'DIFFERS'}\n"
            )
    sys.stdout.write(f"{time.perf_counter() - start:.0f} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
