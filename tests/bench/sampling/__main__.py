"""``python -m bench.sampling``: sampling beside the best bare loop over the same backend.

Both sides take turns batch by batch, in one process. The bare loop takes latents and returns 8-bit
images in one array; it has tried several batch sizes, and for weights both layouts of memory, and
runs with the best two. What gancheck does besides: it draws the latents, checks that outputs are
finite and of the shape promised, and tells its progress. Ratios are of CPU time; each batch counts
with its least time over all turns.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.sampling.contest import HEADINGS, Contest, row, run
from bench.sampling.networks import make_generator, make_narrow, save_all, settled
from bench.speed.table import text

_SIZES = (8, 16, 32, 64, 128, 256)
_NEEDED = 0.95


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; return 1 where a backend stays below 95% of the bare loop."""
    parser = argparse.ArgumentParser(prog="bench.sampling", description=main.__doc__)
    parser.add_argument("--n", type=int, default=1024, help="samples in each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a backend's name")
    parser.add_argument("--narrow", action="store_true", help="a network 100 times as cheap")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    make = make_narrow if asked.narrow else make_generator
    with TemporaryDirectory() as folder:
        files = save_all(settled(make()), Path(folder))
        results = [
            run(Contest(backend, file, make, asked.n, asked.turns, _SIZES))
            for backend, file in files.items()
            if asked.only.lower() in backend.lower()
        ]
    heading = f"{asked.n:,} samples in {asked.turns} turns on {asked.threads} thread(s)"
    sys.stdout.write(f"{heading}\n{text(HEADINGS, [row(each) for each in results])}\n")
    return int(min(each.share for each in results) < _NEEDED)


if __name__ == "__main__":
    sys.exit(main())
