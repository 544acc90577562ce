"""``python -m bench.whole``: which share of a whole diagnosis its kernels take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.sampling.networks import make_generator, save_all, settled
from bench.speed.table import text
from bench.whole.share import HEADINGS, diagnosed, prepared, row

_NEEDED = 0.85
_SMALL = Path(__file__).resolve().parents[3] / "examples" / "mnist" / "mnist_healthy.pt"


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; return 1 where less than 85% of a run is kernels."""
    parser = argparse.ArgumentParser(prog="bench.whole", description=main.__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="samples, and scored reference")
    parser.add_argument("--turns", type=int, default=1, help="runs; the shortest counts")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="64 x 64 pixels: half an hour")
    parser.add_argument("--reference", type=Path, help="a prepared reference, else one is drawn")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        title, model = "digits, 28 px", _SMALL
        if asked.large:
            title, model = (
                "DCGAN, 64 px",
                save_all(settled(make_generator()), folder)["TorchScript"],
            )
        known = asked.reference or prepared(model, asked.n, folder)
        turns = [diagnosed(title, model, known, asked.n) for _ in range(asked.turns)]
    best = min(turns, key=lambda each: each.total)
    lines = [text(HEADINGS, [row(best)]), f"{best.total:.0f} s, of which in seconds"]
    lines += [f"{seconds:8.2f}  {name}" for name, seconds in best.stages.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(best.share < _NEEDED)


if __name__ == "__main__":
    sys.exit(main())
