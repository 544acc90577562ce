"""``python -m bench.accuracy``: run the cases, print the table, write it to two files.

With ``--copies`` the cases are generators that copy their training set, or look like it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy import (
    copying,
    copying_digits,
    copying_gaussians,
    copying_table,
    digits,
    gaussians,
    generators,
    shapes,
)
from bench.accuracy.cases import Scale
from bench.accuracy.run import Row, run
from bench.accuracy.table import markdown, rich_table, to_json

WORLDS = (*gaussians.WORLDS, *digits.WORLDS, *shapes.WORLDS, *generators.WORLDS)
_WIDTH = 215
_DEALS = 5  # of the digits, to see whether a view prefers what it learned from


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; 0 when every case ran, 1 when one could not."""
    asked = _parse(arguments)
    if asked.copies:
        return _copies(asked)
    quick = asked.quick
    scale = Scale(
        n=asked.n or (1000 if quick else 5000),
        repeats=asked.repeats or (6 if quick else 10),
        seed=asked.seed,
        quick=quick,
        pixels_only=quick or asked.pixels_only,
        digits=asked.digits,
    )
    start = time.perf_counter()

    def tell(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:6.0f} s  {text}\n")

    rows: list[Row] = []
    asked.output.mkdir(parents=True, exist_ok=True)
    for row in run(WORLDS, scale, asked.only, tell):
        rows.append(row)
        _write(rows, scale, asked.output)  # an interrupted run keeps what it has
    from rich.console import Console

    console = Console()
    Console(width=max(console.width, _WIDTH)).print(rich_table(rows))
    tell(f"{len(rows)} cases; written to {asked.output}")
    return int(any(row.errors for row in rows))


def _copies(asked: argparse.Namespace) -> int:
    """Run the bench of copying; digits take part where an archive is given."""
    start = time.perf_counter()
    views = copying_digits.seen(asked.digits, asked.seed) if asked.digits else []
    laws = [*copying_gaussians.LAWS, *(law for view in views for law in copying_digits.laws(view))]
    laws = [law for law in laws if asked.only.lower() in f"{law.view}: {law.name}".lower()]
    found: list[copying.Row] = []
    asked.output.mkdir(parents=True, exist_ok=True)
    for row in copying.rows(laws, asked.repeats, asked.seed):
        found.append(row)
        page = copying_table.markdown(found, asked.seed)
        (asked.output / "COPIES.md").write_text(page, encoding="utf-8")
        text = json.dumps(copying_table.to_json(found, asked.seed), indent=1)
        (asked.output / "copies.json").write_text(text + "\n", encoding="utf-8")
        sys.stderr.write(f"{time.perf_counter() - start:6.0f} s  {row.view}: {row.name}\n")
    from rich.console import Console

    console = Console()
    Console(width=max(console.width, _WIDTH)).print(copying_table.rich_table(found))
    for view in views:
        if any(row.view.endswith(view.view) for row in found):
            said = copying_digits.preferred(view, asked.repeats or _DEALS)
            sys.stdout.write(said + "\n")
            with (asked.output / "COPIES.md").open("a", encoding="utf-8") as file:
                file.write(f"\n{said}.\n")
    return 0


def _write(rows: Sequence[Row], scale: Scale, folder: Path) -> None:
    (folder / "RESULTS.md").write_text(markdown(rows, scale), encoding="utf-8")
    text = json.dumps(to_json(rows, scale), indent=1)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="n = 1,000, a few cases, pixels only, also for gancheck",
    )
    parser.add_argument(
        "--pixels-only",
        action="store_true",
        help="spare the other measures EfficientNet, which takes most of the time",
    )
    parser.add_argument(
        "--copies",
        action="store_true",
        help="who copies the training set: Gaussians, and the --digits (22,000 or more)",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains it")
    parser.add_argument("--digits", type=Path, help=".npz with images, labels or X, y")
    parser.add_argument("--n", type=int, help="samples of a subject (5,000)")
    parser.add_argument(
        "--repeats",
        type=int,
        help="repetitions behind each control (10); with --copies, runs at most",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, help="folder of the results"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
