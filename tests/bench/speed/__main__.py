"""``python -m bench.speed``: how fast and how small, as ratios to other packages."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from bench.speed.run import Took, measure
from bench.speed.table import CONTESTS, HEADINGS, growth, row, text

_PACKAGES = ("gancheck", "torch", "numpy", "prdc", "vendi-score", "faiss-cpu", "scikit-learn")
_GROWTH = ("points", "time", "n squared", "peak memory", "beside inputs")


def main(arguments: list[str] | None = None) -> int:
    """Run the bench."""
    asked = _parse(arguments)
    start = time.perf_counter()

    def tell(line: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:6.0f} s  {line}\n")

    print_line(_heading(asked))
    if asked.growth:
        print_line(text(_GROWTH, growth(_grown(asked, tell))))
        return 0
    contests = [one for one in CONTESTS if asked.only.lower() in one.title.lower()]
    names = dict.fromkeys(["product", *(name for one in contests for name in (one.ours, one.peer))])
    took = measure(names, (asked.points, asked.dimensions), asked.threads, asked.repeats, tell)
    rows = [line for line in (row(one, took) for one in contests) if line is not None]
    print_line(text(HEADINGS, rows))
    for name, each in took.items():
        print_line(f"{name}: {each.failed or each.result}")
    return 0


def print_line(line: str) -> None:
    """Write to the standard output."""
    sys.stdout.write(line + "\n")


def _grown(asked: argparse.Namespace, tell: Callable[[str], None]) -> dict[int, Took]:
    return {
        n: measure(["everything"], (n, asked.dimensions), asked.threads, 1, tell)["everything"]
        for n in asked.growth
    }


def _heading(asked: argparse.Namespace) -> str:
    cores = len(os.sched_getaffinity(0))
    return (
        f"{', '.join(map(_versioned, _PACKAGES))}; {asked.points:,} points of "
        f"{asked.dimensions:,} dimensions on each side, {asked.threads} of {cores} cores, best of "
        f"{asked.repeats}"
    )


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=main.__doc__)
    parser.add_argument("--points", type=int, default=10_000, help="on each side")
    parser.add_argument("--dimensions", type=int, default=1280)
    parser.add_argument("--threads", type=int, default=1, help="threads, on as many cores")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, the best counts")
    parser.add_argument("--only", default="", help="questions whose title holds this")
    parser.add_argument(
        "--growth",
        type=lambda value: [int(each) for each in value.split(",")],
        default=[],
        help="instead: cost and memory at these sizes, such as 5000,10000,20000,50000",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
