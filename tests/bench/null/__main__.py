"""``python -m bench.null``: compare real data with itself, print a table, write it to two files."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.null.laws import LAWS
from bench.null.repeat import Summary, summaries
from gancheck import __version__

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH = 150
HEADINGS = ("law", "samples", "truth", "diversity", "sd", "half width", "holds the truth")


def main(arguments: list[str] | None = None) -> int:
    """Run the bench."""
    asked = _parse(arguments)
    laws = [law for law in LAWS if asked.only.lower() in law.name.lower()]
    start = time.perf_counter()

    def tell(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:6.0f} s  {text}\n")

    with TemporaryDirectory() as folder:
        os.environ["GANCHECK_CACHE_DIR"] = folder  # no reference is ever met again
        found = list(summaries(laws, asked.runs, asked.seed, tell))
    from rich.console import Console

    console = Console()
    Console(width=max(console.width, _WIDTH)).print(_table(found))
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "RESULTS.md").write_text(markdown(found, asked.seed), encoding="utf-8")
    text = json.dumps(
        {"gancheck": __version__, "seed": asked.seed, "rows": [asdict(one) for one in found]},
        indent=1,
    )
    (asked.output / "results.json").write_text(text + "\n", encoding="utf-8")
    return 0


def markdown(found: Sequence[Summary], seed: int) -> str:
    """Return the table as a page."""
    headings = (*HEADINGS, *_analyzers(found), "verdicts")
    lines = [
        "# Real against real",
        "",
        f"gancheck {__version__}, seed {seed}, {max((one.runs for one in found), default=0)} runs "
        "a row. Made by `make bench-null`.",
        "",
        "The diversity is cut at 1, so that its mean over equal laws lies a little below. `holds "
        "the truth` is the share of its 95% intervals that do. Under the name of an analyzer "
        "stands the share of runs in which it warned or failed.",
        "",
        _line(headings),
        _line("---" for _ in headings),
        *(_line(_cells(one, _analyzers(found))) for one in found),
        "",
    ]
    return "\n".join(lines)


def _table(found: Sequence[Summary]) -> Table:
    from rich.table import Table

    table = Table(header_style="bold")
    names = _analyzers(found)
    for heading in (*HEADINGS, *names, "verdicts"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(*_cells(one, names))
    return table


def _analyzers(found: Sequence[Summary]) -> list[str]:
    return sorted({name for one in found for name in one.flagged})


def _cells(one: Summary, analyzers: Sequence[str]) -> tuple[str, ...]:
    return (
        one.law,
        one.kind,
        f"{one.truth:.3f}",
        f"{one.mean:.3f}",
        f"{one.sd:.3f}",
        f"{one.half_width:.3f}",
        f"{one.covered:.1%}",
        *(f"{one.flagged.get(name, 0.0):.1%}" for name in analyzers),
        ", ".join(f"{count} {verdict}" for verdict, count in one.verdicts.items()),
    )


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.null", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="runs of each comparison (200)")
    parser.add_argument("--only", default="", metavar="TEXT", help="laws whose name contains it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, help="folder of the results"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
